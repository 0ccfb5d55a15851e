"""The daily check-in: two minutes, mostly by buttons."""

from dataclasses import dataclass
from enum import StrEnum

from dialogs.choices import Halt
from dialogs.daily_question import Reply, daily_question
from dialogs.facts import Facts
from dialogs.lapse import Lapse, lapse
from dialogs.prompts import Choice, Many, Say, Scale, Text, YesNo, dialog


class Medication(StrEnum):
    TAKEN = "taken"
    LATER = "later"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class CheckIn:
    """`mood` 0-10 (10 is best), `craving` 0-10 (10 the strongest), `sleep` in hours, 12 is "12 or more".

    Single-item 0-10 ratings of our own, no validated measure; nothing is summed. None is unknown. `call` is
    "please call me". `follow_up_minutes`: look in so soon (see lapse.py).
    """

    mood: int
    craving: int
    used: bool
    lapse: Lapse | None = None
    sleep: int | None = None
    halt: tuple[Halt, ...] | None = None
    medication: Medication | None = None
    reply: Reply | None = None
    note: str | None = None
    call: bool = False
    follow_up_minutes: int | None = None

    @property
    def end(self) -> str:
        return "end_help_first" if self.lapse is not None and self.lapse.help_first else "end"


@dialog("check_in")
async def check_in(facts: Facts) -> CheckIn:
    mood = await Scale("mood", 0, 10)
    craving = await Scale("craving", 0, 10)
    used = await YesNo("used")
    told = await lapse() if used else None
    again = told.look_in_minutes if told else None
    if told and told.help_first:
        return CheckIn(mood, craving, used, told, call=bool(told.call), follow_up_minutes=again)
    sleep = await Scale("sleep", 0, 12, unit="hours").or_skip()
    halt = await Many("halt", Halt)
    medication = await Choice("medication", Medication).or_skip() if facts.takes_medication else None
    if medication is Medication.MISSED:
        await Say("medication_missed")
    reply = None if told else await daily_question(facts)
    note = await Text("note").or_skip()
    call = bool(told.call) if told else await YesNo("call")
    return CheckIn(mood, craving, used, told, sleep, halt, medication, reply, note, call, again)
