"""Things that go wrong on demand: the network, Telegram's own errors, a long outage.

A fault says which calls it spoils (by method, by chat), how often, and in what way:

- `429`, `5xx`, `403`: the call is answered so and not done;
- `timeout_before`, `timeout_after`: no answer comes; the work is not done, or done all the same;
- `reset`: the connection is cut before the call is read.

`hold` ends a timeout after so many seconds by closing the connection; without it the caller waits until
its own patience ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

from bot.sandbox.refusals import BAD_GATEWAY, Json, Refusal, forbidden, too_many

Kind = Literal["429", "5xx", "timeout_before", "timeout_after", "reset", "403"]


@dataclass(slots=True)
class Fault:
    kind: Kind
    method: str | None = None
    chat: int | None = None
    times: int = 1
    retry_after: int = 1
    hold: float | None = None

    def refusal(self) -> Refusal | None:
        match self.kind:
            case "429":
                return too_many(self.retry_after)
            case "5xx":
                return BAD_GATEWAY
            case "403":
                return forbidden("bot was blocked by the user")
        return None


@dataclass(slots=True)
class Faults:
    planned: list[Fault] = field(default_factory=list)
    out: bool = False
    when_out: Callable[[], None] | None = None  # cuts the calls that wait

    def add(
        self,
        method: str | None = None,
        chat: int | None = None,
        kind: Kind = "5xx",
        times: int = 1,
        retry_after: int = 1,
        hold: float | None = None,
    ) -> Fault:
        """The next `times` calls that fit go wrong. Without a method, any call but getUpdates.

        The method "webhook" stands for a delivery to the bot: with `timeout_after` the bot gets the update
        and Telegram never hears its answer; with any other kind nothing arrives.
        """
        if kind not in get_args(Kind):
            raise ValueError(f"no such fault: {kind}")
        fault = Fault(kind, method, chat, times, retry_after, hold)
        self.planned.append(fault)
        return fault

    def outage(self, on: bool) -> None:
        """Telegram is out of reach: every connection is cut, no webhook is called."""
        self.out = on
        if on and self.when_out is not None:
            self.when_out()

    def clear(self) -> None:
        self.planned.clear()
        self.out = False

    def draw(self, method: str, parameters: Json) -> Fault | None:
        """The fault that strikes this call, used up by it."""
        if self.out:
            return Fault("reset")
        for fault in self.planned:
            if fault.method != method and (fault.method is not None or method in ("getUpdates", "webhook")):
                continue
            if fault.chat is not None and str(parameters.get("chat_id")) != str(fault.chat):
                continue
            fault.times -= 1
            if fault.times <= 0:
                self.planned.remove(fault)
            return fault
        return None
