"""Two senders on one outbox, whatever happens to their calls and to themselves: each row has its due.

What is posted, by either process, meets calls that fail, that arrive without our hearing of it, that are
refused or slowed down; a process dies with calls in the air, and another takes its place; time passes, and
the clock jumps. The ledger is the courier's own: what arrived in which chat, in what order.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.courier import Blocked, Gone, NotSent, Refused, SlowDown, Unsure
from bot.outbox import Lane
from bot.rows import Outgoing, Sending
from bot.unit import Unit
from tests.fixtures.effort import tried
from tests.fixtures.machines import Opener, of_dictionaries
from tests.sender.stage import HandTimer, Stage

CHATS = [1, 2]
PAUSE = 3.0
FATES: list[type[Exception] | None] = [None, NotSent, Unsure, Unsure, SlowDown, Blocked, Gone, Refused]
FINAL = (Blocked, Gone, Refused)
"""After one of these a row never leaves."""


@dataclass(frozen=True, slots=True)
class Posted:
    id: int
    chat: int
    lane: Lane


class Air:
    """Between both senders and the phones. Of each call the next fate is taken; then all arrive."""

    def __init__(self) -> None:
        self.fates: deque[type[Exception] | None] = deque()
        self.arrived: list[int] = []
        """The numbers of messages, as they came to phones."""
        self.doubtful: Counter[int] = Counter()
        """How often each may have arrived without the sender's knowing."""
        self.ended: set[int] = set()
        self.impatient: list[int] = []
        """Called for while a 429 asked us to wait."""
        self.held: asyncio.Event | None = None


class Courier:
    def __init__(self, air: Air, timer: HandTimer) -> None:
        self.air = air
        self.holding = 0
        self.slow_until: dict[int, float] = {}
        self._timer = timer

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        number, chat = int(body["text"]), body["chat"]
        if self._timer.time() < self.slow_until.get(chat, 0):
            self.air.impatient.append(number)
        await asyncio.sleep(0)
        if self.air.held is not None:
            self.air.doubtful[number] += 1
            self.air.arrived.append(number)
            self.holding += 1
            try:
                await self.air.held.wait()
            finally:
                self.holding -= 1
            return number
        fate = self.air.fates.popleft() if self.air.fates else None
        if fate is Unsure:
            self.air.doubtful[number] += 1
        if fate in (None, Unsure):
            self.air.arrived.append(number)
        if fate in FINAL:
            self.air.ended.add(number)
        if fate is SlowDown:
            self.slow_until[chat] = self._timer.time() + PAUSE
            raise SlowDown(PAUSE)
        if fate is not None:
            raise Refused("no") if fate is Refused else fate
        return number


class Machine(RuleBasedStateMachine):
    opener: Opener = staticmethod(of_dictionaries)

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.timer = HandTimer()
        self.open = self.opener(self.timer)
        self.air = Air()
        self.posted: dict[int, Posted] = {}
        self.stages: list[Stage] = []
        for _ in range(2):
            self.run(self._begins())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        async def end() -> None:
            for stage in self.stages:
                await stage.crash()
                await stage.storage.close()
            await self.loop.shutdown_default_executor()

        self.run(end())
        self.loop.close()

    @rule(which=st.integers(0, 1), lane=st.sampled_from(Lane), chat=st.sampled_from(CHATS))
    def post(self, which: int, lane: Lane, chat: int) -> None:
        number = len(self.posted) + 1

        async def say() -> None:
            row_id = await self.stages[which].post(str(number), lane, chat)
            self.posted[number] = Posted(row_id, chat, lane)
            await self.stages[which].rest(self.stages[1 - which])

        self.run(say())

    @rule(fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=4))
    def calls_go_wrong(self, fates: list[type[Exception] | None]) -> None:
        self.air.fates.extend(fates)

    @rule(which=st.integers(0, 1), lane=st.sampled_from(Lane), chat=st.sampled_from(CHATS))
    def die_in_the_middle(self, which: int, lane: Lane, chat: int) -> None:
        """With what was just posted in the air: it arrives, and nobody is left to mark it."""
        self.air.held = asyncio.Event()
        self.post(which, lane, chat)
        self.run(self._dies(which))
        self.air.held = None

    @rule(seconds=st.sampled_from([0.5, 4, 20, 70]))
    def pass_time(self, seconds: float) -> None:
        self.run(self._passes(seconds))

    @rule(minutes=st.sampled_from([-30, -1, 1, 30]))
    def jump_the_clock(self, minutes: int) -> None:
        self.timer.skew += timedelta(minutes=minutes)

    @rule()
    def the_air_clears(self) -> None:
        """Nothing is lost: all has arrived but what was refused, and nudges, which nobody is owed."""
        self.air.fates.clear()
        if self.timer.skew < timedelta():
            self.timer.skew = timedelta()  # what a clock that was set back does about it is not the sender's
        for _ in range(3):
            self.run(self._passes(20))
        for number, posted in self.posted.items():
            if posted.lane is not Lane.NUDGE and number not in self.air.ended:
                assert number in self.air.arrived, posted
        assert self.run(self.stages[0].storage.read(_queued)) == 0

    @invariant()
    def a_nudge_arrives_once_or_not_at_all(self) -> None:
        times = Counter(self.air.arrived)
        assert all(times[number] <= 1 for number, one in self.posted.items() if one.lane is Lane.NUDGE)

    @invariant()
    def nothing_arrives_again_that_we_know_has_arrived(self) -> None:
        for number, times in Counter(self.air.arrived).items():
            assert times <= 1 + self.air.doubtful[number]

    @invariant()
    def a_429_is_obeyed(self) -> None:
        assert not self.air.impatient

    @invariant()
    def within_a_chat_and_lane_rows_arrive_in_their_order(self) -> None:
        """A later one has a larger id, unless the clock was set back between two processes."""
        came = {number: place for place, number in reversed([*enumerate(self.air.arrived)])}
        for one, other in combinations(sorted(self.posted.keys() & came.keys()), 2):
            first, then = self.posted[one], self.posted[other]
            if (first.chat, first.lane) == (then.chat, then.lane) and first.id < then.id:
                assert came[one] < came[other]

    @invariant()
    def what_was_refused_never_arrives_after(self) -> None:
        states = self.run(
            self.stages[0].storage.read(lambda unit: dict(unit.values(Outgoing, "id", "state")))
        )
        for number in self.air.ended:
            assert states[self.posted[number].id] not in (Sending.SENT, Sending.QUEUED) or (
                self.posted[number].lane is Lane.NUDGE
            )

    async def _passes(self, seconds: float) -> None:
        """Then both look for what was left behind, as the clock has them do."""
        one, other = self.stages
        await one.pass_time(seconds, other)
        for stage in self.stages:
            await stage.sender.sweep()
        await one.rest(other)

    async def _begins(self) -> None:
        stage = Stage(self.open(), self.timer, shared=True, chance=random.Random(1))
        stage.courier = courier = Courier(self.air, self.timer)  # type: ignore[assignment]
        stage.sender._courier = courier
        self.stages.append(stage)
        await stage.sender.start()
        await stage.rest()

    async def _dies(self, which: int) -> None:
        stage = self.stages.pop(which)
        await stage.crash()
        await stage.storage.close()
        await self._begins()


def _queued(unit: Unit) -> int:
    return unit.count(Outgoing, state=Sending.QUEUED)


def test_whatever_happens_each_row_has_its_due(opener: Opener) -> None:
    made = type("Opened", (Machine,), {"opener": staticmethod(opener)})
    run_state_machine_as_test(made, settings=tried(5, 15))
