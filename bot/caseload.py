"""A counselor's view of their patients: numbers, words of ours, and the notes that were written to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot import people
from bot.concerns import Level
from bot.program import local_date
from bot.rows import Flag, Patient, Reading, Record, Role, Staff, Standing
from bot.unit import Unit

WINDOW = timedelta(days=14)
_RECENT = 3
_STEADY = 1.0
"""Points of ten by which the mean of the last three days may differ from the earlier ones and be steady."""


class Trend(StrEnum):
    UNKNOWN = "unknown"
    STEADY = "steady"
    RISING = "rising"
    FALLING = "falling"


@dataclass(frozen=True, slots=True)
class Glance:
    """One line of a caseload. Moods and cravings are 0-10; `days_since` counts the patient's local days.
    `left_note`: their last check-in holds a note that they wrote to their counselor."""

    patient: Patient
    checked_in_at: datetime | None
    days_since: int | None
    mood: float | None
    mood_trend: Trend
    craving: float | None
    craving_trend: Trend
    flags: tuple[Flag, ...]
    left_note: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What a patient wrote to their counselor in a check-in: of their words, only these are always shown."""

    at: datetime
    text: str


def of(unit: Unit, staff: Staff) -> list[Patient]:
    """Whose counselor this is; for supervisors everybody who is here, or invited."""
    standing = (Standing.INVITED, Standing.ENROLLED)
    if staff.role == Role.COUNSELOR:
        own = unit.find(Patient, counselor_id=staff.id, standing=standing)
        return own + unit.find(Patient, backup_id=staff.id, standing=standing)
    return unit.find(Patient, standing=standing)


def open_flags(unit: Unit, patients: list[Patient]) -> list[Flag]:
    """Open flags, the gravest first, then the oldest."""
    if not patients:
        return []
    found = unit.find(Flag, patient_id=tuple(patient.id for patient in patients), closed_at=None)
    return sorted(found, key=lambda flag: (-Level(flag.level).rank, flag.at))


def alerts_of(unit: Unit, staff: Staff) -> list[tuple[Flag, Patient]]:
    """Open flags about everyone whom this member of staff answers for, whatever their standing is by now:
    the gravest first, then the oldest."""
    found = unit.find(Flag, order="ring_at", ring_at__not=None, closed_at=None)
    whose = tuple({flag.patient_id for flag in found})
    patients = {patient.id: patient for patient in unit.find(Patient, id=whose)} if whose else {}
    mine = [
        (flag, patients[flag.patient_id])
        for flag in found
        if flag.patient_id in patients and people.answers_for(staff, patients[flag.patient_id])
    ]
    return sorted(mine, key=lambda one: (-Level(one[0].level).rank, one[0].at))


def glance(unit: Unit, patient: Patient) -> Glance:
    last = unit.one(Record, patient_id=patient.id, dialog="check_in", order="-at")
    today = local_date(unit.now, patient.time_zone)
    mood, mood_trend = _course(unit, patient, "mood")
    craving, craving_trend = _course(unit, patient, "craving")
    return Glance(
        patient=patient,
        checked_in_at=last.at if last else None,
        days_since=(today - last.local_date).days if last else None,
        mood=mood,
        mood_trend=mood_trend,
        craving=craving,
        craving_trend=craving_trend,
        flags=tuple(unit.find(Flag, patient_id=patient.id, closed_at=None)),
        left_note=bool(last and last.body.get("note")),
    )


def notes(unit: Unit, patient: Patient) -> list[Note]:
    """The last notes to the counselor, the newest first."""
    since = unit.now - WINDOW
    rows = unit.find(Record, patient_id=patient.id, dialog="check_in", at__ge=since, order="-at")
    found = [(row.at, row.body.get("note")) for row in rows]
    return [Note(at, text) for at, text in found if isinstance(text, str)][:_RECENT]


def trend(values: list[float]) -> Trend:
    """How the last three values stand to those before them, oldest first."""
    if len(values) < _RECENT + 1:
        return Trend.UNKNOWN
    recent, before = values[-_RECENT:], values[:-_RECENT]
    change = sum(recent) / len(recent) - sum(before) / len(before)
    if abs(change) < _STEADY:
        return Trend.STEADY
    return Trend.RISING if change > 0 else Trend.FALLING


def _course(unit: Unit, patient: Patient, name: str) -> tuple[float | None, Trend]:
    rows = unit.find(Reading, patient_id=patient.id, name=name, at__ge=unit.now - WINDOW, order="at")
    values = [row.value for row in rows]
    return (values[-1] if values else None), trend(values)
