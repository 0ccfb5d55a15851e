"""python-telegram-bot's AIORateLimiter as it comes: everybody is written to, and in their midst an alert.

python -m tests.bench.peers.rate_limiter URL COUNT

Prints JSON: how many were `dropped`, the `seconds` it took, and those until the `alert` was there (None: it
was dropped).
"""

import asyncio
import os
import sys
import time
import warnings

os.environ["PTB_TIMEDELTA"] = "1"

import orjson
from telegram.error import TelegramError
from telegram.ext import AIORateLimiter, ApplicationBuilder

from tests.bench.clinic import FIRST
from tests.bench.telegram import TOKEN

WORDS = "Good evening, Sam. Would you like to check in?"
_BEFORE = 3.0
"""Seconds of the fan-out before the alert."""


async def main(url: str, count: str) -> None:
    warnings.filterwarnings("ignore")
    limiter = AIORateLimiter()
    app = ApplicationBuilder().token(TOKEN).base_url(f"{url}/bot").rate_limiter(limiter).build()
    dropped = 0

    async def send(chat: int) -> bool:
        nonlocal dropped
        try:
            await app.bot.send_message(chat, WORDS)
        except TelegramError:
            dropped += 1
            return False
        return True

    async with app:
        began = time.monotonic()
        everybody = [asyncio.create_task(send(FIRST + place)) for place in range(int(count))]
        await asyncio.sleep(_BEFORE)
        asked = time.monotonic()
        there = await send(FIRST - 1)
        alert = time.monotonic() - asked if there else None
        await asyncio.gather(*everybody)
        seconds = time.monotonic() - began
    found = {"dropped": dropped, "seconds": seconds, "alert": alert}
    sys.stdout.buffer.write(orjson.dumps(found) + b"\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
