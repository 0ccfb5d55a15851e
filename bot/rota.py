"""Who is there: leave, the weekly rota, and who of the team can be reached at this moment.

Somebody is reachable who has a chat, has not blocked the bot and has not left the team; available, who
is reachable and not on leave today. Days are the program's own, in its zone.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from bot.program import Program, local_date
from bot.rows import Duty, Leave, Patient, Role, Staff
from bot.unit import Unit

_WEEK = 7


def reachable(staff: Staff) -> bool:
    return staff.chat is not None and staff.blocked_at is None and staff.removed_at is None


def away(unit: Unit, program: Program) -> frozenset[int]:
    """The ids of those who are on leave today."""
    today = local_date(unit.now, program.time_zone)
    return frozenset(leave.staff_id for leave in unit.find(Leave, first__le=today, last__ge=today))


def available(unit: Unit, program: Program) -> list[Staff]:
    """Everyone on call: reachable, and not on leave."""
    gone = away(unit, program)
    return [staff for staff in unit.find(Staff, removed_at=None) if reachable(staff) and staff.id not in gone]


def backups(unit: Unit, program: Program, patient: Patient, on_call: Sequence[Staff]) -> list[Staff]:
    """The patient's second counselor if available, else the next available name on the rota."""
    by_id = {staff.id: staff for staff in on_call}
    if patient.backup_id in by_id:
        return [by_id[patient.backup_id]]
    for name in _from_today(unit, program):
        if name in by_id and name != patient.counselor_id:
            return [by_id[name]]
    return []


def week(unit: Unit) -> list[list[int]]:
    """The rota: for each day, Monday first, the ids of those on call, in their order."""
    days: list[list[int]] = [[] for _ in range(_WEEK)]
    for duty in unit.find(Duty):
        days[duty.weekday].append(duty.staff_id)
    return days


def set_day(unit: Unit, weekday: int, names: Sequence[Staff]) -> None:
    """Put these on call on that day of every week, in this order, instead of whoever was."""
    unit.remove(Duty, weekday=weekday)
    for staff in dict.fromkeys(names):
        unit.add(Duty(id=unit.new_id(), weekday=weekday, staff_id=staff.id))


def give_leave(unit: Unit, staff: Staff, first: date, last: date) -> Leave:
    """From the first day to the last; what overlaps is replaced by it."""
    end_leave(unit, staff, first, last)
    leave = Leave(id=unit.new_id(), staff_id=staff.id, first=first, last=last)
    unit.add(leave)
    return leave


def end_leave(unit: Unit, staff: Staff, first: date, last: date) -> int:
    """Take back leave that touches these days; the number of leaves."""
    return unit.remove(Leave, staff_id=staff.id, first__le=last, last__ge=first)


def leaves(unit: Unit, program: Program) -> list[Leave]:
    """Leave that is going on or to come, the earliest first."""
    return unit.find(Leave, last__ge=local_date(unit.now, program.time_zone), order="first id")


def off_the_rota(unit: Unit, staff: Staff) -> None:
    """Somebody has left: their days and leave go with them."""
    unit.remove(Duty, staff_id=staff.id)
    unit.remove(Leave, staff_id=staff.id)


def supervisors(on_call: Sequence[Staff]) -> list[Staff]:
    return [staff for staff in on_call if staff.role != Role.COUNSELOR]


def _from_today(unit: Unit, program: Program) -> list[int]:
    """The rota's names in the order of their next day, today's first."""
    days = week(unit)
    today = local_date(unit.now, program.time_zone)
    return [name for ahead in range(_WEEK) for name in days[(today + timedelta(days=ahead)).weekday()]]
