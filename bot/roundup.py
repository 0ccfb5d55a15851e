"""What can wait, gathered: one message to each of those responsible, instead of one for every flag."""

from bot import channels, copies, escalation, outbox
from bot.escalation import Stage
from bot.outbox import Lane
from bot.program import Program, local
from bot.rows import Flag, Patient, Staff
from bot.unit import Unit

MOST = 20
"""Flags that one message names; the others are under /alerts."""


def send(unit: Unit, program: Program, quiet: list[tuple[Patient, Flag]]) -> None:
    """Bring up these flags with those who answer for them, and set when they come up again."""
    people: dict[int, Staff] = {}
    theirs: dict[int, list[tuple[Patient, Flag]]] = {}
    for patient, flag in quiet:
        on_turn = escalation.quietly(unit, program, patient, flag)
        for staff in on_turn:
            people[staff.id] = staff
            theirs.setdefault(staff.id, []).append((patient, flag))
        gap_at = None if on_turn else flag.gap_at or unit.now
        if gap_at is not None:
            key = f"{flag.id}:{int(unit.now.timestamp())}"
            channels.alarm_of(unit, program, channels.Why.NOBODY, patient, flag, key)
        again = escalation.later(program, unit.now)
        unit.change(flag, rings=flag.rings + 1, ring_at=again, gap_at=gap_at)
    for one, found in theirs.items():
        _tell(unit, program, people[one], found)


def _tell(unit: Unit, program: Program, staff: Staff, found: list[tuple[Patient, Flag]]) -> None:
    to = outbox.to_staff(staff)
    if to is None:
        return
    plain = program.words.plain
    rows = [
        {
            "code": patient.code,
            "reason": channels.reason(program, copies.LANGUAGE, flag),
            "hours": int((unit.now - flag.at).total_seconds() // 3600),
            "seen": flag.seen_at is not None,
            "asked": escalation.stage(flag) is Stage.ASKED,
            "due": (due := escalation.deadline(program, flag)) and local(due, program.time_zone),
            "overdue": due is not None and due <= unit.now,
        }
        for patient, flag in found[:MOST]
    ]
    buttons = [
        [(plain(copies.LANGUAGE, "staff", "button_seen_of", code=patient.code), f"s:seen:{flag.id:x}")]
        for patient, flag in found[:MOST]
        if flag.seen_at is None
    ]
    buttons.append([(plain(copies.LANGUAGE, "staff", "button_alerts"), "s:alerts:")])
    text = program.words.text(copies.LANGUAGE, "alerts", "roundup", rows=rows, total=len(found))
    new = any(flag.rings == 0 for _, flag in found)
    flag_id = found[0][1].id if len(found) == 1 else None
    lane = Lane.ALERT if new else Lane.NOTICE
    silent = not copies.may_sound(unit, staff)
    outbox.say(unit, to, text, buttons, lane=lane, flag_id=flag_id, silent=silent)
