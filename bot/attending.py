"""The turn of somebody who is enrolled: their words, buttons and commands, and what they show.

Words are the answer to the open question while it is fresh; else they are kept and answered with the menu.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot import (
    beginnings,
    conversations,
    crisis,
    history,
    invitations,
    menus,
    outbox,
    pauses,
    people,
    preferences,
    privacy,
    progress,
    safety,
    sessions,
    sos,
    ways,
)
from bot.concerns import Concern
from bot.host import Host
from bot.inbound import Edited, Inbound, Medium, Pressed, Said, Showed
from bot.invitations import Redeemed
from bot.rows import Patient, Session, SessionState
from bot.unit import Unit
from bot.ways import Way
from dialogs.prompts import SKIP, Input, Text

Handler = Callable[[Unit, Host, Patient, Inbound, list[str]], str | None]
_ABOUT_ONESELF = ("check_in", "thought_record", "trigger_log", "trigger_followup")
"""Dialogs in which words of danger may well be the answer."""


def take(unit: Unit, host: Host, patient: Patient, inbound: Inbound, concern: Concern | None) -> str | None:
    if inbound.words is not None:
        way = ways.opened_by(unit, host, patient, concern, inbound.at)
        ways.tell(unit, host, patient, inbound, concern, way)
        if way is not None or crisis.needs_help_first(concern):
            _put_first(unit, host, patient, inbound, concern, way)
            return None
    match inbound.event:
        case Said(command=str() as command, rest=rest):
            if rest and command != "start":
                conversations.keep_words(unit, patient, inbound.words or "", inbound.message_id)
            return _command(unit, host, patient, inbound, command, rest)
        case Said(text=text) | Edited(text=text) if sos.is_word(host.program, inbound):
            return _word_for_help(unit, host, patient, inbound, text)
        case Said(text=text):
            return _words(unit, host, patient, inbound, text, concern)
        case Pressed(data=data):
            return _press(unit, host, patient, inbound, data)
        case Edited(text=text):
            return _edited(unit, host, patient, inbound, text)
        case Showed(medium=medium, caption=caption):
            return _showed(unit, host, patient, inbound, medium, caption)
        case _:
            return None


def _put_first(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, concern: Concern | None, way: Way | None
) -> None:
    """After a card only safety is asked about, and use that goes on is as pressing: the words are kept, and
    what is open waits until the person goes on with it."""
    session = sessions.asked(unit, host.program, patient, inbound.at)
    event, words = inbound.event, inbound.words or ""
    answers = isinstance(event, Said) and event.command is None
    if session is not None and answers and session.dialog in _ABOUT_ONESELF:
        given = Input(at=inbound.at, text=words)
        conversations.answer(unit, host, patient, session, given, inbound.message_id, hold=True)
        safety.hold(unit, patient, session)
    else:
        # A cry for help is nobody's name or signature: it is kept, and the question waits.
        conversations.keep_words(unit, patient, words, inbound.message_id)
        if session is not None and (way is not None or not safety.stays_open(session, concern)):
            sessions.wait(unit, session)
            safety.hold(unit, patient, session)
    if way is not None:
        ways.go(unit, host, patient, way, concern)
    else:
        safety.follow(unit, host, patient, concern)


def _command(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, command: str, rest: str
) -> str | None:
    if command == "start":
        return _start(unit, host, patient, inbound, rest)
    handler = COMMANDS.get(command)
    if handler is None:
        menus.greet(unit, host, patient, "unknown_command")
        return None
    return handler(unit, host, patient, inbound, [])


def _word_for_help(unit: Unit, host: Host, patient: Patient, inbound: Inbound, text: str) -> str | None:
    """Help, whatever is open. Where words are asked for it may be the answer, too; else it is kept."""
    sos.sos(unit, host, patient, inbound, [])
    if isinstance(inbound.event, Edited):
        return _edited(unit, host, patient, inbound, text)
    session = sessions.asked(unit, host.program, patient, inbound.at)
    if session is not None and isinstance(sessions.prompt(unit, host.program, session), Text):
        given = Input(at=inbound.at, text=text)
        conversations.answer(unit, host, patient, session, given, inbound.message_id)
    else:
        conversations.keep_words(unit, patient, text, inbound.message_id)
    return None


def _words(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, text: str, concern: Concern | None
) -> str | None:
    """Typed words: the answer to the open question if it is fresh, else free words, kept and answered."""
    session = sessions.current(unit, patient)
    fresh = session is not None and sessions.is_answer(session, host.program, inbound.at)
    if session is not None and fresh:
        given = Input(at=inbound.at, text=text, danger=_asked_for(concern))
        conversations.answer(unit, host, patient, session, given, inbound.message_id)
        return None
    conversations.keep_words(unit, patient, text, inbound.message_id)
    if not crisis.stand_by(unit, host.program, patient, kept=True):
        menus.greet(unit, host, patient, "heard" if session is None else "heard_unfinished")
    return None


def _asked_for(concern: Concern | None) -> bool:
    return concern is not None and concern.expected and concern.crisis


def _press(unit: Unit, host: Host, patient: Patient, inbound: Inbound, data: str) -> str | None:
    kind, _, rest = data.partition(":")
    args = rest.split(":")
    if kind == "o":
        handler = OPENS.get(args[0])
        if handler is not None:
            return handler(unit, host, patient, inbound, args[1:])
    if kind in ("a", "n") and len(args) >= 3:
        return _dialog_press(unit, host, patient, inbound, kind, args)
    return _line(host, patient, "unknown_button")


def _dialog_press(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, kind: str, args: list[str]
) -> str | None:
    """A button under a question. One of an earlier question, another session or another person is told so."""
    session = sessions.by_code(unit, patient, args[0])
    turn = int(args[1]) if args[1].isdecimal() else -1
    value = ":".join(args[2:])
    if session is None or session.state not in (SessionState.OPEN, SessionState.ASIDE):
        return _line(host, patient, "old_button")
    if kind == "n" and value == "change":
        changed = conversations.change(unit, host, patient, session, turn)
        return None if changed is not None else _line(host, patient, "old_button")
    if turn != session.turn:
        return _line(host, patient, "old_question")
    if session.state == SessionState.ASIDE:
        session = sessions.take_up(unit, patient, session)
    match kind, value:
        case "n", "back":
            conversations.back(unit, host, patient, session)
        case "n", "cancel":
            beginnings.stop(unit, host, patient, session)
        case "n", "more":
            conversations.go_on(unit, host, patient, session)
        case "n", "skip":
            _answer(unit, host, patient, session, inbound, SKIP)
        case "a", _:
            _answer(unit, host, patient, session, inbound, value)
        case _:
            return _line(host, patient, "unknown_button")
    return None


def _answer(unit: Unit, host: Host, patient: Patient, session: Session, inbound: Inbound, data: str) -> None:
    given = Input(at=inbound.at, data=data)
    conversations.answer(unit, host, patient, session, given, inbound.message_id)


def _edited(unit: Unit, host: Host, patient: Patient, inbound: Inbound, text: str) -> str | None:
    given = Input(at=inbound.at, text=text)
    if inbound.message_id is None or not conversations.correct(
        unit, host, patient, inbound.message_id, given
    ):
        conversations.keep_words(unit, patient, text, inbound.message_id)
        asked = inbound.message_id is not None and safety.changed(unit, host, patient, inbound.message_id)
        if not asked and not outbox.has_card(unit, inbound.key.hex()):
            menus.greet(unit, host, patient, "edit_kept")
    return None


def _showed(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, medium: Medium, caption: str | None
) -> str | None:
    if caption:
        conversations.keep_words(unit, patient, caption, inbound.message_id)
    said = outbox.has_card(unit, inbound.key.hex())
    line = None if said else crisis.unheard(host.program, patient.language, medium)
    session = sessions.asked(unit, host.program, patient, inbound.at)
    if session is not None:
        conversations.go_on(unit, host, patient, session, lead=line)
    elif line is not None:
        outbox.say(unit, people.address(patient), line, menus.main(unit, host, patient))
    return None


def _start(unit: Unit, host: Host, patient: Patient, inbound: Inbound, token: str) -> str | None:
    """`/start` by somebody who is here already: a greeting, unless the token says something else."""
    if token:
        outcome, _ = invitations.redeem(unit, host.program, patient, token)
        if outcome not in (Redeemed.USED, Redeemed.RELINKED, Redeemed.PATIENT):
            menus.greet(unit, host, patient, f"token_{outcome}")
            return None
    menus.set_menu(unit, host.program, people.address(patient), patient.language, menus.PATIENT)
    if patient.paused_at is not None:
        return pauses.resume_all(unit, host, patient, replace(inbound, message_id=None), [])
    if not crisis.stand_by(unit, host.program, patient, kept=False):
        menus.greet(unit, host, patient, "welcome_back")
    return None


def _menu(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    menus.greet(unit, host, patient, "main")
    return None


def _line(host: Host, patient: Patient, block: str) -> str:
    return host.program.words.plain(patient.language, "menu", block)


COMMANDS: Mapping[str, Handler] = {
    **beginnings.COMMANDS,
    "menu": _menu,
    **sos.COMMANDS,
    **history.COMMANDS,
    **progress.COMMANDS,
    **preferences.COMMANDS,
    **privacy.COMMANDS,
    **pauses.COMMANDS,
}
OPENS: Mapping[str, Handler] = {
    **beginnings.OPENS,
    "menu": _menu,
    **sos.OPENS,
    **history.OPENS,
    **progress.OPENS,
    **preferences.OPENS,
    **privacy.OPENS,
    **pauses.OPENS,
}
