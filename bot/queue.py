"""What is in hand: the rows of one chat and lane stand in a queue, and only its head may leave."""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from bot.outbox import Lane
from bot.pace import Handle, Timer
from bot.rows import Outgoing

Key = tuple[bytes, int]


@dataclass(slots=True, eq=False)
class Held:
    """A row in hand. `proven`: when the database last said that it is ours (the timer's seconds).

    `placed`: no earlier row of its chat and lane waits in another process. `marked`: a nudge that the
    database already takes for sent. `started`: when the call that is under way began. `gave_way`: it has
    let a fan-out pass, which it does once.
    """

    row: Outgoing
    proven: float
    tries: int = 0
    waits: int = 0
    placed: bool = False
    marked: bool = False
    message_id: int | None = None
    started: float | None = None
    gave_way: bool = False


@dataclass(slots=True, eq=False)
class Queue:
    """While it has rows it is one of three things: busy with its head, waiting for a moment, or ready."""

    key: Key
    lane: Lane
    rows: list[Held] = field(default_factory=list)
    busy: bool = False
    timer: Handle | None = None

    @property
    def head(self) -> Held:
        return self.rows[0]

    def add(self, held: Held) -> None:
        """In the order of ids; what is under way stays in front."""
        if not self.rows or self.rows[-1].row.id < held.row.id:
            self.rows.append(held)
        else:
            insort(self.rows, held, lo=1 if self.busy else 0, key=lambda one: one.row.id)


class Hand:
    """All rows in hand, until the database knows how they ended; `woken` is called when a wait is over."""

    def __init__(self, timer: Timer, woken: Callable[[], None]) -> None:
        self.rows: dict[int, Held] = {}
        self.ready: dict[Lane, deque[Queue]] = {lane: deque() for lane in Lane}
        self._queues: dict[Key, Queue] = {}
        self._timer = timer
        self._woken = woken

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, row: Outgoing, *, placed: bool) -> None:
        """Put a row in its queue, unless it is in hand already."""
        if row.id in self.rows:
            return
        held = self.rows[row.id] = Held(row, self._timer.time(), tries=row.attempts, placed=placed)
        key = (row.chat_hash, row.lane)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = Queue(key, Lane(row.lane))
            self.ready[queue.lane].append(queue)
        queue.add(held)
        if queue.timer is not None and queue.head is held:
            self.wake(queue)  # an earlier row, which need not wait for what the later one waits for

    def advance(self, queue: Queue) -> None:
        """The head has left for good: the next one is ready."""
        queue.busy = False
        queue.rows.pop(0)
        if queue.rows:
            self.ready[queue.lane].append(queue)
        else:
            del self._queues[queue.key]

    def wait(self, queue: Queue, seconds: float) -> None:
        queue.busy = False
        queue.timer = self._timer.call_at(self._timer.time() + seconds, partial(self._over, queue))

    def wake(self, queue: Queue) -> None:
        """Its wait is over, if it waits."""
        if queue.timer is not None:
            queue.timer.cancel()
            queue.timer = None
            self.ready[queue.lane].append(queue)

    def heads(self) -> Iterator[Held]:
        """The rows that are under way, or wait for a moment of their own."""
        return (queue.head for queue in self._queues.values() if queue.busy or queue.timer is not None)

    def _over(self, queue: Queue) -> None:
        self.wake(queue)
        self._woken()
