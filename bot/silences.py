"""Silence: two delivered check-ins in a row that nobody answered are a reason to look in.

Asked when the next one is due, so that the last had its whole day. One run of silence makes one flag.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot import alerts, nudges
from bot.concerns import Category, Level
from bot.flags import Raised
from bot.nudges import Kind, Outcome
from bot.program import Program
from bot.reminders import CHECK_IN
from bot.rows import Flag, Nudge, Outgoing, Patient, Record, Sending
from bot.unit import Unit

UNANSWERED = "unanswered"
IN_A_ROW = 2


_RECENT = timedelta(days=3)
"""Most people's last two evenings lie within it."""


def look(unit: Unit, program: Program, asked: Sequence[tuple[Patient, Nudge]]) -> None:
    """Raise the flag for each who is `asked` now, if the check-ins before this nudge all went unanswered."""
    left = _unanswered(unit, asked)
    if not left:
        return
    of: dict[str, Any] = {
        "patient_id": tuple(left),
        "at__ge": min(before[-1].at for before in left.values()),
    }
    causes = tuple(nudges.cause(one) for before in left.values() for one in before)
    arrived = {cause for (cause,) in unit.values(Outgoing, "cause", cause=causes, state=Sending.SENT)}
    seen: dict[int, datetime] = {}
    for patient_id, at in [
        *unit.values(Record, "patient_id", "at", dialog=CHECK_IN, **of),
        *unit.values(Flag, "patient_id", "at", rule=UNANSWERED, **of),
    ]:
        seen[patient_id] = max(at, seen.get(patient_id, at))
    for patient, _ in asked:
        before = left.get(patient.id, [])
        silent = before and {nudges.cause(one) for one in before} <= arrived
        if silent and (patient.id not in seen or seen[patient.id] < before[-1].at):
            raised = Raised(UNANSWERED, Level.WATCH, Category.DROPOUT)
            alerts.raise_flag(unit, program, patient, raised, f"silence:{before[0].id}")


def _unanswered(unit: Unit, asked: Sequence[tuple[Patient, Nudge]]) -> dict[int, list[Nudge]]:
    """By patient, the evenings before, newest first, so far as no check-in is known to lie between them.

    The last days tell it for nearly everybody; only for who was asked seldom the rest is looked through.
    """
    recent = _evenings(unit, asked, local_date__ge=(unit.now - _RECENT).date() - timedelta(days=1))
    seldom = [
        (patient, nudge)
        for patient, nudge in asked
        if len(recent.get(patient.id, [])) < IN_A_ROW
        and (patient.enrolled_at is None or patient.enrolled_at < unit.now - _RECENT)
    ]
    evenings = recent | (_evenings(unit, seldom) if seldom else {})
    return {
        patient_id: before
        for patient_id, before in evenings.items()
        if len(before) == IN_A_ROW and all(one.outcome == Outcome.SENT for one in before)
    }


def _evenings(unit: Unit, asked: Sequence[tuple[Patient, Nudge]], **where: Any) -> dict[int, list[Nudge]]:
    """By patient, the last evenings before this nudge on which they were asked or had checked in already."""
    found: dict[int, list[Nudge]] = {}
    if not asked:
        return found
    now = {patient.id: nudge.id for patient, nudge in reversed(asked)}
    before: dict[str, Any] = {"kind": Kind.EVENING, "outcome": (Outcome.SENT, Outcome.DONE)}
    for one in unit.find(
        Nudge, patient_id=tuple(now), id__lt=max(now.values()), order="-id", **before, **where
    ):
        evenings = found.setdefault(one.patient_id, [])
        if one.id < now[one.patient_id] and len(evenings) < IN_A_ROW:
            evenings.append(one)
    return found
