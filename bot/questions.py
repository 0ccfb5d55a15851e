"""How a question looks: the words on its buttons, how they lie, and its answer in words.

Buttons under a question carry the session and the turn (`a:SESSION:TURN:VALUE`, `n:SESSION:TURN:VERB`), so
one from an earlier question is seen to be old. Those of a question about danger are marked (`sessions.code`).
"""

from collections.abc import Mapping
from typing import Any

from bot import sessions
from bot.outbox import Button
from bot.program import Program
from bot.rows import Session
from dialogs.prompts import DONE, Many, Prompt

_ROW, _PADDING = 46, 4
"""Letters that fit a row of buttons on a small phone, and the room that each button takes besides."""
_CHOSEN_AT_MOST = 60


def labels(program: Program, language: str, dialog: str, prompt: Prompt[Any]) -> dict[str, str]:
    """The words on the button of each option."""
    return {option: program.words.label(language, dialog, prompt, option) for option in prompt.options}


def shown(program: Program, language: str, value: Any, labelled: Mapping[str, str]) -> str:
    """An answer in words."""
    match value:
        case None:
            return program.words.plain(language, "navigation", "skipped")
        case bool():
            return labelled["yes" if value else "no"]
        case list():
            ticked = ", ".join(labelled.get(option, option) for option in value)
            return ticked or program.words.plain(language, "navigation", "none_chosen")
        case _:
            return labelled.get(str(value), str(value))


def chosen(
    program: Program, language: str, session: Session, key: str, value: Any, labelled: Mapping[str, str]
) -> Button:
    """The one button that stays under an answered question: the answer, cut to fit. A press changes it."""
    answer = shown(program, language, value, labelled)
    text = program.words.plain(language, "navigation", "chosen", answer=answer)
    cut = text if len(text) <= _CHOSEN_AT_MOST else text[: _CHOSEN_AT_MOST - 1] + "…"
    return cut, f"n:{_place(session, key)}:change"


def again(program: Program, language: str, session: Session, key: str) -> Button:
    """Shows the open question, which has this key, once more."""
    return program.words.plain(language, "navigation", "continue"), f"n:{_place(session, key)}:more"


def buttons(
    program: Program, language: str, session: Session, prompt: Prompt[Any], dialog: str, *, first: bool
) -> list[list[Button]]:
    """All that stands under an open question; before the `first` there is nothing to go back to."""
    labelled, ticks = labels(program, language, dialog, prompt), set(session.ticks or ())

    def ticked(option: str) -> str:
        if option not in ticks:
            return labelled[option]
        return program.words.plain(language, "navigation", "ticked", label=labelled[option])

    def plain(block: str) -> str:
        return program.words.plain(language, "navigation", block)

    place = _place(session, prompt.key)
    options = [(ticked(option), f"a:{place}:{option}") for option in prompt.options]
    columns = _columns(prompt, labelled)
    rows = [options[start : start + columns] for start in range(0, len(options), columns)]
    if isinstance(prompt, Many):
        rows.append([(plain("done"), f"a:{place}:{DONE}")])
    last = [] if first else [(plain("back"), f"n:{place}:back")]
    if prompt.optional:
        last.append((plain("skip"), f"n:{place}:skip"))
    last.append((plain("cancel"), f"n:{place}:cancel"))
    return [*rows, last]


def _columns(prompt: Prompt[Any], labelled: Mapping[str, str]) -> int:
    """As many to a row as the prompt likes, and fewer where their labels would be cut on a phone."""
    longest = max(map(len, labelled.values()), default=0)
    return max(1, min(prompt.columns, _ROW // (longest + _PADDING)))


def _place(session: Session, key: str) -> str:
    return f"{sessions.code(session, key)}:{session.turn}"
