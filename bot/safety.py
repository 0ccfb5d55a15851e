"""What follows a card: the questions whose answers decide, and the dialog that waits until later.

ASQ is for suicide and hurting oneself; every other danger has one question of its own. Neither is asked of
somebody who is in an emergency already, nor again and again: an open question stays open, and what was
answered within the last hour stands. What was open before is offered again hours later, gently.
"""

from datetime import datetime, timedelta

from bot import calendar, conversations, crisis, danger, outbox, people, reminders, sessions, vigils
from bot.concerns import Category, Concern, Level
from bot.host import Host
from bot.nudges import Kind
from bot.rows import Answer, Patient, Session, SessionState, Standing
from bot.unit import Unit
from dialogs.prompts import Input, Text, Unclear

_THOUGHTS = "lapse_thoughts"
_STANDS = timedelta(hours=1)
_LATER = timedelta(hours=3)


def asks_for(unit: Unit, host: Host, chat: int, written: datetime, category: str) -> bool:
    """Whether what was typed then in this chat answers a dialog that names this danger by design."""
    patient = unit.one(Patient, chat_hash=unit.digest(chat))
    session = sessions.current(unit, patient) if patient else None
    fresh = session is not None and sessions.is_answer(session, host.program, written)
    if session is None or not fresh or session.dialog not in danger.PLANNING:
        return False
    match session.dialog:
        case danger.ASQ:
            return category in crisis.FOR_ASQ
        case danger.SAFETY:
            return session.facts.get("topic") == category
        case _:
            return True


def answers(unit: Unit, host: Host, chat: int, written: datetime, words: str) -> bool:
    """Whether these words are just the number, time, yes or no that the open question takes, as "eight" is
    where a mood is asked for. What stands on its buttons is not read: that may stand in a cry, too."""
    patient = unit.one(Patient, chat_hash=unit.digest(chat))
    session = sessions.asked(unit, host.program, patient, written) if patient else None
    prompt = sessions.prompt(unit, host.program, session) if session else None
    if patient is None or prompt is None or isinstance(prompt, Text):
        return False
    try:
        prompt.read(Input(at=written, text=words, language=patient.language))
    except Unclear:
        return False
    return True


def follow(unit: Unit, host: Host, patient: Patient, concern: Concern | None) -> None:
    """Ask what is to be asked after the card that this concern brought.

    Whoever has not consented yet is asked one question by button, not ASQ. Where the bot is not sure, an
    answer has to decide, so a question always follows; after ASQ within the hour that is the one, too, and
    its answer stands until new words come.
    """
    if concern is None or not crisis.needs_help_first(concern):
        return
    if Level(concern.level) >= Level.EMERGENCY or crisis.in_emergency(unit, patient):
        return
    category = Category(concern.category)
    enrolled = patient.standing == Standing.ENROLLED
    dialog = danger.ASQ if enrolled and category in crisis.FOR_ASQ else danger.SAFETY
    if concern.ask and _answered(unit, patient, dialog, category):
        dialog = danger.SAFETY
    ask(unit, host, patient, dialog, category, anew=concern.ask)


def ask(
    unit: Unit, host: Host, patient: Patient, dialog: str, category: Category, *, anew: bool = False
) -> None:
    """Open these safety questions, or come back to them if they are open; `anew` whatever was said before."""
    left = sessions.unfinished(unit, patient, dialog)
    if left is not None and unit.now - left.touched_at <= host.program.silence and _about(left, category):
        if anew or left.state == SessionState.ASIDE:
            conversations.go_on(unit, host, patient, left)
    elif anew or not _answered(unit, patient, dialog, category):
        session = conversations.begin(unit, host, patient, dialog, topic=category)
        vigils.over_answer(unit, patient, session)


def changed(unit: Unit, host: Host, patient: Patient, message_id: int) -> bool:
    """Somebody rewrites what they typed to a safety question that is over: its answers have gone where they
    went, so they are asked anew, but not while help is called. True if anything was said of it."""
    row = unit.one(Answer, patient_id=patient.id, message_id=message_id, superseded_at=None)
    session = unit.get(Session, row.session_id) if row is not None else None
    if row is None or session is None or session.state != SessionState.DONE:
        return False
    if row.key == _THOUGHTS or session.dialog == danger.ASQ:
        dialog, category = danger.ASQ, Category.SUICIDE
    elif session.dialog == danger.SAFETY:
        topic = session.facts.get("topic")
        dialog, category = danger.SAFETY, Category(topic) if topic in set(Category) else Category.NONE
    else:
        return False
    if crisis.in_emergency(unit, patient):
        return crisis.stand_by(unit, host.program, patient, kept=True)
    why = host.program.words.text(patient.language, "navigation", "asked_again")
    outbox.say(unit, people.address(patient), why)
    ask(unit, host, patient, dialog, category, anew=True)
    return True


def stays_open(session: Session, concern: Concern | None) -> bool:
    """Whether safety questions go on waiting for a typed answer: more of the same gets one line and no other
    question, and only an emergency sets them aside."""
    return session.dialog in danger.ASKING and concern is not None and Level(concern.level) < Level.EMERGENCY


def hold(unit: Unit, patient: Patient, session: Session) -> None:
    """Offer a dialog that had to wait again, hours later and outside quiet hours."""
    if session.dialog not in danger.ASKING:
        at = calendar.after_quiet(reminders.quiet_of(patient), patient.time_zone, unit.now + _LATER)
        reminders.once(unit, patient, Kind.LEFT, at, session.id)


def stopped(unit: Unit, host: Host, patient: Patient, session: Session) -> bool:
    """ "Stop here" in the middle of safety questions: allowed, and a refusal. True if that was said."""
    return session.dialog in danger.ASKING and vigils.refused(unit, host.program, patient, session)


def _about(session: Session, category: Category) -> bool:
    return session.dialog == danger.ASQ or session.facts.get("topic") == category


def _answered(unit: Unit, patient: Patient, dialog: str, category: Category) -> bool:
    recent = unit.find(
        Session,
        patient_id=patient.id,
        dialog=dialog,
        state=SessionState.DONE,
        ended_at__gt=unit.now - _STANDS,
    )
    return any(_about(session, category) for session in recent)
