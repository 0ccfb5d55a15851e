"""Before a release: every open session, replayed with this code, and those that would move."""

from bot import sessions
from bot.rows import Answer, Session, SessionState
from bot.unit import Unit
from dialogs import CATALOGUE, engine
from dialogs.prompts import Facts


def moved(unit: Unit) -> list[str]:
    """One line for each open session that would break, or would ask something else than it did.

    A session is said to move when an answer that it has is no longer asked for, or is asked again, and when
    the question that stands on somebody's phone is not the one that would be open.
    """
    lines = []
    for session in unit.find(Session, state=(SessionState.OPEN, SessionState.ASIDE)):
        dialog = CATALOGUE.get(session.dialog)
        if dialog is None:
            lines.append(f"{session.id:x} {session.dialog}: there is no such dialog")
            continue
        rows = unit.find(Answer, session_id=session.id, superseded_at=None)
        answers = {
            (row.key, row.body["item"]): engine.Answer(
                row.key, row.body["item"], row.body["value"], row.body["mark"]
            )
            for row in rows
        }
        try:
            turn = engine.replay(dialog, Facts.from_json(session.facts), answers)
        except engine.BrokenDialog as broken:
            lines.append(f"{session.id:x} {broken}")
            continue
        if session.state == SessionState.OPEN and not sessions.is_asked(unit, session, turn):
            lines.append(f"{session.id:x} {session.dialog}: another question would be open")
        asked = {name for step in turn.trail for name in step.prompt.names}
        lines += [
            f"{session.id:x} {session.dialog}: {key} would be asked again"
            for key, item in answers
            if turn.prompt is not None and (key, item) in turn.prompt.names
        ]
        lines += [
            f"{session.id:x} {session.dialog}: {key} is no longer asked"
            for key, item in answers
            if (key, item) not in asked and not (turn.prompt and (key, item) in turn.prompt.names)
        ]
    return lines
