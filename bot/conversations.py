"""Dialogs as people meet them: open, answer, back, change, go on, cancel.

Every function here is one turn inside one unit: it reads the session, replays the dialog, writes what
was said and queues what to say next, all in the same commit. What a dialog asks and what an answer
means is `dialogs`' business; how a question looks stands in `bot.questions`.

An answered question keeps one button that shows the answer; pressing it changes that answer, and the later
ones stay.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot import outbox, people, questions
from bot.outbox import Button
from bot.program import Program, local_date
from bot.rows import Answer, Message, Patient, Reading, Record, Session, SessionState
from bot.unit import Unit
from dialogs import engine
from dialogs.engine import Answers, Turn
from dialogs.prompts import Dialog, Facts, Identity, Input, Many, Prompt, Unclear

Finished = Callable[[Unit, Program, Patient, Session, Any], "Ending"]
Told = Callable[[Unit, Program, Patient, Session, Turn[Any]], list[str]]


@dataclass(frozen=True, slots=True)
class Ending:
    """What is said when a dialog is finished: words, the buttons below them, and numbers to keep plain.

    `then` is called after it has been said, for what has to be asked next.
    """

    text: str
    buttons: outbox.Buttons = ()
    readings: Mapping[str, float] | None = None
    then: Callable[["Host"], None] | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """What the conversations are part of: what finishing a dialog sets off, and what an answer does.

    `told` gives lines that lead the next message ("I have told Dana …"), for flags that an answer raised.
    `known` gives what the words of some prompts may know when they are said: the facts, where those change.
    """

    program: Program
    finished: Finished
    told: Told
    facts: Callable[[Unit, Program, Patient, str, int | None], Facts]
    known: Callable[[Unit, Program, Patient, Facts, Iterable[str]], Facts]


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


def key(unit: Unit, program: Program, session: Session) -> str:
    """The key of the question that is open in a session; empty when all is answered."""
    prompt = _load(unit, program, session).turn.prompt
    return prompt.key if prompt is not None else ""


def unfinished(unit: Unit, patient: Patient, dialog: str) -> Session | None:
    return unit.one(
        Session,
        patient_id=patient.id,
        dialog=dialog,
        state=(SessionState.OPEN, SessionState.ASIDE),
        order="-touched_at",
    )


def begin(
    unit: Unit, host: Host, patient: Patient, dialog: str, about: int | None = None, *, topic: str = ""
) -> Session:
    """Open a new session and ask its first question; the session that was open is set aside.

    `about` is the session that a follow-up looks back on, `topic` what the dialog is told it is about.
    """
    _set_aside(unit, patient)
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
    session = take_up(unit, patient, session)
    return _ask(unit, host, patient, _load(unit, host.program, session), lead=lead)


def take_up(unit: Unit, patient: Patient, session: Session) -> Session:
    """Make a session that was set aside the current one."""
    if session.state != SessionState.ASIDE:
        return session
    _set_aside(unit, patient)
    return unit.change(session, state=SessionState.OPEN, touched_at=unit.now)


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
    at = _load(unit, host.program, session)
    prompt = at.turn.prompt
    if prompt is None or not is_asked(unit, session, at.turn):
        if given.text is not None:
            keep_words(unit, patient, given.text, message_id)
        if hold:
            return wait(unit, session)
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
        return wait(unit, session) if hold else _ask(unit, host, patient, at, unclear)
    if given.data is not None and message_id is not None:
        chosen = questions.chosen(host.program, patient.language, session, said.value, labels)
        outbox.set_buttons(unit, people.address(patient), message_id, [[chosen]])
    _keep(unit, patient, at, said, given.at, message_id if given.text is not None else None)
    session = unit.change(session, ticks=None) if session.ticks else session
    if hold:
        return wait(unit, session)
    answers = {**at.answers, (said.key, said.item): said}
    return _ask(unit, host, patient, _replayed(session, at, answers))


def is_asked(unit: Unit, session: Session, turn: Turn[Any]) -> bool:
    """Whether what is open is what was asked last."""
    return session.asked is None or session.asked in _asked(unit, session, turn)


def _asked(unit: Unit, session: Session, turn: Turn[Any]) -> list[bytes]:
    return [unit.digest(f"{session.id:x}:{name}") for name in engine.asked(turn)]


def wait(unit: Unit, session: Session) -> Session:
    """Set a dialog aside, with its question open, until the person goes on with it."""
    return unit.change(session, state=SessionState.ASIDE)


def back(unit: Unit, host: Host, patient: Patient, session: Session) -> Session:
    """Take the last answer back and ask that question again."""
    at = _load(unit, host.program, session)
    step = engine.before(at.turn)
    if step is None:
        return _ask(unit, host, patient, at, lead=_line(host, patient, "first_question"))
    return _reopen(unit, host, patient, at, step)


def change(unit: Unit, host: Host, patient: Patient, session: Session, turn: int) -> Session | None:
    """Ask again the question that was asked as number `turn`; None if there is no answer from then."""
    at = _load(unit, host.program, session)
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
    at = _load(unit, host.program, session)
    identity = (row.key, row.body["item"])
    step = next((step for step in at.turn.trail if identity in step.prompt.names), None)
    if step is None:
        return False
    opened = _replayed(session, at, engine.without(at.answers, step))
    if opened.turn.prompt is None or opened.turn.prompt.identity != step.prompt.identity:
        return False
    labels = questions.labels(host.program, patient.language, session.dialog, step.prompt)
    try:
        said = engine.accept(opened.turn, replace(given, labels=labels, language=patient.language))
    except Unclear:
        return False
    _keep(unit, patient, at, said, given.at, message_id)
    changed = {**at.answers, (said.key, said.item): said}
    _ask(
        unit,
        host,
        patient,
        _replayed(session, at, changed),
        lead=_line(host, patient, "corrected"),
    )
    return True


def cancel(unit: Unit, host: Host, patient: Patient, session: Session) -> Session:
    """Stop here; what was answered stays in the person's history."""
    return unit.change(session, state=SessionState.CANCELLED, ended_at=unit.now)


