"""When somebody goes, or can be reached no longer: access ends at once, and who answers for them hears of it.

A member of staff who goes has a successor the same moment. A blocked bot is no farewell: it ends nothing,
but nobody is to count on that chat.
"""

from bot import copies, gaps, invitations, menus, outbox, people, rota
from bot.inbound import Inbound
from bot.program import Program
from bot.rows import Flag, Outgoing, Patient, Reminder, Role, Sending, Session, SessionState, Staff, Standing
from bot.unit import Unit


def leave(unit: Unit, program: Program, leaving: Staff, taking: Staff | None, actor: str) -> int:
    """End somebody's access and give their caseload to `taking`; the number of patients handed over.

    What was still to be sent to them is dropped, their chat gets a stranger's commands, and whoever takes
    over is told. Without anybody to take over, alerts go to whoever is left.
    """
    moved = people.hand_over(unit, leaving, taking, actor) if taking is not None else []
    to = outbox.to_staff(leaving)
    if to is not None:
        house = outbox.Address(to.chat, to.chat_hash)
        menus.set_menu(unit, program, house, "en", menus.STRANGER)
    gaps.lost(unit, program, remove_staff(unit, leaving, actor))
    if taking is not None and moved:
        pressing = gaps.open_in(unit, moved)
        menus.notify(unit, program, taking, "handed_over", count=len(moved), name=leaving.name, open=pressing)
    return len(moved)


def successor(unit: Unit, leaving: Staff) -> Staff | None:
    """Who takes over when nobody is named: a supervisor, else any colleague."""
    others = [staff for staff in unit.find(Staff, removed_at=None) if staff.id != leaving.id]
    return min(others, key=lambda staff: (staff.role == Role.COUNSELOR, staff.id), default=None)


def remove_staff(unit: Unit, staff: Staff, actor: str) -> Staff:
    """End somebody's access at once; their chat forgets them. Hand over their caseload before or after."""
    gone = unit.change(staff, removed_at=unit.now, chat_hash=None, chat=None)
    for row in unit.find(Outgoing, staff_id=staff.id, state=Sending.QUEUED):
        unit.change(row, state=Sending.DROPPED, body=None)
    rota.off_the_rota(unit, staff)
    invitations.void(unit, staff_id=staff.id)
    people.note(unit, actor, "staff_removed", staff_id=staff.id)
    return gone


def discharge(unit: Unit, patient: Patient, actor: str) -> Patient:
    """End the program's work with somebody: no more nudges, no more dialogs; what they said is kept."""
    for session in unit.find(Session, patient_id=patient.id, state=(SessionState.OPEN, SessionState.ASIDE)):
        unit.change(session, state=SessionState.CANCELLED, ended_at=unit.now)
    unit.remove(Reminder, patient_id=patient.id)
    invitations.void(unit, patient_id=patient.id)
    people.note(unit, actor, "patient_discharged", patient_id=patient.id)
    return unit.change(patient, standing=Standing.DISCHARGED, ended_at=unit.now)


def out_of_reach(unit: Unit, program: Program, chat_hash: bytes) -> None:
    """Telegram says that this chat cannot be written to: it is blocked, or gone."""
    patient = unit.one(Patient, chat_hash=chat_hash, blocked_at=None)
    staff = unit.one(Staff, chat_hash=chat_hash, blocked_at=None)
    people.blocked(unit, chat_hash)
    if staff is not None:
        gaps.lost(unit, program, unit.get(Staff, staff.id) or staff)
    counselor = people.counselor_of(unit, patient) if patient else None
    if patient is not None and counselor is not None:
        menus.notify(unit, program, counselor, "patient_blocked", code=patient.code)
    if patient is not None:
        _say_in_alerts(unit, program, patient)


def writer(unit: Unit, program: Program, inbound: Inbound) -> people.Person:
    """Who has sent this. Whoever blocked the chat before they wrote can be reached there again, and alerts
    say so before anything else is made of the message."""
    person = people.who(unit, inbound.chat, inbound.language)
    if isinstance(person, people.Stranger) or person.blocked_at is None or inbound.at < person.blocked_at:
        return person
    return within_reach(unit, program, person)


def within_reach(unit: Unit, program: Program, person: Patient | Staff) -> Patient | Staff:
    """Their chat can be written to again: they took the bot back, or wrote."""
    person = unit.change(person, blocked_at=None)
    if isinstance(person, Patient):
        _say_in_alerts(unit, program, person)
    return person


def _say_in_alerts(unit: Unit, program: Program, patient: Patient) -> None:
    """Whoever has an alert about them in hand sees whether they can be reached in the chat."""
    now = unit.get(Patient, patient.id) or patient
    for flag in unit.find(Flag, patient_id=patient.id, closed_at=None):
        copies.refresh(unit, program, now, flag)
