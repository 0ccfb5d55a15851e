"""Times of day, and the offset from UTC of someone who says what their clock shows."""

import re
from datetime import UTC, datetime, time
from fractions import Fraction

from dialogs.reading import lexicon
from dialogs.reading.lexicon import Lexicon
from dialogs.reading.numbers import spoken
from dialogs.reading.signs import one_form
from dialogs.reading.unclear import Reason, Unclear

_ATTACHED = re.compile(r"(?<=\d)([^\W\d_])\b(?![.'])")  # the p of "8p"
_DOTTED = re.compile(r"(?<![^\W\d_])([^\W\d_])\.\s?([^\W\d_])\b\.?")  # "p.m."
_CLOCK = re.compile(r"(?<![\d:.])(\d{1,2})\s?[:.h]\s?(\d{2})(?![\d:])")
_CLOCK_TOKEN = re.compile(r"\d{1,2}:\d{2}|\d+|@?[^\W\d_]+(?:'[^\W\d_]+)*|[/:+-]")


def _clock(text: str, known: Lexicon) -> tuple[int, int | None, str]:
    """Hour, minute (None when it was not said), and "am", "pm", "night", "24" or "" when that is open."""
    plain = _ATTACHED.sub(r" @\1", _CLOCK.sub(r"\1:\2", _DOTTED.sub(r"\1\2", one_form(text))))
    if not plain.strip():
        raise Unclear(Reason.EMPTY)
    numbers: list[int] = []
    halves: set[str] = set()
    relation = named = ""
    literal = together = False
    for part in spoken(_CLOCK_TOKEN.findall(plain), known):
        if isinstance(part, Fraction):
            numbers.append(int(part))
        elif ":" in part and len(part) > 1:
            numbers += map(int, part.split(":"))
            together = True
            literal = literal or part[0] == "0"
        elif part in known.half:
            numbers.append(30)
        elif part in known.quarter:
            numbers.append(15)
        elif part in known.past | known.to and len(numbers) == 1:
            relation = "past" if part in known.past else "to"
        elif part in known.before_noon:
            halves.add("am")
        elif part in known.after_noon:
            halves.add("pm")
        elif part in known.at_night:
            halves.add("night")
        elif part in known.noon | known.midnight:
            named = "noon" if part in known.noon else "midnight"
        elif part not in known.zero_minutes | known.hedges | known.time_fillers:
            raise Unclear(Reason.NOT_A_TIME)
    literal = literal or re.search(r"(?<!\d)0\d", plain) is not None
    if named:
        if numbers not in ([], [12], [12, 0]) or relation:
            raise Unclear(Reason.NOT_A_TIME)
        return (12 if named == "noon" else 0), 0, "24"
    minute: int | None = None
    match numbers, relation:
        case [minute, hour], "past":
            pass
        case [ahead, hour], "to":
            hour, minute = (hour - 1 if hour > 1 else 12), 60 - ahead
        case [hour, minute], "" if together or minute >= 10:
            pass
        case [hour], "" if hour < 100:
            pass
        case [digits], "" if digits < 2400:
            hour, minute = divmod(digits, 100)
        case _:
            raise Unclear(Reason.NOT_A_TIME)
    if hour == 24 and not minute:
        hour = 0
    if not (0 <= hour < 24 and 0 <= (minute or 0) < 60) or {"am", "pm"} <= halves:
        raise Unclear(Reason.NOT_A_TIME)
    half = "am" if "am" in halves else "pm" if "pm" in halves else "night" if halves else ""
    if (half == "am" and hour > 12) or (half == "pm" and hour == 0):
        raise Unclear(Reason.NOT_A_TIME)
    return hour, minute, half or ("24" if literal or hour == 0 or hour > 12 else "")


def _on_24(hour: int, half: str) -> int:
    """The hour of the day, of an hour on the clock's face and the half of the day it is in."""
    if hour > 12 or hour == 0 or half in ("", "24", "morning"):
        return hour
    if half == "am" or (half in ("night", "evening") and hour == 12) or (half == "night" and hour < 6):
        return hour % 12
    return hour % 12 + 12


def time_of_day(text: str, part: str, language: str) -> time:
    """A time of day. `part` ("morning", "evening", "night") settles an hour without its half of the day."""
    hour, minute, half = _clock(text, lexicon.of(language))
    return time(_on_24(hour, half or part), minute or 0)


# Every offset in use anywhere, in minutes east of UTC. Those that show the same clock on another date
# come later, so that the likelier one is found first.
_OFFSETS = (
    *(0, -60, -120, -150, -180, -210, -240, -300, -360, -420, -480, -540, -570, -600, -660),
    *(60, 120, 180, 210, 240, 270, 300, 330, 345, 360, 390, 420, 480, 525, 540, 570, 600, 630, 660, 720),
    *(765, 780, 825, 840, -720),
)
_CLOCKS_DIFFER = 10


def offset(text: str, at: datetime, near: int | None, language: str) -> int:
    """Minutes east of UTC of someone whose clock shows `text` at the instant `at`.

    A clock may be ten minutes off. "8" alone is read only near the full hour; whether it is morning is
    settled by `near`.
    """
    hour, minute, half = _clock(text, lexicon.of(language))
    hours = [_on_24(hour, half)]
    if half == "" and near is not None:
        hours.append((hour + 12) % 24)
    now = at.astimezone(UTC)
    utc = now.hour * 60 + now.minute
    fits = [
        (abs(found - near) if near is not None else 0, apart, _OFFSETS.index(found), found)
        for hour in hours
        for found in _OFFSETS
        if (apart := _apart(hour * 60 + (minute or 0), utc + found)) <= _CLOCKS_DIFFER
    ]
    if not fits:
        raise Unclear(Reason.NOT_NOW)
    return min(fits)[-1]


def _apart(one: int, other: int) -> int:
    """Minutes between two readings of a clock, the shorter way round."""
    between = (one - other) % 1440
    return min(between, 1440 - between)
