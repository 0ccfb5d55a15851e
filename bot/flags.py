"""The rules by which an answer needs a person. Visible, few, and told to the patient before consent.

A rule looks at one answer as soon as it is given, so that somebody who stops half-way is heard too.
Sources of every threshold: our clinical brief ("Crisis", "Flags to the counselor, by rule").
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.concerns import Category, Level
from dialogs.engine import Turn
from dialogs.lapse import Body, Thoughts

CRAVING_AT = 8
"""A craving of 8 or more of 10."""
LOW_MOOD_AT = 2
"""A mood of 2 or less of 10, on `DAYS_RUNNING` days."""
SHORT_SLEEP_UNDER = 4
"""Hours of sleep, on `DAYS_RUNNING` days."""
DAYS_RUNNING = 3


@dataclass(frozen=True, slots=True)
class Raised:
    """What a rule found, and how soon it needs a person. `detail` is a number, never words."""

    rule: str
    level: Level
    category: Category
    detail: int | None = None


_BODY = {
    Body.SLEEPY: (Level.EMERGENCY, Category.OVERDOSE),
    Body.BREATHING: (Level.EMERGENCY, Category.OVERDOSE),
    Body.SHAKING: (Level.EMERGENCY, Category.WITHDRAWAL),
    Body.WRONG: (Level.URGENT, Category.OVERDOSE),
}


def raised(turn: Turn[Any]) -> Iterator[Raised]:
    """The flags that the answers given so far raise, the gravest first."""
    answers = turn.answers
    body = answers.get("lapse_body")
    if body in _BODY:
        yield Raised("lapse_body", *_BODY[body])
    if answers.get("lapse_thoughts") in (Thoughts.YES, Thoughts.RATHER_NOT):
        yield Raised("lapse_thoughts", Level.URGENT, Category.SUICIDE)
    if answers.get("call") is True or answers.get("lapse_call") is True:
        yield Raised("call_me", Level.WATCH, Category.NONE)
    if answers.get("used") is True:
        yield Raised("lapse", Level.WATCH, Category.LAPSE)
    for key in ("craving", "urge"):
        strength = answers.get(key)
        if isinstance(strength, int) and strength >= CRAVING_AT:
            yield Raised("craving", Level.WATCH, Category.CRAVING, strength)
    if answers.get("medication") == "missed":
        yield Raised("medication", Level.WATCH, Category.DROPOUT)


def running(readings: dict[date, float], today: date, below: float) -> bool:
    """Whether the last `DAYS_RUNNING` local days, today among them, all lie under `below`."""
    days = [today - timedelta(days=n) for n in range(DAYS_RUNNING)]
    return all(day in readings and readings[day] < below for day in days)
