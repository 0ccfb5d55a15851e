"""A fan-out at Telegram's 30 messages a second, with cries for help in its midst; the local Telegram refuses
the thirty-first in any second with 429. Beside it python-telegram-bot's AIORateLimiter.

First only nudges leave, then people cry for help as well, each a patient without a reminder: their card and
the alert to their counselor leave at once, and count towards the limit.
"""

import asyncio
import random
import sqlite3
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import orjson

from tests.bench import clinic
from tests.bench.figures import Figure, scaled, share

NUDGES = 3_000
CRIES = 100
SENDS = 900
RATE = 30
USED = 0.96
TRIP = 0.04
"""Seconds to Telegram and back."""
CARD = 0.050 + TRIP
WORDS = "I am going to kill myself tonight"
_BEFORE = 3.0
_PURE = 0.4
"""The share of the nudges that leaves before the first cry."""
_PATIENCE = 60.0


async def measure(folder: Path, scale: float) -> list[Figure]:
    nudges, cries, sends = scaled(NUDGES, scale, 120), scaled(CRIES, scale, 5), scaled(SENDS, scale, 120)
    async with clinic.telegram(folder, TRIP, RATE) as telegram:
        figures = await _handrail(folder, telegram, nudges, cries)
    async with clinic.telegram(folder, TRIP, RATE) as telegram:
        return [*figures, await _rate_limiter(folder, telegram, sends)]


async def _handrail(folder: Path, telegram: clinic.Telegram, nudges: int, cries: int) -> list[Figure]:
    minute = clinic.Appointment.made(folder)
    environment = {**clinic.handrail(folder, telegram), **minute.settings, "SEND_RATE": str(RATE)}
    await clinic.seed(folder, environment, nudges + cries, "--remind", minute.at)
    with sqlite3.connect(folder / "handrail.sqlite3") as database:
        database.execute(
            "DELETE FROM reminder WHERE patient_id IN (SELECT id FROM patient ORDER BY id DESC LIMIT ?)",
            (cries,),
        )
    database.close()
    first = clinic.FIRST + nudges
    async with clinic.running(folder, telegram, environment):
        await telegram.ask("/forget")
        await asyncio.sleep(max(0.0, minute.come_in(_BEFORE) + _PURE * nudges / RATE - time.monotonic()))
        alone, began = (await telegram.ask("/calls"))["refused"], time.monotonic()
        every = (1 - _PURE) * nudges / RATE / cries * 0.9
        cards, alerts = await _cries(telegram, range(first, first + cries), every)
        sent = await _all_sent(telegram, range(clinic.FIRST, first), began + nudges / RATE + _PATIENCE)
        refused = (await telegram.ask("/calls"))["refused"]
    got = Counter(chat for chat, _ in sent if clinic.FIRST <= chat < first)
    moments = [at for chat, at in sent if chat >= clinic.FIRST - 1]
    nudged = [at for chat, at in sent if clinic.FIRST <= chat < first]
    pure = _rate([at for at in nudged if at < began])
    mixed = _rate([at for at in moments if began <= at <= nudged[-1]])
    return [
        Figure(
            f"fan-out of {nudges:,} nudges at {RATE} a second: nudges a second",
            f"{pure:.2f} ({pure / RATE:.1%} of the limit)",
            f"≥ {USED:.0%}",
            pure >= USED * RATE,
        ),
        Figure("messages a second while people cry for help", f"{mixed:.2f} ({mixed / RATE:.1%})"),
        Figure(
            f"refused with 429 (before the first cry), dropped, twice; the most in any second of {RATE}",
            f"{refused} ({alone}), {nudges - len(got)}, {sum(n > 1 for n in got.values())}; {_most(moments)}",
            "0, 0, 0",
            not refused and len(got) == nudges and max(got.values()) == 1,
        ),
        _at_once(f"a card in its midst, of {cries}, {TRIP * 1e3:.0f} ms of them on the way", cards),
        _at_once("the alert to the counselor", alerts),
    ]


def _at_once(name: str, seen: Sequence[float]) -> Figure:
    late = share(seen, 0.99)
    return Figure(
        f"{name}: median, p99",
        f"{share(seen, 0.5) * 1e3:.0f}, {late * 1e3:.0f} ms",
        f"p99 ≤ {CARD * 1e3:.0f} ms",
        late <= CARD,
    )


async def _cries(telegram: clinic.Telegram, chats: range, every: float) -> tuple[list[float], list[float]]:
    """One after the other, `every` so many seconds on average: until each card, and until each alert."""
    chance = random.Random(7)
    cards, said = [], []
    for chat in chats:
        said.append(time.monotonic())
        cards.append(await telegram.say(chat, WORDS))
        await asyncio.sleep(max(0.0, every * chance.uniform(0.5, 1.5) - cards[-1]))
    told = [at for chat, at in await telegram.sent() if chat == clinic.FIRST - 1]
    after = [bisect_right(told, at) for at in said]
    return cards, [
        told[place] - at if place < len(told) else 60.0 for place, at in zip(after, said, strict=True)
    ]


async def _all_sent(telegram: clinic.Telegram, chats: range, until: float) -> list[tuple[int, float]]:
    while True:
        sent = await telegram.sent()
        if sum(chat in chats for chat, _ in sent) >= len(chats) or time.monotonic() > until:
            await asyncio.sleep(2)
            return await telegram.sent()
        await asyncio.sleep(0.5)


def _rate(moments: Sequence[float]) -> float:
    return (len(moments) - 1) / (moments[-1] - moments[0])


def _most(moments: Sequence[float]) -> int:
    """In any second, by a window that slides."""
    return max(bisect_left(moments, at + 1.0) - place for place, at in enumerate(moments))


async def _rate_limiter(folder: Path, telegram: clinic.Telegram, sends: int) -> Figure:
    argv = ("-m", "tests.bench.peers.rate_limiter", telegram.url, str(sends))
    async with clinic.process([clinic.PYTHON, *argv], folder, listening=True) as peer:
        assert peer.stdout is not None
        line = await peer.stdout.readline()
        if not line:
            raise clinic.Failed(f"AIORateLimiter: {clinic.said_last(folder)}")
    found = orjson.loads(line)
    refused = (await telegram.ask("/calls"))["refused"]
    alert = f"{found['alert']:.1f} s" if found["alert"] is not None else "dropped"
    return Figure(
        f"python-telegram-bot's AIORateLimiter, {sends:,} sends: refused with 429, dropped; "
        "an alert in their midst",
        f"{refused}, {found['dropped']}; {alert}",
    )
