"""A session as it is kept: found, replayed with its answers, set aside, taken up, cancelled.

Nothing here says anything to anybody; that is the business of `bot.conversations`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot import danger
from bot.program import Program
from bot.rows import Answer, Patient, Session, SessionState
from bot.unit import Unit
from dialogs import engine
from dialogs.engine import Answers, Turn
from dialogs.prompts import Dialog, Facts, Identity, Prompt

MARK = "+"
"""With this in front, a button names a session in which somebody may be in danger (`code`). It is the sign of
a number: while a release rolls out, a process of before reads it too."""


@dataclass(frozen=True, slots=True)
class Open:
    """A session with all that it holds, replayed; `total`, where it was looked for, is how many questions
    there are about."""

    session: Session
    dialog: Dialog[Any]
    facts: Facts
    answers: dict[Identity, engine.Answer]
    rows: dict[Identity, Answer]
    turn: Turn[Any]
    total: int | None = None


def load(unit: Unit, program: Program, session: Session) -> Open:
    """A session with its answers, replayed."""
    dialog = program.dialogs[session.dialog]
    facts = Facts.from_json(session.facts)
    rows: dict[Identity, Answer] = {}
    answers: dict[Identity, engine.Answer] = {}
    for row in unit.find(Answer, session_id=session.id, superseded_at=None):
        identity = (row.key, row.body["item"])
        rows[identity] = row
        answers[identity] = engine.Answer(row.key, row.body["item"], row.body["value"], row.body["mark"])
    return Open(session, dialog, facts, answers, rows, engine.replay(dialog, facts, answers))


def current(unit: Unit, patient: Patient) -> Session | None:
    """The session that a typed answer belongs to."""
    return unit.one(Session, patient_id=patient.id, state=SessionState.OPEN, order="-touched_at")


def is_answer(session: Session, program: Program, written: datetime) -> bool:
    """Whether words that were written then may answer the open question: not after a long silence."""
    return written - session.touched_at <= program.silence


def asked(unit: Unit, program: Program, patient: Patient, written: datetime) -> Session | None:
    """The session whose question is open and fresh: what was written then answers it."""
    session = current(unit, patient)
    return session if session is not None and is_answer(session, program, written) else None


def unfinished(unit: Unit, patient: Patient, dialog: str) -> Session | None:
    """The last session of this dialog that has not come to its end."""
    return unit.one(
        Session,
        patient_id=patient.id,
        dialog=dialog,
        state=(SessionState.OPEN, SessionState.ASIDE),
        order="-touched_at",
    )


def code(session: Session, key: str) -> str:
    """How a button names a session: with a mark where it, or the question of that key, is about danger. By
    that a press finds help when nothing can be read (`bot.sos.wants_help`)."""
    return f"{MARK if danger.is_about(session.dialog, key) else ''}{session.id:x}"


def by_code(unit: Unit, patient: Patient, code: str) -> Session | None:
    """This patient's session that a button names."""
    try:
        session = unit.get(Session, int(code, 16))
    except ValueError:
        return None
    return session if session is not None and session.patient_id == patient.id else None


def prompt(unit: Unit, program: Program, session: Session) -> Prompt[Any] | None:
    """The question that is open in a session; None when all is answered."""
    return load(unit, program, session).turn.prompt


def key(unit: Unit, program: Program, session: Session) -> str:
    """Its key; empty when all is answered."""
    asked = prompt(unit, program, session)
    return asked.key if asked is not None else ""


def is_asked(unit: Unit, session: Session, turn: Turn[Any]) -> bool:
    """Whether what is open is what was asked last."""
    return session.asked is None or session.asked in digests(unit, session, turn)


def digests(unit: Unit, session: Session, turn: Turn[Any]) -> list[bytes]:
    """What is open, under each of its names, as `asked` keeps it."""
    return [unit.digest(f"{session.id:x}:{name}") for name in engine.asked(turn)]


def replayed(session: Session, at: Open, answers: Answers) -> Open:
    """The same session with other answers."""
    kept = dict(answers)
    return Open(session, at.dialog, at.facts, kept, at.rows, *engine.foresee(at.dialog, at.facts, kept))


def keep(
    unit: Unit, patient: Patient, at: Open, said: engine.Answer, when: datetime, message_id: int | None
) -> None:
    """Write an answer down; an older one to the same question is superseded."""
    older = at.rows.get((said.key, said.item))
    if older is not None:
        unit.change(older, superseded_at=unit.now)
    unit.add(
        Answer(
            id=unit.new_id(),
            session_id=at.session.id,
            patient_id=patient.id,
            key=said.key,
            at=when,
            turn=at.session.turn,
            message_id=message_id,
            body={"item": said.item, "value": said.value, "mark": said.mark},
        )
    )


def take_up(unit: Unit, patient: Patient, session: Session) -> Session:
    """Make a session that was set aside the current one."""
    if session.state != SessionState.ASIDE:
        return session
    set_aside(unit, patient)
    return unit.change(session, state=SessionState.OPEN, touched_at=unit.now)


def set_aside(unit: Unit, patient: Patient) -> None:
    """Set aside whatever is open."""
    for session in unit.find(Session, patient_id=patient.id, state=SessionState.OPEN):
        unit.change(session, state=SessionState.ASIDE)


def wait(unit: Unit, session: Session) -> Session:
    """Set a dialog aside, with its question open, until the person goes on with it."""
    return unit.change(session, state=SessionState.ASIDE)


def cancel(unit: Unit, session: Session) -> Session:
    """Stop here; what was answered stays in the person's history."""
    return unit.change(session, state=SessionState.CANCELLED, ended_at=unit.now)
