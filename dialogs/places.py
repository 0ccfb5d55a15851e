"""Where a person lives, as the name of an IANA time zone.

It promises a name or None, never a guess between two: a state that lies in two zones is None until a town is
named. It knows no rules of summer time; those belong to whoever computes a local time. What the person typed
is not kept, so a town that the table lacks costs one more question.
"""

import unicodedata
from datetime import date, timedelta

from dialogs.towns import BY_CLOCK, OTHERS, STATES, TOWNS

COMMON = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
)
"""The zones offered as buttons, east to west as people list them, then the islands."""

# Too short and too common as words to stand alone: "in", "me", "or", "ok", "hi" are English.
_NEVER_ALONE = frozenset(("in", "me", "or", "ok", "hi", "oh", "la", "de", "id", "al", "ma", "pa", "co", "mo"))


def _plain(words: str) -> str:
    """Lower case without accents or punctuation: what two spellings of one town have in common."""
    letters = unicodedata.normalize("NFKD", words.casefold())
    kept = (c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))
    return " ".join("".join(kept).replace("saint ", "st ").split())


_OTHER_ZONES = tuple(f"{area}/{name}" for area, names in OTHERS.items() for name in names.split())
_BY_TOWN = {_plain(zone.rpartition("/")[2].replace("_", " ")): zone for zone in _OTHER_ZONES} | {
    _plain(town): zone for zone, towns in TOWNS.items() for town in towns.split(",")
}
_BY_STATE = {_plain(name): zones for names, zones in STATES.items() for name in names.split("|")}
_BY_NAME = {zone.casefold(): zone for zone in (*TOWNS, *_OTHER_ZONES)}


def known(zone: str) -> bool:
    """Whether this is the exact name of a zone that `find` may give."""
    return _BY_NAME.get(zone.casefold()) == zone


def find(words: str) -> str | None:
    """The IANA zone of a town, state, country or zone as a person types it.

    None when it is not known, or when the place lies in two zones. "Portland, Maine" and "Portland" differ;
    "America/Boise" answers for itself.
    """
    if (named := _BY_NAME.get(words.strip().replace(" ", "_").casefold())) is not None:
        return named
    place = _plain(words)
    for end in (" usa", " us", " united states", " time zone", " area"):
        place = place.removesuffix(end)
    if place in _BY_TOWN:
        return _BY_TOWN[place]
    if (zones := _BY_STATE.get(place)) is not None:
        return zones[0] if len(zones) == 1 and place not in _NEVER_ALONE else None
    return _within_state(place, "," in words) or _before_country(words)


def _within_state(place: str, comma: bool) -> str | None:
    """Pensacola, FL has its own zone; a town that the table lacks has its state's first one.

    "I am not ok" names no town in Oklahoma: a code that is also a word needs a comma, or a town that we know.
    """
    words = place.split(" ")
    for size in (3, 2, 1):
        state = " ".join(words[-size:])
        zones = _BY_STATE.get(state)
        if zones is not None and len(words) > size:
            town = _BY_TOWN.get(" ".join(words[:-size]))
            if town in zones:
                return town
            return zones[0] if comma or state not in _NEVER_ALONE else None
    return None


def _before_country(words: str) -> str | None:
    """Lyon, France or Kreuzberg, Berlin: the last known part before or after a comma."""
    parts = [_plain(part) for part in words.split(",")]
    if len(parts) < 2:
        return None
    return next((_BY_TOWN[part] for part in parts if part in _BY_TOWN), None)


def from_clock(offset: int, today: date) -> str | None:
    """The zone of most people whose clock is `offset` minutes east of UTC that day; None when nobody's is."""
    zones = BY_CLOCK.get(offset)
    return zones[0 if _us_summer(today) else 1] if zones else None


def _us_summer(day: date) -> bool:
    """From the second Sunday in March to the first in November (Energy Policy Act of 2005)."""
    march, november = date(day.year, 3, 8), date(day.year, 11, 1)
    starts = march + timedelta(days=6 - march.weekday())
    ends = november + timedelta(days=6 - november.weekday())
    return starts <= day < ends
