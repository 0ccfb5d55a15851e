"""Invented people for rehearsals: enrolled patients and their staff, written straight to the database.

Nothing is queued and nobody is written to. It refuses ids that are there already.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot import people, reminders
from bot.rows import Consent, Patient, Role, Staff, Standing
from bot.unit import Storage, Unit
from dialogs.enrolment import Consent as ConsentItem

_AT_ONCE = 500


class IdTaken(Exception):
    """One of the Telegram ids belongs to somebody already."""


@dataclass(frozen=True, slots=True)
class Seeded:
    code: str
    telegram_id: int
    role: str | None = None


async def seed(
    storage: Storage,
    patients: int,
    first: int,
    backups: int,
    supervisors: int,
    zone: str,
    remind: str | None,
) -> dict[str, Any]:
    """All of them, some hundreds in a unit, and who they are; their Telegram ids go up from `first`."""
    staff = await storage.write(lambda unit: seed_staff(unit, first, backups, supervisors))
    backup = staff[1].code if backups else None
    done: list[Seeded] = []
    for start in range(first, first + patients, _AT_ONCE):
        ids = range(start, min(start + _AT_ONCE, first + patients))

        def some(unit: Unit, ids: range = ids) -> list[Seeded]:
            return seed_patients(unit, ids, staff[0].code, backup, zone, remind)

        done += await storage.write(some)
    return {
        "patients": [{"code": one.code, "telegram_id": one.telegram_id} for one in done],
        "staff": [{"code": one.code, "role": one.role, "telegram_id": one.telegram_id} for one in staff],
    }


def seed_staff(unit: Unit, first: int, backups: int, supervisors: int) -> list[Seeded]:
    """One counselor (`first` - 1), then backups and supervisors on the ids below."""
    roles = [Role.COUNSELOR] * (1 + backups) + [Role.SUPERVISOR] * supervisors
    seeded = []
    for place, role in enumerate(roles):
        telegram_id = first - 1 - place
        _must_be_free(unit, telegram_id)
        code = people.new_code(unit, "S")
        unit.add(
            Staff(
                id=unit.new_id(),
                code=code,
                role=role,
                created_at=unit.now,
                name=_NAMES[place % len(_NAMES)],
                chat=telegram_id,
                chat_hash=unit.digest(telegram_id),
            )
        )
        seeded.append(Seeded(code, telegram_id, role))
    return seeded


def seed_patients(
    unit: Unit, ids: range, counselor: str, backup: str | None, zone: str, remind: str | None
) -> list[Seeded]:
    """Enrolled, consented patients of that counselor, with an evening check-in at `remind` ("HH:MM")."""
    counselor_id = _staff_id(unit, counselor)
    backup_id = _staff_id(unit, backup) if backup else None
    seeded = []
    for telegram_id in ids:
        _must_be_free(unit, telegram_id)
        patient = Patient(
            id=unit.new_id(),
            code=people.new_code(unit, "P"),
            standing=Standing.ENROLLED,
            counselor_id=counselor_id,
            backup_id=backup_id,
            created_at=unit.now,
            enrolled_at=unit.now - timedelta(days=1),
            time_zone=zone,
            chat=telegram_id,
            chat_hash=unit.digest(telegram_id),
            name=_NAMES[telegram_id % len(_NAMES)],
            profile={"takes_medication": True},
        )
        unit.add(patient)
        for item in ConsentItem:
            unit.add(
                Consent(
                    id=unit.new_id(),
                    patient_id=patient.id,
                    item=item,
                    given=True,
                    version="seed",
                    at=unit.now,
                )
            )
        if remind is not None:
            reminders.set_times(unit, patient, None, remind)
        seeded.append(Seeded(patient.code, telegram_id))
    return seeded


def _staff_id(unit: Unit, code: str) -> int:
    staff = unit.one(Staff, code=code)
    assert staff is not None
    return staff.id


def _must_be_free(unit: Unit, telegram_id: int) -> None:
    chat_hash = unit.digest(telegram_id)
    if unit.one(Patient, chat_hash=chat_hash) or unit.one(Staff, chat_hash=chat_hash):
        raise IdTaken


_NAMES = ("Sam", "Alex", "Jo", "Robin", "Kim", "Pat", "Chris", "Dana", "Lee", "Max")
