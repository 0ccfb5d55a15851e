"""Alerts: a flag reaches the counselor at once, and goes on ringing until a person has answered.

A flag is raised once for one cause, however often that cause is delivered. An alert carries the
patient's code, the reason and the time, never words. What is not seen rings up the chain
(`bot.escalation`); what can wait is gathered (`bot.roundup`); Seen, contact and closing stand in
`bot.contacts`. An open flag always has a next time. The patient is told what was sent, and that it was
seen only when it was.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from bot import channels, copies, escalation, gaps, outbox, people, rota, roundup
from bot.channels import Why
from bot.concerns import Level
from bot.escalation import Stage
from bot.flags import Raised
from bot.journal import Log
from bot.outbox import Lane
from bot.program import Program, local
from bot.rows import Flag, Json, Outgoing, Patient, Sending, Staff, Standing
from bot.unit import Undone, Unit

log = Log(__name__)

LANGUAGE = copies.LANGUAGE
TRY_AGAIN = timedelta(minutes=5)
"""How soon a flag that could not be rung, by a fault of ours, is tried again."""
_GRAVEST_FIRST = (Level.EMERGENCY, Level.URGENT, Level.WATCH, Level.NONE)


def raise_flag(
    unit: Unit,
    program: Program,
    patient: Patient,
    raised: Raised,
    cause: str,
    body: dict[str, Json] | None = None,
) -> Flag | None:
    """Raise a flag and ring; None when this cause has raised it before."""
    flag = Flag(
        id=unit.new_id(),
        patient_id=patient.id,
        rule=raised.rule,
        level=raised.level,
        category=raised.category,
        cause=cause,
        at=unit.now,
        body=(body or {}) | {"detail": raised.detail},
    )
    if not unit.add_once(flag):
        return None
    if not escalation.stage(flag).presses and not program.duty_hours.on(unit.now, program.time_zone):
        return unit.change(flag, ring_at=program.duty_hours.next(unit.now, program.time_zone))
    return ring(unit, program, patient, flag)


def ring_due(unit: Unit, program: Program, limit: int = 100) -> int:
    """Ring every flag whose time has come, the gravest and oldest first; the number that were due."""
    due: list[Flag] = []
    for level in _GRAVEST_FIRST:
        room = limit - len(due)
        if room > 0:
            due += unit.find(Flag, level=level, ring_at__le=unit.now, order="at id", limit=room, claim=True)
    quiet: list[tuple[Patient, Flag]] = []
    for flag in due:
        patient = unit.get(Patient, flag.patient_id)
        if patient is None or flag.closed_at is not None:
            unit.change(flag, ring_at=None)
        elif escalation.stage(flag).presses:
            ring(unit, program, patient, flag)
        else:
            quiet.append((patient, flag))
    if len(quiet) == 1 and _whole(quiet[0][1]):
        ring(unit, program, *quiet[0])
    elif quiet:
        _gather(unit, program, quiet)
    return len(due)


def ring(unit: Unit, program: Program, patient: Patient, flag: Flag) -> Flag:
    """Alert those whose turn it is, and set the time of the next ring.

    One that cannot be rung, by a fault of ours, holds up no other: it is put off, and that is an alarm.
    """
    try:
        return unit.apart(lambda: _ring(unit, program, patient, flag))
    except Undone as undone:
        return _put_off(unit, program, patient, flag, undone)


def _whole(flag: Flag) -> bool:
    """Whether it is shown with all its buttons, where nothing is brought up beside it."""
    return escalation.stage(flag) is Stage.ASKED or (flag.seen_at is None and flag.rings == 0)


def _gather(unit: Unit, program: Program, quiet: list[tuple[Patient, Flag]]) -> None:
    """Bring up together what can wait; each alone where one of them cannot be said."""
    try:
        unit.apart(lambda: roundup.send(unit, program, quiet))
    except Undone as undone:
        log.error("alerts.not_gathered", count=len(quiet), error=undone)
        for patient, flag in quiet:
            ring(unit, program, patient, flag)


def _put_off(unit: Unit, program: Program, patient: Patient, flag: Flag, undone: Undone) -> Flag:
    """Try again soon; until then whoever can be told is told, in words that need nothing of the flag's."""
    log.error("alert.not_rung", patient=patient.code, flag=flag.id, rule=flag.rule, error=undone)
    hour = f"{flag.id}:{int(unit.now.timestamp() // 3600)}"
    tell_fault(unit, program, patient, flag.level, hour, flag.id)
    return unit.change(flag, ring_at=unit.now + TRY_AGAIN, gap_at=flag.gap_at or unit.now)


