"""Settings: times, quiet hours, zone, name and wording, each one press away and in the person's hands.

What is a switch is pressed on the screen itself. What may be typed is a short dialog (`dialogs.changes`):
it survives a restart like any other, takes a button or words, and asks back where a reminder would lie in
the quiet hours. The screen shows how things stand, and is brought up to date in place.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot import conversations, menus, outbox, people, reaching, reminders, sessions
from bot.host import Host
from bot.inbound import Inbound
from bot.nudges import Kind
from bot.outbox import Button
from bot.program import Program
from bot.rows import Json, Patient, Session, SessionState
from bot.unit import Unit
from dialogs.changes import CHANGES, NewContact, NewLocation, NewName, NewPhone, NewQuiet, NewTime, NewZone
from dialogs.hours import Quiet

Handler = Callable[[Unit, Host, Patient, Inbound, list[str]], str | None]
TAKES_MEDICATION = "takes_medication"


def settings(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`o:settings` shows the screen; `o:settings:WHAT` asks anew; `o:settings:WHAT:on` and `:off` switch;
    `o:settings:reach` is a screen of its own."""
    match args:
        case []:
            _show(unit, host, patient)
        case ["reach", *rest]:
            return reaching.reach(unit, host, patient, inbound, rest)
        case [what] if f"change_{what}" in CHANGES:
            _ask(unit, host, patient, f"change_{what}")
        case [what, ("on" | "off") as to] if what in _SWITCHES:
            before = _screen(unit, host.program, patient)
            changed = _SWITCHES[what](unit, patient, to == "on")
            if _screen(unit, host.program, changed) != before:  # an edit that changes nothing is refused
                _redraw(unit, host, changed, inbound)
            return _plain(host.program, patient, "toast_set")
        case _:
            _show(unit, host, patient)
            return _plain(host.program, patient, "toast_old")
    return None


