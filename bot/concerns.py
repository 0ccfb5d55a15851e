"""What a message may mean for somebody's safety, as plain values.

A hearer reads words and says nothing (`None`) or names a concern. Everything that reacts to one (the card,
the alert, the flag) knows these values only, never how the words were read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Level(StrEnum):
    """How soon a person must answer. Comparisons go by rank, not by spelling."""

    NONE = "none"
    WATCH = "watch"
    URGENT = "urgent"
    EMERGENCY = "emergency"

    @property
    def rank(self) -> int:
        """0 for none up to 3 for emergency."""
        return _RANKS[self]

    def __lt__(self, other: str) -> bool:
        return self.rank < Level(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Level(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Level(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Level(other).rank


_RANKS = {level: rank for rank, level in enumerate(Level)}


class Category(StrEnum):
    """What the concern is about. It chooses the card and the safety question."""

    SUICIDE = "suicide"
    SELF_HARM = "self_harm"
    OVERDOSE = "overdose"
    WITHDRAWAL = "withdrawal"
    VIOLENCE = "violence"
    ABUSE = "abuse"
    PSYCHOSIS = "psychosis"
    LAPSE = "lapse"
    CRAVING = "craving"
    HOPELESSNESS = "hopelessness"
    DROPOUT = "dropout"
    ASK = "ask"
    NONE = "none"


BELIEVED = frozenset({Category.SUICIDE, Category.SELF_HARM})
"""Explicit words of these are believed, whatever a model makes of them."""


@dataclass(frozen=True, slots=True)
class Concern:
    """One concern heard in one message.

    `evidence` is the sentence it was heard in: a patient's own words, so it is stored encrypted and never
    logged. With `ask`, nothing is certain: the bot asks gently about `category`, and the answers decide; the
    level is then `WATCH`, because that is all that is known so far. `expected`: said where such words are
    asked for, so nothing is raised. `now`: of use that goes on, or did within the last hours.
    """

    level: Level
    category: Category
    evidence: str
    ask: bool = False
    expected: bool = False
    now: bool = False

    @property
    def crisis(self) -> bool:
        """Whether a card and an alert are due now."""
        return self.level >= Level.URGENT

    @property
    def line(self) -> str:
        """The outside form: `LEVEL<TAB>CATEGORY`, `watch<TAB>ask` when the bot would only ask."""
        return f"{self.level}\t{Category.ASK if self.ask else self.category}"


class Hearer(Protocol):
    """Reads one message. It never raises, whatever the text.

    `planning` is for prompts that contain such words by design (safety plan, ASQ): there only present intent
    is heard.
    """

    def __call__(self, text: str, *, planning: bool = False) -> Concern | None: ...
