"""How it has been going, for the person themselves: a gentle look back over two weeks, in words.

Recovery days are a sum that no lapse sets back (our clinical brief, "When someone reports a lapse"). No
score, no streak and no comparison with anybody; a week that was hard is said to have been hard, and no more.
"""

from dataclasses import dataclass
from enum import StrEnum
from statistics import mean

from bot import caseload, menus, outbox, people
from bot.caseload import WINDOW, Trend
from bot.host import Host
from bot.inbound import Inbound
from bot.rows import Patient, Reading, Record
from bot.unit import Unit


class Band(StrEnum):
    """Where one of our own 0-10 ratings lay, by its mean: up to 3, up to 6, above. Our choice, no measure."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Course:
    """One rating over the window; `days` is on how many it was given."""

    days: int
    band: Band
    trend: Trend
    lowest: float
    highest: float


def progress(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`/progress`."""
    since = unit.now - WINDOW
    checked_in = unit.find(Record, patient_id=patient.id, dialog="check_in", at__ge=since)
    text = host.program.words.text(
        patient.language,
        "history",
        "progress",
        recovery_days=recovery_days(unit, patient),
        days=len({row.local_date for row in checked_in}),
        window=WINDOW.days,
        mood=course(unit, patient, "mood"),
        craving=course(unit, patient, "craving"),
        thoughts=unit.count(Record, patient_id=patient.id, dialog="thought_record"),
        triggers=unit.count(Record, patient_id=patient.id, dialog="trigger_log"),
    )
    outbox.say(unit, people.address(patient), text, menus.main(unit, host, patient))
    return None


def recovery_days(unit: Unit, patient: Patient) -> int | None:
    """Days on which a check-in said that nothing was used: a sum that no lapse sets back."""
    days = {row.local_date for row in unit.find(Reading, patient_id=patient.id, name="used", value=0.0)}
    return len(days) or None


def course(unit: Unit, patient: Patient, name: str) -> Course | None:
    """How a rating went in the last two weeks; None when it was not given."""
    rows = unit.find(Reading, patient_id=patient.id, name=name, at__ge=unit.now - WINDOW, order="at")
    values = [row.value for row in rows]
    if not values:
        return None
    days = len({row.local_date for row in rows})
    return Course(days, band(mean(values)), caseload.trend(values), min(values), max(values))


def band(value: float) -> Band:
    if value <= 3:
        return Band.LOW
    return Band.MIDDLE if value <= 6 else Band.HIGH


COMMANDS = {"progress": progress}
OPENS = {"progress": progress}