def help_(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """What Handrail can do, and where help is; once for an update (`bot.sos` answers before its turn)."""
    program = host.program
    text = program.words.text(
        patient.language,
        "help",
        "help",
        program=program.name,
        commands=menus.commands(program, patient.language, menus.PATIENT),
        lines=program.lines_in(patient.language),
    )
    outbox.card(unit, people.address(patient), inbound.key.hex(), text, menus.main(unit, host, patient))
    return None


def set_now(unit: Unit, patient: Patient) -> dict[str, Json]:
    """What the dialogs of `CHANGES` are to know, as `facts.last`."""
    times = reminders.times_of(unit, patient)
    return {
        "morning": times.get(Kind.MORNING),
        "evening": times.get(Kind.EVENING),
        "quiet_from": patient.quiet_from,
        "quiet_to": patient.quiet_to,
        **reaching.known(patient),
    }


def apply(unit: Unit, patient: Patient, result: Any) -> Patient:
    """Make what such a dialog came to the patient's setting; any other result changes nothing."""
    match result:
        case NewTime(at=None):
            return patient
        case NewTime(kind=kind, at=at) if at is not None:
            return _set_time(unit, patient, Kind(kind), at.isoformat("minutes"))
        case NewQuiet(start=start, until=until, reminders_first=first):
            return _set_quiet(unit, patient, Quiet.between(start, until), off_inside=first is False)
        case NewZone(zone=zone):
            return reminders.set_zone(unit, patient, zone)
        case NewName(name=name):
            people.note(unit, "patient", "contact_changed", patient_id=patient.id, detail="name")
            return unit.change(patient, name=name)
        case NewPhone() | NewLocation() | NewContact():
            return reaching.apply(unit, patient, result)
        case _:
            return patient


def after(program: Program, patient: Patient) -> list[list[Button]]:
    """Where to go from a changed setting."""
    return [[(_plain(program, patient, "button_settings"), "o:settings")], [_menu(program, patient)]]


def _ask(unit: Unit, host: Host, patient: Patient, dialog: str) -> None:
    """One change is asked at a time: an earlier one that was left unanswered is given up."""
    for left in unit.find(
        Session,
        patient_id=patient.id,
        dialog=tuple(CHANGES),
        state=(SessionState.OPEN, SessionState.ASIDE),
    ):
        sessions.cancel(unit, left)
    conversations.begin(unit, host, patient, dialog)


def _set_time(unit: Unit, patient: Patient, kind: Kind, at: str | None) -> Patient:
    times: dict[str, str | None] = {**reminders.times_of(unit, patient), kind: at}
    return reminders.set_times(unit, patient, times.get(Kind.MORNING), times.get(Kind.EVENING))


def _set_quiet(unit: Unit, patient: Patient, quiet: Quiet | None, *, off_inside: bool) -> Patient:
    patient = reminders.set_quiet(unit, patient, quiet)
    times: dict[str, str | None] = dict(reminders.times_of(unit, patient))
    if off_inside:
        times = {kind: at for kind, at in times.items() if at and not reminders.lies_in(quiet, at)}
    return reminders.set_times(unit, patient, times.get(Kind.MORNING), times.get(Kind.EVENING))


def _show(unit: Unit, host: Host, patient: Patient) -> None:
    outbox.say(unit, people.address(patient), *_screen(unit, host.program, patient))


def _redraw(unit: Unit, host: Host, patient: Patient, inbound: Inbound) -> None:
    if inbound.message_id is None:
        _show(unit, host, patient)
    else:
        outbox.edit(unit, people.address(patient), inbound.message_id, *_screen(unit, host.program, patient))


def _screen(unit: Unit, program: Program, patient: Patient) -> tuple[str, list[list[Button]]]:
    times = reminders.times_of(unit, patient)
    medication = people.profile(patient).get(TAKES_MEDICATION) is True
    text = program.words.text(
        patient.language,
        "settings",
        "screen",
        **{kind: reminders.clock(times.get(kind)) for kind in (Kind.MORNING.value, Kind.EVENING.value)},
        quiet=reminders.quiet_of(patient),
        zone=patient.time_zone,
        name=patient.name or "",
        phone=people.profile(patient).get("phone"),
        discreet=patient.discreet,
        medication=medication,
        paused=patient.paused_at is not None,
    )

    def change(what: str) -> Button:
        return _plain(program, patient, f"button_{what}"), f"o:settings:{what}"

    def switch(what: str, now: bool) -> Button:
        to = "off" if now else "on"
        return _plain(program, patient, f"button_{what}_{to}"), f"o:settings:{what}:{to}"

    rows = [
        [change(kind), *([switch(kind, True)] if kind in times else [])]
        for kind in (Kind.MORNING.value, Kind.EVENING.value)
    ]
    pause = ("button_resume", "o:resume_all") if patient.paused_at else ("button_pause", "o:pause")
    rows += [
        [change("quiet"), change("zone")],
        [change("reach")],
        [change("name")],
        [switch("discreet", patient.discreet)],
        [switch("medication", medication)],
        [(_plain(program, patient, pause[0]), pause[1])],
        [_menu(program, patient)],
    ]
    return text, rows


def _menu(program: Program, patient: Patient) -> Button:
    return program.words.plain(patient.language, "navigation", "menu"), "o:menu"


def _plain(program: Program, patient: Patient, block: str) -> str:
    return program.words.plain(patient.language, "settings", block)


def _switch_off(kind: Kind) -> Callable[[Unit, Patient, bool], Patient]:
    """A reminder's "on" is a question of its own (when?), so only "off" does something."""
    return lambda unit, patient, on: patient if on else _set_time(unit, patient, kind, None)


def _set_discreet(unit: Unit, patient: Patient, on: bool) -> Patient:
    return unit.change(patient, discreet=on)


def _set_medication(unit: Unit, patient: Patient, on: bool) -> Patient:
    return unit.change(patient, profile={**people.profile(patient), TAKES_MEDICATION: on})


_SWITCHES: Mapping[str, Callable[[Unit, Patient, bool], Patient]] = {
    "morning": _switch_off(Kind.MORNING),
    "evening": _switch_off(Kind.EVENING),
    "discreet": _set_discreet,
    "medication": _set_medication,
}
COMMANDS: Mapping[str, Handler] = {"settings": settings, "help": help_}
OPENS: Mapping[str, Handler] = {"settings": settings, "help": help_}
