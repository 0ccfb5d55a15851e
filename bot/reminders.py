"""Reminders: rows with the time at which they are due. What becomes of those that are: `bot.rounds`.

A reminder is a local time, days and the patient's zone (`bot.calendar`); one without days comes once.

Quiet hours never silence a reminder for ever: where one is set inside them, they make room (`set_times`);
the person has been asked before, in the dialog in which they set it.
"""

from datetime import datetime, time, timedelta
from functools import lru_cache

from bot import calendar
from bot.nudges import Kind
from bot.program import local, local_date
from bot.rows import Patient, Record, Reminder, Session
from bot.unit import Unit
from dialogs.hours import Quiet, without

CHECK_IN = "check_in"
SAID = tuple(Kind)
"""The kinds that are said to somebody; others are vigils (see `bot.vigils`)."""
_PROMISED = timedelta(hours=1)
"""Whoever is told "in about 20 minutes" gets it then, at night and in a pause too: it is after use, and they
are awake. /stop says so."""


def set_times(unit: Unit, patient: Patient, morning: str | None, evening: str | None) -> Patient:
    """Remind at these local times ("HH:MM", None: not at all) and in the patient's zone, from the next on.

    A reminder that lies in the quiet hours wins: they end before it, or begin an hour after it.
    """
    chosen = {Kind.MORNING: morning, Kind.EVENING: evening}
    for kind, at in chosen.items():
        kept = unit.one(Reminder, patient_id=patient.id, kind=kind, days__not="")
        if at is None:
            unit.remove(Reminder, patient_id=patient.id, kind=kind)
        elif kept is None:
            due = calendar.next_at(at, calendar.EVERY_DAY, patient.time_zone, unit.now)
            unit.add(Reminder(id=unit.new_id(), patient_id=patient.id, kind=kind, local_time=at, next_at=due))
        elif kept.local_time != at:
            due = calendar.next_at(at, kept.days, patient.time_zone, unit.now)
            unit.change(kept, local_time=at, next_at=due)
    times = [time.fromisoformat(at) for at in chosen.values() if at]
    return set_quiet(unit, patient, without(quiet_of(patient), times))


def set_quiet(unit: Unit, patient: Patient, quiet: Quiet | None) -> Patient:
    """Keep these quiet hours; none when both ends are the same."""
    start, end = (quiet.start, quiet.end) if quiet else (time(), time())
    kept = {"quiet_from": start.isoformat("minutes"), "quiet_to": end.isoformat("minutes")}
    if (patient.quiet_from, patient.quiet_to) == tuple(kept.values()):
        return patient
    return unit.change(patient, **kept)


def quiet_of(patient: Patient) -> Quiet | None:
    return quiet_between(patient.quiet_from, patient.quiet_to)


@lru_cache(maxsize=512)
def quiet_between(start: str, end: str) -> Quiet | None:
    """Quiet hours as they are kept, from "HH:MM" to "HH:MM"."""
    return Quiet.between(time.fromisoformat(start), time.fromisoformat(end))


def lies_in(quiet: Quiet | None, at: str) -> bool:
    """Whether a reminder at this local time would never be sent."""
    return quiet is not None and time.fromisoformat(at) in quiet


def clock(at: str | None) -> time | None:
    """A kept "HH:MM" as a time of day."""
    return time.fromisoformat(at) if at else None


def times_of(unit: Unit, patient: Patient) -> dict[str, str]:
    """The local time of each daily reminder, by kind."""
    return {r.kind: r.local_time for r in unit.find(Reminder, patient_id=patient.id, days__not="")}


def set_zone(unit: Unit, patient: Patient, zone: str) -> Patient:
    """The patient's clock is another one from now on; what was put off by minutes stays at its instant."""
    moved = unit.change(patient, time_zone=zone)
    for kept in unit.find(Reminder, patient_id=patient.id, days__not=""):
        unit.change(kept, next_at=calendar.next_at(kept.local_time, kept.days, zone, unit.now))
    return moved


def next_of(unit: Unit, patient: Patient) -> datetime | None:
    """When this patient is reminded next."""
    found = unit.one(Reminder, patient_id=patient.id, kind=SAID, next_at__gt=unit.now, order="next_at")
    return found.next_at if found else None


def follow_up(unit: Unit, patient: Patient, session: Session, after: timedelta) -> None:
    """Ask once, so long after a session, how it went: never in quiet hours, unless promised by the minute."""
    at = unit.now + after
    if after <= _PROMISED:
        once(unit, patient, Kind.LOOK_IN, at, session.id)
    else:
        quiet_over = calendar.after_quiet(quiet_of(patient), patient.time_zone, at)
        once(unit, patient, Kind.FOLLOWUP, quiet_over, session.id)


def once(unit: Unit, patient: Patient, kind: str, at: datetime, session_id: int | None = None) -> None:
    """Remind a single time, at this instant. Of each kind one waits: a later wish takes its place."""
    shown = local(at, patient.time_zone).time().isoformat("minutes")
    waiting = unit.one(Reminder, patient_id=patient.id, kind=kind, days="")
    if waiting is not None:
        unit.change(waiting, local_time=shown, next_at=at, session_id=session_id)
        return
    unit.add(
        Reminder(
            id=unit.new_id(),
            patient_id=patient.id,
            kind=kind,
            local_time=shown,
            days="",
            next_at=at,
            session_id=session_id,
        )
    )


def not_any_more(unit: Unit, patient: Patient, kind: str, session: Session | None = None) -> None:
    """Forget what was to come once; with a `session`, only if it was for that one."""
    about = {"session_id": session.id} if session is not None else {}
    unit.remove(Reminder, patient_id=patient.id, kind=kind, days="", **about)


def checked_in(unit: Unit, patient: Patient) -> bool:
    """Whether the check-in of the patient's own day is done; it counts once a day."""
    today = local_date(unit.now, patient.time_zone)
    return unit.count(Record, patient_id=patient.id, dialog=CHECK_IN, local_date=today) > 0
