"""The bot itself, and beside it a look at how long its event loop is held up.

    python -m tests.bench.watched FILE run

At the end FILE holds, as JSON, each time that the loop came late to a timer by more than `WORTH` seconds: the
moment on the monotonic clock, and for how many milliseconds it was held up. What the machine gave to other
processes meanwhile is taken off: the kernel counts for how long the thread was ready and had no processor.
"""

import asyncio
import os
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import orjson
import uvloop

from bot.__main__ import main as bot

EVERY = 0.002
WORTH = 0.002


async def watch(held_up: list[tuple[float, float]]) -> None:
    """Look at the clock every two milliseconds, for ever."""
    book = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
    before, waited = time.monotonic(), _waited(book)
    while True:
        await asyncio.sleep(EVERY)
        now, ready = time.monotonic(), _waited(book)
        late = now - before - EVERY - (ready - waited)
        if late > WORTH:
            held_up.append((now, late * 1e3))
        before, waited = now, ready


def _waited(book: int) -> float:
    """Seconds for which this thread was ready to run and did not."""
    return int(os.pread(book, 64, 0).split()[1]) / 1e9


def main(file: str, *arguments: str) -> int:
    held_up: list[tuple[float, float]] = []
    run = uvloop.run

    async def beside(whole: Coroutine[Any, Any, Any]) -> Any:
        watching = asyncio.create_task(watch(held_up))
        try:
            return await whole
        finally:
            watching.cancel()

    uvloop.run = lambda whole, **options: run(beside(whole), **options)
    code = bot(list(arguments))
    Path(file).write_bytes(orjson.dumps(held_up))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
