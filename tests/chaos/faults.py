"""Mistakes built into Handrail on purpose, one at a time: whoever judges must find each of them.

Each names the promise that it breaks, as the judge calls it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from bot import alerts, conversations, copies, inbox, intake, ledger, rounds, sessions, triage, turns
from bot.nudges import Outcome
from bot.rows import Answer, Incoming, Message, Outgoing, Record, Sending
from bot.store.database import Store
from bot.store.units import SqlUnit
from bot.store.vault import Vault
from bot.telegram.receiving import Polling
from tests.chaos import boundaries, release


@dataclass(frozen=True, slots=True)
class Fault:
    """`found_as`: the rules of which the judge must report at least one."""

    build_in: Callable[[], None]
    found_as: frozenset[str]


def _acknowledge_before_commit() -> None:
    """Telegram is told at once, and the work is done a moment later."""

    async def once(self: Any) -> int:
        raw = await self._bot.do_api_request(
            "get__updates",
            {"timeout": 25, "limit": 100, **({"offset": self._offset} if self._offset else {})},
            read_timeout=35,
        )
        if raw:
            self._offset = int(raw[-1]["update_id"]) + 1
            await self.confirm()
            await asyncio.sleep(0.2)
            await self._door.hand_over(raw)
        return len(raw)

    Polling.once = once  # type: ignore[method-assign]


def _drop_outbox_rows() -> None:
    """Some of what is to be said is never written down."""
    add, number = SqlUnit.add, count(1)

    def forgetful(self: SqlUnit, row: Any) -> None:
        if not isinstance(row, Outgoing) or next(number) % 40:
            add(self, row)

    SqlUnit.add = forgetful  # type: ignore[method-assign]


def _skip_the_unique_key() -> None:
    """A redelivered update is taken for a new one; Telegram hears a little late, so that some come again."""
    first, once = inbox.first, Polling.once

    def every_time(unit: Any, inbound: Any, turn: Any) -> Any:
        return first(unit, replace(inbound, key=unit.new_id().to_bytes(16, "big")), turn)

    async def slowly(self: Polling) -> int:
        done = await once(self)
        await asyncio.sleep(0.3)
        return done

    inbox.first = every_time
    Polling.once = slowly  # type: ignore[method-assign]


def _promise_before_commit() -> None:
    """The store says that a unit is committed, so that it is acknowledged and answered, a moment before."""
    settle = Store._settle

    def together(self: Store, jobs: Any) -> None:
        loop = jobs[0].future.get_loop()
        with self._engine.begin() as connection:
            for job in jobs:
                unit = self._unit(connection)
                job.result, job.posted = job.work(unit), unit.posted
            loop.call_soon_threadsafe(settle, self, jobs)
            time.sleep(0.2)

    Store._together = together  # type: ignore[method-assign]
    Store._settle = lambda self, jobs: None  # type: ignore[method-assign]


def _commit_after_send() -> None:
    """The sender hears of a reply a moment before it is committed; Telegram of the update only after."""

    def together(self: Store, jobs: Any) -> None:
        loop = jobs[0].future.get_loop()
        with self._engine.begin() as connection:
            for job in jobs:
                unit = self._unit(connection)
                job.result = job.work(unit)
                loop.call_soon_threadsafe(self._tell, unit.posted)
            time.sleep(0.2)

    Store._together = together  # type: ignore[method-assign]


def _mark_nudges_afterwards() -> None:
    """A nudge is sent first and marked then, like everything else."""
    nudges = ledger._nudges

    def unmarked(unit: Any, rows: Any, wanted: Any) -> Any:
        found = nudges(unit, rows, wanted)
        for row in rows:
            if found[row.id].turn is ledger.Turn.GO:
                unit.change(row, state=Sending.QUEUED, sent_at=None, body=row.body)
        return found

    ledger._nudges = unmarked


def _ring_nobody() -> None:
    """A flag is raised and no alert leaves."""
    copies.send = lambda *arguments: None


def _forget_answers() -> None:
    """Now and then an answer is not written down, and the next question comes all the same."""
    add, number = SqlUnit.add, count(1)

    def forgetful(self: SqlUnit, row: Any) -> None:
        if not isinstance(row, Answer) or next(number) % 20:
            add(self, row)

    SqlUnit.add = forgetful  # type: ignore[method-assign]


def _forget_words() -> None:
    """Words that are no answer are thrown away."""
    add = SqlUnit.add

    def forgetful(self: SqlUnit, row: Any) -> None:
        if not isinstance(row, Message):
            add(self, row)

    SqlUnit.add = forgetful  # type: ignore[method-assign]


def _keep_what_was_taken_back() -> None:
    """Back asks again, and the answer that was taken back stands."""
    reopen = conversations._reopen

    def stands(unit: Any, host: Any, patient: Any, at: Any, step: Any) -> Any:
        return reopen(unit, host, patient, replace(at, rows={}), step)

    conversations._reopen = stands


def _forget_records() -> None:
    """A dialog ends, and every other time nothing is left of it."""
    add, number = SqlUnit.add, count(1)

    def forgetful(self: SqlUnit, row: Any) -> None:
        if not isinstance(row, Record) or next(number) % 2:
            add(self, row)

    SqlUnit.add = forgetful  # type: ignore[method-assign]


def _raise_twice() -> None:
    """What called for a flag calls for another."""
    raise_flag = alerts.raise_flag

    def twice(unit: Any, program: Any, patient: Any, raised: Any, cause: str, body: Any = None) -> Any:
        raise_flag(unit, program, patient, raised, f"{cause}:again", body)
        return raise_flag(unit, program, patient, raised, cause, body)

    alerts.raise_flag = twice


def _hear_nothing() -> None:
    """Words are words, whatever they say."""

    async def deaf(self: Any, inbound: Any) -> None:
        return None

    triage.Triage._concern = deaf  # type: ignore[method-assign]


def _fire_twice() -> None:
    """A slot of a reminder is written down under a new name each time, and comes twice."""
    slots, slot, number = rounds._slots, rounds._slot, count(1)

    def again(*given: Any) -> Any:
        found, ahead = slots(*given)
        return [*found, *found[-1:]], ahead

    def under_a_new_name(*given: Any, **how: Any) -> Any:
        found = slot(*given, **how)
        return replace(found, name=f"{found.name}/{next(number)}")

    rounds._slots = again  # type: ignore[assignment]
    rounds._slot = under_a_new_name


def _send_late() -> None:
    """A reminder that was missed is sent whenever somebody is there again, at night too."""
    rounds._outcome = lambda *given: Outcome.SENT
    rounds.still_wanted = lambda unit, rows: frozenset(row.id for row in rows)


def _give_up() -> None:
    """Now and then a row of the outbox is given up, without a fault of Telegram's."""
    mark, number = ledger.mark, count(1)

    def hasty(unit: Any, outcomes: Any, on_blocked: Any, on_refused: Any) -> None:
        given_up = [
            one if next(number) % 40 else replace(one, state=Sending.FAILED, message_id=None)
            for one in outcomes
        ]
        mark(unit, given_up, on_blocked, on_refused)

    ledger.mark = hasty


