"""When someone says that they used: what is asked, in the order that CLINICAL practice sets.

Safety comes first, then thanks, then one trigger, one next step and the offer of a call. A part of other
dialogs, never one of its own: a script awaits `lapse()` after "I used". Its words are in lapse.jinja.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dialogs.choices import NextStep, Situation, When
from dialogs.prompts import Choice, Many, Say, YesNo


class Body(StrEnum):
    OKAY = "okay"
    SLEEPY = "sleepy"
    BREATHING = "breathing"
    SHAKING = "shaking"
    WRONG = "wrong"


class Substance(StrEnum):
    ALCOHOL = "alcohol"
    OPIOIDS = "opioids"
    BENZODIAZEPINES = "benzodiazepines"
    STIMULANTS = "stimulants"
    CANNABIS = "cannabis"
    OTHER = "other"


class Amount(StrEnum):
    LESS = "less"
    SAME = "same"
    MORE = "more"
    UNSURE = "unsure"


class Thoughts(StrEnum):
    """Of killing oneself. Not wanting to say counts as yes, as in ASQ (NIMH)."""

    NO = "no"
    YES = "yes"
    RATHER_NOT = "rather_not"


@dataclass(frozen=True, slots=True)
class Lapse:
    """What the person told. None is unknown: it was skipped, or something more urgent came first."""

    body: Body
    when: When | None = None
    substances: tuple[Substance, ...] | None = None
    amount: Amount | None = None
    alone: bool | None = None
    driving: bool | None = None
    thoughts: Thoughts | None = None
    trigger: Situation | None = None
    next: NextStep | None = None
    call: bool | None = None

    @property
    def body_in_danger(self) -> bool:
        return self.body is not Body.OKAY

    @property
    def thoughts_of_suicide(self) -> bool:
        return self.thoughts in (Thoughts.YES, Thoughts.RATHER_NOT)

    @property
    def using_now(self) -> bool:
        return self.when is When.NOW

    @property
    def help_first(self) -> bool:
        """Nothing else is asked of this person now: the dialog ends, and help is shown."""
        return self.body_in_danger or self.thoughts_of_suicide or self.using_now

    @property
    def look_in_minutes(self) -> int | None:
        """How soon somebody looks in: after use within the last hours, or where the body is not well."""
        recent = self.when is not None and self.when.recent
        return CHECK_AGAIN_MINUTES if recent or self.body_in_danger else None

    @property
    def risky(self) -> bool:
        """Somebody looks in, and what was used could stop somebody's breathing: silence then is an alarm."""
        return self.look_in_minutes is not None and is_risky(self.substances)


CHECK_AGAIN_MINUTES = 20
"""How soon to look in on someone who is using or just did (our clinical brief, "Using right now")."""


def is_risky(substances: tuple[Substance, ...] | None) -> bool:
    """Opioids, or a mix, or nobody knows: silence after these is urgent."""
    return substances is None or Substance.OPIOIDS in substances or len(substances) > 1


def told_so_far(answers: Mapping[str, Any]) -> Lapse | None:
    """What the answers given so far tell; None before the first of them."""
    if "lapse_body" not in answers:
        return None
    return Lapse(answers["lapse_body"], answers.get("lapse_when"), answers.get("lapse_substances"))


async def lapse(known: Lapse | None = None) -> Lapse:
    """Each early return leaves the rest unasked because help, or rest, comes before questions.

    What a look-in has asked a minute ago (`known`) is not asked again.
    """
    body = known.body if known else await Choice("lapse_body", Body)
    if body is not Body.OKAY:
        return Lapse(body)
    when = await Choice("lapse_when", When)
    substances = await Many("lapse_substances", Substance, at_least=1).or_skip()
    if substances and Substance.OPIOIDS in substances:
        await Say("lapse_opioids")
    if substances and {Substance.ALCOHOL, Substance.BENZODIAZEPINES} & set(substances):
        await Say("lapse_not_at_once")
    amount = await Choice("lapse_amount", Amount).or_skip()
    alone = known.alone if known else await YesNo("lapse_alone") if when.recent else None
    driving = await YesNo("lapse_driving") if when.recent else None
    if driving or (alone and not known):
        await Say("lapse_stay_safe")
    thoughts = known.thoughts if known else await Choice("lapse_thoughts", Thoughts)
    safety = Lapse(body, when, substances, amount, alone, driving, thoughts)
    if safety.thoughts_of_suicide:
        return safety
    await Say("lapse_thanks")
    trigger = next_step = None
    if not safety.using_now:
        trigger = await Choice("lapse_trigger", Situation)
        next_step = await Choice("lapse_next", NextStep)
    call = await YesNo("lapse_call")
    return Lapse(body, when, substances, amount, alone, driving, thoughts, trigger, next_step, call)
