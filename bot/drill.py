"""A drill: a marked test alert to everyone in the chain and on the second channel, and how long each took.

It takes the way of a real alert (same outbox, same lane, same couriers) but raises no flag, so that no
figure and no patient's history is touched by it. It rings everyone at once and not step by step: a chain
ends at the first Seen, and whoever stands behind that would never be tried.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot import alerts, channels, outbox, people, rota
from bot.host import Host
from bot.outbox import Lane
from bot.program import Program, local
from bot.rows import Drill, Outgoing, Role, Staff
from bot.unit import Unit

Handler = Callable[[Unit, Host, Staff, str], str | None]
LANGUAGE = alerts.LANGUAGE
LASTS = timedelta(minutes=15)


def start(unit: Unit, host: Host, staff: Staff, _: str) -> str | None:
    """Ring everybody now; the report grows as they answer and is final after `LASTS`."""
    program = host.program
    to = outbox.to_staff(staff)
    if staff.role == Role.COUNSELOR or to is None:
        if to is not None:
            outbox.say(unit, to, program.words.text(LANGUAGE, "oncall", "drill_not_yours"))
        return None
    on_call = rota.available(unit, program)
    rung = [one for one in on_call if one.id != staff.id] or on_call
    drill = Drill(
        id=unit.new_id(),
        staff_id=staff.id,
        at=unit.now,
        due_at=unit.now + LASTS,
        body={"seen": {one.code: None for one in rung}},
    )
    unit.add(drill)
    people.note(unit, staff.code, "drill_started", staff_id=staff.id)
    text = program.words.text(
        LANGUAGE, "oncall", "drill_alert", by=staff.name, at=local(unit.now, program.time_zone)
    )
    button = (program.words.plain(LANGUAGE, "alerts", "button_seen"), f"s:drill:{drill.id:x}")
    for one in rung:
        theirs = outbox.to_staff(one)
        if theirs is not None:
            outbox.say(unit, theirs, text, [[button]], lane=Lane.ALERT, cause=_cause(drill, one))
    channels.alarm(unit, program, channels.Why.DRILL, f"{drill.id}", code=f"drill {drill.id & 0xFFFF:04x}")
    outbox.say(unit, to, _report(unit, program, drill), cause=f"drill:{drill.id}:report")
    return None


def see(unit: Unit, host: Host, staff: Staff, code: str) -> str:
    """Somebody answers a drill: their time is noted, once."""
    plain = host.program.words.plain
    try:
        drill = unit.get(Drill, int(code, 16))
    except ValueError:
        drill = None
    if drill is None or staff.code not in drill.body["seen"]:
        return plain(LANGUAGE, "alerts", "toast_not_yours")
    unit.lock(unit.digest(f"drill:{drill.id}"))
    drill = unit.get(Drill, drill.id) or drill
    if drill.due_at is None:
        return plain(LANGUAGE, "oncall", "drill_over")
    seen: dict[str, Any] = drill.body["seen"]
    if seen[staff.code] is None:
        seconds = (unit.now - drill.at).total_seconds()
        drill = unit.change(drill, body={"seen": {**seen, staff.code: seconds}})
    _tell(unit, host.program, drill, over=all(value is not None for value in drill.body["seen"].values()))
    return plain(LANGUAGE, "oncall", "drill_thanks")


def end_due(unit: Unit, program: Program) -> int:
    """Finish drills whose time is over."""
    over = unit.find(Drill, due_at__le=unit.now, claim=True)
    for drill in over:
        _tell(unit, program, drill, over=True)
    return len(over)


def _tell(unit: Unit, program: Program, drill: Drill, *, over: bool) -> None:
    supervisor = unit.get(Staff, drill.staff_id)
    to = outbox.to_staff(supervisor) if supervisor else None
    if over:
        drill = unit.change(drill, due_at=None)
    if to is None:
        return
    text = _report(unit, program, drill)
    if over:
        outbox.say(unit, to, text, cause=f"drill:{drill.id}:over")
        return
    row = unit.one(Outgoing, cause=f"drill:{drill.id}:report")
    if row is not None:
        outbox.edit_row(unit, to, row.id, text)


def _report(unit: Unit, program: Program, drill: Drill) -> str:
    people_told = []
    for code, seconds in drill.body["seen"].items():
        staff = unit.one(Staff, code=code)
        row = unit.one(Outgoing, cause=_cause(drill, staff)) if staff else None
        sent = row is not None and row.sent_at is not None
        people_told.append({"name": staff.name if staff else code, "seconds": seconds, "sent": sent})
    taken = []
    for kind in program.channels:
        row = unit.one(Outgoing, cause=f"{kind}:{channels.Why.DRILL}:{drill.id}")
        taken.append({"kind": kind, "seconds": _seconds(drill.at, row.sent_at if row else None)})
    everyone = unit.find(Staff, removed_at=None)
    away = [one.name for one in everyone if one.code not in drill.body["seen"] and one.id != drill.staff_id]
    return program.words.text(
        LANGUAGE,
        "oncall",
        "drill_report",
        people=people_told,
        channels=taken,
        away=away,
        over=drill.due_at is None,
    )


def _seconds(begin: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - begin).total_seconds()


def _cause(drill: Drill, staff: Staff) -> str:
    return f"drill:{drill.id}:{staff.id}"


COMMANDS: Mapping[str, Handler] = {"drill": start}
PRESSES: Mapping[str, Handler] = {"drill": see}
