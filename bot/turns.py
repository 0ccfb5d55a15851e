"""One message from anybody, answered: who it is, what they mean, and which use case that calls.

`take` is the turn of an inbound, run in one unit under the chat's lock. Nobody meets silence: whatever
comes gets a line, and whatever was said by a patient is kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from bot import (
    alerts,
    conversations,
    crisis,
    history,
    menus,
    outbox,
    pauses,
    people,
    preferences,
    privacy,
    progress,
    rota,
    safety,
    sos,
    staff,
    vigils,
)
from bot.concerns import Concern
from bot.conversations import Host
from bot.inbound import Edited, Grouped, Inbound, Left, Medium, Pressed, Said, Showed
from bot.people import Person, Redeemed
from bot.rows import Outgoing, Patient, Session, SessionState, Staff, Standing
from bot.unit import Unit
from dialogs.prompts import SKIP, Input

Handler = Callable[[Unit, Host, Patient, Inbound, list[str]], str | None]
ENROLMENT = "enrolment"
_ABOUT_ONESELF = ("check_in", "thought_record", "trigger_log", "trigger_followup")
"""Dialogs in which words of danger may well be the answer."""
_BEFORE_CONSENT = (
    "o:sos",
    "o:ground",
    "o:call",
    "o:safe",
    "o:misunderstood",
    "o:hide",
    "o:sos:suicide",
    "o:sos:overdose",
    "o:sos:withdrawal",
    "o:sos:hurt",
)
"""Buttons for somebody in danger, which wait for nobody's consent."""
_GOING = timedelta(minutes=10)
"""How long messages of a group that we have left may still be on their way."""
_DIALOGS = {"checkin": "check_in", "thought": "thought_record", "trigger": "trigger_log"}


def take(unit: Unit, host: Host, inbound: Inbound, concern: Concern | None) -> str | None:
    """Answer one inbound; the toast for a pressed button, if there is more to say than the chat shows."""
    if isinstance(inbound.event, Grouped):
        return _leave_group(unit, host, inbound, added=inbound.event.added)
    person = people.who(unit, inbound.chat, inbound.language)
    if isinstance(inbound.event, Left):
        return _left(unit, host, person, gone=inbound.event.gone)
    match person:
        case Patient(standing=Standing.ENROLLED):
            return _patient(unit, host, person, inbound, concern)
        case Patient(standing=Standing.INVITED):
            return _enrolling(unit, host, person, inbound, concern)
        case Staff():
            return staff.take(unit, host, person, inbound, helped=crisis.needs_help_first(concern))
        case _:
            return _outsider(unit, host, person, inbound, concern)


def apologise(unit: Unit, host: Host, inbound: Inbound) -> None:
    """An update that kept failing by a fault of ours: an honest word, and where help is."""
    person = people.who(unit, inbound.chat, inbound.language)
    language, program = people.language(person), host.program
    counselor = people.counselor_of(unit, person) if isinstance(person, Patient) else None
    told = counselor if counselor is not None and rota.reachable(counselor) else None
    text = program.words.text(
        language, "trouble", "apology", lines=program.lines_in(language), told=told.name if told else ""
    )
    outbox.say(unit, people.address(person), text, cause=f"apology:{inbound.key.hex()}")
    if isinstance(person, Patient) and counselor is not None:
        menus.notify(unit, program, counselor, "dead_letter", code=person.code)


def _patient(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, concern: Concern | None
) -> str | None:
    match inbound.event:
        case Said(command=str() as command, rest=rest):
            if rest and (command != "start" or crisis.needs_help_first(concern)):
                conversations.keep_words(unit, patient, inbound.words or "", inbound.message_id)
            return _command(unit, host, patient, inbound, command, rest, concern)
        case Said(text=text):
            return _words(unit, host, patient, inbound, text, concern)
        case Pressed(data=data):
            return _press(unit, host, patient, inbound, data)
        case Edited(text=text):
            return _edited(unit, host, patient, inbound, text, concern)
        case Showed(medium=medium, caption=caption):
            return _showed(unit, host, patient, inbound, medium, caption, concern)
        case _:
            return None


