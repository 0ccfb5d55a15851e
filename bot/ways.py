"""The ways of use and craving: a dialog for each, whether a button of /sos or somebody's words open it.

    craving   riding_out   through the wave
    used      used         the lapse flow, safety first
    using     using_now    right now or within the last hours: short, and somebody looks in

Words that come while no question is open, open their way at once. In the middle of a dialog they are its
answer, and the way is offered with one button; only use that goes on now lets all else wait (our clinical
brief, "Using right now": no consent, measure or thought record).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from bot import alerts, conversations, danger, menus, outbox, people, reminders, sessions, vigils
from bot.concerns import Category, Concern, Level
from bot.host import Host
from bot.inbound import Inbound
from bot.nudges import Kind
from bot.outbox import Button
from bot.rows import Answer, Flag, Patient, Record, Session, Standing
from bot.unit import Unit


class Way(StrEnum):
    CRAVING = "craving"
    USED = "used"
    USING = "using"


DIALOGS: Mapping[Way, str] = {Way.CRAVING: danger.RIDING_OUT, Way.USED: danger.USED, Way.USING: danger.USING}
_TOLD = "lapse_call"
"""The question of the lapse flow that says who will see it."""
_STANDS = {
    Way.CRAVING: vigils.LOOK_IN_AFTER,
    Way.USED: timedelta(hours=1),
    Way.USING: vigils.LOOK_IN_AFTER,
}
"""How long what was gone through stands, so that words open it again only for something new."""


def of(concern: Concern | None) -> Way | None:
    """The way that belongs to words of use or of a craving; danger has its card instead."""
    if concern is None or concern.expected or concern.ask or Level(concern.level) is not Level.WATCH:
        return None
    match concern.category:
        case Category.LAPSE:
            return Way.USING if concern.now else Way.USED
        case Category.CRAVING:
            return Way.CRAVING
        case _:
            return None


def opened_by(
    unit: Unit, host: Host, patient: Patient, concern: Concern | None, written: datetime
) -> Way | None:
    """The way that words written then open, before anything else is answered."""
    way = of(concern)
    session = sessions.asked(unit, host.program, patient, written)
    if way is None or session is None:
        return None if way is None or _gone_through(unit, patient, way) else way
    if way is not Way.USING or session.dialog in (*danger.PLANNING, DIALOGS[way]):
        return None
    key = sessions.key(unit, host.program, session)
    return None if key.startswith(danger.LAPSE) else way


def go(unit: Unit, host: Host, patient: Patient, way: Way, concern: Concern | None = None) -> None:
    """Open the dialog of a way, or go on with it while it is fresh. Before consent nothing is asked."""
    if patient.standing != Standing.ENROLLED:
        _wait_for_consent(unit, host, patient)
        return
    left = sessions.unfinished(unit, patient, DIALOGS[way])
    if left is not None and unit.now - left.touched_at <= host.program.silence:
        conversations.go_on(unit, host, patient, left)
        return
    if left is not None:
        sessions.cancel(unit, left)
    topic = concern.category if concern is not None else ""
    session = conversations.begin(unit, host, patient, DIALOGS[way], topic=topic)
    if way is Way.USING:
        # Whoever falls silent at the first question is looked in on too.
        reminders.once(unit, patient, Kind.LOOK_IN, unit.now + vigils.LOOK_IN_AFTER, session.id)
        vigils.over_silence(unit, patient, session)


def tell(
    unit: Unit, host: Host, patient: Patient, inbound: Inbound, concern: Concern | None, opened: Way | None
) -> None:
    """Say what the team was told about words that are no danger, and offer their way where it does not open.

    After use safety comes first: the dialog that opens says itself who will see it.
    """
    flag = unit.one(Flag, cause=f"heard:{inbound.key.hex()}") if concern is not None else None
    if concern is None or flag is None or concern.ask or Level(concern.level) is not Level.WATCH:
        return
    program, language = host.program, patient.language
    if opened in (Way.USED, Way.USING) and alerts.recipients(unit, program, patient, 0):
        return
    lines = [alerts.told(unit, program, patient, flag)]
    if concern.category == Category.DROPOUT:
        lines.insert(0, program.words.text(language, "crisis", "about_medicine"))
    way = of(concern) if opened is None else None
    text, cause = "\n\n".join(lines), f"told:{inbound.key.hex()}"
    below = [[button(host, patient, way)]] if way else []
    below += conversations.waiting(unit, program, patient)  # it comes in between, and ends no dialog
    outbox.say(unit, people.address(patient), text, below, cause=cause)


def stopped(unit: Unit, host: Host, patient: Patient, session: Session) -> bool:
    """Somebody stops before they were told who will see that they used: it is said now. True if it was."""
    flag = unit.one(Flag, cause=f"session:{session.id}:lapse")
    if flag is None and session.facts.get("topic") == Category.LAPSE:
        flag = unit.one(Flag, patient_id=patient.id, category=Category.LAPSE, order="-at")
    if flag is None or unit.count(Answer, session_id=session.id, key=_TOLD):
        return False
    told = alerts.told(unit, host.program, patient, flag)
    text = host.program.words.text(patient.language, "crisis", "stopped_after_use", told=told)
    outbox.say(unit, people.address(patient), text, menus.main(unit, host, patient))
    return True


def button(host: Host, patient: Patient, way: Way) -> Button:
    return host.program.words.plain(patient.language, "crisis", f"way_{way}"), f"o:sos:{way}"


def _gone_through(unit: Unit, patient: Patient, way: Way) -> bool:
    """Whether they have just been through it."""
    recent = unit.find(Record, patient_id=patient.id, at__gt=unit.now - _STANDS[way])
    return any(record.dialog == DIALOGS[way] or (way is Way.USED and _of_use(record)) for record in recent)


def _of_use(record: Record) -> bool:
    return record.dialog == DIALOGS[Way.USING] or record.body.get("lapse") is not None


def _wait_for_consent(unit: Unit, host: Host, patient: Patient) -> None:
    """Nobody agrees to anything while they are high: what keeps them safe, and joining waits."""
    lines = host.program.lines_in(patient.language, Category.LAPSE)
    text = host.program.words.text(patient.language, "crisis", "using_before_consent", lines=lines)
    outbox.say(unit, people.address(patient), text, menus.main(unit, host, patient))
