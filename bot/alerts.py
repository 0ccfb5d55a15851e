"""Alerts: a flag reaches the counselor at once, and goes on ringing until a person has answered.

A flag is raised once for one cause, however often that cause is delivered. An alert carries the
patient's code, the reason and the time, never words. An emergency or urgent flag that nobody has seen
rings again, further up each time; then around again. The patient is told what was sent, and that it was
seen only when it was.
"""

from collections.abc import Sequence
from datetime import timedelta

from bot import outbox, people
from bot.concerns import Level
from bot.flags import Raised
from bot.outbox import Lane
from bot.program import Program, local
from bot.rows import Flag, Json, Outgoing, Patient, Role, Staff
from bot.unit import Unit

MINUTES = {Level.EMERGENCY: (5, 5, 5, 5), Level.URGENT: (15, 15, 30, 30)}
"""From one ring to the next: an emergency reaches the backup after 5 minutes, supervisors after 10, everyone
after 15; an urgent flag after 15, 30 and 60. The last wait repeats."""
LANGUAGE = "en"
"""Staff read English until they have a setting of their own."""


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
    return ring(unit, program, patient, flag) if unit.add_once(flag) else None


def ring_due(unit: Unit, program: Program, limit: int = 100) -> int:
    """Ring every flag whose time has come, the gravest and oldest first; the number rung."""
    due = unit.find(Flag, ring_at__le=unit.now, order="ring_at", limit=limit, claim=True)
    for flag in sorted(due, key=lambda flag: (-Level(flag.level).rank, flag.at)):
        patient = unit.get(Patient, flag.patient_id)
        if patient is not None and flag.seen_at is None and flag.closed_at is None:
            ring(unit, program, patient, flag)
        else:
            unit.change(flag, ring_at=None)
    return len(due)


def ring(unit: Unit, program: Program, patient: Patient, flag: Flag) -> Flag:
    """Alert those whose turn it is, and set the time of the next ring."""
    for staff in recipients(unit, patient, flag.rings):
        to = outbox.to_staff(staff)
        if to is not None:
            outbox.say(
                unit,
                to,
                _words(program, patient, flag),
                _buttons(program, flag),
                lane=Lane.ALERT,
                flag_id=flag.id,
                cause=f"ring:{flag.id}:{flag.rings}:{staff.id}",
            )
    waits = MINUTES.get(Level(flag.level))
    again = None if waits is None else unit.now + timedelta(minutes=waits[min(flag.rings, len(waits) - 1)])
    return unit.change(flag, rings=flag.rings + 1, ring_at=again)


def recipients(unit: Unit, patient: Patient, ring: int) -> Sequence[Staff]:
    """Whom ring number `ring` reaches: counselor, backup, supervisors, everyone; an empty step is skipped."""
    everyone = [staff for staff in unit.find(Staff, removed_at=None) if _reachable(staff)]
    supervisors = [staff for staff in everyone if staff.role != Role.COUNSELOR]
    steps = [
        [staff for staff in everyone if staff.id == patient.counselor_id],
        [staff for staff in everyone if staff.id == patient.backup_id],
        supervisors,
        everyone,
    ]
    for step in steps[min(ring, len(steps) - 1) :]:
        if step:
            return step
    return []


def see(unit: Unit, program: Program, staff: Staff, flag: Flag) -> bool:
    """A person has read it: the ringing stops and the patient is told; False if somebody was before."""
    if flag.seen_at is not None:
        return False
    seen = unit.change(flag, seen_at=unit.now, seen_by=staff.id, ring_at=None)
    patient = unit.get(Patient, flag.patient_id)
    assert patient is not None
    people.note(unit, staff.code, "flag_seen", patient_id=patient.id, staff_id=staff.id, detail=flag.rule)
    _show(unit, program, patient, seen, staff)
    to = outbox.to_patient(patient)
    if to is not None:
        text = program.words.text(
            patient.language,
            "alerts",
            "seen",
            who=staff.name,
            at=local(unit.now, patient.time_zone),
            rule=flag.rule,
        )
        outbox.say(unit, to, text, cause=f"seen:{flag.id}")
    return True