def _command(
    unit: Unit,
    host: Host,
    patient: Patient,
    inbound: Inbound,
    command: str,
    rest: str,
    concern: Concern | None,
) -> str | None:
    if crisis.needs_help_first(concern):
        _wait(unit, host, patient, concern)
        return None
    if command == "start":
        return _start(unit, host, patient, inbound, rest)
    handler = COMMANDS.get(command)
    if handler is None:
        menus.greet(unit, host, patient, "unknown_command")
        return None
    return handler(unit, host, patient, inbound, [])


def _words(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, text: str, concern: Concern | None
) -> str | None:
    """Typed words: the answer to the open question if it is fresh, else free words, kept and answered."""
    help_first = crisis.needs_help_first(concern)
    session = conversations.current(unit, patient)
    if session is not None and not conversations.is_silent(session, host.program, unit.now):
        if help_first and session.dialog not in _ABOUT_ONESELF:
            # A cry for help is nobody's name or signature: it is kept, and the question waits.
            conversations.keep_words(unit, patient, text, inbound.message_id)
            _wait(unit, host, patient, concern)
            return None
        given = Input(at=inbound.at, text=text, danger=_asked_for(concern))
        conversations.answer(unit, host, patient, session, given, inbound.message_id, hold=help_first)
        if help_first:
            safety.hold(unit, patient, session)
            safety.follow(unit, host, patient, concern)
        return None
    conversations.keep_words(unit, patient, text, inbound.message_id)
    if help_first:
        safety.follow(unit, host, patient, concern)
    else:
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
    session = _session(unit, patient, args[0])
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
        session = conversations.take_up(unit, patient, session)
    match kind, value:
        case "n", "back":
            conversations.back(unit, host, patient, session)
        case "n", "cancel":
            _cancelled(unit, host, patient, session)
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


def _edited(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, text: str, concern: Concern | None
) -> str | None:
    if crisis.needs_help_first(concern):
        conversations.keep_words(unit, patient, text, inbound.message_id)
        _wait(unit, host, patient, concern)
        return None
    given = Input(at=inbound.at, text=text)
    if inbound.message_id is None or not conversations.correct(
        unit, host, patient, inbound.message_id, given
    ):
        conversations.keep_words(unit, patient, text, inbound.message_id)
        menus.greet(unit, host, patient, "edit_kept")
    return None


def _showed(
    unit: Unit,
    host: Host,
    patient: Patient,
    inbound: Inbound,
    medium: Medium,
    caption: str | None,
    concern: Concern | None,
) -> str | None:
    if caption:
        conversations.keep_words(unit, patient, caption, inbound.message_id)
    if crisis.needs_help_first(concern):
        _wait(unit, host, patient, concern)
        return None
    line = crisis.unheard(host.program, patient.language, medium)
    session = conversations.current(unit, patient)
    if session is not None and not conversations.is_silent(session, host.program, unit.now):
        conversations.go_on(unit, host, patient, session, lead=line)
    else:
        outbox.say(unit, people.address(patient), line, menus.main(unit, host, patient))
    return None


def _wait(unit: Unit, host: Host, patient: Patient, concern: Concern | None) -> None:
    """After a card only safety is asked about: what is open waits until the person goes on with it."""
    session = conversations.current(unit, patient)
    if session is not None and not safety.stays_open(session, concern):
        conversations.wait(unit, session)
        safety.hold(unit, patient, session)
    safety.follow(unit, host, patient, concern)


def _start(unit: Unit, host: Host, patient: Patient, inbound: Inbound, token: str) -> str | None:
    """`/start` by somebody who is here already: a greeting, unless the token says something else."""
    if token:
        outcome, _ = people.redeem(unit, host.program, patient, token)
        if outcome not in (Redeemed.USED, Redeemed.RELINKED, Redeemed.PATIENT):
            menus.greet(unit, host, patient, f"token_{outcome}")
            return None
    menus.set_menu(unit, host.program, people.address(patient), patient.language, menus.PATIENT)
    if patient.paused_at is not None:
        return pauses.resume_all(unit, host, patient, replace(inbound, message_id=None), [])
    menus.greet(unit, host, patient, "welcome_back")
    return None


