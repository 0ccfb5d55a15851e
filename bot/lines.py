"""Crisis lines by region and language, from `content/lines.toml`, each with the day it was last verified.

A number that nobody has checked for long is a hazard: `problems` names every line past its date, and
`unverified` every line that no person has tried yet. `dial` is how other words name a line in a sentence.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.concerns import Category

ELSEWHERE = "*"
ENGLISH = "en"
DIAL = ("emergency", "talk")
"""What every region has to name: whom to call in danger, and whom to talk with at any hour."""
_ANY = "any"
_EMERGENCY = "emergency"
_SECOND = frozenset(
    {Category.SUICIDE, Category.SELF_HARM, Category.LAPSE, Category.CRAVING, Category.DROPOUT}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `about` holds categories, "any" and "emergency"; `words` is one plain sentence a language.

    `sourced` is when its number was taken over, `verified` when a person (`checked_by`) last tried it; None:
    nobody has. `dial` is one of `DIAL`, or "" for a line that is not named in sentences by its `name`.
    """

    key: str
    region: str
    about: frozenset[str]
    sourced: date
    source: str
    words: Mapping[str, str]
    verified: date | None = None
    checked_by: str = ""
    note: str = ""
    dial: str = ""
    name: Mapping[str, str] = field(default_factory=dict)

    @property
    def since(self) -> date:
        """The day from which it is good for a while."""
        return self.verified or self.sourced


class BadLines(ValueError):
    """`lines.toml` cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines of all regions, in the order in which they stand in the file."""

    lines: tuple[Line, ...]
    valid: timedelta

    def about(self, region: str, language: str, category: Category | None = None) -> tuple[str, ...]:
        """What to call, most pressing first; without a category, what fits anybody.

        An unknown region gets the lines that work anywhere; a language that a line lacks gets English.
        """
        here = self._of(region)
        wanted = category.value if category else _ANY
        if not any(wanted in line.about for line in here):
            wanted = _ANY
        emergency = [line for line in here if _EMERGENCY in line.about]
        fitting = [line for line in here if wanted in line.about and _EMERGENCY not in line.about]
        order = fitting + emergency if wanted == _ANY or category in _SECOND else emergency + fitting
        return tuple(line.words.get(language) or line.words[ENGLISH] for line in order)

    def dial(self, region: str, language: str) -> dict[str, str]:
        """How a sentence names each of `DIAL`; in English where the language has no name for it."""
        return {
            line.dial: line.name.get(language) or line.name[ENGLISH] for line in self._of(region) if line.dial
        }

    def _of(self, region: str) -> list[Line]:
        here = [line for line in self.lines if line.region == region]
        return here or [line for line in self.lines if line.region == ELSEWHERE]

    def spoken(self, region: str) -> dict[str, tuple[str, ...]]:
        """All that one region's program says: "en" for anybody, "en/overdose" for one category."""
        spoken = {}
        for language in self.languages():
            spoken[language] = self.about(region, language)
            for category in Category:
                spoken[f"{language}/{category}"] = self.about(region, language, category)
        return spoken

    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({language for line in self.lines for language in line.words}))

    def problems(self, today: date) -> list[str]:
        """Every line that has not been verified within the time that the file allows, in words."""
        return [
            f"{line.key} ({line.region}) was last {'verified' if line.verified else 'looked up'} on "
            f"{line.since}: check it at {line.source} and set a new date"
            for line in self.lines
            if today > line.since + self.valid
        ]

    def unverified(self) -> list[str]:
        """Every line that no person has tried yet, in words."""
        return [
            f"{line.key} ({line.region}) is to be verified by a person before release, at {line.source}"
            + (f". {line.note}" if line.note else "")
            for line in self.lines
            if line.verified is None
        ]


def read(file: Path) -> Lines:
    """Raises `BadLines` when a field is missing or of the wrong kind."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        lines = tuple(_line(entry) for entry in found["line"])
        valid = timedelta(days=int(found["valid_days"]))
        for region in {line.region for line in lines}:
            named = sorted(line.dial for line in lines if line.region == region and line.dial)
            if named != sorted(DIAL):
                raise ValueError(f"region {region} names {named}, and is to name each of {DIAL} once")
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadLines(f"{file.name}: {wrong!r}") from wrong
    return Lines(lines, valid)


def _line(entry: Mapping[str, Any]) -> Line:
    about, words, sourced = entry["about"], entry["words"], entry["sourced"]
    verified, checked_by = entry.get("verified"), str(entry.get("checked_by", ""))
    dates = isinstance(sourced, date) and isinstance(verified, date | None)
    if not isinstance(about, list) or not isinstance(words, dict) or not dates:
        raise TypeError(f"line {entry['key']}")
    known = {category.value for category in Category} | {_ANY, _EMERGENCY}
    if unknown := set(about) - known or not words.get(ENGLISH):
        raise ValueError(f"line {entry['key']}: {unknown or 'no English words'}")
    if (verified is None) != (not checked_by):
        raise ValueError(f"line {entry['key']}: verified and checked_by come together")
    dial, name = str(entry.get("dial", "")), entry.get("name", {})
    if dial and not name.get(ENGLISH):
        raise ValueError(f"line {entry['key']}: no English name")
    return Line(
        key=str(entry["key"]),
        region=str(entry["region"]),
        about=frozenset(about),
        sourced=sourced,
        source=str(entry["source"]),
        words=words,
        verified=verified,
        checked_by=checked_by,
        note=str(entry.get("note", "")),
        dial=dial,
        name=name,
    )
