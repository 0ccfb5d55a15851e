"""How typed answers are read: generously, and never with a guess."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.reading import (
    Reason,
    Unclear,
    calendar_date,
    offset,
    one,
    several,
    time_of_day,
    whole,
    words,
    yes_no,
)

EN = "en"
HALT = {"hungry": "🍔 Hungry", "angry": "Angry 😠", "lonely": "Lonely", "tired": "Tired"}
USED = {"yes": "Yes, I used", "no": "No, I did not use"}
WEDNESDAY = date(2026, 11, 25)
T = TypeVar("T")


def attempt(read: Callable[[], T]) -> T | Reason:
    """What was read, or why it could not be."""
    try:
        return read()
    except Unclear as unclear:
        return unclear.reason


NOT_A_NUMBER, NOT_WHOLE, OUT = Reason.NOT_A_NUMBER, Reason.NOT_WHOLE, Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *[
            (seven, 7)
            for seven in ("7", " 7 ", "7.", "7!!", "...7", "7.0", "~7", "07", "seven", "SEVEN", "7/10")
        ],
        *[(seven, 7) for seven in ("7️⃣", "٧", "۷", "७", "７", "⑦", "٧/١٠", "\u200f7\u200f", "7 🙂", "🙂7")],
        *[
            (seven, 7)
            for seven in ("about 7", "7ish", "a 7", "I'd say a 7 today", "maybe 7?", "im at a 7 rn")
        ],
        *[
            (seven, 7)
            for seven in ("seven out of ten", "7 of 10", "out of 10 i'd say 7", "like a solid 7 lol")
        ],
        *[(ten, 10) for ten in ("10", "ten", "🔟", "1️⃣0️⃣", "10/10", "ten out of ten")],
        *[(nought, 0) for nought in ("0", "zero", "none", "None today", "nothing at all", "٠", "0️⃣")],
        *[(half, NOT_WHOLE) for half in ("8.5", "8,5", "8½", "½", ".5", "seven and a half", "٨٫٥", "9.9")],
        *[(far, OUT) for far in ("11", "-3", "−3", "10.5", "eleven", "100", "1,000", "💯", "7/5", "9" * 500)],
        *[(two, NOT_A_NUMBER) for two in ("7 or 8", "7-8", "7 8", "between 7 and 8", "7/8/9", "6, no 7")],
        *[
            (odd, NOT_A_NUMBER)
            for odd in ("idk", "not 7", "8²", "1e1", "0x7", "8+", "at least 7", "less than 7")
        ],
        *[(odd, NOT_A_NUMBER) for odd in ("good", "🙂", "<b>", "&", "/", "7 hours", "seventh", "שבע", "7th")],
        ("", Reason.EMPTY),
        ("  \n", Reason.EMPTY),
    ],
)
def test_a_number_from_0_to_10(typed: str, read: int | Reason) -> None:
    assert attempt(lambda: whole(typed, 0, 10, "", EN)) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *[(full, 100) for full in ("100", "100%", "hundred", "a hundred", "one hundred", "100/100", "💯")],
        *[
            (part, 75)
            for part in ("75", "75 %", "75 percent", "seventy five", "seventy-five", "75/100", "٧٥٪")
        ],
        ("7/10", OUT),
        ("seventy", 70),
        ("forty to fifty", NOT_A_NUMBER),
        ("101", OUT),
    ],
)
def test_a_number_from_0_to_100(typed: str, read: int | Reason) -> None:
    assert attempt(lambda: whole(typed, 0, 100, "", EN)) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *[
            (seven, 7)
            for seven in ("7", "7 hours", "7h", "seven hrs", "about 7 hours", "slept 7", "got like 7 hrs")
        ],
        *[
            (half, NOT_WHOLE)
            for half in ("7.5", "7 and a half", "7½ hours", "30 minutes", "5 hours and 30 minutes")
        ],
        ("none", 0),
        ("7 days", NOT_A_NUMBER),
    ],
)
def test_hours(typed: str, read: int | Reason) -> None:
    assert attempt(lambda: whole(typed, 0, 24, "hours", EN)) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *[(typed, 90) for typed in ("90", "90 min", "1.5 hours", "an hour and a half", "1h 30", "1h30m")],
        *[(typed, 30) for typed in ("30", "half an hour", "thirty minutes")],
        ("an hour", 60),
        ("hour", NOT_A_NUMBER),
        ("20-30 minutes", NOT_A_NUMBER),
    ],
)
def test_minutes(typed: str, read: int | Reason) -> None:
    assert attempt(lambda: whole(typed, 0, 600, "minutes", EN)) == read


@settings(deadline=None)
@given(
    st.integers(0, 100),
    st.sampled_from(["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "０１２３４５６７８９"]),
)
def test_every_number_is_read_in_digits_of_every_script(number: int, digits: str) -> None:
    typed = "".join(digits[int(d)] for d in str(number))
    assert whole(typed, 0, 100, "", EN) == number
    assert whole(f" about {typed}/{100}!", 0, 100, "", EN) == number


@settings(deadline=None)
@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_unclear(typed: str) -> None:
    """Never another exception, and never a value outside what was asked."""
    number = attempt(lambda: whole(typed, 1, 10, "minutes", EN))
    assert isinstance(number, Reason) or 1 <= number <= 10
    at = datetime(2026, 11, 25, 18, 7, tzinfo=UTC)
    minutes = attempt(lambda: offset(typed, at, -300, EN))
    assert isinstance(minutes, Reason) or (-720 <= minutes <= 840 and minutes % 15 == 0)
    attempt(lambda: time_of_day(typed, "evening", EN))
    attempt(lambda: calendar_date(typed, WEDNESDAY, past=True, language=EN))
    attempt(lambda: yes_no(typed, {"yes": "Yes", "no": "No"}, EN))
    attempt(lambda: one(typed, HALT, HALT, EN))
    chosen = attempt(lambda: several(typed, HALT, HALT, (), EN))
    assert isinstance(chosen, Reason) or chosen <= set(HALT)
    kept = attempt(lambda: words(typed, 50))
    assert isinstance(kept, Reason) or kept in typed or "\ufffd" in kept or "?" in kept


_PIECES = [
    "7",
    "8",
    "10",
    "/",
    "-",
    "a",
    "half",
    "an",
    "hour",
    "past",
    "to",
    "pm",
    "am",
    ":30",
    ".",
    "not",
    "or",
]
_PIECES += [
    "may",
    "3",
    "ago",
    "days",
    "last",
    "monday",
    "twenty",
    "hundred",
    "%",
    "٧",
    "½",
    "none",
    "and",
    "yes",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=6))
def test_pieces_of_answers_in_any_order_are_read_or_unclear(pieces: list[str]) -> None:
    typed = " ".join(pieces)
    for unit in ("", "hours", "minutes"):
        attempt(lambda unit=unit: whole(typed, 0, 100, unit, EN))  # type: ignore[misc]
    attempt(lambda: time_of_day(typed, "", EN))
    attempt(lambda: calendar_date(typed, WEDNESDAY, past=False, language=EN))
    attempt(lambda: offset(typed, datetime(2026, 11, 25, 18, 7, tzinfo=UTC), None, EN))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *[
            (eight, "08:00")
            for eight in ("8", "8:00", "8 am", "8a.m.", "8 o'clock", "at 8", "around 8", "08:00")
        ],
        *[
            (half, "08:30")
            for half in ("8:30", "8.30", "8h30", "8 30", "830", "half past 8", "eight thirty", "٨:٣٠")
        ],
        *[
            (late, "20:00")
            for late in ("8 pm", "8pm", "8p", "8 P.M.", "8ish pm", "20h", "20:00", "8 in the evening")
        ],
        *[(late, "20:30") for late in ("20:30", "2030", "8:30 PM", "half past 8 tonight", "twenty thirty")],
        *[(early, "01:00") for early in ("1", "1 am", "1 at night")],
        ("10 at night", "22:00"),
        ("quarter to nine", "08:45"),
        ("ten past 8", "08:10"),
        ("noon", "12:00"),
        ("12 pm", "12:00"),
        ("midnight", "00:00"),
        ("12 am", "00:00"),
        ("24:00", "00:00"),
        *[
            (odd, Reason.NOT_A_TIME)
            for odd in ("25:00", "8:60", "13 am", "8-9", "8 or 9", "idk", "in the morning")
        ],
        *[(odd, Reason.NOT_A_TIME) for odd in ("7am or pm", "-8", "8.5", "99999", "<b>", "soon")],
        ("", Reason.EMPTY),
    ],
)
def test_a_time_of_day(typed: str, read: str | Reason) -> None:
    found = attempt(lambda: time_of_day(typed, "", EN))
    assert (found if isinstance(found, Reason) else found.isoformat("minutes")) == read


@pytest.mark.parametrize(
    ("typed", "part", "read"),
    [
        ("8", "evening", "20:00"),
        ("half past 8", "evening", "20:30"),
        ("8 am", "evening", "08:00"),
        ("08:00", "evening", "08:00"),
        ("8", "morning", "08:00"),
        ("12", "morning", "12:00"),
        ("11", "night", "23:00"),
        ("1", "night", "01:00"),
        ("12", "night", "00:00"),
    ],
)
def test_an_hour_without_its_half_of_the_day_is_the_one_that_was_asked_for(
    typed: str, part: str, read: str
) -> None:
    assert time_of_day(typed, part, EN).isoformat("minutes") == read


@pytest.mark.parametrize(
    ("typed", "near", "read"),
    [
        ("1:07 pm", None, -300),
        ("13:04", None, -300),
        ("1:10", -300, -300),
        ("1 pm", None, -300),
        ("11:37 pm", None, 330),
        ("23:52", None, 345),
        ("6:07 pm", None, 0),
        ("8:07 am", None, -600),
        ("8:07 am", 840, 840),
        ("1:31 pm", None, Reason.NOT_NOW),
        ("half past 1", -300, Reason.NOT_NOW),
    ],
)
def test_an_offset_is_found_from_what_the_clock_shows(
    typed: str, near: int | None, read: int | Reason
) -> None:
    """At 18:07 UTC. Clocks may be ten minutes off; no offset is found that nobody has."""
    at = datetime(2026, 11, 25, 18, 7, tzinfo=UTC)
    assert attempt(lambda: offset(typed, at, near, EN)) == read


@settings(deadline=None)
@given(
    st.sampled_from([-600, -480, -300, -210, 0, 60, 330, 345, 525, 720]),
    st.integers(0, 24 * 60 - 1),
    st.integers(-4, 4),
)
def test_every_clock_that_is_a_few_minutes_off_tells_its_offset(east: int, minute: int, wrong: int) -> None:
    at = datetime(2026, 11, 25, tzinfo=UTC) + timedelta(minutes=minute)
    shown = at + timedelta(minutes=east + wrong)
    assert offset(shown.strftime("%I:%M %p"), at, east, EN) == east


@pytest.mark.parametrize(
    ("typed", "past", "nearest"),
    [
        *[
            (typed, "2026-11-24", "2026-11-24")
            for typed in ("yesterday", "Yesterday.", "last night", "a day ago")
        ],
        *[
            (typed, "2026-05-03", "2027-05-03")
            for typed in ("May 3", "3 May", "the 3rd of may", "5/3", "may 3rd")
        ],
        *[
            (typed, "2024-05-03", "2024-05-03")
            for typed in ("2024-05-03", "5/3/24", "May 3, 2024", "5.3.2024")
        ],
        ("two weeks ago", "2026-11-11", "2026-11-11"),
        ("monday", "2026-11-23", "2026-11-30"),
        ("wednesday", "2026-11-25", "2026-11-25"),
        ("last wednesday", "2026-11-18", "2026-11-18"),
        ("12/25", "2025-12-25", "2026-12-25"),
        ("13/5", "2026-05-13", "2027-05-13"),
        ("feb 29", "2024-02-29", "2028-02-29"),
        *[(odd, None, None) for odd in ("idk", "2/30", "may", "32", "soon", "1/2/3/4", "99999999 days ago")],
    ],
)
def test_a_date(typed: str, past: str | None, nearest: str | None) -> None:
    for only_past, read in ((True, past), (False, nearest)):
        found = attempt(lambda only=only_past: calendar_date(typed, WEDNESDAY, only, EN))  # type: ignore[misc]
        assert (found if isinstance(found, Reason) else found.isoformat()) == (read or Reason.NOT_A_DATE)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *[
            (yes, True)
            for yes in ("yes", "Y", "yep", "YEAH!", "sure", "ok", "👍", "👍🏽", "I did", "yes please")
        ],
        *[
            (no, False)
            for no in ("no", "N", "nope", "nah.", "👎", "no, thanks", "I didn’t", "not yet", "no I didn't")
        ],
        *[
            (odd, Reason.NOT_A_CHOICE)
            for odd in ("not sure", "no i did", "yes and no", "maybe", "7", "не", "yes but")
        ],
    ],
)
def test_yes_or_no(typed: str, read: bool | Reason) -> None:
    assert attempt(lambda: yes_no(typed, {"yes": "Yes", "no": "No"}, EN)) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *[(yes, True) for yes in ("Yes, I used", "used", "i used", "yes i used")],
        *[(no, False) for no in ("no i did not use", "did not use", "No")],
        ("use", Reason.NOT_A_CHOICE),
    ],
)
def test_a_word_from_a_label_never_turns_its_meaning_round(typed: str, read: bool | Reason) -> None:
    assert attempt(lambda: yes_no(typed, USED, EN)) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *[
            (h, {"hungry"})
            for h in ("hungry", "HUNGRY!!", "🍔", "I'm hungry", "🍔 Hungry", "just hungry today")
        ],
        *[
            (both, {"hungry", "tired"})
            for both in ("hungry and tired", "hungry, tired", "tired hungry", "1, 4", "1 4")
        ],
        *[(none, set()) for none in ("none", "none of these", "no", "Nothing")],
        *[(every, set(HALT)) for every in ("all", "all of them", "everything")],
        *[
            (odd, Reason.NOT_A_CHOICE)
            for odd in ("not hungry", "hungry, sleepy", "9", "idk", "and", "hungry but not tired")
        ],
        ("done", {"lonely"}),
    ],
)
def test_several_choices_in_words(typed: str, read: set[str] | Reason) -> None:
    assert attempt(lambda: several(typed, HALT, HALT, ("lonely",), EN)) == read


def test_numbers_do_not_count_buttons_that_bear_numbers() -> None:
    drinks = {"none": "None", "one": "One", "two": "2 or more"}
    assert attempt(lambda: several("2", drinks, drinks, (), EN)) == {"two"}
    assert attempt(lambda: several("3", drinks, drinks, (), EN)) is Reason.NOT_A_CHOICE


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("friends", "friends"),
        ("with friends", "friends"),
        ("WITH FRIENDS 👋", "friends"),
        ("with", Reason.NOT_A_CHOICE),
        ("enemies", Reason.NOT_A_CHOICE),
    ],
)
def test_one_choice_in_words(typed: str, read: str | Reason) -> None:
    shown = {"friends": "With friends", "family": "With family", "alone": "Alone"}
    assert attempt(lambda: one(typed, shown, shown, EN)) == read


def test_a_language_without_a_table_is_read_as_english() -> None:
    assert whole("seven", 0, 10, "", "cy") == 7
    assert whole("seven", 0, 10, "", "en-US") == 7
