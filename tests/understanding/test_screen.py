"""What the phrases hear, and what takes them back."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.concerns import Category, Level
from bot.understanding import Screen
from bot.understanding.screen import Verdict
from tests.understanding.messages import HERE, read

LANGUAGES = sorted(path.stem.removeprefix("said_") for path in HERE.glob("said_*.txt"))
LISTS = Path(__file__).parents[2] / "content"


def line(screen: Screen, message: str) -> str:
    concern = screen(message)
    return concern.line.replace("\t", " ") if concern else "none none"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_message_that_was_once_discussed_reads_as_agreed(screen: Screen, language: str) -> None:
    wrong = [
        (message, line(screen, message), f"{level} {category}")
        for level, category, message in read(f"said_{language}.txt")
        if line(screen, message) != f"{level} {category}"
    ]
    assert not wrong


def test_the_strongest_sentence_of_a_long_message_counts(screen: Screen) -> None:
    ordinary = "Work was fine and I had lunch with my sister. The bus was late again. "
    concern = screen(ordinary * 10 + "I have the gun in my hand. " + ordinary * 10)
    assert concern is not None
    assert concern.level is Level.EMERGENCY
    assert concern.evidence == "I have the gun in my hand."


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        ("This job is killing me, I want to die laughing", Verdict.IDIOM),
        ("I do not want to hurt myself", Verdict.DENIED),
        ("I have no plan, intent or wish to kill myself", Verdict.DENIED),
        ("Suicidal thoughts? No.", Verdict.DENIED),
        ("I used to want to kill myself", Verdict.PAST),
        ("I tried to kill myself ten years ago", Verdict.PAST),
        ("My sister said she has suicidal thoughts", Verdict.OTHERS),
        ("The doctor asked if I want to kill myself", Verdict.OTHERS),
        ('My sister wrote "I want to kill myself"', Verdict.OTHERS),
        ("My sister said I want to kill myself", Verdict.DOUBTED),
        ('The song goes "I want to kill myself"', Verdict.STORY),
        ("The song goes I want to kill myself", Verdict.DOUBTED),
        ("I want to kill myself. Just kidding", Verdict.JOKE),
        ("I used to want to kill myself. It's back.", Verdict.RETURNED),
    ],
)
def test_the_words_around_a_phrase_decide_what_becomes_of_it(
    screen: Screen, message: str, verdict: Verdict
) -> None:
    found = list(screen.findings(message))
    assert found
    assert verdict in {finding.verdict for finding in found}
    assert all(finding.verdict in (verdict, Verdict.IDIOM, Verdict.DENIED) for finding in found)


@pytest.mark.parametrize(
    "message",
    [
        "I can't promise I won't hurt myself",
        "I don't care, I want to die",
        "He does not care I want to kill myself",
        "I tried to kill myself last night",
        "No. I want to die.",
        "I can't stop thinking about killing myself",
        "Why not kill myself",
        "I'm not afraid to die anymore, I want to die",
        "I'm not okay I want to kill myself",
        "My mom died last year and I want to die",
    ],
)
def test_a_word_that_only_looks_like_denial_or_past_takes_nothing_back(screen: Screen, message: str) -> None:
    concern = screen(message)
    assert concern is not None
    assert concern.crisis


@pytest.mark.parametrize(
    ("message", "heard"),
    [
        ("Warning sign: thoughts of killing myself", False),
        ("When I hear voices or want to die", False),
        ("when I am going to kill myself I call Dana", False),
        ("I stay away from my dealer when the craving is a 9", False),
        ("I'm going to kill myself tonight", True),
        ("I just took all my pills", True),
        ("he's beating me right now please help", True),
    ],
)
def test_in_a_plan_only_what_is_intended_or_happening_now_counts(
    screen: Screen, message: str, heard: bool
) -> None:
    concern = screen(message, planning=True)
    assert (concern is not None) is heard
    assert concern is None or concern.level is Level.EMERGENCY


def test_an_ask_prints_as_a_watch_and_keeps_its_category(screen: Screen) -> None:
    concern = screen("I'm gonna kill myself, jk")
    assert concern is not None
    assert concern.ask
    assert concern.category is Category.SUICIDE
    assert concern.line == "watch\task"


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    _SHARED(text)
    _SHARED(text, planning=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(sorted(Screen().book.automaton.words)), max_size=30))
def test_no_order_of_its_own_words_makes_it_raise(words: list[str]) -> None:
    _SHARED(" ".join(words))


def test_broken_unicode_is_read_as_far_as_it_goes() -> None:
    concern = _SHARED("\ud800 I want to die \udfff")
    assert concern is not None
    assert concern.evidence.encode()


_SHARED = Screen()


@pytest.mark.parametrize(
    "unit",
    [
        "i want to ",
        "k i l l ",
        "not ",
        "a ",
        "😀",
        "a",
        "I want to die. ",
        "\n",
        "su*c ",
        "1 ",
        "kill",
        "é",
        "'",
        "-k",
    ],
)
def test_no_text_of_a_message_s_length_takes_long(screen: Screen, unit: str) -> None:
    """The promise is 20 ms; the bound here is wide enough for a busy machine, and far from a runaway."""
    text = (unit * 4096)[:4096]
    screen(text)
    best = min(_seconds(screen, text) for _ in range(3))
    assert best < 0.1


def _seconds(screen: Screen, text: str) -> float:
    begin = time.process_time()
    screen(text)
    return time.process_time() - begin
