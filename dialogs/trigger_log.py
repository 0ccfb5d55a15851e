"""A trigger or a craving, while it is fresh: under a minute by buttons."""

from dataclasses import dataclass
from enum import StrEnum

from dialogs.choices import Coping, Feeling, Halt, NextStep, Situation, When, Worked
from dialogs.facts import Facts
from dialogs.lapse import Lapse, lapse
from dialogs.prompts import Choice, Many, Scale, Text, YesNo, dialog


class Whereabouts(StrEnum):
    HOME = "home"
    WORK = "work"
    STREET = "street"
    CAR = "car"
    BAR = "bar"
    SOMEONES_HOME = "someones_home"
    PHONE = "phone"
    OTHER = "other"


class Company(StrEnum):
    """People by kind only: others' privacy is theirs."""

    ALONE = "alone"
    PARTNER = "partner"
    FAMILY = "family"
    FRIENDS = "friends"
    COWORKERS = "coworkers"
    USING = "using"
    STRANGERS = "strangers"
    OTHER = "other"


class Duration(StrEnum):
    """How long the urge lasted, in minutes: under 5, 5-15, 15-30, 30-60, over 60, or not over yet."""

    UNDER_5 = "under_5"
    UNDER_15 = "under_15"
    UNDER_30 = "under_30"
    UNDER_60 = "under_60"
    LONGER = "longer"
    STILL = "still"


FOLLOW_UP_MINUTES = 180
"""How long after a craving we ask what worked: our own choice of "some hours"."""


@dataclass(frozen=True, slots=True)
class TriggerLog:
    """`urge` is its peak and `strength` the feeling's, both 0-10, 10 the strongest; ratings of our own.

    After a lapse, `when`, `situation` and `next` are those told in it. `follow_up_minutes` says how long
    after this log the person is to be asked again: 20 when they used just now (see lapse.py), 180 when
    there was an urge today that they met without using, None when nothing is due.
    """

    urge: int
    used: bool
    lapse: Lapse | None = None
    when: When | None = None
    minutes: Duration | None = None
    where: Whereabouts | None = None
    with_whom: tuple[Company, ...] | None = None
    situation: Situation | None = None
    halt: tuple[Halt, ...] | None = None
    feeling: Feeling | None = None
    strength: int | None = None
    thought: str | None = None
    tried: tuple[Coping, ...] | None = None
    worked: Worked | None = None
    next: NextStep | None = None
    follow_up_minutes: int | None = None

    @property
    def end(self) -> str:
        return "end_help_first" if self.lapse is not None and self.lapse.help_first else "end"


@dialog("trigger_log")
async def trigger_log(facts: Facts) -> TriggerLog:
    urge = await Scale("urge", 0, 10)
    used = await YesNo("used")
    told = await lapse() if used else None
    if told and told.help_first:
        return TriggerLog(urge, used, told, told.when, follow_up_minutes=told.look_in_minutes)
    when = told.when if told and told.when else await Choice("when", When)
    minutes = await Choice("minutes", Duration) if urge else None
    where = await Choice("where", Whereabouts)
    with_whom = await Many("with_whom", Company)
    situation = told.trigger if told else await Choice("situation", Situation)
    halt = await Many("halt", Halt)
    feeling = await Choice("feeling", Feeling)
    strength = await Scale("strength", 0, 10, about=("feeling",))
    thought = await Text("thought").or_skip()
    tried = await Many("tried", Coping)
    worked = await Choice("worked", Worked) if tried else None
    return TriggerLog(
        urge=urge,
        used=used,
        lapse=told,
        when=when,
        minutes=minutes,
        where=where,
        with_whom=with_whom,
        situation=situation,
        halt=halt,
        feeling=feeling,
        strength=strength,
        thought=thought,
        tried=tried,
        worked=worked,
        next=told.next if told else await Choice("next", NextStep),
        follow_up_minutes=told.look_in_minutes if told else _due(urge, when),
    )


def _due(urge: int, when: When) -> int | None:
    return FOLLOW_UP_MINUTES if urge > 0 and when is not When.BEFORE else None
