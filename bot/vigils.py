"""Vigils: what is done when somebody in possible danger says nothing more.

A safety question that stays unanswered counts as a refusal, and silence after a promised look-in is urgent
when opioids or a mix were used (our clinical brief). A vigil is a row with the time at which it is due, kept
beside the reminders because it is one, to ourselves. The clock only asks what is due; what comes of it hangs
on the session's own cause, so that firing twice is harmless. Whatever was missed in a downtime is caught up.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from bot import crisis, danger, hiding, outbox
from bot.concerns import Category, Level
from bot.flags import Raised
from bot.outbox import Lane
from bot.program import Program, local
from bot.rows import Incoming, Patient, Reminder, Session, SessionState, Standing
from bot.unit import Unit
from dialogs.lapse import CHECK_AGAIN_MINUTES

LOOK_IN_AFTER = timedelta(minutes=CHECK_AGAIN_MINUTES)


class Vigil(StrEnum):
    REFUSAL = "refusal"
    SILENCE = "silence"


def over_answer(unit: Unit, patient: Patient, session: Session) -> None:
    """Wait for answers to the safety questions of this session."""
    _keep(unit, patient, Vigil.REFUSAL, session.id, unit.now + crisis.ANSWER_WITHIN)


def over_look_in(unit: Unit, patient: Patient, session: Session, about: int) -> None:
    """Somebody opens the look-in whose silence would be an alarm: wait for how they are, too.

    A press, and then nothing, is what somebody who nods off leaves behind.
    """
    if unit.count(Reminder, patient_id=patient.id, kind=Vigil.SILENCE, session_id=about):
        over_answer(unit, patient, session)


def over_silence(unit: Unit, patient: Patient, session: Session) -> None:
    """Wait for a sign of life after the look-in that was promised with this session."""
    _keep(unit, patient, Vigil.SILENCE, session.id, unit.now + LOOK_IN_AFTER + crisis.ANSWER_WITHIN)


def end(unit: Unit, patient: Patient, session: Session) -> None:
    """All is answered, or well: nothing more is waited for."""
    unit.remove(Reminder, patient_id=patient.id, kind=tuple(Vigil), session_id=session.id)


def fire(unit: Unit, program: Program, limit: int = 100) -> int:
    """Look at every vigil that is due; how many there were."""
    due = unit.find(
        Reminder, kind=tuple(Vigil), next_at__le=unit.now, order="next_at", limit=limit, claim=True
    )
    for row in due:
        _look(unit, program, row)
    return len(due)


def refused(
    unit: Unit, program: Program, patient: Patient, session: Session, *, unasked: bool = False
) -> bool:
    """Count a session of safety questions as refused: urgent, once. True if this was heard before by none.

    `unasked`: nobody has just pressed or written anything.
    """
    end(unit, patient, session)
    category = Category.SUICIDE
    topic = session.facts.get("topic", "")
    if session.dialog == danger.LOOK_IN:
        category = Category.OVERDOSE
    elif session.dialog != danger.ASQ:
        category = Category(topic) if topic in set(Category) else Category.NONE
    raised = Raised("no_answer", Level.URGENT, category)
    return _raise(unit, program, patient, raised, session, unasked=unasked)


def _keep(unit: Unit, patient: Patient, kind: Vigil, session_id: int, at: datetime) -> None:
    kept = unit.one(Reminder, patient_id=patient.id, kind=kind, session_id=session_id)
    if kept is not None:
        unit.change(kept, next_at=at)
        return
    unit.add(
        Reminder(
            id=unit.new_id(),
            patient_id=patient.id,
            kind=kind,
            local_time=local(at, patient.time_zone).time().isoformat("minutes"),
            days="",
            next_at=at,
            session_id=session_id,
        )
    )


def _look(unit: Unit, program: Program, row: Reminder) -> None:
    patient = unit.get(Patient, row.patient_id)
    session = unit.get(Session, row.session_id or 0)
    gone = patient is None or patient.standing not in (Standing.ENROLLED, Standing.INVITED)
    if patient is None or gone or session is None:
        unit.remove(Reminder, id=row.id)
    elif row.kind == Vigil.SILENCE:
        unit.remove(Reminder, id=row.id)
        if not _heard_from(unit, patient, row):
            raised = Raised("silent", Level.URGENT, Category.OVERDOSE)
            _raise(unit, program, patient, raised, session, unasked=True)
    elif session.state == SessionState.DONE:
        unit.remove(Reminder, id=row.id)
    elif session.touched_at + crisis.ANSWER_WITHIN > unit.now and session.state != SessionState.CANCELLED:
        unit.change(row, next_at=session.touched_at + crisis.ANSWER_WITHIN)
    else:
        refused(unit, program, patient, session, unasked=True)


def _heard_from(unit: Unit, patient: Patient, row: Reminder) -> bool:
    """Whether anything at all, a word or a press, came from them since the look-in."""
    assert row.next_at is not None
    since = row.next_at - crisis.ANSWER_WITHIN
    # Up to now: where the clock was set back, what came before lies in the future.
    return unit.count(Incoming, chat_hash=patient.chat_hash, at__ge=since, at__le=unit.now) > 0


def _raise(
    unit: Unit, program: Program, patient: Patient, raised: Raised, session: Session, *, unasked: bool
) -> bool:
    """Raise it, or add it to an alert that rings already; then say so, in words that name nothing. What comes
    `unasked` says even less where the phone may be watched, and about abuse nothing at all."""
    flag = crisis.raise_or_add(unit, program, patient, raised, f"{raised.rule}:{session.id}")
    to = outbox.to_patient(patient)
    if flag is None or to is None:
        return False
    if unasked and raised.category is Category.ABUSE:
        return True
    plain = unasked and hiding.is_watched(unit, patient)
    situation = crisis.reached(unit, program, patient)
    block = f"{raised.rule}_{'discreet' if plain else 'told'}"
    text = program.words.text(patient.language, "crisis", block, situation=situation)
    below = [[hiding.button(program, patient)]] if plain else crisis.buttons(unit, program, patient)
    outbox.say(unit, to, text, below, lane=Lane.ALERT, cause=f"{raised.rule}_told:{session.id}")
    return True
