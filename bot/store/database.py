"""The store: runs units of work, each committed whole or not at all, on SQLite and on PostgreSQL.

SQLite has one writer thread that commits together what has arrived together: each unit has a
SAVEPOINT of its own, so one that fails takes nobody with it. PostgreSQL runs units side by side, each
in its own transaction, and tries again when the database itself asks for that (deadlock). Readers
never wait for the writer. An `urgent` unit goes before all that is waiting; what was to be committed
together ends early for it.
"""

import asyncio
import random
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from sqlalchemy import Connection, func, insert, select, text, union_all
from sqlalchemy.exc import OperationalError

from bot.clock import Clock
from bot.rows import Outgoing
from bot.store import tables
from bot.store.connections import ABREAST, engine, hold
from bot.store.ids import Ids
from bot.store.statements import Statements
from bot.store.units import SqlUnit
from bot.store.vault import HOUSE, LOOKUP, Vault
from bot.unit import Work

T = TypeVar("T")
_TOGETHER = 128
_TRIES = 3
_RETRIED = {"40001", "40P01"}
_COUNTED = text(
    "INSERT INTO started (id, times) VALUES (1, 1)"
    " ON CONFLICT (id) DO UPDATE SET times = started.times + 1 RETURNING times"
)
_data_key = tables.DataKey.__table__  # type: ignore[attr-defined]


class NotOpen(Exception):
    """The database has not been proved yet, so nothing is read from it or written to it."""


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    future: asyncio.Future[Any]
    urgent: bool = False
    result: Any = None
    error: BaseException | None = None
    posted: list[Outgoing] = field(default_factory=list)


