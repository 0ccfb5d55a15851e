"""The rules by which an answer needs a person. Visible, few, and told to the patient before consent.

A rule looks at one answer as soon as it is given, so that somebody who stops half-way is heard too.
Its thresholds are the program's own to set; what a person agreed to when they joined bounds them.
Source of the numbers: our clinical brief ("Crisis", "Flags to the counselor, by rule").
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from bot.concerns import Category, Level
from dialogs import asq, safety
from dialogs.asked import Said
from dialogs.choices import Feeling
from dialogs.engine import Turn
from dialogs.lapse import Body, Thoughts


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on an answer is told to the team: our clinical brief's numbers, unless the program has its
    own."""

    craving: int = 8
    """A craving or an urge of so much of 10, or more."""
    mood: int = 2
    """A mood of so much of 10, or less, on `days` days running."""
    sleep: int = 4
    """Fewer hours of sleep than so many, on `days` days running."""
    days: int = 3

    def to_json(self) -> dict[str, int]:
        return asdict(self)

    def agreed(self, told: Mapping[str, int]) -> "Thresholds":
        """These, as far as somebody agreed to them who was told others when they joined: nobody is told of
        more than that; less is no breach."""
        return Thresholds(
            craving=max(self.craving, told.get("craving", self.craving)),
            mood=min(self.mood, told.get("mood", self.mood)),
            sleep=min(self.sleep, told.get("sleep", self.sleep)),
            days=max(self.days, told.get("days", self.days)),
        )


@dataclass(frozen=True, slots=True)
class Raised:
    """What a rule found, and how soon it needs a person. `detail` is a number, never words."""

    rule: str
    level: Level
    category: Category
    detail: int | None = None


_AFTER_USE = ("used", "using_now")
"""Dialogs that nobody opens but by saying that they used."""
_OF_SAFETY = frozenset((*asq.SCREEN, asq.ACUTE, *(f"safety_{danger}" for danger in safety.Danger)))
_BODY = {
    Body.SLEEPY: (Level.EMERGENCY, Category.OVERDOSE),
    Body.BREATHING: (Level.EMERGENCY, Category.OVERDOSE),
    Body.SHAKING: (Level.EMERGENCY, Category.WITHDRAWAL),
    Body.WRONG: (Level.URGENT, Category.OVERDOSE),
}


def raised(turn: Turn[Any], thresholds: Thresholds) -> Iterator[Raised]:
    """The flags that the answers given so far raise, the gravest first."""
    answers = turn.answers
    yield from _of_safety(turn)
    body = answers.get("lapse_body")
    if body in _BODY:
        yield Raised("lapse_body", *_BODY[body])
    if answers.get("lapse_thoughts") in (Thoughts.YES, Thoughts.RATHER_NOT):
        yield Raised("lapse_thoughts", Level.URGENT, Category.SUICIDE)
    if answers.get("call") is True or answers.get("lapse_call") is True:
        yield Raised("call_me", Level.WATCH, Category.NONE)
    if answers.get("used") is True or (turn.dialog.name in _AFTER_USE and answers):
        yield Raised("lapse", Level.WATCH, Category.LAPSE)
    if Feeling.HOPELESS in (*(answers.get("feelings") or ()), answers.get("feeling")):
        yield Raised("hopeless", Level.WATCH, Category.HOPELESSNESS)
    for key in ("craving", "urge"):
        strength = answers.get(key)
        if isinstance(strength, int) and strength >= thresholds.craving:
            yield Raised("craving", Level.WATCH, Category.CRAVING, strength)
    if answers.get("medication") == "missed":
        yield Raised("medication", Level.WATCH, Category.DROPOUT)


def _of_safety(turn: Turn[Any]) -> Iterator[Raised]:
    """ASQ: any yes or refusal is urgent, a yes to the fifth an emergency; and our own questions."""
    answers = turn.answers
    if _OF_SAFETY.isdisjoint(answers):
        return
    if answers.get(asq.ACUTE) is Said.YES:
        yield Raised("asq_now", Level.EMERGENCY, Category.SUICIDE)
    if any(answers.get(key, Said.NO) is not Said.NO for key in (*asq.SCREEN, asq.ACUTE)):
        yield Raised("asq", Level.URGENT, Category.SUICIDE)
    for danger in safety.Danger:
        said = answers.get(f"safety_{danger}", danger.safe_answer)
        category = Category.NONE if danger is safety.Danger.OTHER else Category(danger)
        if said is Said.RATHER_NOT:
            yield Raised("safety", Level.URGENT, category)
        elif said is not danger.safe_answer:
            yield Raised("safety", Level.EMERGENCY, category)


def running(readings: dict[date, float], today: date, below: float, days: int) -> bool:
    """Whether that many local days, the last of them today, all lie under `below`."""
    last = [today - timedelta(days=n) for n in range(days)]
    return all(day in readings and readings[day] < below for day in last)
