"""Dialogs as people meet them: open, answer, back, change, go on.

Every function here is one turn inside one unit: it reads the session, replays the dialog, writes what
was said and queues what to say next, all in the same commit. What a dialog asks and what an answer
means is `dialogs`' business; how a question looks stands in `bot.questions`, how a session is kept in
`bot.sessions`.

An answered question keeps one button that shows the answer; pressing it changes that answer, and the later
ones stay.
"""

from dataclasses import replace
from typing import Any

from bot import outbox, people, questions, sessions
from bot.host import Host
from bot.outbox import Button
from bot.program import Program, local_date
from bot.rows import Answer, Message, Patient, Reading, Record, Session, SessionState
from bot.sessions import Open
from bot.unit import Unit
from dialogs import engine
from dialogs.engine import Turn
from dialogs.prompts import Input, Many, Prompt, Unclear


def begin(
    unit: Unit, host: Host, patient: Patient, dialog: str, about: int | None = None, *, topic: str = ""
) -> Session:
    """Open a new session and ask its first question; the session that was open is set aside.

    `about` is the session that a follow-up looks back on, `topic` what the dialog is told it is about.
    """
    sessions.set_aside(unit, patient)
    facts = replace(host.facts(unit, host.program, patient, dialog, about), topic=topic)
    session = Session(
        id=unit.new_id(),
        patient_id=patient.id,
        dialog=dialog,
        state=SessionState.OPEN,
        opened_at=unit.now,
        touched_at=unit.now,
        facts=facts.to_json(),
    )
    unit.add(session)
    return go_on(unit, host, patient, session)


def go_on(unit: Unit, host: Host, patient: Patient, session: Session, lead: str | None = None) -> Session:
    """Ask the open question (again), after a line that leads it."""
    session = sessions.take_up(unit, patient, session)
    return _ask(unit, host, patient, sessions.load(unit, host.program, session), lead=lead)


def answer(
    unit: Unit,
    host: Host,
    patient: Patient,
    session: Session,
    given: Input,
    message_id: int | None,
    *,
    hold: bool = False,
) -> Session:
    """Take what the person gave to the open question: keep it and ask the next one, or ask gently again.

    With `hold` it is only kept, and the dialog set aside: after a crisis card it waits until the person
    goes on with it. What was given to a question that is no longer the open one, since a new release asks
    another first, is no answer: words are kept, and what is open now is asked.
    """
    at = sessions.load(unit, host.program, session)
    prompt = at.turn.prompt
    if prompt is None or not sessions.is_asked(unit, session, at.turn):
        if given.text is not None:
            keep_words(unit, patient, given.text, message_id)
        if hold:
            return sessions.wait(unit, session)
        at = replace(at, session=unit.change(session, ticks=None))
        return _ask(unit, host, patient, at, lead=_line(host, patient, "asked_anew"))
    labels = questions.labels(host.program, patient.language, session.dialog, prompt)
    ticks = tuple(session.ticks or ())
    given = replace(given, ticks=ticks, labels=labels, language=patient.language)
    if given.data is not None and isinstance(prompt, Many) and given.data in prompt.options:
        return _tick(unit, host, patient, at, prompt, given.data, message_id)
    try:
        said = engine.accept(at.turn, given)
    except Unclear as unclear:
        if given.text is not None:
            keep_words(unit, patient, given.text, message_id)
        return sessions.wait(unit, session) if hold else _ask(unit, host, patient, at, unclear)
    sessions.keep(unit, patient, at, said, given.at, message_id if given.text is not None else None)
    going = unit.change(session, ticks=None) if session.ticks else session
    if hold:
        going = sessions.wait(unit, going)
    else:
        answers = {**at.answers, (said.key, said.item): said}
        going = _ask(unit, host, patient, sessions.replayed(going, at, answers))
    if given.data is not None and message_id is not None:
        # After the reply, which in one chat would wait for Telegram's answer to whatever leaves before it.
        chosen = questions.chosen(host.program, patient.language, session, said.key, said.value, labels)
        outbox.set_buttons(unit, people.address(patient), message_id, [[chosen]])
    return going


