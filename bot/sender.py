"""The one door out: sends what the outbox holds, in order, at the right pace, until it is settled.

Its laws, on which the tests are built:

1. Lanes leave in order: alerts, replies, notices, nudges. Alerts and replies leave at once (in a fan-out
   some hundredths of a second later, lest Telegram stop everything), and a fresh alert waits for nothing
   but Telegram, not even for the database. Notices and nudges keep the pace.
2. Within a chat and lane rows leave one after the other, in the order of their ids, retries included.
3. A row is marked after its call: killed in between, it is sent again. A nudge is marked before it: it
   is sent once or not at all.
4. What was not sent is tried again, for a day and some times at least; a nudge for an hour. What may have
   been sent is tried again too, but for nudges.
5. A 429 is obeyed by all lanes.
6. Fresh rows come from the commit itself, neither read nor opened again. What has waited is looked up
   before it leaves: it may have been replaced, dropped, or taken over by another process.

It knows no Telegram, no SQL and no clock but those it is given, and never logs a word of a body.
"""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from bot import ledger
from bot.courier import Blocked, Courier, Gone, NotSent, Refused, SlowDown, Unsure
from bot.journal import Log
from bot.leases import Leases
from bot.ledger import OnBlocked, OnRefused, Outcome, Proof, Turn, Wanted
from bot.marks import Marks
from bot.outbox import AT_ONCE, PACED, Lane
from bot.pace import Handle, Pacer, Timer
from bot.patience import Patience
from bot.queue import Hand, Held, Queue
from bot.rows import Outgoing, Sending
from bot.tally import Tally
from bot.together import Together
from bot.unit import Storage, Unit

log = Log(__name__)

ABREAST = 64  # calls at the same time: for alerts, for replies, and for both paced lanes together
KEEP_TRYING = timedelta(hours=24)
TRIES = 20  # at least: who was asleep for a day has not tried for a day
FIRST_RETRY = 0.5
LONGEST_RETRY = {Lane.ALERT: 5.0, Lane.REPLY: 10.0, Lane.NOTICE: 30.0, Lane.NUDGE: 30.0}
BROKEN_TRIES = 3
FIRST_LOOK, LONGEST_LOOK = 0.05, 2.0
STALE = 1.0
LEASE = 15.0
TICK = 5.0
RENEWED = 256
STUCK = 60.0
TOGETHER = 128
CHUNK = 200


def _nobody(unit: Unit, chat_hash: bytes) -> None: ...


def _nothing(unit: Unit, row: Outgoing) -> None: ...


def _all(unit: Unit, rows: Sequence[Outgoing]) -> frozenset[int]:
    return frozenset(row.id for row in rows)


