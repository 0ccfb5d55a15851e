"""What the conversations are part of: what they are given, and what they set off.

The conversations name it and `bot.endings` fills it in, so that neither imports the other's business.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot import outbox
from bot.program import Program
from bot.rows import Patient, Session
from bot.unit import Unit
from dialogs.engine import Turn
from dialogs.prompts import Facts

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
