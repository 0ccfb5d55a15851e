"""Holds a dialog to its end with the answers that a test cares about, and ordinary ones for the rest."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from dialogs.engine import Answer, Answers, Turn, walk
from dialogs.facts import Facts
from dialogs.prompts import Dialog, Json

R = TypeVar("R")
TODAY = date(2026, 3, 3)


@dataclass(frozen=True)
class Talk(Generic[R]):
    """A dialog at its end. `keys` are all prompts met, in order, also those that only say something."""

    turn: Turn[R]
    keys: tuple[str, ...]

    @property
    def result(self) -> R:
        assert self.turn.result is not None
        return self.turn.result

    @property
    def answers(self) -> dict[tuple[str, str | None], Answer]:
        return {step.prompt.identity: step.stored for step in self.turn.trail}


def talk(
    dialog: Dialog[R], facts: Facts | None = None, kept: Answers | None = None, /, **given: Any
) -> Talk[R]:
    """`given` holds stored values by key, or by item for keys that have items; what is not met is ignored.

    `kept` are answers of an earlier talk: what of them still holds is not asked again, and not in `keys`.
    """
    keys: list[str] = []

    def guess(turn: Turn[Any]) -> Json:
        prompt = turn.prompt
        assert prompt is not None
        keys.extend(say.key for say in turn.says)
        keys.append(prompt.key)
        ordinary = prompt.samples[0]
        value = given.get(prompt.key, ordinary)
        return value.get(prompt.item, ordinary) if isinstance(value, dict) else value

    turn = walk(dialog, facts or Facts(today=TODAY), kept or {}, guess)
    keys.extend(say.key for say in turn.says)
    return Talk(turn, tuple(keys))
