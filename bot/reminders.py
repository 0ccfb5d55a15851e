"""Reminders: rows with the time at which they are due, and the tick that sends what is.

A reminder is a local time, days and the patient's zone (`bot.calendar`); one without days comes once.
The clock only asks what is due, as often as it likes and in as many processes: each slot is claimed, then
written down under its unique key, then sent, all in one commit. What may not be sent any more is dropped
and recorded. After downtime nothing bursts out: of the slots that were missed only the last one counts.

Quiet hours never silence a reminder for ever: where one is set inside them, they make room (`set_times`);
the person has been asked before, in the dialog in which they set it.
"""

from datetime import datetime, time, timedelta

from bot import calendar, nudges, outbox, silences
from bot.nudges import Kind, Outcome
from bot.program import Program, local, local_date
from bot.rows import Nudge, Outgoing, Patient, Record, Reminder, Session, SessionState, Standing
from bot.unit import Unit
from dialogs.hours import Quiet, without

CHECK_IN = "check_in"
SAID = tuple(Kind)
"""The kinds that are said to somebody; others are vigils (see `bot.vigils`)."""
_PROMISED = timedelta(hours=1)
"""Whoever is told "in about 20 minutes" gets it then, at night and in a pause too: it is after use, and they
are awake. /stop says so."""
_RECORDED = timedelta(days=8)
"""How far back slots missed in a downtime are recorded one by one."""


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
    return Quiet.between(time.fromisoformat(patient.quiet_from), time.fromisoformat(patient.quiet_to))


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


def not_any_more(unit: Unit, patient: Patient, kind: str) -> None:
    """Forget what was to come once."""
    unit.remove(Reminder, patient_id=patient.id, kind=kind, days="")


def checked_in(unit: Unit, patient: Patient) -> bool:
    """Whether the check-in of the patient's own day is done; it counts once a day."""
    today = local_date(unit.now, patient.time_zone)
    return unit.count(Record, patient_id=patient.id, dialog=CHECK_IN, local_date=today) > 0


def fire(unit: Unit, program: Program, limit: int = 100) -> int:
    """Send, or drop and record, at most `limit` reminders that are due; how many there were.

    Reminders and their patients are both claimed, so that two clocks neither send one slot twice nor give
    one patient more than a day's measure; what another clock holds is left to it, or to the next tick.
    """
    due = unit.find(Reminder, kind=SAID, next_at__le=unit.now, order="next_at", limit=limit, claim=True)
    if not due:
        return 0
    whose = tuple(sorted({reminder.patient_id for reminder in due}))
    patients = {patient.id: patient for patient in unit.find(Patient, id=whose, claim=True)}
    held = [reminder for reminder in due if reminder.patient_id in patients]
    for reminder in held:
        _fire(unit, program, patients[reminder.patient_id], reminder)
    return len(held)


def _fire(unit: Unit, program: Program, patient: Patient, reminder: Reminder) -> None:
    slot = reminder.next_at
    assert slot is not None
    if not reminder.days:
        quiet_over = calendar.after_quiet(quiet_of(patient), patient.time_zone, unit.now)
        if reminder.kind in (Kind.FOLLOWUP, Kind.LEFT) and quiet_over > unit.now:
            unit.change(reminder, next_at=quiet_over)
            return
        unit.remove(Reminder, id=reminder.id)
        _settle(unit, program, patient, reminder, slot)
        return
    slots, ahead = _slots(reminder, slot, patient.time_zone, unit.now)
    unit.change(reminder, next_at=ahead)
    for slot in slots:
        _settle(unit, program, patient, reminder, slot, missed=slot != slots[-1])


def pass_over(unit: Unit) -> int:
    """Write down what is due as unknown, send none of it, and go on from the next slots; how many there were.

    After a restore: what came due since the backup may have been sent then.
    """
    due = unit.find(Reminder, kind=SAID, next_at__le=unit.now)
    for reminder in due:
        patient = unit.get(Patient, reminder.patient_id)
        assert patient is not None
        assert reminder.next_at is not None
        slots = [reminder.next_at]
        if reminder.days:
            slots, ahead = _slots(reminder, reminder.next_at, patient.time_zone, unit.now)
            unit.change(reminder, next_at=ahead)
        else:
            unit.remove(Reminder, id=reminder.id)
        for slot in slots:
            unit.add_once(_nudge(unit, patient, reminder, slot, Outcome.RESTORED, on=slot))
    return len(due)


