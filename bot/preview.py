"""Shows a dialog to those who write its words: an ordinary conversation, and all its questions as a map.

The frame around it stands in content/<language>/preview.jinja.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from bot.wording import Wording, unmarked
from dialogs.choices import Coping
from dialogs.engine import Turn, walk
from dialogs.explore import END, Exploration, explore
from dialogs.prompts import Dialog, Facts, Json, Prompt, Text

_WALKS = 30


def occasions() -> tuple[Facts, ...]:
    """Facts to walk with: a stranger's first day, and all that can be known on each day of the rota."""
    known = Facts(
        name="Sam <&>",
        counselor="Dana",
        program="Riverside",
        today=date(2024, 2, 29),
        takes_medication=True,
        recovery_days=9,
        last={"mood": 4, "craving": 3, "urge": 7}
        | {"people": ["Ana <&>", "My brother"], "safer": ["x" * 300]}
        | {"morning": "08:00", "evening": "19:00", "quiet_from": "22:00", "quiet_to": "07:00"}
        | {"phone": "+1 555 0177"},
        lines=("A line: 1-800",),
    )
    return (Facts(), *(replace(known, day_number=day, **_more(day)) for day in range(1, 13)))


def _more(day: int) -> dict[str, Any]:
    """What only some dialogs are told: what was heard, a line of the plan, what helped, whom to ask, and that
    nobody can be reached."""
    topics = ("overdose", "withdrawal", "violence", "abuse", "psychosis", "people", "people:2", "safer:1")
    return {
        "topic": topics[day % len(topics)],
        "coping": tuple(Coping)[day - 1 : day + 2] if day % 4 else (),
        "people": ("Ana <&>", "My brother")[: day % 3],
        "unreached": day % 5 == 0,
    }


def preview(wording: Wording, dialog: Dialog[Any], language: str) -> str:
    """A dialog for those who write its words: one ordinary conversation, then all questions as a map."""
    name, facts = dialog.name, replace(occasions()[1], name="Sam")
    turns: list[Turn[Any]] = []
    examples: dict[str, str] = {}
    fine: set[str] = set()

    def ordinary(turn: Turn[Any]) -> Json:
        turns.append(turn)
        assert turn.prompt is not None
        return turn.prompt.samples[0]

    def visit(known: Facts, turn: Turn[Any]) -> None:
        # Words of a patient that are there to test the limits are no good example of a message.
        plain = all(s.value in (None, s.prompt.samples[0]) for s in turn.trail if isinstance(s.prompt, Text))
        for prompt in (*turn.says, *([turn.prompt] if turn.prompt else [])):
            if prompt.key not in examples or (plain and prompt.key not in fine):
                words = wording.prompt(language, name, prompt, turn, replace(known, name="Sam"))
                examples[prompt.key] = unmarked(words)
                fine.update([prompt.key] if plain else [])

    turns.append(walk(dialog, facts, {}, ordinary))
    explored = explore(dialog, occasions(), _WALKS, visit=visit)
    return wording.plain(
        language,
        "preview",
        "preview",
        title=wording.plain(language, name, "title"),
        messages=[_message(wording, language, facts, turn, turns[-1]) for turn in turns],
        questions=[
            _question(wording, dialog, language, explored, key, examples[key]) for key in explored.ways
        ],
        asides=[(key, examples[key]) for key, _ in explored.says],
        end=END,
    )


def _message(
    wording: Wording, language: str, facts: Facts, turn: Turn[Any], last: Turn[Any]
) -> dict[str, Any]:
    """One message of the conversation, its buttons, and the answer that it got."""
    name, prompt = turn.dialog.name, turn.prompt
    said = [wording.prompt(language, name, say, turn, facts) for say in turn.says]
    if prompt is None:
        said.append(wording.end(language, turn, facts))
        return {"key": END, "said": list(map(unmarked, said)), "buttons": [], "answer": None}
    said.append(wording.prompt(language, name, prompt, turn, facts))
    value = last.trail[len(turn.trail)].stored.value
    return {
        "key": prompt.key,
        "said": list(map(unmarked, said)),
        "buttons": [wording.label(language, name, prompt, option) for option in prompt.options],
        "answer": shown(wording, language, name, prompt, value),
    }


def _question(
    wording: Wording, dialog: Dialog[Any], language: str, explored: Exploration, key: str, words: str
) -> dict[str, Any]:
    """One question of the map: what it may lead to, and after which answers where they alone decide it."""
    prompt = next(p for (asked, _), p in explored.prompts.items() if asked == key)
    ways = explored.ways[key]
    answers = {following: set(given) for following, given in ways.items()}
    decides = len(answers) > 1 and sum(map(len, answers.values())) == len(set().union(*answers.values()))

    kind = wording.plain(language, "preview", f"kind__{type(prompt).__name__}")

    def after(given: set[Any]) -> list[str | None]:
        if isinstance(prompt, Text):
            return list(dict.fromkeys(None if value is None else kind for value in sorted(given, key=str)))
        numbers = sorted(value for value in given if type(value) is int)
        if len(numbers) > 2 and len(numbers) == len(given):
            return [f"{numbers[0]}–{numbers[-1]}"]
        values = [list(value) if isinstance(value, tuple) else value for value in sorted(given, key=str)]
        return [shown(wording, language, dialog.name, prompt, value) for value in values]

    return {
        "key": key,
        "words": words,
        "kind": kind,
        "optional": prompt.optional,
        "depends": len(answers) > 1 and not decides,
        "ways": [{"to": to, "after": after(given) if decides else []} for to, given in answers.items()],
    }


def shown(wording: Wording, language: str, dialog_name: str, prompt: Prompt[Any], value: Json) -> str | None:
    """A stored answer in words, as its buttons say it; None when it was skipped."""
    match value:
        case None:
            return None
        case bool():
            return wording.label(language, dialog_name, prompt, "yes" if value else "no")
        case list():
            return ", ".join(wording.label(language, dialog_name, prompt, option) for option in value)
        case str() if value in prompt.options:
            return wording.label(language, dialog_name, prompt, value)
    return str(value)
