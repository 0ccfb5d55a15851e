"""Invitations: how patients and staff come to have a chat here.

A token is a one-time invitation of which only a digest is kept. It is for a code that exists already, so a
new phone or account makes nobody a new person.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot import people
from bot.outbox import Address
from bot.people import Person
from bot.program import Program
from bot.rows import Guess, Outgoing, Patient, Role, Sending, Staff, Standing, Token
from bot.unit import Unit


@dataclass(frozen=True, slots=True)
class Invitation:
    code: str
    token: str
    link: str


class Redeemed(StrEnum):
    """What came of a token."""

    PATIENT = "patient"
    RELINKED = "relinked"
    STAFF = "staff"
    WRONG = "wrong"
    USED = "used"
    EXPIRED = "expired"
    TOO_MANY = "too_many"
    STAFF_ACCOUNT = "staff_account"
    PATIENT_ACCOUNT = "patient_account"
    OTHER_PATIENT = "other_patient"


def invites(unit: Unit, token: str) -> bool:
    """Whether a token still works."""
    digest = unit.digest(token)
    return unit.count(Token, digest=digest, used_at=None, expires_at__gt=unit.now) > 0


def add_staff(unit: Unit, program: Program, name: str, role: Role, actor: str) -> Invitation:
    """A new member of staff, and the link with which they join."""
    staff = Staff(
        id=unit.new_id(), code=people.new_code(unit, "S"), role=role, created_at=unit.now, name=name
    )
    unit.add(staff)
    people.note(unit, actor, "staff_added", staff_id=staff.id, detail=role)
    return _issue(unit, program, staff.code, staff_id=staff.id, issued_by=None)


def invite_patient(unit: Unit, program: Program, counselor: Staff, actor: str) -> Invitation:
    """A new patient under a counselor: the code is theirs for ever, the token for one `/start`."""
    patient = Patient(
        id=unit.new_id(),
        code=people.new_code(unit, "P"),
        standing=Standing.INVITED,
        counselor_id=counselor.id,
        created_at=unit.now,
        time_zone=program.time_zone,
    )
    unit.add(patient)
    people.note(unit, actor, "patient_invited", patient_id=patient.id, staff_id=counselor.id)
    return _issue(unit, program, patient.code, patient_id=patient.id, issued_by=counselor.id)


def invite_again(unit: Unit, program: Program, patient: Patient, actor: str) -> Invitation:
    """A new link for a known person: a new phone or account. Earlier links of theirs no longer work."""
    void(unit, patient_id=patient.id)
    people.note(unit, actor, "patient_invited_again", patient_id=patient.id)
    return _issue(unit, program, patient.code, patient_id=patient.id, issued_by=patient.counselor_id)


def holder(unit: Unit, token: str) -> Address | None:
    """The chat that somebody has now for whom a token is: a new link will cut it off."""
    found = unit.one(Token, digest=unit.digest(token))
    patient = unit.get(Patient, found.patient_id) if found and found.patient_id else None
    if patient is None or patient.chat is None or patient.chat_hash is None:
        return None
    return Address(patient.chat, patient.chat_hash)


def redeem(unit: Unit, program: Program, person: Person, token: str) -> tuple[Redeemed, Person]:
    """Use a token from a chat: the outcome, and who the chat belongs to now."""
    here = people.address(person)
    recent = unit.count(Guess, chat_hash=here.chat_hash, at__gt=unit.now - timedelta(hours=1))
    if recent >= program.guesses_an_hour:
        return Redeemed.TOO_MANY, person
    found = unit.one(Token, digest=unit.digest(token))
    if found is None:
        unit.add(Guess(id=unit.new_id(), chat_hash=here.chat_hash, at=unit.now))
        return Redeemed.WRONG, person
    mine = isinstance(person, Patient) and person.id == found.patient_id
    if found.used_at is not None:
        return Redeemed.USED, person
    if found.expires_at <= unit.now:
        return Redeemed.EXPIRED, person
    if isinstance(person, Staff):
        return Redeemed.STAFF_ACCOUNT, person
    if isinstance(person, Patient) and not mine:
        return (Redeemed.PATIENT_ACCOUNT if found.staff_id else Redeemed.OTHER_PATIENT), person
    unit.change(found, used_at=unit.now)
    if found.staff_id is not None:
        staff = unit.get(Staff, found.staff_id)
        if staff is None or staff.removed_at is not None:
            return Redeemed.EXPIRED, person
        joined = unit.change(staff, chat_hash=here.chat_hash, chat=here.chat, blocked_at=None)
        people.note(unit, "staff", "staff_joined", staff_id=staff.id)
        return Redeemed.STAFF, joined
    assert found.patient_id is not None
    patient = unit.get(Patient, found.patient_id)
    if patient is None or patient.standing == Standing.ERASED:
        return Redeemed.EXPIRED, person
    known = patient.standing == Standing.ENROLLED
    standing = patient.standing if known else Standing.INVITED
    for row in unit.find(Outgoing, patient_id=patient.id, state=Sending.QUEUED):
        if row.chat_hash != here.chat_hash:
            unit.change(row, state=Sending.DROPPED, body=None)
    linked = unit.change(
        patient, chat_hash=here.chat_hash, chat=here.chat, blocked_at=None, standing=standing, ended_at=None
    )
    people.note(unit, "patient", "patient_relinked" if known else "patient_started", patient_id=patient.id)
    return (Redeemed.RELINKED if known else Redeemed.PATIENT), linked


def void(unit: Unit, *, staff_id: int | None = None, patient_id: int | None = None) -> None:
    """Their links that are still out no longer work."""
    for token in unit.find(Token, used_at=None, staff_id=staff_id, patient_id=patient_id):
        unit.change(token, expires_at=min(token.expires_at, unit.now))


def _issue(
    unit: Unit,
    program: Program,
    code: str,
    *,
    issued_by: int | None,
    staff_id: int | None = None,
    patient_id: int | None = None,
) -> Invitation:
    token = unit.new_token()
    unit.add(
        Token(
            id=unit.new_id(),
            digest=unit.digest(token),
            staff_id=staff_id,
            patient_id=patient_id,
            issued_by=issued_by,
            issued_at=unit.now,
            expires_at=unit.now + program.invitation,
        )
    )
    link = f"https://t.me/{program.username}?start={token}" if program.username else ""
    return Invitation(code, token, link)