def back(unit: Unit, host: Host, patient: Patient, session: Session) -> Session:
    """Take the last answer back and ask that question again."""
    at = sessions.load(unit, host.program, session)
    step = engine.before(at.turn)
    if step is None:
        return _ask(unit, host, patient, at, lead=_line(host, patient, "first_question"))
    return _reopen(unit, host, patient, at, step)


def change(unit: Unit, host: Host, patient: Patient, session: Session, turn: int) -> Session | None:
    """Ask again the question that was asked as number `turn`; None if there is no answer from then."""
    at = sessions.load(unit, host.program, session)
    row = next((row for row in at.rows.values() if row.turn == turn), None)
    if row is None or session.state not in (SessionState.OPEN, SessionState.ASIDE):
        return None
    identity = (row.key, row.body["item"])
    step = next((step for step in at.turn.trail if identity in step.prompt.names), None)
    return None if step is None else _reopen(unit, host, patient, at, step)


def correct(unit: Unit, host: Host, patient: Patient, message_id: int, given: Input) -> bool:
    """An earlier message was edited: if it was a typed answer, the new words take its place."""
    row = unit.one(Answer, patient_id=patient.id, message_id=message_id, superseded_at=None)
    session = unit.get(Session, row.session_id) if row is not None else None
    if row is None or session is None or session.state not in (SessionState.OPEN, SessionState.ASIDE):
        return False
    at = sessions.load(unit, host.program, session)
    identity = (row.key, row.body["item"])
    step = next((step for step in at.turn.trail if identity in step.prompt.names), None)
    if step is None:
        return False
    opened = sessions.replayed(session, at, engine.without(at.answers, step))
    if opened.turn.prompt is None or opened.turn.prompt.identity != step.prompt.identity:
        return False
    labels = questions.labels(host.program, patient.language, session.dialog, step.prompt)
    try:
        said = engine.accept(opened.turn, replace(given, labels=labels, language=patient.language))
    except Unclear:
        return False
    sessions.keep(unit, patient, at, said, given.at, message_id)
    changed = {**at.answers, (said.key, said.item): said}
    _ask(
        unit,
        host,
        patient,
        sessions.replayed(session, at, changed),
        lead=_line(host, patient, "corrected"),
    )
    return True


def waiting(unit: Unit, program: Program, patient: Patient) -> list[list[Button]]:
    """A button that shows the open question again, to stand under what comes in between; none if none is."""
    session = sessions.asked(unit, program, patient, unit.now)
    if session is None:
        return []
    key = sessions.key(unit, program, session)
    return [[questions.again(program, patient.language, session, key)]]


def keep_words(unit: Unit, patient: Patient, text: str, message_id: int | None) -> None:
    """Keep words that are no answer: nothing that a person said is lost."""
    unit.add(Message(id=unit.new_id(), patient_id=patient.id, at=unit.now, message_id=message_id, text=text))


def title(host: Host, patient: Patient, dialog: str) -> str:
    return host.program.words.plain(patient.language, dialog, "title")


def spoken(unit: Unit, host: Host, patient: Patient, session: Session) -> list[tuple[str, str]]:
    """A session as it reads: each question in words (HTML) and its answer (plain), in the script's order."""
    at = sessions.load(unit, host.program, session)
    words, name, language = host.program.words, at.dialog.name, patient.language
    found = []
    for place, step in enumerate(at.turn.trail):
        then = Turn(at.dialog, at.turn.trail[:place], (), step.prompt)
        question = words.prompt(language, name, step.prompt, then, at.facts)
        labels = questions.labels(host.program, language, name, step.prompt)
        found.append((question, questions.shown(host.program, language, step.stored.value, labels)))
    return found


def _reopen(unit: Unit, host: Host, patient: Patient, at: Open, step: engine.Step) -> Session:
    for identity in step.prompt.names:
        if identity in at.rows:
            unit.change(at.rows[identity], superseded_at=unit.now)
    session = unit.change(at.session, ticks=_ticks(step)) if isinstance(step.prompt, Many) else at.session
    if session.state == SessionState.ASIDE:
        sessions.set_aside(unit, patient)
        session = unit.change(session, state=SessionState.OPEN)
    return _ask(unit, host, patient, sessions.replayed(session, at, engine.without(at.answers, step)))