def waiting(unit: Unit, program: Program, patient: Patient) -> list[list[Button]]:
    """A button that shows the open question again, to stand under what comes in between; none if none is."""
    session = asked(unit, program, patient, unit.now)
    if session is None:
        return []
    return [[questions.again(program, patient.language, session)]]


def keep_words(unit: Unit, patient: Patient, text: str, message_id: int | None) -> None:
    """Keep words that are no answer: nothing that a person said is lost."""
    unit.add(Message(id=unit.new_id(), patient_id=patient.id, at=unit.now, message_id=message_id, text=text))


def title(host: Host, patient: Patient, dialog: str) -> str:
    return host.program.words.plain(patient.language, dialog, "title")


def spoken(unit: Unit, host: Host, patient: Patient, session: Session) -> list[tuple[str, str]]:
    """A session as it reads: each question in words (HTML) and its answer (plain), in the script's order."""
    at = _load(unit, host.program, session)
    words, name, language = host.program.words, at.dialog.name, patient.language
    found = []
    for place, step in enumerate(at.turn.trail):
        then = Turn(at.dialog, at.turn.trail[:place], (), step.prompt)
        question = words.prompt(language, name, step.prompt, then, at.facts)
        labels = questions.labels(host.program, language, name, step.prompt)
        found.append((question, questions.shown(host.program, language, step.stored.value, labels)))
    return found


def _load(unit: Unit, program: Program, session: Session) -> Open:
    dialog = program.dialogs[session.dialog]
    facts = Facts.from_json(session.facts)
    rows: dict[Identity, Answer] = {}
    answers: dict[Identity, engine.Answer] = {}
    for row in unit.find(Answer, session_id=session.id, superseded_at=None):
        identity = (row.key, row.body["item"])
        rows[identity] = row
        answers[identity] = engine.Answer(row.key, row.body["item"], row.body["value"], row.body["mark"])
    return Open(session, dialog, facts, answers, rows, engine.replay(dialog, facts, answers))


def _replayed(session: Session, at: Open, answers: Answers) -> Open:
    kept = dict(answers)
    return Open(session, at.dialog, at.facts, kept, at.rows, *engine.foresee(at.dialog, at.facts, kept))


def _reopen(unit: Unit, host: Host, patient: Patient, at: Open, step: engine.Step) -> Session:
    for identity in step.prompt.names:
        if identity in at.rows:
            unit.change(at.rows[identity], superseded_at=unit.now)
    session = unit.change(at.session, ticks=_ticks(step)) if isinstance(step.prompt, Many) else at.session
    if session.state == SessionState.ASIDE:
        _set_aside(unit, patient)
        session = unit.change(session, state=SessionState.OPEN)
    return _ask(unit, host, patient, _replayed(session, at, engine.without(at.answers, step)))


def _ticks(step: engine.Step) -> list[str]:
    return list(step.stored.value) if isinstance(step.stored.value, list) else []


def _keep(
    unit: Unit, patient: Patient, at: Open, said: engine.Answer, when: datetime, message_id: int | None
) -> None:
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
        asked=_asked(unit, at.session, at.turn)[0],
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


def _set_aside(unit: Unit, patient: Patient) -> None:
    for session in unit.find(Session, patient_id=patient.id, state=SessionState.OPEN):
        unit.change(session, state=SessionState.ASIDE)


def _below(
    host: Host, patient: Patient, session: Session, at: Open, prompt: Prompt[Any]
) -> list[list[Button]]:
    first = not at.turn.trail
    return questions.buttons(host.program, patient.language, session, prompt, at.dialog.name, first=first)


def _line(host: Host, patient: Patient, block: str) -> str:
    return host.program.words.text(patient.language, "navigation", block)
