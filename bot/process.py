"""A process of this program: its event loop, its signals, and the memory that stays after its start."""

import asyncio
import gc
import os
import signal
from typing import Any, Protocol


class Part(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def run(main: Any) -> Any:
    """Run this coroutine to its end; its result."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


async def until_stopped(part: Part) -> None:
    """Start it, and stop it at SIGTERM or SIGINT; a second one ends at once."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    starting = asyncio.create_task(part.start())
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        await starting
        _settle_memory()
        await waiting
        await part.stop()
    else:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


def _settle_memory() -> None:
    """What stands after the start stays: the collector need not walk over it again and again.

    A sixth of a step's CPU went into templates, phrases and tables that never become garbage. What came last
    is looked through often and in small lots: ten thousand nudges that wait for their turn are no garbage
    either, and one look at all of them held everything up for 30 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 2, 50)
