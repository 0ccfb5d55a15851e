"""Replays a script over stored answers, to find what it asks next.

The laws, each shown by a test in tests/dialogs/test_replay.py:

 1. A dialog is a pure function of facts and answers. The same facts and answers give the same turn.
 2. Answers are matched by (key, item), never by position: a prompt that is added, removed or moved
    disturbs no other.
 3. A renamed prompt finds its old answer (`renamed=`).
 4. A stored answer that no longer parses, whose prompt's `spec` changed, or that is `about=` an answer
    which changed, is asked again; it is overwritten only when the person answers.
 5. Changing an early answer keeps the later ones that still hold.
 6. Answers that the script does not ask for (items no longer ticked) stay out of the record, and come
    back when they are asked for again.
 7. Awaiting one (key, item) twice, or anything but a prompt, or raising, is a BrokenDialog.
 8. The engine acts on nothing. It returns values; the host stores, sends and removes.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from dialogs.facts import Facts
from dialogs.prompts import Dialog, Identity, Input, Json, Prompt, Say, dialog, fingerprint

__all__ = [
    "Answer",
    "Answers",
    "BrokenDialog",
    "Dialog",
    "Moved",
    "Step",
    "Turn",
    "accept",
    "before",
    "dialog",
    "expected",
    "foresee",
    "freeze",
    "rehearse",
    "replay",
    "walk",
    "without",
]

R = TypeVar("R")
_STEPS_AT_MOST = 1000


class BrokenDialog(Exception):
    """A script broke the laws at the top of this module. Names the dialog and prompts, quotes no words."""


class Answer(NamedTuple):
    """One stored answer. `mark` is the fingerprint of what it was an answer to."""

    key: str
    item: str | None
    value: Json
    mark: str


Answers = Mapping[Identity, Answer]


class Step(NamedTuple):
    """One answered prompt: the value that the script got, and the answer as it is stored."""

    prompt: Prompt[Any]
    value: Any
    stored: Answer


_Passed = tuple[Prompt[Any], Any, Answer]  # a step before it is looked at, at a tenth of its price


@dataclass
class Turn(Generic[R]):
    """Where a session stands: what was answered, in the order of the script, and what is open.

    `says` lead the next message. Exactly one of `prompt` and `result` is there: see `done`. Never changed
    once made; it is not frozen, because that was a tenth of a replay.
    """

    dialog: Dialog[R]
    path: tuple[_Passed, ...]
    says: tuple[Say, ...]
    prompt: Prompt[Any] | None
    result: R | None = None

    @cached_property
    def trail(self) -> tuple[Step, ...]:
        return tuple(map(Step._make, self.path))

    @property
    def done(self) -> bool:
        return self.prompt is None

    @cached_property
    def answers(self) -> dict[str, Any]:
        """Loaded values by key; those of prompts with items as {item: value}."""
        found: dict[str, Any] = {}
        for prompt, value, _ in self.path:
            if prompt.item is None:
                found[prompt.key] = value
            else:
                found.setdefault(prompt.key, {})[prompt.item] = value
        return found


def replay(dialog: Dialog[R], facts: Facts, answers: Answers) -> Turn[R]:
    """Run the script over the stored answers to its first open prompt, or to its result."""
    return walk(dialog, facts, answers, None)


def accept(turn: Turn[Any], given: Input) -> Answer:
    """The answer to store for what the person gave to the open prompt; raises Unclear."""
    if turn.prompt is None:
        raise ValueError("nothing is asked")
    return _answer(turn.prompt, turn.prompt.read(given), turn.path)


def asked(turn: Turn[Any]) -> tuple[str, ...]:
    """What is open, with what an answer to it would mean: one name for each that the prompt has had."""
    if turn.prompt is None:
        return ()
    mark = _mark(turn.prompt, turn.path)
    return tuple(fingerprint([*name, mark]) for name in turn.prompt.names)


def before(turn: Turn[Any]) -> Step | None:
    """The step that `back` returns to."""
    return turn.trail[-1] if turn.trail else None


def without(answers: Answers, step: Step) -> dict[Identity, Answer]:
    """The answers with that step's taken out, under its old name too: its prompt is then open again."""
    return {identity: answer for identity, answer in answers.items() if identity not in step.prompt.names}


def expected(dialog: Dialog[Any], facts: Facts, answers: Answers) -> tuple[int, int]:
    """(3, 8): this is question 3 of about 8.

    Found by letting the script go on with an ordinary answer to each further prompt. When all is
    answered, both are the number of questions.
    """
    turn, total = foresee(dialog, facts, answers)
    return (total if turn.done else len(turn.path) + 1), total


def foresee(dialog: Dialog[R], facts: Facts, answers: Answers) -> tuple[Turn[R], int]:
    """The turn of `replay`, and how many questions there are about, in one walk."""
    turns: list[Turn[R]] = []

    def ordinary(turn: Turn[Any]) -> Json:
        assert turn.prompt is not None
        turns.append(turn)
        return turn.prompt.samples[0]

    turns.append(walk(dialog, facts, answers, ordinary))
    return turns[0], len(turns[-1].path)


