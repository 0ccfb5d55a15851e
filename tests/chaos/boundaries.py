"""Boundaries on the way of a message and of a reminder, at each of which a process can be made to fall.

Built in from outside, as the mistakes in `faults` are, and none itself: no line of Handrail knows of it.
Every boundary that is crossed is written down; one that is armed is crossed so many times, and at the last
the process is killed there, by itself, with nothing done after.

    fetched → screened → (concern …) → (turn …) → handed over → Telegram is told
              work … : what it does is written, then committed, and only then does anybody hear of it
    (reminders …, vigils …, ring …) → (claim …, proof …) → called → delivered → (mark …)
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from bot import alerts, crisis, inbox, ledger, rounds, triage, turns, vigils
from bot.store.database import Store
from bot.telegram.outbound import Outbound
from bot.telegram.receiving import Door

WORK: dict[str, tuple[Any, str]] = {
    "concern": (crisis, "hear"),
    "turn": (turns, "take"),
    "flood": (inbox, "keep"),
    "keeping": (inbox, "failed"),
    "reminders": (rounds, "fire"),
    "vigils": (vigils, "fire"),
    "ring": (alerts, "ring_due"),
    "claim": (ledger, "claim"),
    "proof": (ledger, "prove"),
    "mark": (ledger, "mark"),
}
"""Work that is done in a unit, by what it is called in the clinic."""
BOUNDARIES = frozenset(
    {"fetched", "screened", "handed over", "press answered", "called", "delivered"}
    | {f"{work} {step}" for work in WORK for step in ("written", "committed")}
)
_ARMED, _CROSSED, _STUMBLE = "armed", "crossed", "stumble"


@dataclass
class Wire:
    """The end that the test holds: it arms a boundary in whatever process lives in this folder."""

    folder: Path
    _orders: int = 0
    _seen: int = 0

    def arm(self, boundary: str, number: int) -> None:
        """Fall when this boundary is crossed for the so-manieth time from now."""
        self._orders += 1
        new = self.folder / f"{_ARMED}.new"
        new.write_text(f"{self._orders} {number} {boundary}")
        new.replace(self.folder / _ARMED)

    def disarm(self) -> bool:
        """True if it was armed still: nobody has fallen."""
        try:
            (self.folder / _ARMED).unlink()
        except FileNotFoundError:
            return False
        return True

    def stumble(self) -> None:
        """The next turn fails, as by a fault of ours, once."""
        (self.folder / _STUMBLE).touch()

    def mark(self) -> None:
        """Count from now on what is crossed."""
        self._seen = len(self._lines())

    def crossed(self) -> Counter[str]:
        """How often each boundary was crossed since the mark."""
        return Counter(self._lines()[self._seen :])

    def _lines(self) -> list[str]:
        file = self.folder / _CROSSED
        return file.read_text().splitlines() if file.exists() else []


@dataclass
class _Watch:
    """The end within the process."""

    folder: Path
    book: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    order: str = ""
    left: int = 0

    def cross(self, boundary: str) -> None:
        os.write(self.book, f"{boundary}\n".encode())
        with self.lock:
            try:
                order = (self.folder / _ARMED).read_text()
            except FileNotFoundError:
                return
            _, number, armed = order.split(" ", 2)
            if order != self.order:
                self.order, self.left = order, int(number)
            if armed != boundary:
                return
            self.left -= 1
            if self.left == 0:
                (self.folder / _ARMED).unlink()
                os.kill(os.getpid(), signal.SIGKILL)

    def stumbles(self) -> bool:
        try:
            (self.folder / _STUMBLE).unlink()
        except FileNotFoundError:
            return False
        return True


def build_in() -> None:
    """Watch this process from its own folder."""
    folder = Path.cwd()
    book = os.open(folder / _CROSSED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    watch = _Watch(folder, book)
    _way_in(watch)
    _work(watch)
    _way_out(watch)


def _way_in(watch: _Watch) -> None:
    hand_over, screened = Door.hand_over, triage.Triage._screened

    async def handed_over(self: Door, raw: Any, more: bool = False) -> None:
        watch.cross("fetched")
        await hand_over(self, raw, more)
        watch.cross("handed over")

    async def after_screening(self: Any, inbound: Any) -> Any:
        heard = await screened(self, inbound)
        watch.cross("screened")
        return heard

    Door.hand_over = handed_over  # type: ignore[method-assign]
    triage.Triage._screened = after_screening  # type: ignore[method-assign]


def _work(watch: _Watch) -> None:
    """What a thread has done in its transaction is crossed right before the commit and right after."""
    here = threading.local()

    def noting(work: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **named: Any) -> Any:
            if work == "turn" and watch.stumbles():
                raise RuntimeError("stumbled")
            result = do(*given, **named)
            if result != [] and not (type(result) is int and result == 0):  # there was something to do
                here.done = [*getattr(here, "done", ()), work]
            return result

        return done

    def crossing(step: str) -> None:
        for work in getattr(here, "done", ()):
            watch.cross(f"{work} {step}")

    def committing(do: Callable[..., Any]) -> Callable[..., Any]:
        def committed(*given: Any) -> Any:
            here.done = []
            try:
                result = do(*given)
                crossing("committed")
            finally:
                here.done = []  # a thread that writes now may read next
            return result

        return committed

    for work, (module, name) in WORK.items():
        setattr(module, name, noting(work, getattr(module, name)))
    for way in ("_together", "_alone"):
        setattr(Store, way, committing(getattr(Store, way)))

    @event.listens_for(Engine, "commit")
    def before_commit(_: Connection) -> None:
        crossing("written")


def _way_out(watch: _Watch) -> None:
    deliver, answer = Outbound.deliver, Outbound.answer_callback

    async def delivered(self: Outbound, body: Any, *, message_id: int | None = None) -> Any:
        watch.cross("called")
        result = await deliver(self, body, message_id=message_id)
        watch.cross("delivered")
        return result

    def answered(self: Outbound, callback_id: str, toast: str | None = None) -> None:
        watch.cross("press answered")
        answer(self, callback_id, toast)

    Outbound.deliver = delivered  # type: ignore[method-assign]
    Outbound.answer_callback = answered  # type: ignore[method-assign]
