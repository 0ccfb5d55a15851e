"""Rounds: what becomes of the reminders that are due, for many people at once.

The clock only asks what is due, as often as it likes and in as many processes: each slot is claimed, then
written down under its unique key, then sent, all in one commit. What may not be sent any more is dropped
and recorded. After downtime nothing bursts out: of the slots that were missed only the last one counts.

What has to be known of a round's patients is asked for all of them together, and what comes of it is
written together: one by one, ten thousand at the same minute would keep everybody else waiting.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot import calendar, hiding, nudges, outbox, reminders, silences
from bot.nudges import Kind, Outcome
from bot.program import Program, local_date
from bot.reminders import SAID, quiet_of
from bot.rows import Nudge, Outgoing, Patient, Record, Reminder, Row, Session, SessionState, Standing
from bot.unit import Unit

_RECORDED = timedelta(days=8)
"""How far back slots missed in a downtime are recorded one by one."""
_GOES_OUT = (Outcome.SENT, Outcome.ASKED)


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment for which a reminder was set; `name` is its own for ever.

    `missed`: a later one of the same reminder has come too.
    """

    reminder: Reminder
    patient: Patient
    at: datetime
    name: str
    missed: bool = False

    def come_to(self, unit: Unit, outcome: Outcome, on: datetime) -> Nudge:
        """What became of it, counted on the local day of `on`."""
        return Nudge(
            id=unit.new_id(),
            patient_id=self.patient.id,
            kind=self.reminder.kind,
            slot=self.name,
            local_date=local_date(on, self.patient.time_zone),
            at=unit.now,
            outcome=outcome,
            session_id=self.reminder.session_id,
        )


def fire(unit: Unit, program: Program, limit: int = 100) -> int:
    """Send, or drop and record, at most `limit` reminders that are due; how many there were.

    Reminders and their patients are both claimed, so that two clocks neither send one slot twice nor give
    one patient more than a day's measure; what another clock holds is left to it, or to the next tick.
    """
    due = unit.find(Reminder, kind=SAID, next_at__le=unit.now, order="next_at", limit=limit, claim=True)
    if not due:
        return 0
    whose = tuple(sorted({reminder.patient_id for reminder in due}))
    claimed = {patient.id: patient for patient in unit.find(Patient, id=whose, claim=True)}
    patients = hiding.guarded(unit, claimed)
    held = [(one, patients[one.patient_id]) for one in due if one.patient_id in patients]
    slots = _new(unit, _move_on(unit, held))
    known = Known(unit, slots)
    made = [(slot.patient, _come_to(unit, program, known, slot)) for slot in slots]
    unit.add_all([nudge for _, nudge in made])
    _send(unit, program, [(patient, nudge) for patient, nudge in made if nudge.outcome in _GOES_OUT])
    silences.look(unit, program, [one for one in made if _asked_in_the_evening(one[1])])
    return len(held)


def pass_over(unit: Unit, at_once: int = 200) -> int:
    """Write down what is due as unknown, send none of it, and go on from the next slots; how many there were.

    After a restore: what came due since the backup may have been sent then.
    """
    passed = 0
    while due := unit.find(Reminder, kind=SAID, next_at__le=unit.now, order="next_at", limit=at_once):
        whose = tuple({reminder.patient_id for reminder in due})
        patients = {patient.id: patient for patient in unit.find(Patient, id=whose)}
        held = [(one, patients[one.patient_id]) for one in due]
        slots = _new(unit, _move_on(unit, held, wait=False))
        unit.add_all([slot.come_to(unit, Outcome.RESTORED, on=slot.at) for slot in slots])
        passed += len(due)
    return passed


def still_wanted(unit: Unit, rows: Sequence[Outgoing]) -> frozenset[int]:
    """Which of these nudges, that waited for their turn, may still go: none once a pause or quiet hours have
    begun, but for what was promised."""
    names = ("id", "paused_at", "quiet_from", "quiet_to", "time_zone")
    whose = tuple({row.patient_id for row in rows})
    disturbed = {
        patient_id: paused_at is not None
        or calendar.is_quiet(reminders.quiet_between(start, end), zone, unit.now)
        for patient_id, paused_at, start, end, zone in unit.values(
            Patient, *names, id=whose, standing=Standing.ENROLLED
        )
    }
    doubtful = tuple(nudges.slot_of(row) for row in rows if disturbed.get(row.patient_id or 0))
    promised = _there(unit, Nudge, "slot", doubtful, kind=Kind.LOOK_IN)
    return frozenset(
        row.id
        for row in rows
        if row.patient_id in disturbed and (not disturbed[row.patient_id] or nudges.slot_of(row) in promised)
    )


def _move_on(unit: Unit, held: Sequence[tuple[Reminder, Patient]], *, wait: bool = True) -> list[Slot]:
    """The slots that have come, oldest first, each reminder's next time written down.

    A single reminder that falls into quiet hours waits until they end (`wait`).
    """
    slots: list[Slot] = []
    gone: list[int] = []
    moved: list[tuple[Reminder, datetime]] = []
    for reminder, patient in held:
        assert reminder.next_at is not None
        if reminder.days:
            ats, ahead = _slots(reminder, reminder.next_at, patient.time_zone, unit.now)
            moved.append((reminder, ahead))
            slots += [_slot(reminder, patient, at, missed=at != ats[-1]) for at in ats]
            continue
        quiet_over = calendar.after_quiet(quiet_of(patient), patient.time_zone, unit.now)
        if wait and reminder.kind in (Kind.FOLLOWUP, Kind.LEFT) and quiet_over > unit.now:
            moved.append((reminder, quiet_over))
        else:
            gone.append(reminder.id)
            slots.append(_slot(reminder, patient, reminder.next_at))
    unit.change_all([reminder for reminder, _ in moved], next_at=[at for _, at in moved])
    if gone:
        unit.remove(Reminder, id=tuple(gone))
    return slots


