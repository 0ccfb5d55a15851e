"""Patients and staff: who is writing, how they were invited, who answers for whom.

Codes (P-…, S-…) are permanent pseudonyms, given before anybody has a Telegram account here. A token
is a one-time invitation of which only a digest is kept. One Telegram account is one person in one
role: staff who are patients elsewhere use another account.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from bot import rota
from bot.flags import Thresholds
from bot.outbox import Address
from bot.program import Program
from bot.rows import (
    Audit,
    Guess,
    Outgoing,
    Patient,
    Reminder,
    Role,
    Sending,
    Session,
    SessionState,
    Staff,
    Standing,
    Token,
)
from bot.unit import Unit

WITH_A_TEAM = (Standing.ENROLLED, Standing.INVITED)
"""Patients about whom a program can be told. Of everybody else who is not staff no word is stored."""
TOLD_FROM = "told_from"
"""Where a profile keeps the thresholds of flags that somebody agreed to."""
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who is neither: a wrong token, no token, or a discharged patient's other account."""

    chat: int
    chat_hash: bytes
    language: str | None = None


Person = Patient | Staff | Stranger


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


def who(unit: Unit, chat: int, language: str | None = None) -> Person:
    """The person behind a Telegram chat. Removed staff and discharged patients are who they were."""
    chat_hash = unit.digest(chat)
    patient = unit.one(Patient, chat_hash=chat_hash)
    if patient is not None:
        return patient
    staff = unit.one(Staff, chat_hash=chat_hash, removed_at=None)
    return staff if staff is not None else Stranger(chat, chat_hash, language)


def invites(unit: Unit, token: str) -> bool:
    """Whether a token still works."""
    digest = unit.digest(token)
    return unit.count(Token, digest=digest, used_at=None, expires_at__gt=unit.now) > 0


def address(person: Person) -> Address:
    """Where to answer somebody who has just written."""
    match person:
        case Patient():
            assert person.chat is not None
            assert person.chat_hash is not None
            return Address(person.chat, person.chat_hash, patient_id=person.id)
        case Staff():
            assert person.chat is not None
            assert person.chat_hash is not None
            return Address(person.chat, person.chat_hash, staff_id=person.id)
        case Stranger():
            return Address(person.chat, person.chat_hash)


def language(person: Person) -> str:
    """What somebody is answered in: staff read English until they have a setting of their own."""
    return (person.language or "en") if isinstance(person, Patient | Stranger) else "en"


def add_staff(unit: Unit, program: Program, name: str, role: Role, actor: str) -> Invitation:
    """A new member of staff, and the link with which they join."""
    staff = Staff(id=unit.new_id(), code=new_code(unit, "S"), role=role, created_at=unit.now, name=name)
    unit.add(staff)
    note(unit, actor, "staff_added", staff_id=staff.id, detail=role)
    return _issue(unit, program, staff.code, staff_id=staff.id, issued_by=None)


def remove_staff(unit: Unit, staff: Staff, actor: str) -> Staff:
    """End somebody's access at once; their chat forgets them. Hand over their caseload before or after."""
    gone = unit.change(staff, removed_at=unit.now, chat_hash=None, chat=None)
    for row in unit.find(Outgoing, staff_id=staff.id, state=Sending.QUEUED):
        unit.change(row, state=Sending.DROPPED, body=None)
    rota.off_the_rota(unit, staff)
    _void(unit, staff_id=staff.id)
    note(unit, actor, "staff_removed", staff_id=staff.id)
    return gone


def invite_patient(unit: Unit, program: Program, counselor: Staff, actor: str) -> Invitation:
    """A new patient under a counselor: the code is theirs for ever, the token for one `/start`."""
    patient = Patient(
        id=unit.new_id(),
        code=new_code(unit, "P"),
        standing=Standing.INVITED,
        counselor_id=counselor.id,
        created_at=unit.now,
        time_zone=program.time_zone,
    )
    unit.add(patient)
    note(unit, actor, "patient_invited", patient_id=patient.id, staff_id=counselor.id)
    return _issue(unit, program, patient.code, patient_id=patient.id, issued_by=counselor.id)


