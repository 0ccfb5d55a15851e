"""One message from anybody, answered: who it is, what they mean, and which use case that calls.

`take` is the turn of an inbound, run in one unit under the chat's lock. Nobody meets silence: whatever
comes gets a line, and whatever was said by a patient is kept. Here stand those who are not enrolled, or not
any more, and groups; `bot.attending` has those who are, `bot.staff` the team.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot import (
    alerts,
    attending,
    beginnings,
    conversations,
    crisis,
    departures,
    inbox,
    invitations,
    menus,
    outbox,
    people,
    rota,
    safety,
    sessions,
    sos,
    staff,
    ways,
)
from bot.concerns import Concern
from bot.host import Host
from bot.inbound import Edited, Grouped, Inbound, Left, Pressed, Said, Showed
from bot.invitations import Redeemed
from bot.people import Person
from bot.rows import Outgoing, Patient, Staff, Standing
from bot.unit import Unit
from bot.ways import Way

_BEFORE_CONSENT = (
    "o:sos",
    "o:ground",
    "o:call",
    "o:call:safe",
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


def take(unit: Unit, host: Host, inbound: Inbound, concern: Concern | None) -> str | None:
    """Answer one inbound; the toast for a pressed button, if there is more to say than the chat shows."""
    if isinstance(inbound.event, Grouped):
        return _leave_group(unit, host, inbound, added=inbound.event.added)
    if isinstance(inbound.event, Left):
        person = people.who(unit, inbound.chat, inbound.language)
        return _left(unit, host, person, gone=inbound.event.gone)
    person = departures.writer(unit, host.program, inbound)
    match person:
        case Patient(standing=Standing.ENROLLED):
            return attending.take(unit, host, person, inbound, concern)
        case Patient(standing=Standing.INVITED):
            return _enrolling(unit, host, person, inbound, concern)
        case Staff() if sos.is_call(host.program, inbound) and sos.answer(unit, host, inbound):
            return None
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
        language,
        "trouble",
        "apology",
        lines=program.lines_in(language),
        told=told.name if told else "",
        kept=inbox.knows(unit, inbound.chat),
    )
    outbox.say(unit, people.address(person), text, cause=f"apology:{inbound.key.hex()}")
    if isinstance(person, Patient) and counselor is not None:
        menus.notify(unit, program, counselor, "dead_letter", code=person.code)


def stay(unit: Unit, host: Host, inbound: Inbound) -> None:
    """A press of somebody who may be in danger failed by a fault of ours, and is tried again: where help is
    meanwhile, once."""
    person = people.who(unit, inbound.chat, inbound.language)
    language, program = people.language(person), host.program
    text = program.words.text(language, "trouble", "trying", lines=program.lines_in(language))
    outbox.say(unit, people.address(person), text, cause=f"trying:{inbound.key.hex()}")


def tell_unheard(unit: Unit, host: Host, inbound: Inbound, concern: Concern) -> None:
    """Danger was heard and cannot be committed, by a fault of ours: the team hears that much at once."""
    person = people.who(unit, inbound.chat, inbound.language)
    with_a_team = isinstance(person, Patient) and person.standing in people.WITH_A_TEAM
    if isinstance(person, Patient) and with_a_team and crisis.needs_help_first(concern):
        alerts.tell_fault(unit, host.program, person, concern.level, inbound.key.hex())


def _enrolling(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, concern: Concern | None
) -> str | None:
    """Somebody who was invited and has not finished enrolment: only that dialog is open to them.

    After a card nothing else is done, whatever kind of message brought it.
    """
    if inbound.words is not None and crisis.needs_help_first(concern):
        if _is_asked(unit, host, patient, inbound.at):
            return attending.take(unit, host, patient, inbound, concern)
        return _unasked(unit, host, patient, inbound, inbound.words, concern)
    match inbound.event:
        case Said(command="start", rest=token) if token:
            outcome, _ = invitations.redeem(unit, host.program, patient, token)
            if outcome not in (Redeemed.USED, Redeemed.PATIENT):
                text = host.program.words.text(patient.language, "menu", f"token_{outcome}", name="")
                outbox.say(unit, people.address(patient), text)
        case Said(command="cancel" | "back" | "sos" | "help" | "plan" as command):
            return _ENROLLING[command](unit, host, patient, inbound, [])
        case Said(command=None, text=text) if sos.is_word(host.program, inbound):
            if sessions.unfinished(unit, patient, beginnings.ENROLMENT) is not None:
                conversations.keep_words(unit, patient, text, inbound.message_id)
            return sos.sos(unit, host, patient, inbound, [])
        case Said(command=None, text=text) if not _is_asked(unit, host, patient, inbound.at):
            return _unasked(unit, host, patient, inbound, text, concern)
        case Said(command=None) | Showed() | Edited():
            return attending.take(unit, host, patient, inbound, concern)
        case Pressed(data=data) if data[:2] in ("a:", "n:") or data in _BEFORE_CONSENT:
            return attending.take(unit, host, patient, inbound, concern)
        case Pressed(data=data) if data.startswith("o:resume:"):
            if attending.take(unit, host, patient, inbound, concern) is None:
                return None
        case _:
            pass
    _enrol(unit, host, patient)
    return None


def _is_asked(unit: Unit, host: Host, patient: Patient, written: datetime) -> bool:
    session = sessions.current(unit, patient)
    return session is not None and sessions.is_answer(session, host.program, written)


def _unasked(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, text: str, concern: Concern | None
) -> str | None:
    """Words of somebody who has not consented, and no answer: their question again, if they left one."""
    unfinished = sessions.unfinished(unit, patient, beginnings.ENROLMENT)
    if unfinished is not None:
        conversations.keep_words(unit, patient, text, inbound.message_id)
    if crisis.needs_help_first(concern):
        safety.follow(unit, host, patient, concern)
    elif ways.of(concern) is Way.USING:
        ways.go(unit, host, patient, Way.USING)
    elif crisis.stand_by(unit, host.program, patient, kept=unfinished is not None):
        pass
    elif unfinished is not None:
        conversations.go_on(unit, host, patient, unfinished)
    else:
        menus.tell_outsider(unit, host, patient, "enrolment_stopped")
    return None


def _enrol(unit: Unit, host: Host, patient: Patient) -> None:
    """Hold the form out. In an emergency that nobody has answered, whoever wants it goes on by its button."""
    if crisis.stand_by(unit, host.program, patient, kept=False):
        return
    session = sessions.unfinished(unit, patient, beginnings.ENROLMENT)
    if session is None:
        conversations.begin(unit, host, patient, beginnings.ENROLMENT)
    else:
        conversations.go_on(unit, host, patient, session)


def _outsider(
    unit: Unit, host: Host, person: Person, inbound: Inbound, concern: Concern | None
) -> str | None:
    """Nobody's patient here (any more): the crisis lines, what this is, how to be invited."""
    match inbound.event:
        case Said(command="start", rest=token) if token and not crisis.needs_help_first(concern):
            return _redeem(unit, host, person, token.split()[0], inbound)
        case _ if crisis.needs_help_first(concern) or outbox.has_card(unit, inbound.key.hex()):
            return None
        case _ if sos.is_call(host.program, inbound) or sos.is_way(inbound):
            sos.answer(unit, host, inbound)
        case Pressed():
            return host.program.words.plain(people.language(person), "menu", "toast_outsider")
        case Showed(medium=medium) if concern is None:
            text = crisis.unheard(host.program, people.language(person), medium)
            outbox.say(unit, people.address(person), text)
        case _:
            menus.tell_outsider(unit, host, person, "")
    return None


def _redeem(unit: Unit, host: Host, person: Person, token: str, inbound: Inbound) -> str | None:
    before = invitations.holder(unit, token)
    outcome, now = invitations.redeem(unit, host.program, person, token)
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
            menus.tell_outsider(unit, host, person, f"token_{outcome}")
    return None


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
        departures.out_of_reach(unit, host.program, people.address(person).chat_hash)
    elif isinstance(person, Patient | Staff) and person.blocked_at is not None:
        departures.within_reach(unit, host.program, person)
    return None


_ENROLLING: Mapping[str, beginnings.Handler] = {
    "cancel": beginnings.COMMANDS["cancel"],
    "back": beginnings.COMMANDS["back"],
    "sos": sos.sos,
    "help": sos.sos,
    "plan": sos.sos,
}
