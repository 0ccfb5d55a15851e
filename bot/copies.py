"""Copies of an alert in the chats of the team: sent, and brought up to date when something becomes of it."""

from datetime import timedelta
from typing import Any

from bot import channels, escalation, outbox, people
from bot.concerns import Level
from bot.escalation import CONTACT_RULES, Stage, stage
from bot.outbox import Buttons, Lane
from bot.program import Program, local
from bot.rows import Flag, Outgoing, Pace, Patient, Sending, Staff
from bot.unit import Unit

LANGUAGE = "en"
"""Staff read English until they have a setting of their own."""
ONE_SOUND = timedelta(minutes=15)
"""What can wait is shown at once, and makes one sound in so long: nobody is called to the phone for each."""


def send(unit: Unit, program: Program, patient: Patient, flag: Flag, staff: Staff) -> None:
    """Ring somebody; where an earlier ring still waits to leave, that one will do."""
    to = outbox.to_staff(staff)
    theirs: dict[str, Any] = {"flag_id": flag.id, "staff_id": staff.id, "edits": None, "limit": 1}
    if to is None or unit.find(Outgoing, state=Sending.QUEUED, **theirs):
        return
    if not unit.find(Outgoing, **theirs):
        people.note(unit, "handrail", "flag_told", patient_id=patient.id, staff_id=staff.id, detail=flag.rule)
    outbox.say(
        unit,
        to,
        words(unit, program, patient, flag),
        buttons(program, flag),
        lane=Lane.ALERT,
        flag_id=flag.id,
        cause=f"ring:{flag.id}:{flag.rings}:{staff.id}",
        silent=not stage(flag).presses and not may_sound(unit, staff),
    )


def may_sound(unit: Unit, staff: Staff) -> bool:
    """Whether somebody's phone may sound for what can wait; if so, it then may not for a while."""
    name = f"sound:{staff.id}"
    kept = unit.one(Pace, name=name)
    if kept is not None and unit.now < kept.next_at <= unit.now + ONE_SOUND:
        return False
    if kept is not None:
        unit.change(kept, next_at=unit.now + ONE_SOUND)
    else:
        unit.add_once(Pace(id=unit.new_id(), name=name, next_at=unit.now + ONE_SOUND))
    return True


def refresh(unit: Unit, program: Program, patient: Patient, flag: Flag) -> None:
    """Bring everybody's latest copy up to date: whoever was rung sees who has it.

    A copy that was dropped may have been in the air at that moment: it is followed, as is the one before it.
    """
    latest: dict[int | None, list[Outgoing]] = {}
    for row in unit.find(Outgoing, flag_id=flag.id, edits=None):
        before = latest.get(row.staff_id, []) if row.state == Sending.DROPPED else []
        latest[row.staff_id] = [*before, row]
    text, below = words(unit, program, patient, flag), buttons(program, flag)
    for staff_id, rows in latest.items():
        staff = unit.get(Staff, staff_id) if staff_id else None
        to = outbox.to_staff(staff) if staff else None
        for row in rows:
            if to is not None and row.chat_hash == to.chat_hash:
                outbox.edit_row(unit, to, row.id, text, below)


def words(unit: Unit, program: Program, patient: Patient, flag: Flag) -> str:
    due = escalation.deadline(program, flag)
    return program.words.text(
        LANGUAGE,
        "alerts",
        "alert",
        code=patient.code,
        level=flag.level,
        reason=channels.reason(program, LANGUAGE, flag),
        at=local(flag.at, program.time_zone),
        more=max(0, len((flag.body or {}).get("evidence", [])) - 1),
        rings_on=stage(flag) is Stage.UNSEEN,
        due=due and local(due, program.time_zone),
        overdue=due is not None and due <= unit.now,
        out_of_reach=patient.blocked_at is not None,
        seen_by=_name(unit, flag.seen_by),
        seen_at=flag.seen_at and local(flag.seen_at, program.time_zone),
        waits_for_contact=flag.seen_at is not None and stage(flag) in (Stage.UNCONTACTED, Stage.ASKED),
        again=local(flag.ring_at, program.time_zone) if flag.ring_at and flag.ring_at > unit.now else None,
        reached=flag.reached,
        contact_by=_name(unit, flag.contacted_by),
        contact_at=flag.contacted_at and local(flag.contacted_at, program.time_zone),
        disposition=flag.disposition,
        closed_by=_name(unit, flag.closed_by),
        closed_at=flag.closed_at and local(flag.closed_at, program.time_zone),
    )


def buttons(program: Program, flag: Flag) -> Buttons:
    """What somebody who was rung can do next."""
    plain, code = program.words.plain, f"{flag.id:x}"
    if flag.closed_at is not None:
        return [[(plain(LANGUAGE, "alerts", "button_note"), f"s:note:{code}")]]
    told = program.alert_details and bool((flag.body or {}).get("evidence"))
    show = [[(plain(LANGUAGE, "alerts", "button_show"), f"s:show:{code}")]] if told else []
    done = (plain(LANGUAGE, "alerts", "button_done"), f"s:done:{code}")
    if flag.seen_at is None:
        return [[(plain(LANGUAGE, "alerts", "button_seen"), f"s:seen:{code}"), done], *show]
    contact = [
        (plain(LANGUAGE, "alerts", "button_reached"), f"s:reached:{code}"),
        (plain(LANGUAGE, "alerts", "button_not_reached"), f"s:missed:{code}"),
    ]
    asks = Level(flag.level) >= Level.URGENT or flag.rule in CONTACT_RULES or flag.reached is None
    first = [contact] if asks and flag.reached is not True else []
    return [*first, [done], *show]


def _name(unit: Unit, id: int | None) -> str:
    staff = unit.get(Staff, id) if id is not None else None
    return staff.name if staff is not None else ""