def invite_again(unit: Unit, program: Program, patient: Patient, actor: str) -> Invitation:
    """A new link for a known person: a new phone or account. Earlier links of theirs no longer work."""
    _void(unit, patient_id=patient.id)
    note(unit, actor, "patient_invited_again", patient_id=patient.id)
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
    here = address(person)
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
        note(unit, "staff", "staff_joined", staff_id=staff.id)
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
    note(unit, "patient", "patient_relinked" if known else "patient_started", patient_id=patient.id)
    return (Redeemed.RELINKED if known else Redeemed.PATIENT), linked


def discharge(unit: Unit, patient: Patient, actor: str) -> Patient:
    """End the program's work with somebody: no more nudges, no more dialogs; what they said is kept."""
    for session in unit.find(Session, patient_id=patient.id, state=(SessionState.OPEN, SessionState.ASIDE)):
        unit.change(session, state=SessionState.CANCELLED, ended_at=unit.now)
    unit.remove(Reminder, patient_id=patient.id)
    _void(unit, patient_id=patient.id)
    note(unit, actor, "patient_discharged", patient_id=patient.id)
    return unit.change(patient, standing=Standing.DISCHARGED, ended_at=unit.now)


def hand_over(unit: Unit, leaving: Staff, taking: Staff, actor: str) -> list[Patient]:
    """Give one counselor's whole caseload, open flags with it, to another; the patients."""
    moved = unit.find(Patient, counselor_id=leaving.id)
    for patient in moved:
        unit.change(patient, counselor_id=taking.id)
        note(unit, actor, "patient_handed_over", patient_id=patient.id, staff_id=taking.id)
    for patient in unit.find(Patient, backup_id=leaving.id):
        unit.change(patient, backup_id=taking.id)
    return moved


def blocked(unit: Unit, chat_hash: bytes) -> None:
    """Telegram says that this person blocked the bot, or is gone from Telegram."""
    patient = unit.one(Patient, chat_hash=chat_hash)
    if patient is not None and patient.blocked_at is None:
        unit.change(patient, blocked_at=unit.now)
    staff = unit.one(Staff, chat_hash=chat_hash)
    if staff is not None and staff.blocked_at is None:
        unit.change(staff, blocked_at=unit.now)


def staff_by_code(unit: Unit, code: str) -> Staff | None:
    """A member of staff who is still here."""
    return unit.one(Staff, code=code.strip().upper(), removed_at=None)


def counselor_of(unit: Unit, patient: Patient) -> Staff | None:
    """The counselor who answers for a patient; None when that one has gone and nobody took over."""
    if patient.counselor_id is None:
        return None
    staff = unit.get(Staff, patient.counselor_id)
    return staff if staff is not None and staff.removed_at is None else None


def answers_for(staff: Staff, patient: Patient) -> bool:
    """Whether this member of staff may see this patient: supervisors may see the whole program's."""
    return staff.id in (patient.counselor_id, patient.backup_id) or staff.role != Role.COUNSELOR


def note(
    unit: Unit,
    actor: str,
    action: str,
    *,
    patient_id: int | None = None,
    staff_id: int | None = None,
    detail: str = "",
) -> None:
    """Write one line of the audit: who did what, without words."""
    unit.add(
        Audit(
            id=unit.new_id(),
            at=unit.now,
            patient_id=patient_id,
            staff_id=staff_id,
            actor=actor,
            action=action,
            detail=detail,
        )
    )


def profile(patient: Patient) -> dict[str, Any]:
    return patient.profile or {}


def thresholds(program: Program, patient: Patient) -> Thresholds:
    """From where on the team is told of this patient's answers: the program's, as far as they agreed."""
    return program.thresholds.agreed(profile(patient).get(TOLD_FROM) or {})


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


def _void(unit: Unit, *, staff_id: int | None = None, patient_id: int | None = None) -> None:
    for token in unit.find(Token, used_at=None, staff_id=staff_id, patient_id=patient_id):
        unit.change(token, expires_at=min(token.expires_at, unit.now))


def new_code(unit: Unit, letter: str) -> str:
    """A fresh code such as P-7KQ2M: short enough to say on the phone, without letters that look alike."""
    kind = Patient if letter == "P" else Staff
    while True:
        number = int.from_bytes(unit.digest(unit.new_token())[:8], "big")
        made = letter + "-"
        for _ in range(5):
            number, place = divmod(number, len(_ALPHABET))
            made += _ALPHABET[place]
        if unit.one(kind, code=made) is None:
            return made