class Store:
    """Give it to `app`; use cases see only units. `owner` marks the outbox rows this process sends."""

    def __init__(self, url: str, masters: list[bytes], clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.ids = Ids(clock)
        self.owner = random.SystemRandom().getrandbits(62)
        self.on_sqlite = not url.startswith("postgresql")
        self._engine = engine(url)
        self._reader = engine(url, writer=False) if self.on_sqlite else self._engine
        self._statements = Statements(self._engine.dialect)
        self.vault = Vault(masters, self._wrapped)
        self._listeners: list[Callable[[list[Outgoing]], None]] = []
        self._threads = ThreadPoolExecutor(ABREAST, thread_name_prefix="store")
        self._hurry = ThreadPoolExecutor(2, thread_name_prefix="store-urgent")
        self._waiting: deque[_Job] = deque()
        self._urgent: deque[_Job] = deque()
        self._arrived = threading.Condition()
        self._closing = False
        self.is_open = False
        self._writer: threading.Thread | None = None
        self._held: IO[str] | None = None

    def on_posted(self, listener: Callable[[list[Outgoing]], None]) -> None:
        """`listener` gets the outbox rows of each unit right after its commit, on the event loop."""
        self._listeners.append(listener)

    def unlock(self) -> None:
        """Make the house keys if the database is new, else prove the master key (or WrongMasterKey)."""
        with self._engine.begin() as connection:
            found = connection.execute(
                select(_data_key.c.owner, _data_key.c.wrapped).where(_data_key.c.owner.in_([HOUSE, LOOKUP]))
            )
            kept = {owner: bytes(wrapped) for owner, wrapped in found}
            for owner in (HOUSE, LOOKUP):
                if owner in kept:
                    self.vault.unwrap(owner, kept[owner])
                else:
                    connection.execute(
                        insert(_data_key), {"owner": owner, "wrapped": self.vault.new_key(owner)}
                    )
            newest = union_all(
                *(select(func.max(table.__table__.c.id)) for table in tables.OF.values())  # type: ignore[attr-defined]
            )
            last = max(last or 0 for (last,) in connection.execute(newest))
        self.ids.begin(self._number(), last)
        self.is_open = True

    def _number(self) -> int:
        """This process's own number, by counting its start; by chance where the disk is full."""
        try:
            with self._engine.begin() as connection:
                return int(connection.execute(_COUNTED).scalar_one())
        except OperationalError:
            return random.SystemRandom().getrandbits(30)

    def exists(self) -> bool:
        """Whether an SQLite database has its file."""
        path = self._engine.url.database
        return path is not None and Path(path).exists()

    def is_alone(self) -> bool:
        """Hold a SQLite database for this process; False if another holds it. PostgreSQL is for many."""
        path = self._engine.url.database
        if not self.on_sqlite or path is None:
            return True
        self._held = hold(path)
        return self._held is not None

    def rewrap(self, most: int = 500) -> int:
        """Wrap up to `most` keys anew that an older master key still holds; the number done (0: finished)."""
        done = 0
        with self._engine.begin() as connection:
            for owner, wrapped in connection.execute(select(_data_key.c.owner, _data_key.c.wrapped)).all():
                raw, current = self.vault.unwrap(owner, wrapped)
                if not current:
                    connection.execute(
                        _data_key.update()
                        .where(_data_key.c.owner == owner)
                        .values(wrapped=self.vault.wrap(owner, raw))
                    )
                    done += 1
                if done == most:
                    break
        return done

    async def write(self, work: Work[T], *, urgent: bool = False) -> T:
        """Run `work` in a unit and return its result once it is committed; raises what it raised."""
        self._must_be_open()
        loop = asyncio.get_running_loop()
        if not self.on_sqlite:
            pool = self._hurry if urgent else self._threads
            result, posted = await loop.run_in_executor(pool, self._alone, work)
            self._tell(posted)
            return result
        job = _Job(work, loop.create_future(), urgent)
        with self._arrived:
            if self._closing:
                raise RuntimeError("the store is closed")
            (self._urgent if urgent else self._waiting).append(job)
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._write, args=(loop,), name="store-writer", daemon=True
                )
                self._writer.start()
            self._arrived.notify()
        return cast(T, await job.future)

    async def read(self, work: Work[T]) -> T:
        """Run `work` in a unit that writes nothing, beside the writer."""
        self._must_be_open()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._look, work)

    async def close(self) -> None:
        """Commit what is waiting, then let go of the database."""
        with self._arrived:
            self._closing = True
            self._arrived.notify()
        if self._writer is not None:
            await asyncio.to_thread(self._writer.join)
        self._threads.shutdown()
        self._hurry.shutdown()
        self._engine.dispose()
        self._reader.dispose()
        if self._held is not None:
            self._held.close()

    def _must_be_open(self) -> None:
        if not self.is_open:
            raise NotOpen

    def _unit(self, connection: Connection) -> SqlUnit:
        return SqlUnit(connection, self._statements, self.vault, self.clock.now(), self.ids, self.owner)

    def _look(self, work: Work[T]) -> T:
        with self._reader.connect() as connection, connection.begin():
            return work(self._unit(connection))

    def _alone(self, work: Work[T]) -> tuple[T, list[Outgoing]]:
        for attempt in range(1, _TRIES + 1):
            try:
                with self._engine.begin() as connection:
                    unit = self._unit(connection)
                    result = work(unit)
                return result, unit.posted
            except Exception as error:
                state = getattr(getattr(error, "orig", error), "sqlstate", None)
                if attempt == _TRIES or state not in _RETRIED:
                    raise
        raise AssertionError("unreachable")

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            with self._arrived:
                while not (self._urgent or self._waiting or self._closing):
                    self._arrived.wait()
                if not (self._urgent or self._waiting):
                    return
                jobs = [self._urgent.popleft() for _ in range(len(self._urgent))]
                if not jobs:
                    jobs = [self._waiting.popleft() for _ in range(min(_TOGETHER, len(self._waiting)))]
            self._together(jobs)
            loop.call_soon_threadsafe(self._settle, jobs)

    def _together(self, jobs: list[_Job]) -> None:
        try:
            with self._engine.begin() as connection:
                run = cast(Any, connection.connection.driver_connection).execute
                for place, job in enumerate(jobs):
                    if self._urgent and place and not job.urgent:
                        self._put_back(jobs, place)
                        break
                    if job.future.cancelled():
                        continue
                    run("SAVEPOINT unit")
                    unit = self._unit(connection)
                    try:
                        job.result = job.work(unit)
                        job.posted = unit.posted
                        run("RELEASE unit")
                    except Exception as error:
                        job.error = error
                        run("ROLLBACK TO unit")
                        run("RELEASE unit")
        except Exception as error:
            for job in jobs:
                job.error, job.posted = job.error or error, []

    def _put_back(self, jobs: list[_Job], place: int) -> None:
        """Somebody urgent has come: what is not begun yet is left for later, in its order."""
        with self._arrived:
            self._waiting.extendleft(reversed(jobs[place:]))
        del jobs[place:]

    def _settle(self, jobs: list[_Job]) -> None:
        for job in jobs:
            if job.error is None:
                self._tell(job.posted)
            if job.future.cancelled():
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(job.error)

    def _tell(self, posted: list[Outgoing]) -> None:
        if posted:
            for listener in self._listeners:
                listener(posted)

    def _wrapped(self, owner: int) -> bytes | None:
        """A wrapped key, read on a connection of its own unless the caller's unit has just made it."""
        with self._reader.connect() as connection:
            found = connection.execute(
                select(_data_key.c.wrapped).where(_data_key.c.owner == owner)
            ).scalar_one_or_none()
        return None if found is None else bytes(found)
