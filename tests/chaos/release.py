"""The next release, whose check-in is another: a question comes in between, and one means something else.

It is built in as a fault is, and is none.
"""

from __future__ import annotations

from typing import Any

from bot import app, rehearsal
from bot.wording import Wording
from dialogs import CATALOGUE
from dialogs.check_in import CheckIn, Medication
from dialogs.choices import Halt
from dialogs.daily_question import daily_question
from dialogs.facts import Facts
from dialogs.lapse import lapse
from dialogs.prompts import Choice, Many, Scale, Text, YesNo, dialog

WORDED_AS = {"energy": Scale("mood", 0, 10)}
"""The new question, in words that are there."""


@dialog("check_in")
async def check_in(facts: Facts) -> CheckIn:
    mood = await Scale("mood", 0, 10)
    await Scale("energy", 0, 10)
    craving = await Scale("craving", 0, 10)
    used = await YesNo("used")
    told = await lapse() if used else None
    sleep = await Scale("sleep", 0, 11, unit="hours").or_skip()
    halt = await Many("halt", Halt)
    medication = await Choice("medication", Medication).or_skip() if facts.takes_medication else None
    reply = None if told else await daily_question(facts)
    note = await Text("note").or_skip()
    call = bool(told.call) if told else await YesNo("call")
    return CheckIn(mood, craving, used, told, sleep, halt, medication, reply, note, call)


def build_in() -> None:
    for module in (app, rehearsal):
        vars(module)["CATALOGUE"] = {**CATALOGUE, "check_in": check_in}
    for name in ("prompt", "label"):
        setattr(Wording, name, _worded(getattr(Wording, name)))


def _worded(speak: Any) -> Any:
    def spoken(self: Wording, language: str, dialog_name: str, prompt: Any, *rest: Any) -> Any:
        return speak(self, language, dialog_name, WORDED_AS.get(prompt.key, prompt), *rest)

    return spoken
