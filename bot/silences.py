"""Silence: two delivered check-ins in a row that nobody answered are a reason to look in.

Asked when the next one is due, so that the last had its whole day. One run of silence makes one flag.
"""

from bot import alerts
from bot.concerns import Category, Level
from bot.flags import Raised
from bot.nudges import Kind, Outcome
from bot.program import Program
from bot.rows import Flag, Nudge, Outgoing, Patient, Record, Sending
from bot.unit import Unit

UNANSWERED = "unanswered"
IN_A_ROW = 2


def look(unit: Unit, program: Program, patient: Patient, nudge: Nudge) -> None:
    """Raise the flag if the check-ins before this `nudge` all went unanswered."""
    before = unit.find(
        Nudge,
        patient_id=patient.id,
        kind=Kind.EVENING,
        outcome=Outcome.SENT,
        id__lt=nudge.id,
        order="-id",
        limit=IN_A_ROW,
    )
    left = tuple(f"nudge:{one.slot}" for one in before)
    if unit.count(Outgoing, cause=left, state=Sending.SENT) < IN_A_ROW:
        return
    first = before[-1]
    answered = unit.count(Record, patient_id=patient.id, dialog="check_in", at__ge=first.at)
    known = unit.count(Flag, patient_id=patient.id, rule=UNANSWERED, at__ge=first.at)
    if not answered and not known:
        raised = Raised(UNANSWERED, Level.WATCH, Category.DROPOUT)
        alerts.raise_flag(unit, program, patient, raised, f"silence:{before[0].id}")