def _enrolling(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, concern: Concern | None
) -> str | None:
    """Somebody who was invited and has not finished enrolment: only that dialog is open to them."""
    match inbound.event:
        case Said(command="start", rest=token) if token and not crisis.needs_help_first(concern):
            outcome, _ = people.redeem(unit, host.program, patient, token)
            if outcome not in (Redeemed.USED, Redeemed.PATIENT):
                text = host.program.words.text(patient.language, "menu", f"token_{outcome}", name="")
                outbox.say(unit, people.address(patient), text)
        case Said(command="cancel" | "back" | "sos" | "help" as command):
            return _ENROLLING[command](unit, host, patient, inbound, [])
        case Said(command=None, text=text) if not _is_asked(unit, host, patient):
            return _unasked(unit, host, patient, inbound, text, concern)
        case Said(command=None) | Showed() | Edited():
            return _patient(unit, host, patient, inbound, concern)
        case Pressed(data=data) if data[:2] in ("a:", "n:") or data in _BEFORE_CONSENT:
            return _patient(unit, host, patient, inbound, concern)
        case _:
            pass
    if not crisis.needs_help_first(concern):
        _enrol(unit, host, patient)
    return None


def _is_asked(unit: Unit, host: Host, patient: Patient) -> bool:
    session = conversations.current(unit, patient)
    return session is not None and not conversations.is_silent(session, host.program, unit.now)


def _unasked(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, text: str, concern: Concern | None
) -> str | None:
    """Words of somebody who has not consented, and no answer: their question again, if they left one."""
    unfinished = conversations.unfinished(unit, patient, ENROLMENT)
    if unfinished is not None:
        conversations.keep_words(unit, patient, text, inbound.message_id)
    if crisis.needs_help_first(concern):
        return None
    if unfinished is not None:
        conversations.go_on(unit, host, patient, unfinished)
    else:
        _tell_outsider(unit, host, patient, "enrolment_stopped")
    return None


def _enrol(unit: Unit, host: Host, patient: Patient) -> None:
    session = conversations.unfinished(unit, patient, ENROLMENT)
    if session is None:
        conversations.begin(unit, host, patient, ENROLMENT)
    else:
        conversations.go_on(unit, host, patient, session)


def _outsider(
    unit: Unit, host: Host, person: Person, inbound: Inbound, concern: Concern | None
) -> str | None:
    """Nobody's patient here (any more): the crisis lines, what this is, how to be invited."""
    match inbound.event:
        case Said(command="start", rest=token) if token:
            return _redeem(unit, host, person, token.split()[0], inbound)
        case Pressed():
            return host.program.words.plain(people.language(person), "menu", "toast_outsider")
        case Showed(medium=medium) if concern is None:
            text = crisis.unheard(host.program, people.language(person), medium)
            outbox.say(unit, people.address(person), text)
            return None
        case _:
            pass
    if not crisis.needs_help_first(concern):
        block = "discharged" if isinstance(person, Patient) else "stranger"
        _tell_outsider(unit, host, person, block)
    return None


def _redeem(unit: Unit, host: Host, person: Person, token: str, inbound: Inbound) -> str | None:
    before = people.holder(unit, token)
    outcome, now = people.redeem(unit, host.program, person, token)
    match outcome, now:
        case Redeemed.PATIENT, Patient():
            _enrol(unit, host, now)
        case Redeemed.RELINKED, Patient():
            menus.set_menu(unit, host.program, people.address(now), now.language, menus.PATIENT)
            if before is not None and before.chat != now.chat:
                menus.set_menu(unit, host.program, before, now.language, menus.STRANGER)
            menus.greet(unit, host, now, "relinked")
        case Redeemed.STAFF, Staff():
            menus.set_menu(unit, host.program, people.address(now), "en", menus.STAFF)
            staff.welcome(unit, host, now)
        case _:
            _tell_outsider(unit, host, person, f"token_{outcome}")
    return None


def _tell_outsider(unit: Unit, host: Host, person: Person, block: str) -> None:
    program, language = host.program, people.language(person)
    text = program.words.text(
        language, "menu", block, name="", program=program.name, lines=program.lines_in(language)
    )
    outbox.say(unit, people.address(person), text)


