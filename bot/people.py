"""Patients and staff: who is writing, who answers for whom.

Codes (P-…, S-…) are permanent pseudonyms, given before anybody has a Telegram account here. One
Telegram account is one person in one role: staff who are patients elsewhere use another account.
"""

from dataclasses import dataclass
from typing import Any

from bot.flags import Thresholds
from bot.outbox import Address
from bot.program import Program
from bot.rows import Audit, Patient, Role, Staff, Standing
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


def who(unit: Unit, chat: int, language: str | None = None) -> Person:
    """The person behind a Telegram chat. Removed staff and discharged patients are who they were."""
    chat_hash = unit.digest(chat)
    patient = unit.one(Patient, chat_hash=chat_hash)
    if patient is not None:
        return patient
    staff = unit.one(Staff, chat_hash=chat_hash, removed_at=None)
    return staff if staff is not None else Stranger(chat, chat_hash, language)


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