def close(unit: Unit, program: Program, staff: Staff, flag: Flag) -> bool:
    """It has been dealt with; False if it was closed before. Closing an unread flag reads it first."""
    if flag.closed_at is not None:
        return False
    if see(unit, program, staff, flag):
        flag = unit.one(Flag, id=flag.id) or flag
    closed = unit.change(flag, closed_at=unit.now, closed_by=staff.id, ring_at=None)
    patient = unit.get(Patient, flag.patient_id)
    assert patient is not None
    people.note(unit, staff.code, "flag_closed", patient_id=patient.id, staff_id=staff.id, detail=flag.rule)
    _show(unit, program, patient, closed, staff)
    return True


def told(unit: Unit, program: Program, patient: Patient, flag: Flag) -> str:
    """The line that tells a patient what was sent, honest about who could be reached: where it went to
    somebody else than their counselor, it names no one."""
    counselor = people.counselor_of(unit, patient)
    sent = [staff.id for staff in recipients(unit, patient, 0)]
    return program.words.text(
        patient.language,
        "alerts",
        "told" if sent else "told_nobody",
        who=counselor.name if counselor and counselor.id in sent else "",
        rule=flag.rule,
        category=flag.category,
        detail=(flag.body or {}).get("detail"),
    )


def reason(program: Program, language: str, flag: Flag) -> str:
    """Why it was raised, as staff and patients read it."""
    return program.words.plain(
        language,
        "alerts",
        f"reason_{flag.rule}",
        detail=(flag.body or {}).get("detail"),
        category=flag.category,
    )


def rang(unit: Unit, flag: Flag, staff: Staff) -> bool:
    """Whether this flag was sent to this member of staff."""
    return unit.count(Outgoing, flag_id=flag.id, staff_id=staff.id) > 0


def _reachable(staff: Staff) -> bool:
    return staff.chat is not None and staff.blocked_at is None


def _words(program: Program, patient: Patient, flag: Flag, seen_by: str = "", closed_by: str = "") -> str:
    return program.words.text(
        LANGUAGE,
        "alerts",
        "alert",
        code=patient.code,
        level=flag.level,
        reason=reason(program, LANGUAGE, flag),
        at=local(flag.at, program.time_zone),
        rings=flag.rings,
        seen_by=seen_by,
        seen_at=flag.seen_at and local(flag.seen_at, program.time_zone),
        closed_by=closed_by,
        closed_at=flag.closed_at and local(flag.closed_at, program.time_zone),
    )


def _buttons(program: Program, flag: Flag) -> list[list[outbox.Button]]:
    if flag.closed_at is not None:
        return []
    done = (program.words.plain(LANGUAGE, "alerts", "button_done"), f"s:done:{flag.id:x}")
    if flag.seen_at is not None:
        return [[done]]
    return [[(program.words.plain(LANGUAGE, "alerts", "button_seen"), f"s:seen:{flag.id:x}"), done]]


def _show(unit: Unit, program: Program, patient: Patient, flag: Flag, staff: Staff) -> None:
    """Bring every copy of the alert up to date: whoever was rung sees who has it."""
    seer = unit.get(Staff, flag.seen_by) if flag.seen_by else None
    text = _words(
        program,
        patient,
        flag,
        seen_by=seer.name if seer else "",
        closed_by=staff.name if flag.closed_at else "",
    )
    for row in unit.find(Outgoing, flag_id=flag.id):
        copy = unit.get(Staff, row.staff_id) if row.staff_id else None
        to = outbox.to_staff(copy) if copy else None
        if to is not None and row.edits is None and row.chat_hash == to.chat_hash:
            outbox.edit_row(unit, to, row.id, text, _buttons(program, flag))
