"""Some hours after a craving: what worked. Builds the person's own ranked list.

`facts.last` is the trigger log that this looks back on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dialogs.choices import Coping, Worked
from dialogs.facts import Facts
from dialogs.lapse import CHECK_AGAIN_MINUTES, Lapse, lapse
from dialogs.prompts import Choice, Many, Scale, Text, YesNo, dialog


@dataclass(frozen=True, slots=True)
class TriggerFollowup:
    """`urge` is the urge now, 0-10. `worked` holds each thing tried since the log, and how well it worked."""

    urge: int
    used: bool
    lapse: Lapse | None = None
    worked: Mapping[Coping, Worked] | None = None
    learned: str | None = None
    follow_up_minutes: int | None = None

    @property
    def end(self) -> str:
        return "end_help_first" if self.lapse is not None and self.lapse.help_first else "end"


@dialog("trigger_followup")
async def trigger_followup(facts: Facts) -> TriggerFollowup:
    urge = await Scale("urge", 0, 10)
    used = await YesNo("used")
    told = await lapse() if used else None
    again = CHECK_AGAIN_MINUTES if told and told.when and told.when.recent else None
    if told and told.help_first:
        return TriggerFollowup(urge, used, told, follow_up_minutes=again)
    tried = await Many("tried", Coping)
    worked = {way: await Choice("worked", Worked, item=way) for way in tried}
    learned = await Text("learned").or_skip()
    return TriggerFollowup(urge, used, told, worked, learned, again)