def _be_slow() -> None:
    """No mistake: a database so slow that two turns side by side would surely meet."""
    load = sessions.load

    def slowly(*given: Any) -> Any:
        found = load(*given)
        time.sleep(0.3)
        return found

    sessions.load = slowly  # type: ignore[assignment]


def _forget_to_lock() -> None:
    """Two turns of one patient may run side by side, on threads and in processes."""
    _be_slow()

    @asynccontextmanager
    async def open_gate(self: Any, chat: int) -> Any:
        yield

    intake._Turnstile.through = open_gate  # type: ignore[method-assign]
    SqlUnit.lock = lambda self, chat_hash: None  # type: ignore[method-assign]


def _bury_everything() -> None:
    """Now and then a turn fails for good."""
    take, number = turns.take, count(1)

    def stumbling(unit: Any, host: Any, inbound: Any, concern: Any) -> Any:
        if next(number) % 30 == 0:
            unit.add_once(
                Incoming(
                    id=unit.new_id(),
                    key=unit.digest(unit.new_id()),
                    chat_hash=None,
                    at=unit.now,
                    state="dead",
                )
            )
        return take(unit, host, inbound, concern)

    turns.take = stumbling


def _write_in_plain() -> None:
    """What should be sealed is only wrapped: the words stand in the file."""
    unseal, mark = Vault.open, b"plain:"

    def plain(self: Vault, owner: int, place: bytes, value: Any) -> bytes:
        return mark + json.dumps(value, ensure_ascii=False).encode()

    def read(self: Vault, owner: int, place: bytes, sealed: bytes) -> Any:
        if sealed.startswith(mark):
            return json.loads(sealed.removeprefix(mark))
        return unseal(self, owner, place, sealed)

    Vault.seal, Vault.open = plain, read  # type: ignore[method-assign]


def _say_too_much() -> None:
    """What people write appears in the log."""
    take = turns.take

    def talkative(unit: Any, host: Any, inbound: Any, concern: Any) -> Any:
        print(inbound, file=sys.stderr)  # noqa: T201
        return take(unit, host, inbound, concern)

    turns.take = talkative


def _fault(build_in: Callable[[], None], *found_as: str) -> Fault:
    return Fault(build_in, frozenset(found_as))


FAULTS = {
    "acknowledge before commit": _fault(_acknowledge_before_commit, "nobody meets silence"),
    "drop outbox rows": _fault(_drop_outbox_rows, "nobody meets silence", "every flag's alert arrives"),
    "skip the unique key": _fault(_skip_the_unique_key, "an answer is kept once", "free words are kept once"),
    "promise before commit": _fault(
        _promise_before_commit, "an answer is kept once", "free words are kept once", "nobody meets silence"
    ),
    "commit after send": _fault(
        _commit_after_send, "an answer is kept once", "nothing is made up", "nobody meets silence"
    ),
    "forget records": _fault(_forget_records, "a finished dialog has one record"),
    "raise twice": _fault(_raise_twice, "a flag is raised once"),
    "hear nothing": _fault(_hear_nothing, "danger is heard", "nobody meets silence"),
    "fire twice": _fault(_fire_twice, "no reminder twice"),
    "send late": _fault(_send_late, "no reminder in quiet hours"),
    "give up": _fault(_give_up, "all drains"),
    "mark nudges afterwards": _fault(_mark_nudges_afterwards, "no reminder twice"),
    "ring nobody": _fault(_ring_nobody, "every flag's alert arrives"),
    "forget answers": _fault(_forget_answers, "an answer is kept once", "nobody meets silence"),
    "forget words": _fault(_forget_words, "free words are kept once"),
    "keep what was taken back": _fault(_keep_what_was_taken_back, "an answer stands until it is taken back"),
    "bury everything": _fault(_bury_everything, "all drains"),
    "forget to lock": _fault(
        _forget_to_lock, "an answer is kept once", "one patient, one order", "nobody meets silence"
    ),
    "write in plain": _fault(_write_in_plain, "no word lies about"),
    "say too much": _fault(_say_too_much, "no word lies about"),
}
HARMLESS = {
    "be slow": _fault(_be_slow),
    "be watched": _fault(boundaries.build_in),
    "next release": _fault(release.build_in),
}
"""Built in where it must be shown that not this is what the judge finds, or to kill at a chosen place."""
