"""What becomes of an alert: Seen, a contact tried, closed with a disposition. Each step names who and when.

Nothing here happens by itself. Seen by one is seen for all; a contact that failed keeps the alert coming
back; only a person closes it, and says how it ended.
"""

from datetime import timedelta
from enum import StrEnum

from bot import alerts, conversations, copies, escalation, hiding, outbox, people
from bot.concerns import Level
from bot.escalation import Stage
from bot.program import Program, local
from bot.rows import Flag, Patient, Staff
from bot.unit import Unit

NOTE_AT_MOST = 1000


class Disposition(StrEnum):
    """How an alert ended, in the order of its buttons."""

    SAFE = "safe"
    PLAN = "plan"
    CARE = "care"
    APPOINTMENT = "appointment"
    UNREACHED = "unreached"
    MISTAKE = "mistake"
    OTHER = "other"


def see(unit: Unit, program: Program, staff: Staff, flag: Flag) -> bool:
    """A person has read it: the ringing stops and the patient is told; False if somebody was before."""
    flag = alerts.held(unit, flag)
    if flag.seen_at is not None or flag.closed_at is not None:
        return False
    seen = unit.change(flag, seen_at=unit.now, seen_by=staff.id, step=0, gap_at=None)
    seen = _wait(unit, program, seen)
    alerts.hush(unit, seen)
    patient = _patient(unit, seen)
    people.note(unit, staff.code, "flag_seen", patient_id=patient.id, staff_id=staff.id, detail=flag.rule)
    copies.refresh(unit, program, patient, seen)
    to = outbox.to_patient(patient)
    if to is not None:
        at, watched = local(unit.now, patient.time_zone), hiding.is_watched(unit, patient)
        text = program.words.text(
            patient.language,
            "alerts",
            "seen_quietly" if watched else "seen",
            who=staff.name,
            at=at,
            since=local(flag.at, patient.time_zone),
            rule=flag.rule,
            detail=(flag.body or {}).get("detail"),
            discreet=patient.discreet,
        )
        hide = [[hiding.button(program, patient)]]
        below = hide if watched else conversations.waiting(unit, program, patient)
        outbox.say(unit, to, text, below, cause=f"seen:{flag.id}")
    return True


def contact(unit: Unit, program: Program, staff: Staff, flag: Flag, *, reached: bool) -> bool:
    """A contact was tried; False when the alert is closed. One that was reached stays reached."""
    see(unit, program, staff, flag)
    flag = alerts.held(unit, flag)
    if flag.closed_at is not None:
        return False
    noted = unit.change(
        flag,
        contacted_at=flag.contacted_at or unit.now,
        contacted_by=staff.id,
        reached=reached or flag.reached is True,
        step=0,
    )
    noted = _wait(unit, program, noted)
    alerts.hush(unit, noted)
    patient = _patient(unit, noted)
    detail = f"{flag.rule}:{'reached' if reached else 'not_reached'}"
    people.note(unit, staff.code, "flag_contact", patient_id=patient.id, staff_id=staff.id, detail=detail)
    copies.refresh(unit, program, patient, noted)
    return True


def close(unit: Unit, program: Program, staff: Staff, flag: Flag, disposition: Disposition) -> bool:
    """It has been dealt with; False if it was closed before. Closing an unread flag reads it first."""
    see(unit, program, staff, flag)
    flag = alerts.held(unit, flag)
    if flag.closed_at is not None:
        return False
    closed = unit.change(
        flag, closed_at=unit.now, closed_by=staff.id, disposition=disposition, ring_at=None, gap_at=None
    )
    alerts.hush(unit, closed)
    patient = _patient(unit, closed)
    detail = f"{flag.rule}:{disposition}"
    people.note(unit, staff.code, "flag_closed", patient_id=patient.id, staff_id=staff.id, detail=detail)
    copies.refresh(unit, program, patient, closed)
    return True


def add_note(unit: Unit, staff: Staff, flag: Flag, text: str) -> None:
    """Keep a note with the alert, sealed like all that is the patient's."""
    flag = alerts.held(unit, flag)
    body = flag.body or {}
    note = {"at": unit.now.isoformat(), "by": staff.code, "text": text.strip()[:NOTE_AT_MOST]}
    unit.change(flag, body={**body, "notes": [*body.get("notes", []), note]})
    people.note(
        unit, staff.code, "flag_note", patient_id=flag.patient_id, staff_id=staff.id, detail=flag.rule
    )


def _wait(unit: Unit, program: Program, flag: Flag) -> Flag:
    """Set when an alert in somebody's hands comes up again.

    An emergency whose person could not be reached has no quiet hour: it presses again after the minutes in
    which it would have reached everyone.
    """
    within = program.contact_within
    if flag.reached is False and Level(flag.level) is Level.EMERGENCY:
        within = min(within, timedelta(minutes=program.emergency_minutes[-1]))
    since = unit.now + within
    match escalation.stage(flag):
        case Stage.UNCONTACTED:
            return unit.change(flag, since=since, ring_at=since)
        case Stage.ASKED:
            return unit.change(flag, ring_at=program.duty_hours.next(since, program.time_zone))
        case _:
            return unit.change(flag, ring_at=escalation.later(program, unit.now))


def _patient(unit: Unit, flag: Flag) -> Patient:
    patient = unit.get(Patient, flag.patient_id)
    assert patient is not None
    return patient