class Sender:
    """`shared`: other processes send from the same database (PostgreSQL).

    `on_blocked(unit, chat_hash)` runs in the unit that writes down that a chat cannot be reached,
    `on_refused(unit, row)` in the one that writes down that a row will never leave;
    `wanted(unit, rows)` says just before nudges leave which still may (quiet hours may have begun, say).
    """

    def __init__(
        self,
        storage: Storage,
        courier: Courier,
        *,
        rate: float,
        shared: bool,
        chance: random.Random,
        on_blocked: OnBlocked = _nobody,
        on_refused: OnRefused = _nothing,
        wanted: Wanted = _all,
        timer: Timer | None = None,
    ) -> None:
        self._storage = storage
        self._courier = courier
        self._shared = shared
        self._chance = chance
        self._wanted = wanted
        self._timer: Timer = timer or asyncio.get_running_loop()
        self._pacer = Pacer(storage, rate, self._timer, self._pump)
        self._patience = Patience()
        self._proofs = Together(self._prove, TOGETHER)
        self._marks = Marks(storage, self._timer, on_blocked, on_refused, self._pump)
        self._running = False
        self._hot: deque[Outgoing] = deque()
        self._cold: deque[Outgoing] = deque()
        self._accepting = False
        self._hand = Hand(self._timer, self._pump)
        self._leases = Leases(storage, self._hand, self._timer, partial(self._take, placed=True))
        self._empty = asyncio.Event()
        self._empty.set()
        self._next: dict[Lane, deque[Queue]] = {lane: deque() for lane in PACED}
        self._busy: Counter[Lane] = Counter()
        self._paced_calls = 0
        self._flights: dict[asyncio.Task[None], Held] = {}
        self._edits: dict[int, set[Queue]] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._alarm: tuple[float, Handle] | None = None
        self._ticking: Handle | None = None
        self._tally = Tally(self._timer.time())
        self.alive_at: datetime = storage.clock.now()
        storage.on_posted(self._posted)

    # Beginning and end

    async def start(self) -> None:
        """Begin. On a database that nobody shares, all that is queued is taken up, whoever left it."""
        self._running = True
        self._tick()
        self._accept()
        await self._sweep_again(all_leases=not self._shared)

    async def idle(self) -> None:
        """Wait until nothing is in hand: all is sent and marked."""
        await self._empty.wait()

    async def stop(self, grace: float = 10.0) -> None:
        """Send on for at most `grace` seconds, then let go of the rest for whoever comes next."""
        try:
            async with asyncio.timeout(grace):
                await self.idle()
        except TimeoutError:
            log.warning("sender.stopped_early", waiting=len(self._hand))
        self._running = False
        for handle in (self._ticking, self._alarm and self._alarm[1]):
            if handle is not None:
                handle.cancel()
        flying = frozenset(held.row.id for held in self._flights.values())
        tasks = [*self._flights, *self._chores]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._pacer.close()
        try:
            async with asyncio.timeout(2):
                await self._proofs.finished()
                await self._marks.finished()
                await self._leases.let_go(flying, [*self._hot, *self._cold])
        except Exception as error:
            log.warning("sender.not_released", error=error, waiting=len(self._hand))
        self._tally.report(self._timer.time(), len(self._hand))

    async def sweep(self, all_leases: bool = False) -> int:
        """Take up rows that were left behind, as many as there is room for; how many were taken.

        `all_leases` takes rows whatever their lease says: only for the sole process on a database.
        """
        taken = await self._leases.sweep(all_leases)
        self._pump()
        return taken

    # Into the hand

    def _posted(self, rows: list[Outgoing]) -> None:
        for row in rows:
            (self._hot if row.lane in AT_ONCE else self._cold).append(row)
        self._empty.clear()
        if not self._accepting:
            self._accept()

    def _accept(self) -> None:
        """Take in hand what has arrived, some at a time: ten thousand rows must not stop the loop."""
        self._accepting = False
        if not self._running:
            return
        now = self._storage.clock.now()
        for _ in range(min(CHUNK, len(self._hot) + len(self._cold))):
            row = (self._hot or self._cold).popleft()
            later = (row.due_at - now).total_seconds()
            if later <= 0:
                self._take(row)
            elif later < LEASE:  # beyond that, it is for the next sweep
                self._timer.call_at(self._timer.time() + later, partial(self._posted, [row]))
        self._accepting = bool(self._hot or self._cold)
        if self._accepting:
            asyncio.get_running_loop().call_soon(self._accept)
        elif not self._hand:
            self._empty.set()
        self._pump()

    def _take(self, row: Outgoing, placed: bool = False) -> None:
        self._empty.clear()
        self._hand.take(row, placed=placed)

    # Out of the hand

    def _pump(self) -> None:
        """Begin whatever may begin now; called whenever something has changed."""
        if not self._running:
            return
        now = self._timer.time()
        if now < self._patience.everyone:
            self._ring(self._patience.everyone)
            return
        for lane in AT_ONCE:
            while self._hand.ready[lane] and self._busy[lane] < ABREAST:
                self._begin(self._hand.ready[lane].popleft(), now)
        self._pump_paced(now)

    def _pump_paced(self, now: float) -> None:
        while True:
            while self._ready_paced and self._ahead < self._pacer.ahead:
                self._begin(self._ready_paced.popleft(), now)
            line = self._next[Lane.NOTICE] or self._next[Lane.NUDGE]
            if not line or self._paced_calls >= ABREAST:
                return
            if not self._pacer.take(now):
                break
            self._paced_calls += 1
            self._launch(line.popleft())
        wanted = self._ahead + sum(len(self._hand.ready[lane]) for lane in PACED)
        at = self._pacer.next(wanted, now)
        if at is not None:
            self._ring(at)

    @property
    def _ready_paced(self) -> deque[Queue]:
        return self._hand.ready[Lane.NOTICE] or self._hand.ready[Lane.NUDGE]

    @property
    def _ahead(self) -> int:
        """Paced rows that are being looked up, or have been and wait for a slot."""
        return sum(self._busy[lane] for lane in PACED) - self._paced_calls

    def _begin(self, queue: Queue, now: float) -> None:
        until = max(self._patience.until(queue.key[0]), self._way(queue, now))
        if until > now:
            self._hand.wait(queue, until - now)
            return
        queue.busy = True
        self._busy[queue.lane] += 1
        if self._to_be_proven(queue.head, now):
            self._proofs.add(queue)
        else:
            self._proceed(queue)

    def _way(self, queue: Queue, now: float) -> float:
        """When a card or a reply leaves: at once, but for a moment in which one more would be too many."""
        if queue.lane in PACED or queue.head.gave_way:
            return now
        queue.head.gave_way = True
        return self._pacer.give_way(now)

    def _to_be_proven(self, held: Held, now: float) -> bool:
        lane = held.row.lane
        unplaced = self._shared and not held.placed and lane != Lane.ALERT
        return lane == Lane.NUDGE or held.row.edits is not None or unplaced or now - held.proven > STALE

    def _proceed(self, queue: Queue) -> None:
        paused = self._patience.everyone - self._timer.time()
        if queue.lane in AT_ONCE:
            self._launch(queue)
        elif paused > 0:
            self._put_back(queue, paused)
        else:
            self._next[queue.lane].append(queue)

    async def _prove(self, queues: list[Queue]) -> None:
        rows = [queue.head.row for queue in queues]
        work = partial(
            ledger.prove, rows=rows, held=self._hand.rows, shared=self._shared, wanted=self._wanted
        )
        proofs: dict[int, Proof] = {}
        try:
            proofs = await self._storage.write(work, urgent=self._shared)
        except Exception as error:
            log.error("sender.not_proven", error=error, count=len(queues))
        for queue in queues:
            self._proven(queue, proofs.get(queue.head.row.id))
        self._pump()

    def _proven(self, queue: Queue, proof: Proof | None) -> None:
        held = queue.head
        if proof is None:  # the database is in trouble
            if queue.lane in AT_ONCE and held.row.edits is None:
                self._proceed(queue)  # a word too early, or twice, is better than silence
            else:
                held.tries += 1
                self._wait(queue, self._backoff(held))
            return
        held.proven = self._timer.time()
        match proof.turn:
            case Turn.GO:
                held.placed = True
                held.marked = queue.lane is Lane.NUDGE
                held.message_id = proof.message_id
                self._proceed(queue)
            case Turn.WAIT:
                held.waits += 1
                if held.row.edits in self._hand.rows:
                    self._edits.setdefault(held.row.edits, set()).add(queue)
                self._wait(queue, min(LONGEST_LOOK, FIRST_LOOK * 2.0 ** min(held.waits, 8)))
            case Turn.OVER:
                self._tally.count(queue.lane, "over")
                self._advance(queue)
                self._settle(held)

    def _launch(self, queue: Queue) -> None:
        if not self._running:
            return
        task = asyncio.get_running_loop().create_task(self._send(queue))
        self._flights[task] = queue.head
        task.add_done_callback(self._flights.pop)

    async def _send(self, queue: Queue) -> None:
        held = queue.head
        row = held.row
        held.started = began = self._timer.time()
        self._patience.called(began, row.chat_hash)
        try:
            message_id = await self._courier.deliver(row.body or {}, message_id=held.message_id)
        except SlowDown as error:
            self._slow_down(queue, error.retry_after)
        except NotSent:
            self._retry(queue)
        except Unsure:
            self._unsure(queue)
        except Blocked:
            self._finish(queue, Sending.FAILED, blocked=True)
        except Gone:
            self._finish(queue, Sending.DROPPED)
        except Refused as error:
            log.error("sender.refused", row=row.id, lane=queue.lane.name, reason=error.code)
            self._finish(queue, Sending.FAILED)
        except Exception as error:
            log.error("sender.broken", row=row.id, lane=queue.lane.name, error=error)
            if held.tries >= BROKEN_TRIES:
                self._finish(queue, Sending.FAILED)
            else:
                self._unsure(queue)
        else:
            self._finish(queue, Sending.SENT, message_id, seconds=self._timer.time() - began)
        self._pump()

    # What becomes of a call

    def _slow_down(self, queue: Queue, seconds: float) -> None:
        now = self._timer.time()
        alone = self._patience.slow_down(now, queue.key[0], seconds)
        log.warning("sender.slowed", retry_after=seconds, mode="chat" if alone else "all")
        self._tally.count(queue.lane, "slowed")
        self._put_back(queue, seconds)
        if not alone:
            self._chore(self._pacer.hold(seconds))
            for line in self._next.values():  # nudges among them are marked, and may have long to wait
                while line:
                    self._put_back(line.popleft(), seconds)

    def _unsure(self, queue: Queue) -> None:
        if queue.lane is Lane.NUDGE:
            self._finish(queue, Sending.SENT)
        else:
            self._retry(queue)

    def _retry(self, queue: Queue) -> None:
        held = queue.head
        age = self._storage.clock.now() - held.row.due_at
        held.tries += 1
        self._tally.count(queue.lane, "again")
        if age > KEEP_TRYING and held.tries >= TRIES:
            log.error("sender.gave_up", row=held.row.id, lane=queue.lane.name, attempt=held.tries)
            self._finish(queue, Sending.FAILED)
        else:
            self._put_back(queue, self._backoff(held))

    def _backoff(self, held: Held) -> float:
        longest = LONGEST_RETRY[Lane(held.row.lane)]
        return min(longest, FIRST_RETRY * 2.0 ** min(held.tries - 1, 16)) * self._chance.uniform(0.5, 1.0)

    def _put_back(self, queue: Queue, seconds: float) -> None:
        """The head waits; a nudge, which is marked already, is first unmarked."""
        held = queue.head
        if held.marked:
            outcome = Outcome(held.row, Sending.QUEUED, self._storage.clock.now(), attempts=held.tries)
            self._marks.add((held, outcome, partial(self._unmarked, queue, self._timer.time() + seconds)))
        else:
            self._wait(queue, seconds)

    def _unmarked(self, queue: Queue, until: float) -> None:
        queue.head.marked = False
        self._wait(queue, until - self._timer.time())

    def _finish(
        self,
        queue: Queue,
        state: Sending,
        message_id: int | None = None,
        *,
        blocked: bool = False,
        seconds: float | None = None,
    ) -> None:
        held = queue.head
        now = self._storage.clock.now()
        outcome = Outcome(held.row, state, now, message_id, attempts=held.tries + 1, blocked=blocked)
        self._tally.count(queue.lane, "blocked" if blocked else state.value, seconds)
        self._advance(queue)
        self._marks.add((held, outcome, partial(self._settle, held)))

    def _advance(self, queue: Queue) -> None:
        self._release(queue)
        self._hand.advance(queue)

    def _wait(self, queue: Queue, seconds: float) -> None:
        self._release(queue)
        self._hand.wait(queue, seconds)

    def _release(self, queue: Queue) -> None:
        """Its head is under way no longer."""
        self._busy[queue.lane] -= 1
        if queue.head.started is not None:
            queue.head.started = None
            self._paced_calls -= queue.lane in PACED

    def _settle(self, held: Held) -> None:
        """The database knows how this row ended."""
        del self._hand.rows[held.row.id]
        for queue in self._edits.pop(held.row.id, ()):
            self._hand.wake(queue)
        if not self._hand and not self._accepting:
            self._empty.set()
        if self._leases.left_behind and self._leases.has_room():
            self._leases.left_behind = False
            self._chore(self._sweep_again())

    # Time

    def _ring(self, at: float) -> None:
        """Pump again at that moment."""
        if self._alarm is not None:
            if self._alarm[0] <= at:
                return
            self._alarm[1].cancel()
        self._alarm = (at, self._timer.call_at(at, self._rung))

    def _rung(self) -> None:
        self._alarm = None
        self._pump()

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _sweep_again(self, all_leases: bool = False) -> None:
        try:
            await self.sweep(all_leases)
        except Exception as error:
            log.warning("sender.not_swept", error=error)
            self._leases.left_behind = True

    def _tick(self) -> None:
        now = self._timer.time()
        self._ticking = self._timer.call_at(now + TICK, self._tick)
        self._patience.forget(now)
        if not self._stuck(now):
            self.alive_at = self._storage.clock.now()
        if self._tally.due(now):
            self._tally.report(now, len(self._hand))
        old = (one for one in self._hand.heads() if now - one.proven > TICK and one.row.lane != Lane.NUDGE)
        if renewed := list(islice(old, RENEWED)):
            self._chore(self._leases.renew(renewed))
        if self._leases.left_behind and not self._hand:
            self._chore(self._sweep_again())

    def _stuck(self, now: float) -> bool:
        flying = any(now - (held.started or now) > STUCK for held in self._flights.values())
        return flying or self._marks.late(STUCK)
