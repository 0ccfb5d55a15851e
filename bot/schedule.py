"""The only place that knows APScheduler: a handful of interval ticks, whatever the number of patients.

What is due lies in the database; a tick only asks. One that is late runs once, and never beside itself. Ticks
fall on round seconds: what people are told at seven is due at seven, and is asked for at that very second.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.journal import Log

log = Log(__name__)

_ROUND = datetime(2000, 1, 1, tzinfo=UTC)
Tick = Callable[[], Awaitable[object]]


class Schedule:
    """Runs each tick every so many seconds of real time, on the running event loop."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def every(self, seconds: float, tick: Tick) -> None:
        self._scheduler.add_job(_safely(tick), "interval", seconds=seconds, start_date=_ROUND)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def _safely(tick: Tick) -> Tick:
    async def run() -> None:
        """A tick that fails is logged and comes again; one cut off at the end is no fault to write down."""
        try:
            await tick()
        except asyncio.CancelledError:
            return
        except Exception as error:
            log.error("tick.failed", part=getattr(tick, "__name__", "tick"), error=error)

    return run
