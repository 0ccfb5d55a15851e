"""How typed answers are understood: generous about how a tired person types, exact about what they meant.

Pure functions from words to values. Whatever cannot be read with certainty is Unclear, and asked again.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from enum import StrEnum


class Reason(StrEnum):
    """Why an answer could not be read. Each has its words in content/<language>/unclear.jinja."""

    NOT_A_NUMBER = "not_a_number"
    NOT_WHOLE = "not_whole"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"
    TOO_FEW = "too_few"
    NOT_A_TIME = "not_a_time"
    NOT_A_DATE = "not_a_date"
    NOT_A_PLACE = "not_a_place"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    BUTTONS_ONLY = "buttons_only"


class Unclear(Exception):
    """The answer cannot be read with certainty."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def words(text: str, limit: int) -> str:
    trimmed = text.strip()
    if not trimmed:
        raise Unclear(Reason.EMPTY)
    if len(trimmed) > limit:
        raise Unclear(Reason.TOO_LONG)
    return trimmed


def skips(text: str, language: str) -> bool:
    return text.strip().casefold() == "skip"


def passes(text: str, language: str) -> bool:
    return skips(text, language)


def whole(text: str, low: int, high: int, unit: str, language: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise Unclear(Reason.NOT_A_NUMBER) from None
    if not low <= number <= high:
        raise Unclear(Reason.OUT_OF_RANGE)
    return number


def label(text: str, options: Iterable[str], labels: Mapping[str, str]) -> str | None:
    wanted = text.strip().casefold()
    return next((o for o in options if wanted in (o, labels.get(o, o).casefold())), None)


def one(text: str, options: Iterable[str], labels: Mapping[str, str], language: str) -> str:
    found = label(text, options, labels)
    if found is None:
        raise Unclear(Reason.NOT_A_CHOICE)
    return found


def several(
    text: str, options: Iterable[str], labels: Mapping[str, str], ticks: Iterable[str], language: str
) -> set[str]:
    return {one(part, options, labels, language) for part in text.split(",")}


def yes_no(text: str, labels: Mapping[str, str], language: str) -> bool:
    return one(text, ("yes", "no"), labels, language) == "yes"


def time_of_day(text: str, part: str, language: str) -> time:
    try:
        return time.fromisoformat(text.strip())
    except ValueError:
        raise Unclear(Reason.NOT_A_TIME) from None


def calendar_date(text: str, today: date, past: bool, language: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Unclear(Reason.NOT_A_DATE) from None


def offset(text: str, at: datetime, near: int | None, language: str) -> int:
    raise Unclear(Reason.NOT_A_TIME)
