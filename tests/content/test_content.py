"""The words that ship fit the rules, and each rule catches what breaks it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from bot.content import Problem, check, faults, preview
from bot.wording import Wording
from dialogs import CATALOGUE
from dialogs.explore import explore
from dialogs.facts import Facts
from dialogs.prompts import Choice, Dialog, Reason, Say, Scale, Text, YesNo, dialog

CONTENT = Path(__file__).parents[2] / "content"


def test_the_words_that_ship_are_all_there_and_fit_the_rules() -> None:
    assert check(Wording(CONTENT), CATALOGUE) == []


class Way(StrEnum):
    BUS = "bus"
    CAR = "car"


@dataclass(frozen=True)
class Trip:
    end: str = "end"


@dialog("trip")
async def trip(facts: Facts) -> Trip:
    await Say("hello")
    if await YesNo("going"):
        await Choice("way", Way)
    await Text("note").or_skip()
    return Trip()


TRIP = {
    "title": "Trip",
    "description": "Where to.",
    "hello": "Hi {{ facts.name or 'you' }}.",
    "going": "Are you going?",
    "going__yes": "Yes",
    "going__no": "No",
    "way": "How?",
    "way__bus": "Bus",
    "way__car": "Car",
    "note": "{% if answers.way is defined %}By {{ label(answers.way) }}. {% endif %}What else?",
    "end": "Saved. {{ answers.note | default('', true) | truncate(50) }}",
}

Judge = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """What is wrong with the trip when these blocks are changed, or left out where None."""

    def judged(language: str = "en", before: str = "", **changed: str | None) -> list[tuple[str, str]]:
        for spoken in {"en", language}:
            (tmp_path / spoken).mkdir(exist_ok=True)
            unclear = "".join(f"{{% block {reason} %}}Again.{{% endblock %}}" for reason in Reason)
            (tmp_path / spoken / "unclear.jinja").write_text(unclear)
            (tmp_path / spoken / "never_say.txt").write_text("# orders\nshould\nwhy didn't you\n")
            blocks = TRIP | changed if spoken == language else TRIP
            source = "".join(
                f"{before if name in changed else ''}{{% block {name} %}}{words}{{% endblock %}}\n"
                for name, words in blocks.items()
                if words is not None
            )
            (tmp_path / spoken / "trip.jinja").write_text(source)
        problems = check(Wording(tmp_path), {"trip": trip})
        assert {problem.language for problem in problems} <= {language}
        return [(problem.block, problem.what) for problem in problems]

    return judged


def test_good_words_have_no_problem(judge: Judge) -> None:
    assert judge() == []


@pytest.mark.parametrize("block", ["title", "hello", "going", "way", "end"])
def test_a_block_that_is_missing_is_named(judge: Judge, block: str) -> None:
    assert (block, "no words") in judge(**{block: None})


def test_a_button_without_words_is_named(judge: Judge) -> None:
    assert ("way", "no words for its button way__car") in judge(way__car=None)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("", "empty"),
        ("How? Why?", "more than one question"),
        ("How!!", "more than one exclamation mark"),
        ("You should say how.", "we never say: should"),
        ("Why  didn't\nyou say?", "we never say: why didn't you"),
        ("How " + "far " * 80, "longer than 300 characters"),
        ("<b>How?", "<b> is not closed"),
        ("How?</b>", "</b> closes nothing"),
        ("<b><i>How?</b></i>", "</b> closes nothing"),
        ("<h1>How?</h1>", "Telegram does not know <h1>"),
        ("1 < 2?", "< stands alone; write &lt; or &gt;"),
        ("How, {{ facts.nmae }}?", "cannot be shown: 'dialogs.facts.Facts object' has no attribute 'nmae'"),
        ("How, {{ answers.note }}?", "cannot be shown: 'dict object' has no attribute 'note'"),
    ],
)
def test_each_rule_catches_what_breaks_it(judge: Judge, words: str, what: str) -> None:
    assert ("way", what) in judge(way=words)


def test_what_is_wrong_on_one_path_only_is_found(judge: Judge) -> None:
    words = "{% if answers.way is defined and answers.way == 'bus' %}<b>{% endif %}What else?"
    assert judge(note=words) == [("note", "<b> is not closed")]


def test_a_rule_is_lifted_by_a_mark_with_its_reason(judge: Judge) -> None:
    assert judge(way="How " + "far " * 80, before="{# long: the law asks for it #}\n") == []
    assert judge(way="“Should” thoughts?", before="{# allow: should (its name) #}\n") == []


def test_long_words_of_a_patient_never_make_a_message_too_long(judge: Judge) -> None:
    (problem,) = judge(end="You said: {{ answers.note }}")
    assert problem == (
        "end",
        "a patient's long answer makes this longer than a message; cut it with truncate",
    )


def test_two_buttons_with_the_same_words_are_a_problem(judge: Judge) -> None:
    assert judge(way__car="bus") == [("way", "two buttons say bus")]


def test_a_button_fits_on_a_phone(judge: Judge) -> None:
    assert judge(way__car="x" * 41) == [("way", f"button longer than 40 characters: {'x' * 41}")]


def test_a_block_that_nobody_asks_for_is_a_problem(judge: Judge) -> None:
    assert judge(gonig="Are you?") == [("gonig", "nobody asks this")]


def test_another_language_has_the_same_blocks(judge: Judge) -> None:
    assert ("hello", "not translated") in judge("es", hello=None)
    assert ("extra", "English has no such block") in judge("es", extra="¿Qué?")
    assert judge("es") == []


def test_a_key_that_templates_take_for_something_else_is_a_problem(tmp_path: Path) -> None:
    @dialog("odd")
    async def odd(facts: Facts) -> Trip:
        await Scale("items", 0, 3)
        return Trip()

    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "odd.jinja").write_text("{% block items %}How many?{% endblock %}")
    problems = check(Wording(tmp_path), {"odd": odd})
    assert (
        Problem("en", "odd", "items", "this key means something else in a template; choose another")
        in problems
    )


@pytest.mark.parametrize(
    "words", ["a &lt; b", "<b>a <i>b</i></b>", '<a href="https://x.org">x</a>', "a &gt; b"]
)
def test_valid_words_have_no_fault(words: str) -> None:
    assert list(faults(words)) == []


@pytest.mark.parametrize("dialog", CATALOGUE.values(), ids=lambda dialog: dialog.name)
def test_a_preview_shows_every_question_and_its_words(dialog: Dialog[Any]) -> None:
    wording = Wording(CONTENT)
    shown = preview(wording, dialog, "en")
    for key, _ in explore(dialog, [Facts()], budget=0).prompts:
        assert f"\n  {key}: " in shown
    assert wording.plain("en", dialog.name, "title").upper() in shown
    assert "&lt;" not in shown
    assert "<b>" not in shown
