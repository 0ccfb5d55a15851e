"""Alerts at the counselor's desk: the open ones, and every button under one.

A press by somebody whom the alert is not for changes nothing and shows nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from bot import alerts, caseload, contacts, copies, escalation, outbox, people
from bot.concerns import Level
from bot.contacts import Disposition
from bot.escalation import Stage
from bot.host import Host
from bot.inbound import Inbound
from bot.program import local
from bot.rows import Flag, Patient, Role, Staff
from bot.unit import Unit

Handler = Callable[[Unit, Host, Staff, str], str | None]
LANGUAGE = copies.LANGUAGE
PAGE = 10
FIGURES = timedelta(days=30)
ANSWER_WITHIN = timedelta(minutes=15)
"""How long typed words are an answer to what was asked."""
_SHOWN = 5
_CUT = 500
_SHARE_WORDS = "share_words"


@dataclass(frozen=True, slots=True)
class Figures:
    """How a program answered, at one level, in minutes. A median is of what was answered, None where nothing
    was; the worst counts on while somebody waits. `unseen` and `unreached` say how many do."""

    level: str
    count: int
    open: int
    seen_median: int | None
    seen_worst: int | None
    unseen: int
    contact_median: int | None
    contact_worst: int | None
    unreached: int


def figures(flags: Sequence[Flag], now: datetime) -> list[Figures]:
    """One line for each level that occurred, the gravest first."""
    found = []
    for level in (Level.EMERGENCY, Level.URGENT, Level.WATCH):
        some = [flag for flag in flags if flag.level == level]
        if some:
            waiting = [flag for flag in some if flag.closed_at is None]
            seen = [_minutes(flag.at, flag.seen_at) for flag in some if flag.seen_at]
            unseen = [_minutes(flag.at, now) for flag in waiting if not flag.seen_at]
            contact = [_minutes(flag.at, flag.contacted_at) for flag in some if flag.contacted_at]
            unreached = [
                _minutes(flag.at, now)
                for flag in waiting
                if _waits_for_contact(flag) and not flag.contacted_at
            ]
            found.append(
                Figures(level, len(some), len(waiting), *_both(seen, unseen), *_both(contact, unreached))
            )
    return found


def show_alerts(unit: Unit, host: Host, staff: Staff, _: str) -> None:
    """What is open, by urgency and age, each with its buttons; for supervisors the program's figures too."""
    found = caseload.alerts_of(unit, staff)
    rows = [
        {
            "code": patient.code,
            "level": flag.level,
            "reason": alerts.reason(host.program, LANGUAGE, flag),
            "minutes": _minutes(flag.at, unit.now),
            "seen": flag.seen_at is not None,
            "reached": flag.reached,
            "due": (due := escalation.deadline(host.program, flag)) and local(due, host.program.time_zone),
            "overdue": due is not None and due <= unit.now,
        }
        for flag, patient in found[:PAGE]
    ]
    buttons = [_row(host, patient.code, flag) for flag, patient in found[:PAGE]]
    lines = []
    if staff.role != Role.COUNSELOR:
        since = unit.now - FIGURES
        old = unit.find(Flag, order="ring_at", ring_at__not=None, closed_at=None, at__lt=since)
        lines = figures([*unit.find(Flag, at__ge=since), *old], unit.now)
    text = host.program.words.text(
        LANGUAGE, "staff", "alerts", rows=rows, total=len(found), figures=lines, days=FIGURES.days
    )
    _say(unit, staff, text, buttons)


def see(unit: Unit, host: Host, staff: Staff, code: str) -> str:
    found = _flag(unit, staff, code)
    if found is None:
        return _line(host, "toast_not_yours")
    flag, patient = found
    if not contacts.see(unit, host.program, staff, flag):
        return _line(host, "toast_already")
    return _line(host, "toast_seen", code=patient.code)


def reached(unit: Unit, host: Host, staff: Staff, code: str) -> str:
    return _contact(unit, host, staff, code, reached=True)


def missed(unit: Unit, host: Host, staff: Staff, code: str) -> str:
    return _contact(unit, host, staff, code, reached=False)


