"""What is said of a call and of a chat: a line of the ledger, an answer on the wire, an event for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.sandbox.refusals import Json


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the ledger. `result` is what was answered, `fault` what was done to the call on purpose."""

    method: str
    params: Json
    at: datetime
    status: int
    result: Any
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a page would show: message, edit, delete, answer, action, commands, clock, press."""

    chat_id: int
    type: str
    about: Json

    @property
    def json(self) -> Json:
        return {"chat_id": self.chat_id, "type": self.type, **self.about}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire. `lost`: nothing does, the caller is left waiting or is cut off."""

    status: int
    body: Json
    lost: Literal["", "held", "cut"] = ""
    hold: float | None = None
