"""What holds for every kind of prompt."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pytest

from dialogs import CATALOGUE
from dialogs.explore import explore
from dialogs.facts import Facts
from dialogs.prompts import (
    DONE,
    SKIP,
    Choice,
    Date,
    Input,
    Many,
    Offset,
    Place,
    Prompt,
    Reason,
    Scale,
    Text,
    Time,
    Unclear,
    YesNo,
)

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
TODAY = date(2026, 3, 3)


class Sky(StrEnum):
    SUN = "sun"
    RAIN = "rain"
    BLACK_ICE = "black_ice"


class Rank(StrEnum):
    """One value in common with Sky: members of two catalogues are equal as words."""

    SUN = "sun"
    KING = "king"


KINDS: tuple[Prompt[Any], ...] = (
    Scale("scale", 0, 10),
    Scale("percent", 0, 100),
    Scale("item", 1, 5, item="b"),
    Text("text"),
    YesNo("yes_no"),
    Choice("choice", Sky),
    Choice("among", Sky, among=(Sky.RAIN,)),
    Many("many", Sky),
    Many("some", Sky, at_least=1),
    Time("time", suggest=("08:00", "20:30"), part="evening"),
    Date("date", TODAY, latest=TODAY, suggest=("today", "yesterday")),
    Offset("offset"),
    Place("place"),
)
every_kind = pytest.mark.parametrize("prompt", KINDS, ids=lambda prompt: prompt.key)


def said(text: str | None = None, data: str | None = None, *ticks: str) -> Input:
    return Input(at=NOON, text=text, data=data, ticks=ticks)


def why(prompt: Prompt[Any], given: Input) -> Reason:
    with pytest.raises(Unclear) as unclear:
        prompt.read(given)
    return unclear.value.reason


@every_kind
def test_every_sample_is_a_stored_answer_and_comes_back_the_same(prompt: Prompt[Any]) -> None:
    assert prompt.samples
    for sample in prompt.samples:
        assert prompt.dump(prompt.load(sample)) == sample


@every_kind
def test_every_button_answers(prompt: Prompt[Any]) -> None:
    for option in prompt.options:
        given = said(None, DONE, option) if isinstance(prompt, Many) else said(None, option)
        prompt.load(prompt.read(given))


@every_kind
@pytest.mark.parametrize("data", ["", "nonsense", "+", "11", "-1", "True", SKIP, "x" * 64])
def test_a_button_that_the_prompt_has_not_is_unclear(prompt: Prompt[Any], data: str) -> None:
    if data not in prompt.options:
        assert why(prompt, said(None, data)) in (Reason.NOT_A_CHOICE, Reason.EMPTY)


@every_kind
def test_nothing_at_all_is_empty(prompt: Prompt[Any]) -> None:
    for given in (said(), said(""), said("  \n ")):
        assert why(prompt, given) in (Reason.EMPTY, Reason.NOT_A_PLACE)


@every_kind
@pytest.mark.parametrize("value", [None, True, 3.5, -5, 10**9, "", "nonsense", [], ["nonsense"], [1], {}])
def test_a_stored_value_that_does_not_fit_is_a_value_error(prompt: Prompt[Any], value: Any) -> None:
    """And nothing else: the engine asks again on a ValueError, and breaks on anything else."""
    try:
        prompt.load(value)
    except ValueError:
        return
    assert prompt.dump(prompt.load(value)) == value


@every_kind
def test_what_may_be_skipped_is_skipped_by_button_and_by_word(prompt: Prompt[Any]) -> None:
    assert why(prompt, said(None, SKIP))
    assert prompt.or_skip().read(said(None, SKIP)) is None
    assert prompt.or_skip().read(said("Skip.")) is None
    assert prompt.or_skip().load(None) is None
    assert prompt.or_skip().spec == prompt.spec


@every_kind
def test_not_knowing_is_an_answer_in_words_only_where_words_are_asked(prompt: Prompt[Any]) -> None:
    words = prompt.or_skip().read(said("idk"))
    assert words == ("idk" if isinstance(prompt, Text) else None)


@every_kind
def test_a_prompt_is_a_value(prompt: Prompt[Any]) -> None:
    with pytest.raises(FrozenInstanceError):
        prompt.key = "other"  # type: ignore[misc]
    assert replace(prompt) == prompt
    assert hash(replace(prompt)) == hash(prompt)


def test_equal_prompts_are_one_object_and_unequal_ones_are_not() -> None:
    assert Scale("a", 0, 10) is Scale("a", 0, 10)
    assert Scale("a", 0, 10) is not Scale("a", 0, 11)
    assert Scale("a", 0, 10, item=Sky.SUN) == Scale("a", 0, 10, item="sun")
    assert Choice("a", Sky).load("sun") is Sky.SUN
    assert Choice[Any]("a", Rank).load("sun") is Rank.SUN


def test_keys_options_and_fingerprints_hold_no_enum_members() -> None:
    """They are stored and compared as words."""
    assert type(Scale("a", 0, 10, item=Sky.SUN).item) is str
    assert all(type(option) is str for option in Many("a", Sky).options)
    assert type(Choice("a", Sky).read(said(None, "sun"))) is str


def test_ticks_toggle_one_at_a_time_in_catalogue_order() -> None:
    many = Many("many", Sky)
    assert many.toggle((), "black_ice") == ("black_ice",)
    assert many.toggle(("black_ice",), "sun") == ("sun", "black_ice")
    assert many.toggle(("sun", "black_ice"), "sun") == ("black_ice",)
    assert many.toggle(("sun",), "nonsense") == ("sun",)
    assert many.read(said(None, DONE, "black_ice", "sun", "gone")) == ["sun", "black_ice"]


def test_ticks_stored_in_an_older_order_come_in_that_of_today() -> None:
    assert Many("many", Sky).load(["black_ice", "sun"]) == (Sky.SUN, Sky.BLACK_ICE)


def test_too_few_ticks_are_said_to_be_too_few() -> None:
    assert why(Many("many", Sky, at_least=1), said(None, DONE)) is Reason.TOO_FEW
    assert why(Many("many", Sky, at_least=1), said("none")) is Reason.TOO_FEW
    assert Many("many", Sky).read(said(None, DONE)) == []


def test_words_are_kept_exactly_but_for_outer_space() -> None:
    for words in ("<b>&amp;", "عَربي 7", "🙂", "a\n\n b", "‏שלום‏", "8"):
        assert Text("t").read(said(f" \n{words} ")) == words


def test_words_that_nobody_can_see_are_empty() -> None:
    for words in ("\u200b", "\u200f\u200e", "\ufeff", "\u3164", "\u2800 ", "\x00", "\u00ad"):
        assert why(Text("t"), said(words)) is Reason.EMPTY


def test_half_a_surrogate_pair_can_be_stored() -> None:
    read = Text("t").read(said("a\ud83d"))
    assert isinstance(read, str)
    read.encode()


def test_too_many_words_are_unclear_and_the_limit_itself_is_not() -> None:
    assert Text("t", limit=5).read(said(" 12345 ")) == "12345"
    assert why(Text("t", limit=5), said("123456")) is Reason.TOO_LONG


def test_a_date_outside_its_limits_is_out_of_range() -> None:
    assert why(Date("d", TODAY, latest=TODAY), said("tomorrow")) is Reason.OUT_OF_RANGE
    assert Date("d", TODAY, latest=TODAY).read(said("yesterday")) == "2026-03-02"


def test_rows_of_buttons_are_even() -> None:
    assert Scale("s", 0, 10).columns == 6
    assert Scale("s", 1, 10).columns == 5
    assert Scale("s", 0, 3).columns == 4
    assert Text("t").columns == 1


@pytest.mark.parametrize("dialog", CATALOGUE.values(), ids=lambda dialog: dialog.name)
def test_every_prompt_that_any_walk_meets_keeps_these_laws(dialog: Any) -> None:
    found = explore(dialog, [Facts(), Facts(takes_medication=True, day_number=5)], budget=5)
    assert found.errors == ()
    for prompt in found.prompts.values():
        test_every_sample_is_a_stored_answer_and_comes_back_the_same(prompt)
        test_every_button_answers(prompt)