def _slots(reminder: Reminder, slot: datetime, zone: str, now: datetime) -> tuple[list[datetime], datetime]:
    """The slots that have come, oldest first, and the one to come."""
    if now - slot > _RECORDED:
        slot = calendar.next_at(reminder.local_time, reminder.days, zone, now - _RECORDED)
    slots = []
    while slot <= now:
        slots.append(slot)
        slot = calendar.next_at(reminder.local_time, reminder.days, zone, slot)
    return slots, slot


def _settle(
    unit: Unit,
    program: Program,
    patient: Patient,
    reminder: Reminder,
    slot: datetime,
    *,
    missed: bool = False,
) -> None:
    """Write a slot down, and send its nudge if it may be; nothing if it was written down before."""
    outcome = Outcome.LATE if missed else _outcome(unit, program, patient, reminder, slot)
    nudge = _nudge(unit, patient, reminder, slot, outcome, on=slot if missed else unit.now)
    to = outbox.to_patient(patient)
    if unit.add_once(nudge) and to is not None and outcome in (Outcome.SENT, Outcome.ASKED):
        nudges.send(unit, program, patient, to, nudge)
        if reminder.kind == Kind.EVENING and reminder.days:
            silences.look(unit, program, patient, nudge)


def _nudge(
    unit: Unit, patient: Patient, reminder: Reminder, slot: datetime, outcome: Outcome, *, on: datetime
) -> Nudge:
    """What became of a slot, counted on the local day of `on`."""
    return Nudge(
        id=unit.new_id(),
        patient_id=patient.id,
        kind=reminder.kind,
        slot=_name(reminder, slot, patient.time_zone),
        local_date=local_date(on, patient.time_zone),
        at=unit.now,
        outcome=outcome,
        session_id=reminder.session_id,
    )


def still_wanted(unit: Unit, row: Outgoing) -> bool:
    """Whether a nudge that waited for its turn may still go: not once a pause or quiet hours have begun."""
    patient = unit.get(Patient, row.patient_id) if row.patient_id else None
    if patient is None or patient.standing != Standing.ENROLLED:
        return False
    promised = row.cause is not None and unit.count(
        Nudge, patient_id=patient.id, kind=Kind.LOOK_IN, slot=row.cause.removeprefix("nudge:")
    )
    if promised:
        return True
    return patient.paused_at is None and not calendar.is_quiet(quiet_of(patient), patient.time_zone, unit.now)


def _name(reminder: Reminder, slot: datetime, zone: str) -> str:
    """A daily slot is a local day and time: a patient who flies west does not get the same one twice."""
    if not reminder.days:
        return f"{reminder.id:x}@{slot:%Y-%m-%dT%H:%M:%S}"
    return f"{reminder.id:x}:{calendar.slot_day(reminder.local_time, zone, slot)}T{reminder.local_time}"


def _waits(unit: Unit, reminder: Reminder) -> bool:
    session = unit.get(Session, reminder.session_id or 0)
    return session is not None and session.state == SessionState.ASIDE


def _outcome(unit: Unit, program: Program, patient: Patient, reminder: Reminder, slot: datetime) -> Outcome:
    """What is to become of a slot that has just come."""
    now, zone, once = unit.now, patient.time_zone, not reminder.days
    if patient.standing != Standing.ENROLLED:
        return Outcome.ABSENT
    if patient.blocked_at is not None or outbox.to_patient(patient) is None:
        return Outcome.BLOCKED
    if patient.paused_at is not None and reminder.kind != Kind.LOOK_IN:
        return Outcome.PAUSED
    if now - slot > program.nudge_lateness:
        return Outcome.LATE
    if reminder.kind != Kind.LOOK_IN and calendar.is_quiet(quiet_of(patient), zone, now):
        return Outcome.QUIET
    if reminder.kind == Kind.EVENING and checked_in(unit, patient):
        return Outcome.DONE
    if reminder.kind == Kind.LEFT and not _waits(unit, reminder):
        return Outcome.DONE
    if once:
        return Outcome.ASKED
    today = local_date(now, zone)
    sent = unit.count(Nudge, patient_id=patient.id, local_date=today, outcome=Outcome.SENT)
    return Outcome.ENOUGH if sent >= program.nudges_a_day else Outcome.SENT
