"""After a restore: what a clinic may still do that stands again where it stood when the backup was taken.

Between the backup and now the lost database went on, and nobody knows how far. So nothing is sent again:
what waited to be sent is dropped, reminders that came due are passed over, and kept updates wait for a
person. Danger is the exception, since a human must hear: an alert that was open rings anew from its first
step, and a silence that had come due by now is one too. An open dialog is set aside under fresh turn
numbers: a button or a typed word that was meant for a later question, which only the person remembers, is
never taken for the answer to an earlier one.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from bot import departures, escalation, history, menus, people, rounds, vigils
from bot.outbox import Lane
from bot.program import Program, local
from bot.rows import (
    Drill,
    Flag,
    Incoming,
    Json,
    Outgoing,
    Pace,
    Patient,
    Pulse,
    Receipt,
    Sending,
    Session,
    SessionState,
    Staff,
    Standing,
)
from bot.unit import Unit

_APART = 1000
"""More turns than any dialog takes in the time between two backups."""


@dataclass(frozen=True, slots=True)
class Restored:
    """How many rows were settled: of the outbox dropped, of the inbox left to a person, reminders passed
    over, alerts that ring, dialogs set aside, and patients who had ended since, and have again."""

    taken_at: datetime
    dropped: int = 0
    letters: int = 0
    passed_over: int = 0
    alerts: int = 0
    dialogs: int = 0
    ended: int = 0

    def to_json(self) -> dict[str, Json]:
        return asdict(self) | {"taken_at": self.taken_at.isoformat()}


def settle(unit: Unit, program: Program, taken_at: datetime, ended: Mapping[int, str]) -> Restored:
    """Run once, in the commit that restores. `ended`: who is known to have ended since, and how."""
    while vigils.fire(unit, program):
        pass  # what this says is dropped below like all that waits, and what it raised rings
    done = Restored(
        taken_at,
        dropped=_drop_what_waits(unit),
        letters=_keep_letters(unit),
        passed_over=rounds.pass_over(unit),
        alerts=_ring_anew(unit, program),
        dialogs=_set_aside(unit),
        ended=sum(_end_again(unit, patient_id, standing) for patient_id, standing in ended.items()),
    )
    for drill in unit.find(Drill, due_at__not=None):
        unit.change(drill, due_at=None)
    for pulse in unit.find(Pulse):
        unit.change(pulse, at=unit.now)  # the gap until now is told here, and not once more at the start
    unit.remove(Pace)
    people.note(unit, "host", "restored")
    for staff in unit.find(Staff, removed_at=None):
        menus.notify(unit, program, staff, "restored", as_of=local(taken_at, program.time_zone))
    return done


def _drop_what_waits(unit: Unit) -> int:
    waiting = unit.find(Outgoing, state=Sending.QUEUED)
    for row in waiting:
        unit.change(row, state=Sending.DROPPED, body=None)
    return len(waiting)


def _keep_letters(unit: Unit) -> int:
    """Updates whose turn had failed: it may have been taken since, and its reply sent."""
    waiting = unit.find(Incoming, state=Receipt.WAITING)
    for row in waiting:
        unit.change(row, state=Receipt.DEAD, due_at=None)
    return len(waiting)


def _ring_anew(unit: Unit, program: Program) -> int:
    """What nobody has seen, or waits for a contact, begins again with the first in the chain, and the second
    channel may say again what it said. What can wait does so until duty hours."""
    rung = 0
    for flag in unit.find(Flag, closed_at=None):
        if escalation.stage(flag).presses:
            unit.change(flag, since=unit.now, step=0, ring_at=unit.now)
        elif flag.seen_at is None:
            unit.change(flag, ring_at=program.duty_hours.next(unit.now, program.time_zone))
        else:
            continue
        rung += 1
        for row in unit.find(Outgoing, flag_id=flag.id, staff_id=None, lane=Lane.ALERT, cause__not=None):
            unit.change(row, cause=None)
    return rung


def _set_aside(unit: Unit) -> int:
    unfinished = unit.find(Session, state=(SessionState.OPEN, SessionState.ASIDE))
    for session in unfinished:
        unit.change(session, state=SessionState.ASIDE, turn=session.turn + _APART)
    return len(unfinished)


def _end_again(unit: Unit, patient_id: int, standing: str) -> bool:
    """What the overwritten database knew: who asked to be forgotten is not brought back by a backup."""
    patient = unit.get(Patient, patient_id)
    if patient is None or patient.ended_at is not None:
        return False
    if standing == Standing.ERASED:
        history.forget(unit, patient)
    elif standing == Standing.DISCHARGED:
        departures.discharge(unit, patient, "host")
    else:
        unit.change(patient, standing=standing, ended_at=unit.now)
    return True