def tell_fault(
    unit: Unit, program: Program, patient: Patient, level: str, key: str, flag_id: int | None = None
) -> None:
    """What needs a person cannot be said, by a fault of ours: whoever can be told is told to look, once."""
    ways: tuple[Callable[[], object], ...] = (
        lambda: channels.alarm(
            unit, program, Why.FAULT, key, code=patient.code, level=level, flag_id=flag_id
        ),
        lambda: _tell_everyone(unit, program, "not_rung", f"fault:{key}", patient=patient.code),
    )
    for way in ways:
        try:
            unit.apart(way)
        except Undone as worse:
            log.error("alert.fault_not_told", patient=patient.code, flag=flag_id or 0, error=worse)


def _tell_everyone(unit: Unit, program: Program, block: str, cause: str, **context: object) -> None:
    """A line to everyone who can be reached, once for a cause."""
    text = program.words.text(LANGUAGE, "oncall", block, **context)
    for staff in unit.find(Staff, removed_at=None):
        to = outbox.to_staff(staff)
        if to is not None and rota.reachable(staff):
            outbox.say(unit, to, text, lane=Lane.ALERT, cause=f"{cause}:{staff.id}")


def _ring(unit: Unit, program: Program, patient: Patient, flag: Flag) -> Flag:
    presses = escalation.stage(flag).presses
    last = escalation.reached_step(program, flag, unit.now) if presses else flag.step
    if presses:
        on_turn = escalation.whom(unit, program, patient, flag, last)
    else:
        on_turn = escalation.quietly(unit, program, patient, flag)
    for step in range(flag.step, min(last, 1) + 1):
        gaps.tell_skipped(unit, program, patient, flag, step)
    gap_at = None
    if not on_turn:
        gap_at = flag.gap_at or unit.now
        # Nobody is on call. Somebody on leave who can be reached is still better than nobody.
        on_turn = [staff for staff in unit.find(Staff, removed_at=None) if rota.reachable(staff)]
        key = f"{flag.id}:{int(gap_at.timestamp())}:{last // escalation.STEPS}"
        channels.alarm_of(unit, program, Why.NOBODY, patient, flag, key)
    elif last >= escalation.STEPS and presses:
        key = f"{flag.id}:{flag.seen_at is not None}:{last // escalation.STEPS}"
        channels.alarm_of(unit, program, Why.UNANSWERED, patient, flag, key)
    for staff in on_turn:
        copies.send(unit, program, patient, flag, staff)
    ring_at = escalation.later(program, unit.now)
    if presses:
        ring_at = escalation.next_due(program, flag, last, unit.now)
    return unit.change(flag, rings=flag.rings + 1, step=last + 1, ring_at=ring_at, gap_at=gap_at)


def recipients(unit: Unit, program: Program, patient: Patient, step: int) -> Sequence[Staff]:
    """Whom step `step` reaches now: counselor, backup, supervisors, everyone; an empty one is skipped."""
    return escalation.recipients(unit, program, patient, step)


def told(unit: Unit, program: Program, patient: Patient, flag: Flag) -> str:
    """The line that tells a patient what was sent, honest about who could be reached, and when: where it
    went to somebody else than their counselor, it names no one."""
    counselor = people.counselor_of(unit, patient)
    sent = [staff.id for staff in recipients(unit, program, patient, 0)]
    due = escalation.deadline(program, flag) if flag.rule in escalation.CONTACT_RULES else None
    return program.words.text(
        patient.language,
        "alerts",
        "told" if sent else "told_nobody",
        who=counselor.name if counselor and counselor.id in sent else "",
        rule=flag.rule,
        category=flag.category,
        detail=(flag.body or {}).get("detail"),
        rules=program.thresholds,
        later=flag.rings == 0 and flag.gap_at is None,
        due=due and local(due, patient.time_zone),
        agreed=patient.standing == Standing.ENROLLED,
    )


def reason(program: Program, language: str, flag: Flag) -> str:
    """Why it was raised, as staff and patients read it."""
    return channels.reason(program, language, flag)


def held(unit: Unit, flag: Flag) -> Flag:
    """The flag as it is now, and nobody else's until this unit ends: two presses have one order."""
    unit.lock(unit.digest(f"flag:{flag.id}"))
    return unit.get(Flag, flag.id) or flag


def rang(unit: Unit, flag: Flag, staff: Staff) -> bool:
    """Whether this flag was sent to this member of staff."""
    return unit.count(Outgoing, flag_id=flag.id, staff_id=staff.id) > 0


def hush(unit: Unit, flag: Flag) -> None:
    """Somebody has answered: what still waits to ring about this flag never leaves."""
    for row in unit.find(Outgoing, flag_id=flag.id, state=Sending.QUEUED, lane=Lane.ALERT, edits=None):
        unit.change(row, state=Sending.DROPPED, body=None)