def _ticks(step: engine.Step) -> list[str]:
    return list(step.stored.value) if isinstance(step.stored.value, list) else []


def _tick(
    unit: Unit, host: Host, patient: Patient, at: Open, prompt: Many[Any], option: str, message_id: int | None
) -> Session:
    ticks = list(prompt.toggle(at.session.ticks or (), option))
    session = unit.change(at.session, ticks=ticks, touched_at=unit.now)
    if message_id is not None:
        below = _below(host, patient, session, at, prompt)
        outbox.set_buttons(unit, people.address(patient), message_id, below)
    return session


def _ask(
    unit: Unit,
    host: Host,
    patient: Patient,
    at: Open,
    unclear: Unclear | None = None,
    lead: str | None = None,
) -> Session:
    """Say what comes next: a question with its buttons, or, when all is answered, the end and its record."""
    lines = [lead] if lead else []
    told = host.told(unit, host.program, patient, at.session, at.turn)
    prompt = at.turn.prompt
    if prompt is None:
        return _finish(unit, host, patient, at, lines, told)
    session = unit.change(
        at.session,
        turn=at.session.turn + (unclear is None),
        asked=sessions.digests(unit, at.session, at.turn)[0],
        touched_at=unit.now,
        state=SessionState.OPEN,
    )
    words, language, name = host.program.words, patient.language, at.dialog.name
    facts = host.known(unit, host.program, patient, at.facts, (p.key for p in (*at.turn.says, prompt)))
    if unclear is None:
        lines += [words.prompt(language, name, say, at.turn, facts) for say in at.turn.says]
    else:
        lines.append(words.text(language, "unclear", unclear.reason, prompt=prompt))
    lines += told
    lines.append(words.prompt(language, name, prompt, at.turn, facts))
    position, total = len(at.turn.path) + 1, at.total
    if total is None:
        _, total = engine.foresee(at.dialog, at.facts, at.answers)
    lines.append(words.text(language, "navigation", "progress", position=position, total=total))
    outbox.say(
        unit,
        people.address(patient),
        "\n\n".join(line for line in lines if line),
        _below(host, patient, session, at, prompt),
    )
    return session


def _finish(unit: Unit, host: Host, patient: Patient, at: Open, lines: list[str], told: list[str]) -> Session:
    """The end and its record. Help that the last words hold comes before the news of who was told."""
    session = unit.change(at.session, state=SessionState.DONE, ended_at=unit.now, touched_at=unit.now)
    unit.add(
        Record(
            id=unit.new_id(),
            session_id=session.id,
            patient_id=patient.id,
            dialog=at.dialog.name,
            at=unit.now,
            local_date=local_date(unit.now, patient.time_zone),
            body=engine.freeze(at.turn.result),
        )
    )
    words = host.program.words
    lines += [words.prompt(patient.language, at.dialog.name, say, at.turn, at.facts) for say in at.turn.says]
    ending = host.finished(unit, host.program, patient, session, at.turn)
    for name, value in (ending.readings or {}).items():
        unit.add(
            Reading(
                id=unit.new_id(),
                patient_id=patient.id,
                session_id=session.id,
                name=name,
                value=value,
                at=unit.now,
                local_date=local_date(unit.now, patient.time_zone),
            )
        )
    text = "\n\n".join(line for line in (*lines, ending.text, *told) if line)
    outbox.say(unit, people.address(patient), text, ending.buttons)
    if ending.then is not None:
        ending.then(host)
    return session


def _below(
    host: Host, patient: Patient, session: Session, at: Open, prompt: Prompt[Any]
) -> list[list[Button]]:
    first = not at.turn.trail
    return questions.buttons(host.program, patient.language, session, prompt, at.dialog.name, first=first)


def _line(host: Host, patient: Patient, block: str) -> str:
    return host.program.words.text(patient.language, "navigation", block)
