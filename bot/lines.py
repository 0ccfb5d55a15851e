"""Crisis lines by region and language, from `content/lines.toml`, each with the day it was last verified.

A number that nobody has checked for long is a hazard: `problems` names every line past its date.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bot.concerns import Category

ELSEWHERE = "*"
ENGLISH = "en"
_ANY = "any"
_EMERGENCY = "emergency"
_SECOND = frozenset(
    {Category.SUICIDE, Category.SELF_HARM, Category.LAPSE, Category.CRAVING, Category.DROPOUT}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `about` holds categories, "any" and "emergency"; `words` is one plain sentence a language."""

    key: str
    region: str
    about: frozenset[str]
    verified: date
    source: str
    words: Mapping[str, str]


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
        here = [line for line in self.lines if line.region == region]
        here = here or [line for line in self.lines if line.region == ELSEWHERE]
        wanted = category.value if category else _ANY
        if not any(wanted in line.about for line in here):
            wanted = _ANY
        emergency = [line for line in here if _EMERGENCY in line.about]
        fitting = [line for line in here if wanted in line.about and _EMERGENCY not in line.about]
        order = fitting + emergency if wanted == _ANY or category in _SECOND else emergency + fitting
        return tuple(line.words.get(language) or line.words[ENGLISH] for line in order)

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
            f"{line.key} ({line.region}) was last verified on {line.verified}: "
            f"check it at {line.source} and set a new date"
            for line in self.lines
            if today > line.verified + self.valid
        ]


def read(file: Path) -> Lines:
    """Raises `BadLines` when a field is missing or of the wrong kind."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        lines = tuple(_line(entry) for entry in found["line"])
        valid = timedelta(days=int(found["valid_days"]))
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadLines(f"{file.name}: {wrong!r}") from wrong
    return Lines(lines, valid)


def _line(entry: Mapping[str, object]) -> Line:
    about, words, verified = entry["about"], entry["words"], entry["verified"]
    if not isinstance(about, list) or not isinstance(words, dict) or not isinstance(verified, date):
        raise TypeError(f"line {entry['key']}")
    known = {category.value for category in Category} | {_ANY, _EMERGENCY}
    if unknown := set(about) - known or not words.get(ENGLISH):
        raise ValueError(f"line {entry['key']}: {unknown or 'no English words'}")
    return Line(
        str(entry["key"]), str(entry["region"]), frozenset(about), verified, str(entry["source"]), words
    )