def _slots(reminder: Reminder, slot: datetime, zone: str, now: datetime) -> tuple[list[datetime], datetime]:
    """The slots that have come, oldest first, and the one to come."""
    if now - slot > _RECORDED:
        slot = calendar.next_at(reminder.local_time, reminder.days, zone, now - _RECORDED)
    slots = []
    while slot <= now:
        slots.append(slot)
        slot = calendar.next_at(reminder.local_time, reminder.days, zone, slot)
    return slots, slot


def _slot(reminder: Reminder, patient: Patient, at: datetime, *, missed: bool = False) -> Slot:
    """A daily one is named by a local day and time: who flies west does not get the same one twice."""
    name = f"{reminder.id:x}@{at:%Y-%m-%dT%H:%M:%S}"
    if reminder.days:
        day = calendar.slot_day(reminder.local_time, patient.time_zone, at)
        name = f"{reminder.id:x}:{day}T{reminder.local_time}"
    return Slot(reminder, patient, at, name, missed)


def _new(unit: Unit, slots: Sequence[Slot]) -> list[Slot]:
    """Those that nobody has written down, each once."""
    first = {slot.name: slot for slot in reversed(slots)}
    known = _there(unit, Nudge, "slot", tuple(first))
    return [slot for slot in slots if first[slot.name] is slot and slot.name not in known]


def _there(unit: Unit, table: type[Row], column: str, among: tuple[Any, ...], /, **where: Any) -> set[Any]:
    """Which of these values a column holds."""
    asked: dict[str, Any] = {column: among, **where}
    return {value for (value,) in unit.values(table, column, **asked)} if among else set()


class Known:
    """What has to be known about the patients of a round, asked of the database once for all of them."""

    def __init__(self, unit: Unit, slots: Sequence[Slot]) -> None:
        at = [slot for slot in slots if not slot.missed]
        days: dict[date, set[int]] = {}
        for slot in at:
            days.setdefault(local_date(unit.now, slot.patient.time_zone), set()).add(slot.patient.id)
        left = tuple(slot.reminder.session_id or 0 for slot in at if slot.reminder.kind == Kind.LEFT)
        self.aside = _there(unit, Session, "id", left, state=SessionState.ASIDE)
        self.checked_in: set[int] = set()
        self.sent: Counter[int] = Counter()
        """How many messages that nobody asked for each patient got on their present local day."""
        for day, ids in days.items():
            of: dict[str, Any] = {"patient_id": tuple(ids), "local_date": day}
            checked_in = unit.values(Record, "patient_id", dialog=reminders.CHECK_IN, **of)
            self.checked_in |= {patient_id for (patient_id,) in checked_in}
            sent = unit.values(Nudge, "patient_id", outcome=Outcome.SENT, **of)
            self.sent.update(patient_id for (patient_id,) in sent)


def _come_to(unit: Unit, program: Program, known: Known, slot: Slot) -> Nudge:
    outcome = Outcome.LATE if slot.missed else _outcome(unit.now, program, known, slot)
    if outcome is Outcome.SENT:
        known.sent[slot.patient.id] += 1
    return slot.come_to(unit, outcome, on=slot.at if slot.missed else unit.now)


def _outcome(now: datetime, program: Program, known: Known, slot: Slot) -> Outcome:
    """What is to become of a slot that has just come."""
    patient, kind = slot.patient, slot.reminder.kind
    if patient.standing != Standing.ENROLLED:
        return Outcome.ABSENT
    if patient.blocked_at is not None or outbox.to_patient(patient) is None:
        return Outcome.BLOCKED
    if patient.paused_at is not None and kind != Kind.LOOK_IN:
        return Outcome.PAUSED
    if now - slot.at > program.nudge_lateness:
        return Outcome.LATE
    if kind != Kind.LOOK_IN and calendar.is_quiet(quiet_of(patient), patient.time_zone, now):
        return Outcome.QUIET
    if kind == Kind.EVENING and patient.id in known.checked_in:
        return Outcome.DONE
    if kind == Kind.LEFT and slot.reminder.session_id not in known.aside:
        return Outcome.DONE
    if not slot.reminder.days:
        return Outcome.ASKED
    return Outcome.ENOUGH if known.sent[patient.id] >= program.nudges_a_day else Outcome.SENT


def _send(unit: Unit, program: Program, made: Sequence[tuple[Patient, Nudge]]) -> None:
    """Queue the words of those that go out. Where many are told the same, it is put into words once."""
    queued = _there(unit, Outgoing, "cause", tuple(nudges.cause(nudge) for _, nudge in made))
    words: dict[tuple[Any, ...], str] = {}
    rows = []
    for patient, nudge in made:
        to = outbox.to_patient(patient)
        if to is None or nudges.cause(nudge) in queued:
            continue
        alike = (patient.language, patient.name, patient.discreet, nudge.kind, nudge.local_date)
        if alike not in words:
            words[alike] = nudges.words(program, patient, nudge)
        rows.append(nudges.row(unit, program, patient, to, nudge, words[alike]))
    unit.add_all(rows)


def _asked_in_the_evening(nudge: Nudge) -> bool:
    return nudge.kind == Kind.EVENING and nudge.outcome == Outcome.SENT