def done(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    """Ask how it ended; only that closes it."""
    found = _flag(unit, staff, code)
    if found is None:
        return _line(host, "toast_not_yours")
    flag, patient = found
    if flag.closed_at is not None:
        return _line(host, "toast_closed")
    reason = alerts.reason(host.program, LANGUAGE, flag)
    text = host.program.words.text(LANGUAGE, "alerts", "choose_disposition", code=patient.code, reason=reason)
    buttons = [[(_line(host, f"disposition_{one}"), f"s:end:{flag.id:x}:{one}")] for one in Disposition]
    _say(unit, staff, text, buttons)
    return None


def end(unit: Unit, host: Host, staff: Staff, argument: str) -> str:
    code, _, how = argument.partition(":")
    found = _flag(unit, staff, code)
    if found is None or how not in set(Disposition):
        return _line(host, "toast_not_yours")
    closed = contacts.close(unit, host.program, staff, found[0], Disposition(how))
    return _line(host, "toast_done" if closed else "toast_closed")


def show_again(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    """A fresh copy of one alert, with the buttons that it has now."""
    found = _flag(unit, staff, code)
    to = outbox.to_staff(staff)
    if found is None or to is None:
        return _line(host, "toast_not_yours")
    flag, patient = found
    text = copies.words(unit, host.program, patient, flag)
    outbox.say(unit, to, text, copies.buttons(host.program, flag), flag_id=flag.id)
    return None


def show_words(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    """A patient's words, to the one responsible, if program and patient allow it; audited."""
    found = _flag(unit, staff, code)
    if found is None or not host.program.alert_details:
        return _line(host, "toast_not_yours")
    flag, patient = found
    evidence = (flag.body or {}).get("evidence", [])
    responsible = staff.id in (patient.counselor_id, patient.backup_id, flag.seen_by)
    # Words that somebody did not share are opened in an emergency alone (42 CFR 2.51).
    emergency = Level(flag.level) is Level.EMERGENCY
    shared = people.profile(patient).get(_SHARE_WORDS) is True
    if not responsible or not evidence or not (shared or emergency):
        return _line(host, "toast_no_words")
    detail = flag.rule if shared else f"{flag.rule}:2.51"
    people.note(unit, staff.code, "words_shown", patient_id=patient.id, staff_id=staff.id, detail=detail)
    text = host.program.words.text(
        LANGUAGE, "alerts", "shown", code=patient.code, evidence=[_cut(said) for said in evidence[-_SHOWN:]]
    )
    to = outbox.to_staff(staff)
    if to is not None:
        outbox.say(unit, to, text, [[(_line(host, "button_wipe"), "s:wipe:")]], protect=True)
    return None


def wipe(unit: Unit, host: Host, staff: Staff, inbound: Inbound) -> str | None:
    """Take a shown message back out of the chat."""
    to = outbox.to_staff(staff)
    if to is not None and inbound.message_id is not None:
        outbox.delete(unit, to, [inbound.message_id])
    return _line(host, "toast_wiped")


def ask_note(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    found = _flag(unit, staff, code)
    if found is None:
        return _line(host, "toast_not_yours")
    flag, patient = found
    unit.change(staff, asked=f"note:{flag.id:x}", asked_at=unit.now)
    _say(unit, staff, host.program.words.text(LANGUAGE, "alerts", "note_ask", code=patient.code))
    return None


def awaits_note(unit: Unit, staff: Staff) -> bool:
    """Whether what they type now is about a patient, because a note on an alert was asked for."""
    return staff.asked_at is not None and unit.now - staff.asked_at <= ANSWER_WITHIN


def typed(unit: Unit, host: Host, staff: Staff, text: str) -> bool:
    """Whether these words answer what was asked a moment ago: then they are kept."""
    fresh = awaits_note(unit, staff)
    what, _, code = (staff.asked or "").partition(":")
    if staff.asked is not None:
        unit.change(staff, asked=None, asked_at=None)
    found = _flag(unit, staff, code) if fresh and what == "note" else None
    if found is None or not text.strip():
        return False
    flag, patient = found
    contacts.add_note(unit, staff, flag, text)
    _say(unit, staff, host.program.words.text(LANGUAGE, "alerts", "note_kept", code=patient.code))
    return True


def _contact(unit: Unit, host: Host, staff: Staff, code: str, *, reached: bool) -> str:
    found = _flag(unit, staff, code)
    if found is None:
        return _line(host, "toast_not_yours")
    noted = contacts.contact(unit, host.program, staff, found[0], reached=reached)
    return _line(host, "toast_noted" if noted else "toast_closed")


def _flag(unit: Unit, staff: Staff, code: str) -> tuple[Flag, Patient] | None:
    """A flag that this member of staff may act on: their patient's, or one that rang them."""
    try:
        flag = unit.get(Flag, int(code, 16))
    except ValueError:
        return None
    patient = unit.get(Patient, flag.patient_id) if flag is not None else None
    if flag is None or patient is None:
        return None
    if people.answers_for(staff, patient) or alerts.rang(unit, flag, staff):
        return flag, patient
    return None


def _row(host: Host, code: str, flag: Flag) -> list[outbox.Button]:
    plain = host.program.words.plain
    again = (plain(LANGUAGE, "staff", "button_open_of", code=code), f"s:flag:{flag.id:x}")
    if flag.seen_at is not None:
        return [again]
    return [(plain(LANGUAGE, "staff", "button_seen_of", code=code), f"s:seen:{flag.id:x}"), again]


def _say(unit: Unit, staff: Staff, text: str, buttons: outbox.Buttons = ()) -> None:
    to = outbox.to_staff(staff)
    if to is not None:
        outbox.say(unit, to, text, buttons)


def _line(host: Host, block: str, **context: object) -> str:
    return host.program.words.plain(LANGUAGE, "alerts", block, **context)


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else text[: _CUT - 1] + "…"


def _minutes(begin: datetime, end: datetime | None) -> int:
    return int(((end or begin) - begin).total_seconds() // 60)


def _both(answered: list[int], waiting: list[int]) -> tuple[int | None, int | None, int]:
    """Median of what was answered, worst of all, and how many wait."""
    return (
        int(median(answered)) if answered else None,
        max([*answered, *waiting], default=None),
        len(waiting),
    )


def _waits_for_contact(flag: Flag) -> bool:
    return escalation.stage(flag) in (Stage.UNSEEN, Stage.UNCONTACTED, Stage.ASKED)


COMMANDS: Mapping[str, Handler] = {"alerts": show_alerts}
PRESSES: Mapping[str, Handler] = {
    "alerts": show_alerts,
    "seen": see,
    "reached": reached,
    "missed": missed,
    "done": done,
    "end": end,
    "flag": show_again,
    "show": show_words,
    "note": ask_note,
}
