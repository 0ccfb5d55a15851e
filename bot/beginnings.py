"""How a dialog is begun, gone on with and stopped: by its command, or by a button that offers it."""

from collections.abc import Callable, Mapping

from bot import conversations, danger, menus, outbox, people, safety, sessions, vigils, ways
from bot.host import Host
from bot.inbound import Inbound
from bot.rows import Patient, Session, SessionState
from bot.unit import Unit

Handler = Callable[[Unit, Host, Patient, Inbound, list[str]], str | None]
ENROLMENT = "enrolment"
_DIALOGS = {"checkin": "check_in", "thought": "thought_record", "trigger": "trigger_log"}


def _open_dialog(name: str) -> Handler:
    def opened(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
        """Begin, unless the same dialog was left unfinished: then ask whether to go on or start over."""
        left = sessions.unfinished(unit, patient, name)
        if left is None:
            conversations.begin(unit, host, patient, name)
            return None
        words, language = host.program.words, patient.language
        title = words.plain(language, name, "title")
        buttons = [
            [(words.plain(language, "menu", "go_on", title=title), f"o:resume:{left.id:x}")],
            [(words.plain(language, "menu", "start_over"), f"o:fresh:{left.id:x}")],
        ]
        text = words.text(language, "menu", "unfinished", title=title)
        outbox.say(unit, people.address(patient), text, buttons)
        return None

    return opened


def _resume(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    session = sessions.by_code(unit, patient, args[0] if args else "")
    if session is None or session.state not in (SessionState.OPEN, SessionState.ASIDE):
        return _line(host, patient, "old_button")
    conversations.go_on(unit, host, patient, session)
    return None


def _fresh(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    session = sessions.by_code(unit, patient, args[0] if args else "")
    if session is None or session.state not in (SessionState.OPEN, SessionState.ASIDE):
        return _line(host, patient, "old_button")
    sessions.cancel(unit, session)
    conversations.begin(unit, host, patient, session.dialog)
    return None


def _followup(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    left = sessions.unfinished(unit, patient, danger.LOOK_IN)
    if left is not None:
        conversations.go_on(unit, host, patient, left)
    else:
        about = sessions.by_code(unit, patient, args[0]) if args else None
        opened = conversations.begin(unit, host, patient, danger.LOOK_IN, about.id if about else None)
        if about is not None:
            vigils.over_look_in(unit, patient, opened, about.id)
    return None


def _back(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    session = sessions.current(unit, patient)
    if session is None:
        menus.greet(unit, host, patient, "nothing_open")
    else:
        conversations.back(unit, host, patient, session)
    return None


def _cancel(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    session = sessions.current(unit, patient)
    if session is None:
        menus.greet(unit, host, patient, "nothing_open")
    else:
        stop(unit, host, patient, session)
    return None


def stop(unit: Unit, host: Host, patient: Patient, session: Session) -> None:
    """Cancel a dialog, and say what there is instead."""
    sessions.cancel(unit, session)
    if session.dialog == ENROLMENT:
        menus.tell_outsider(unit, host, patient, "enrolment_stopped")
    elif not safety.stopped(unit, host, patient, session) and not ways.stopped(unit, host, patient, session):
        menus.greet(unit, host, patient, "cancelled")


def _line(host: Host, patient: Patient, block: str) -> str:
    return host.program.words.plain(patient.language, "menu", block)


COMMANDS: Mapping[str, Handler] = {
    **{command: _open_dialog(name) for command, name in _DIALOGS.items()},
    "back": _back,
    "cancel": _cancel,
}
OPENS: Mapping[str, Handler] = {
    **{command: _open_dialog(name) for command, name in _DIALOGS.items()},
    "resume": _resume,
    "fresh": _fresh,
    "followup": _followup,
}
