"""After "I used" and "I'm using right now", said outright: safety at once, and nothing that can wait.

`used` is the lapse flow on its own. `using_now` is shorter still (our clinical brief, "Using right now"): no
consent, no measure, no thought record; alone, driving, what was mixed, somebody to stay with; then a look in
after 20 minutes. Silence then, after opioids or a mix or when nobody knows, is urgent (bot/vigils.py).
"""

from dataclasses import dataclass
from enum import StrEnum

from dialogs.facts import Facts
from dialogs.lapse import CHECK_AGAIN_MINUTES, Lapse, Substance, is_risky, lapse
from dialogs.prompts import Choice, Many, Say, YesNo, dialog


class Stay(StrEnum):
    """Somebody to stay with."""

    HERE = "here"
    COMING = "coming"
    PHONE = "phone"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Used:
    lapse: Lapse
    follow_up_minutes: int | None = None

    @property
    def end(self) -> str:
        return "end_help_first" if self.lapse.help_first else "end"


@dataclass(frozen=True, slots=True)
class UsingNow:
    """`substances` None: they did not say. `stay` None: somebody is there already."""

    alone: bool
    driving: bool
    substances: tuple[Substance, ...] | None
    stay: Stay | None = None
    follow_up_minutes: int = CHECK_AGAIN_MINUTES

    @property
    def risky(self) -> bool:
        return is_risky(self.substances)

    @property
    def end(self) -> str:
        return "end_help_first"


@dialog("used")
async def used(facts: Facts) -> Used:
    told = await lapse()
    return Used(told, told.look_in_minutes)


@dialog("using_now")
async def using_now(facts: Facts) -> UsingNow:
    alone = await YesNo("alone")
    driving = await YesNo("driving")
    if driving:
        await Say("stop_driving")
    substances = await Many("lapse_what", Substance, at_least=1).or_skip()
    if substances is None or Substance.OPIOIDS in substances:
        await Say("naloxone")
    if is_risky(substances) and substances and len(substances) > 1:
        await Say("mixed")
    stay = await Choice("stay", Stay) if alone else None
    return UsingNow(alone, driving, substances, stay)
