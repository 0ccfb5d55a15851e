"""Dates, as people say them: "yesterday", "last Monday", "May 3", "3/4"."""

import re
from datetime import date, timedelta
from fractions import Fraction

from dialogs.reading import lexicon
from dialogs.reading.lexicon import Lexicon
from dialogs.reading.numbers import spoken
from dialogs.reading.signs import as_phrase, one_form
from dialogs.reading.unclear import Reason, Unclear

_NUMERIC = re.compile(r"(\d{1,4})[/.-](\d{1,2})(?:[/.-](\d{2}|\d{4}))?")


def calendar_date(text: str, today: date, past: bool, language: str) -> date:
    """A date; one said without its year or week is the last such day when `past`, else the nearest."""
    known = lexicon.of(language)
    if not text.strip():
        raise Unclear(Reason.EMPTY)
    phrase = as_phrase(text, known.hedges - {"today"} - known.one)
    try:
        if phrase in known.days:
            return today + timedelta(days=known.days[phrase])
        if numeric := _NUMERIC.fullmatch(one_form(text).strip(" .")):
            return _numeric_date(numeric, today, past, known)
        return _worded_date(re.sub(r"(?<=\d)(?=[^\W\d_])", " ", phrase), today, past, known)
    except (ValueError, OverflowError):
        raise Unclear(Reason.NOT_A_DATE) from None


def _numeric_date(numeric: re.Match[str], today: date, past: bool, known: Lexicon) -> date:
    first, second, third = numeric.groups()
    if len(first) == 4:
        if third is None:
            raise ValueError
        return date(int(first), int(second), int(third))
    if len(first) > 2:
        raise ValueError
    month, day = (int(first), int(second)) if known.month_first else (int(second), int(first))
    if month > 12:
        month, day = day, month
    if third is None:
        return _nearest(month, day, today, past)
    year = int(third)
    if year < 100:
        year += 2000 if 2000 + year <= today.year + 10 else 1900
    return date(year, month, day)


def _worded_date(phrase: str, today: date, past: bool, known: Lexicon) -> date:
    parts = [p for p in spoken(phrase.split(), known) if p not in known.date_fillers]
    numbers = [int(p) for p in parts if isinstance(p, Fraction)]
    said = [p for p in parts if isinstance(p, str) and p not in known.last]
    if any(word in known.ago for word in said):
        count = numbers[0] if len(numbers) == 1 else 1 if not numbers and set(said) & known.one else -1
        unit = set(said) - known.ago - known.one
        if count < 0 or len(unit) != 1:
            raise ValueError
        if unit <= known.day_words:
            return today - timedelta(days=count)
        if unit <= known.week_words:
            return today - timedelta(weeks=count)
        raise ValueError
    match said, numbers:
        case [day], [] if day in known.weekdays:
            back = (today.weekday() - known.weekdays[day]) % 7
            was = set(parts) & known.last
            if past or was or not back:
                return today - timedelta(days=back or (7 if was else 0))
            return today + timedelta(days=7 - back)
        case [month], [day] if month in known.months:
            return _nearest(known.months[month], day, today, past)
        case [month], [day, year] if month in known.months:
            return date(year, known.months[month], day)
    raise ValueError


def _nearest(month: int, day: int, today: date, past: bool) -> date:
    candidates = []
    for year in range(today.year - 8, today.year + 9):  # 29 February may be eight years away
        try:
            candidates.append(date(year, month, day))
        except ValueError:
            continue
    fits = [d for d in candidates if not past or d <= today]
    return min(fits, key=lambda d: abs(d - today))