def _leave_group(unit: Unit, host: Host, inbound: Inbound, *, added: bool) -> str | None:
    """Say a line and go, once: what was written in the group before we had gone is no new invitation."""
    to = outbox.Address(inbound.chat, unit.digest(inbound.chat))
    if not added and unit.count(Outgoing, chat_hash=to.chat_hash, at__gt=unit.now - _GOING):
        return None
    if added:
        outbox.say(unit, to, host.program.words.text("en", "menu", "group"))
    outbox.leave(unit, to)
    return None


def _left(unit: Unit, host: Host, person: Person, *, gone: bool) -> str | None:
    if gone:
        people.blocked(unit, people.address(person).chat_hash)
        if isinstance(person, Staff) and person.blocked_at is None:
            alerts.lost(unit, host.program, unit.get(Staff, person.id) or person)
    elif isinstance(person, Patient | Staff) and person.blocked_at is not None:
        unit.change(person, blocked_at=None)
    return None


def _open_dialog(name: str) -> Handler:
    def opened(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
        """Begin, unless the same dialog was left unfinished: then ask whether to go on or start over."""
        left = conversations.unfinished(unit, patient, name)
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
    session = _session(unit, patient, args[0] if args else "")
    if session is None or session.state not in (SessionState.OPEN, SessionState.ASIDE):
        return _line(host, patient, "old_button")
    conversations.go_on(unit, host, patient, session)
    return None


def _fresh(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    session = _session(unit, patient, args[0] if args else "")
    if session is None or session.state not in (SessionState.OPEN, SessionState.ASIDE):
        return _line(host, patient, "old_button")
    conversations.cancel(unit, host, patient, session)
    conversations.begin(unit, host, patient, session.dialog)
    return None


def _followup(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    left = conversations.unfinished(unit, patient, vigils.LOOK_IN)
    if left is not None:
        conversations.go_on(unit, host, patient, left)
    else:
        about = _session(unit, patient, args[0]) if args else None
        opened = conversations.begin(unit, host, patient, vigils.LOOK_IN, about.id if about else None)
        if about is not None:
            vigils.over_look_in(unit, patient, opened, about.id)
    return None


def _back(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    session = conversations.current(unit, patient)
    if session is None:
        menus.greet(unit, host, patient, "nothing_open")
    else:
        conversations.back(unit, host, patient, session)
    return None


def _cancel(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    session = conversations.current(unit, patient)
    if session is None:
        menus.greet(unit, host, patient, "nothing_open")
    else:
        _cancelled(unit, host, patient, session)
    return None


def _cancelled(unit: Unit, host: Host, patient: Patient, session: Session) -> None:
    conversations.cancel(unit, host, patient, session)
    if session.dialog == ENROLMENT:
        _tell_outsider(unit, host, patient, "enrolment_stopped")
    elif not safety.stopped(unit, host, patient, session):
        menus.greet(unit, host, patient, "cancelled")


def _menu(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    menus.greet(unit, host, patient, "main")
    return None


def _session(unit: Unit, patient: Patient, code: str) -> Session | None:
    try:
        session = unit.get(Session, int(code, 16))
    except ValueError:
        return None
    return session if session is not None and session.patient_id == patient.id else None


def _line(host: Host, patient: Patient, block: str) -> str:
    return host.program.words.plain(patient.language, "menu", block)


COMMANDS: Mapping[str, Handler] = {
    **{command: _open_dialog(name) for command, name in _DIALOGS.items()},
    "menu": _menu,
    "back": _back,
    "cancel": _cancel,
    **sos.COMMANDS,
    **history.COMMANDS,
    **progress.COMMANDS,
    **preferences.COMMANDS,
    **privacy.COMMANDS,
    **pauses.COMMANDS,
}
OPENS: Mapping[str, Handler] = {
    **{command: _open_dialog(name) for command, name in _DIALOGS.items()},
    "menu": _menu,
    "resume": _resume,
    "fresh": _fresh,
    "followup": _followup,
    **sos.OPENS,
    **history.OPENS,
    **progress.OPENS,
    **preferences.OPENS,
    **privacy.OPENS,
    **pauses.OPENS,
}
_ENROLLING: Mapping[str, Handler] = {"cancel": _cancel, "back": _back, "sos": sos.sos, "help": sos.sos}