def freeze(result: Any) -> dict[str, Json]:
    """A record's fields as JSON: members by their value, dates and times in ISO 8601, tuples as lists."""
    return {f.name: _frozen(getattr(result, f.name)) for f in fields(result)}


@dataclass(frozen=True)
class Moved:
    """An open session that new code would take elsewhere. Keys only, no words."""

    dialog: str
    was: Identity
    now: Identity | None
    broken: bool = False


def rehearse(dialog: Dialog[Any], facts: Facts, answers: Answers, open_at: Identity) -> Moved | None:
    """Whether an open session would stand at another prompt under this code than where it was left."""
    try:
        turn = replay(dialog, facts, answers)
    except BrokenDialog:
        return Moved(dialog.name, open_at, None, broken=True)
    if turn.prompt is not None and open_at in turn.prompt.names:
        return None
    return Moved(dialog.name, open_at, None if turn.prompt is None else turn.prompt.identity)


Guess = Callable[[Turn[Any]], Json]


def walk(dialog: Dialog[R], facts: Facts, answers: Answers, guess: Guess | None) -> Turn[R]:
    """Replay, and where an answer is missing go on with a guess, or stop there when there is none.

    This is the hot path: 12 steps in some 20 microseconds (tests/bench/replay.py).
    """
    steps: dict[Identity, _Passed] = {}
    says: list[Say] = []
    said: set[Identity] = set()
    prompt: Any = None
    value: Any = None
    coroutine = dialog.script(facts)
    send, find, keep = coroutine.send, answers.get, steps.setdefault
    try:
        while True:
            prompt = send(value)
            try:
                identity = prompt.identity
            except AttributeError:
                raise BrokenDialog(f"{dialog.name} awaited a {type(prompt).__name__}, not a prompt") from None
            stored = find(identity)
            if stored is None or stored.mark != prompt.mark:
                if not prompt.asks:
                    if identity in steps or identity in said:
                        raise _Twice
                    said.add(identity)
                    says.append(prompt)
                    value = None
                    continue
                stored = _kept(prompt, answers, steps.values())
            if stored is not None:
                try:
                    value = prompt.load(stored.value)
                except ValueError:
                    stored = None
            if stored is None:
                if identity in steps or identity in said:
                    raise _Twice
                if guess is None:
                    return Turn(dialog, tuple(steps.values()), tuple(says), prompt)
                if len(steps) == _STEPS_AT_MOST:
                    raise BrokenDialog(f"{dialog.name} asks without end, at {_name(prompt)}")
                turn = Turn(dialog, tuple(steps.values()), tuple(says), prompt)
                stored = _answer(prompt, guess(turn), turn.path)
                value = prompt.load(stored.value)
            step = (prompt, value, stored)
            if keep(identity, step) is not step or (said and identity in said):
                raise _Twice
            if says:
                says.clear()
    except StopIteration as end:
        return Turn(dialog, tuple(steps.values()), tuple(says), None, end.value)
    except BrokenDialog:
        raise
    except _Twice:
        raise BrokenDialog(f"{dialog.name} asked {_name(prompt)} twice") from None
    except Exception as error:
        after = _name(prompt) if isinstance(prompt, Prompt) else "its start"
        raise BrokenDialog(f"{dialog.name} raised {type(error).__name__} after {after}") from error
    finally:
        coroutine.close()


class _Twice(Exception):
    """One (key, item) was awaited twice."""


def _answer(prompt: Prompt[Any], value: Json, path: Iterable[_Passed]) -> Answer:
    return Answer(prompt.key, prompt.item, value, _mark(prompt, path))


def _kept(prompt: Prompt[Any], answers: Answers, path: Iterable[_Passed]) -> Answer | None:
    """The stored answer under this prompt's name, or its old one, if it still means the same."""
    stored = next((answers[name] for name in prompt.names if name in answers), None)
    return stored if stored is not None and stored.mark == _mark(prompt, path) else None


def _mark(prompt: Prompt[Any], path: Iterable[_Passed]) -> str:
    """The fingerprint of what is asked: the prompt's spec, and the answers that it is about.

    Of a key that was asked with items, the answer with this prompt's own item counts when there is one,
    else all do. Keys are left out, so that a renamed prompt does not disturb those about it.
    """
    if prompt.mark:
        return prompt.mark
    grounds: list[Json] = []
    for key in prompt.about:
        asked = {step.item: stored.value for step, _, stored in path if step.key == key}
        grounds.append(asked[prompt.item] if prompt.item in asked else [[i, v] for i, v in asked.items()])
    return fingerprint([prompt.spec, grounds])


def _name(prompt: Prompt[Any]) -> str:
    return prompt.key if prompt.item is None else f"{prompt.key} of {prompt.item}"


def _frozen(value: Any) -> Json:
    match value:
        case Enum():
            return _frozen(value.value)
        case datetime() | date():
            return value.isoformat()
        case time():
            return value.isoformat("minutes")
        case Mapping():
            return {str(_frozen(key)): _frozen(inner) for key, inner in value.items()}
        case tuple() | list():
            return [_frozen(inner) for inner in value]
        case None | bool() | int() | float() | str():
            return value
    if is_dataclass(value) and not isinstance(value, type):
        return freeze(value)
    raise TypeError(f"a record cannot hold a {type(value).__name__}")
