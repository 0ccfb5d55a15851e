"""`/oncall`: who is rung and in what order, the week's rota, leave. Supervisors set it for everybody, each
member of staff their own leave.

    /oncall mon S-AAAAA S-BBBBB            /oncall leave S-AAAAA 2027-01-02 2027-01-09
    /oncall P-AAAAA S-BBBBB                /oncall leave S-AAAAA back
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from bot import gaps, outbox, people, rota
from bot.host import Host
from bot.hours import DAYS
from bot.program import local_date
from bot.rows import Patient, Role, Staff
from bot.unit import Unit

Handler = Callable[[Unit, Host, Staff, str], str | None]
LANGUAGE = gaps.LANGUAGE
_LONGEST = timedelta(days=366)
_BACK = "back"
_NOBODY = "nobody"


def show(unit: Unit, host: Host, staff: Staff, form: str) -> str | None:
    """The screen; or, with words behind the command, the form that they fill in."""
    words = form.split()
    if words and not _fill_in(unit, host, staff, words):
        _say(unit, host, staff, "not_understood")
        return None
    _screen(unit, host, staff)
    return None


def leave(unit: Unit, host: Host, staff: Staff, which: str) -> str | None:
    """One's own leave, by a button."""
    today = local_date(unit.now, host.program.time_zone)
    match which:
        case "today":
            _give(unit, host, staff, staff, today, today)
        case "week":
            _give(unit, host, staff, staff, today, today + timedelta(days=6))
        case "back":
            _take_back(unit, host, staff, staff)
        case _:
            return host.program.words.plain(LANGUAGE, "staff", "old_button")
    return host.program.words.plain(LANGUAGE, "oncall", "done")


def _fill_in(unit: Unit, host: Host, staff: Staff, words: list[str]) -> bool:
    """Do what a typed form says; False, and nothing done, when it says nothing that this person may do."""
    match words:
        case ["leave", *rest]:
            return _leave(unit, host, staff, rest)
        case [patient, second] if patient.upper().startswith("P-") and staff.role != Role.COUNSELOR:
            return _second(unit, staff, patient, second)
        case [day, *names] if day.lower()[:3] in DAYS and names and staff.role != Role.COUNSELOR:
            on_call = [] if names == [_NOBODY] else [people.staff_by_code(unit, name) for name in names]
            known = [one for one in on_call if one is not None]
            if len(known) < len(on_call):
                return False
            rota.set_day(unit, DAYS.index(day.lower()[:3]), known)
            people.note(unit, staff.code, "rota_set", staff_id=staff.id, detail=day.lower()[:3])
            return True
        case _:
            return False


def _leave(unit: Unit, host: Host, staff: Staff, words: list[str]) -> bool:
    whose: Staff | None = staff
    if words and words[0].upper().startswith("S-"):
        whose, words = people.staff_by_code(unit, words[0]), words[1:]
    if whose is None or (whose.id != staff.id and staff.role == Role.COUNSELOR):
        return False
    if words == [_BACK]:
        _take_back(unit, host, staff, whose)
        return True
    try:
        first, last = (date.fromisoformat(word) for word in words)
    except ValueError:
        return False
    today = local_date(unit.now, host.program.time_zone)
    if last < first or last < today or last - first > _LONGEST:
        return False
    _give(unit, host, staff, whose, first, last)
    return True


def _give(unit: Unit, host: Host, by: Staff, whose: Staff, first: date, last: date) -> None:
    rota.give_leave(unit, whose, first, last)
    people.note(unit, by.code, "leave_set", staff_id=whose.id, detail=f"{first} {last}")
    if first <= local_date(unit.now, host.program.time_zone) <= last:
        gaps.lost(unit, host.program, whose)


def _take_back(unit: Unit, host: Host, by: Staff, whose: Staff) -> None:
    today = local_date(unit.now, host.program.time_zone)
    rota.end_leave(unit, whose, today, date.max)
    people.note(unit, by.code, "leave_ended", staff_id=whose.id)


def _second(unit: Unit, staff: Staff, code: str, name: str) -> bool:
    patient = unit.one(Patient, code=code.upper())
    second = people.staff_by_code(unit, name)
    if patient is None or second is None or second.id == patient.counselor_id:
        return False
    unit.change(patient, backup_id=second.id)
    people.note(unit, staff.code, "second_counselor_set", patient_id=patient.id, staff_id=second.id)
    return True


def _screen(unit: Unit, host: Host, staff: Staff) -> None:
    program = host.program
    everyone = unit.find(Staff, removed_at=None)
    away = rota.away(unit, program)
    names = {one.id: one.name for one in everyone}
    today = local_date(unit.now, program.time_zone).weekday()
    first = program.words.text(
        LANGUAGE,
        "staff",
        "oncall",
        counselors=[one for one in everyone if one.role == Role.COUNSELOR],
        supervisors=[one for one in everyone if one.role != Role.COUNSELOR],
        away=away,
        emergency=program.emergency_minutes,
        urgent=program.urgent_minutes,
    )
    second = program.words.text(
        LANGUAGE,
        "oncall",
        "rota",
        days=[
            {
                "name": DAYS[day].capitalize(),
                "today": day == today,
                "names": [names[one] for one in some if one in names],
            }
            for day, some in enumerate(rota.week(unit))
        ],
        leaves=[
            {"name": names[one.staff_id], "first": one.first, "last": one.last}
            for one in rota.leaves(unit, program)
            if one.staff_id in names
        ],
        hours=program.duty_hours.text,
        supervisor=staff.role != Role.COUNSELOR,
    )
    plain = program.words.plain
    buttons = (
        [[(plain(LANGUAGE, "oncall", "button_back"), "s:leave:back")]]
        if staff.id in away
        else [
            [
                (plain(LANGUAGE, "oncall", "button_today"), "s:leave:today"),
                (plain(LANGUAGE, "oncall", "button_week"), "s:leave:week"),
            ]
        ]
    )
    to = outbox.to_staff(staff)
    if to is not None:
        outbox.say(unit, to, f"{first}\n\n{second}", buttons)


def _say(unit: Unit, host: Host, staff: Staff, block: str) -> None:
    to = outbox.to_staff(staff)
    if to is not None:
        outbox.say(unit, to, host.program.words.text(LANGUAGE, "oncall", block))


COMMANDS: Mapping[str, Handler] = {"oncall": show}
PRESSES: Mapping[str, Handler] = {"leave": leave}
