"""Some hours after a craving: what worked, for the person's own ranked list. After use: the promised look-in.

`facts.last` is the trigger log, or the craving ridden out, that this looks back on; empty after use that was
told elsewhere. A look-in keeps the order of our clinical brief ("When someone reports a lapse"): the body
(breathing, awake), whether somebody is there, thoughts of suicide, and only then the urge. Danger ends it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dialogs.choices import Coping, Worked
from dialogs.facts import Facts
from dialogs.lapse import Body, Lapse, Thoughts, lapse
from dialogs.prompts import Choice, Many, Say, Scale, Text, YesNo, dialog


@dataclass(frozen=True, slots=True)
class TriggerFollowup:
    """`urge` is the urge now, 0-10; it and `used` (since then) are None where danger ended a look-in before.

    `lapse` holds how the person is after use, and what they used since. `worked` holds each thing tried since
    the log, and how well it worked; None where it was not asked.
    """

    urge: int | None = None
    used: bool | None = None
    lapse: Lapse | None = None
    worked: Mapping[Coping, Worked] | None = None
    learned: str | None = None
    follow_up_minutes: int | None = None

    @property
    def end(self) -> str:
        return "end_help_first" if self.lapse is not None and self.lapse.help_first else "end"


def is_look_in(facts: Facts) -> bool:
    """Whether this looks in on somebody who used, and not back on a craving."""
    return not facts.last or facts.last.get("used") is True


@dialog("trigger_followup")
async def trigger_followup(facts: Facts) -> TriggerFollowup:
    known = await _look_in() if is_look_in(facts) else None
    if known and known.help_first:
        return TriggerFollowup(lapse=known, follow_up_minutes=known.look_in_minutes)
    urge = await Scale("urge", 0, 10)
    used = await YesNo("used")
    told = await lapse(known) if used else known
    again = told.look_in_minutes if told else None
    if known or (told and told.help_first):
        return TriggerFollowup(urge, used, told, follow_up_minutes=again)
    tried = await Many("tried", Coping)
    worked = {way: await Choice("worked", Worked, item=way) for way in tried}
    learned = await Text("learned").or_skip()
    return TriggerFollowup(urge, used, told, worked, learned, again)


async def _look_in() -> Lapse:
    body = await Choice("lapse_body", Body)
    if body is not Body.OKAY:
        return Lapse(body)
    alone = await YesNo("lapse_alone")
    if alone:
        await Say("stay_near")
    return Lapse(body, alone=alone, thoughts=await Choice("lapse_thoughts", Thoughts))
