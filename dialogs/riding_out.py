"""A craving right now: a guide through the wave, what helped this person before, somebody to call.

Urge surfing after Marlatt: an urge rises, peaks and passes; no minutes are promised. `facts.coping` is the
person's own list, the best first, as their follow-ups ranked it; `facts.people` those of their safety plan.
"""

from dataclasses import dataclass
from enum import StrEnum

from dialogs.choices import Coping
from dialogs.facts import Facts
from dialogs.lapse import CHECK_AGAIN_MINUTES
from dialogs.prompts import Choice, Say, Scale, dialog

TRY_NOW = (
    Coping.WAITED,
    Coping.BREATHED,
    Coping.MOVED,
    Coping.CALLED,
    Coping.LEFT,
    Coping.BUSY,
    Coping.ATE,
    Coping.OTHER,
)
"""What can be done this minute, for somebody who has no list of their own yet."""


class Reach(StrEnum):
    CALLING = "calling"
    WITH_SOMEONE = "with_someone"
    NOT_NOW = "not_now"


@dataclass(frozen=True, slots=True)
class RidingOut:
    """`urge` is 0-10, 10 the strongest. We ask again after `follow_up_minutes`."""

    urge: int
    reach: Reach
    first: Coping
    follow_up_minutes: int = CHECK_AGAIN_MINUTES


@dialog("riding_out")
async def riding_out(facts: Facts) -> RidingOut:
    urge = await Scale("urge", 0, 10)
    await Say("surf")
    first = await Choice("first", Coping, among=facts.coping or TRY_NOW)
    reach = await Choice("reach", Reach)
    return RidingOut(urge, reach, first)
