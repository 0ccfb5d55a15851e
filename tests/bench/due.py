"""Ten thousand reminders that are due in the same minute, at the same second even; then once more while the
machine stands still over that second. Beside it python-telegram-bot's JobQueue, with as many jobs.

When the last is claimed is looked at twice: with nudges leaving at Telegram's pace, as in life, and without
pacing, where ten thousand calls run beside the claiming.

A reminder is claimed when its nudge is written down; the nudge's own time says when, by the same clock by
which it was due. What arrived, and how often, is counted at the local Telegram.
"""

import asyncio
import os
import signal
import sqlite3
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from tests.bench import clinic
from tests.bench.figures import Figure, scaled

PATIENTS = 10_000
CLAIMED = clinic.TICK + 0.1
HELD_UP = 20.0
"""Milliseconds for which the event loop may be held up at most."""
_BEFORE = 3.0
_STALL = 4.0
_QUIET = 3.0
_PATIENCE = 120.0


async def measure(folder: Path, scale: float) -> list[Figure]:
    patients = scaled(PATIENTS, scale)
    async with clinic.telegram(folder) as telegram:
        figures = [*await _paced(folder, telegram, patients), *await _unpaced(folder, telegram, patients)]
        for stall, words in ((0.0, ""), (_STALL, f", after {_STALL:.0f} s of standstill")):
            sent = await _job_queue(folder, telegram, patients, stall)
            figures.append(
                Figure(
                    f"python-telegram-bot's JobQueue, {patients:,} jobs due at once{words}: sent",
                    f"{sent:,}",
                )
            )
    return figures


async def _paced(folder: Path, telegram: clinic.Telegram, patients: int) -> list[Figure]:
    """Until all are claimed; to send them would take minutes."""
    folder = folder / "paced"
    folder.mkdir()
    minute = clinic.Appointment.made(folder)
    environment = {**clinic.handrail(folder, telegram), **minute.settings, "SEND_RATE": "30"}
    await clinic.seed(folder, environment, patients, "--remind", minute.at)
    watching = ("-m", "tests.bench.watched", str(folder / "held_up"), "run")
    async with clinic.running(folder, telegram, environment, watching):
        due = minute.come_in(_BEFORE)
        while time.monotonic() < due + _PATIENCE:
            await asyncio.sleep(0.5)
            if _claimed(folder, minute.due)[0] == patients:
                break
    count, claimed = _claimed(folder, minute.due)
    return [
        Figure(
            f"{patients:,} reminders due at one second, sent at 30 a second: the last of them claimed after",
            f"{claimed:.2f} s",
            f"≤ {CLAIMED:.1f} s",
            claimed <= CLAIMED and count == patients,
        ),
        _held_up(folder, due, due + claimed),
    ]


async def _unpaced(folder: Path, telegram: clinic.Telegram, patients: int) -> list[Figure]:
    minute = clinic.Appointment.made(folder)
    environment = {**clinic.handrail(folder, telegram), **minute.settings}
    await clinic.seed(folder, environment, patients, "--remind", minute.at)
    watching = ("-m", "tests.bench.watched", str(folder / "held_up"), "run")
    async with clinic.running(folder, telegram, environment, watching) as (pid, _):
        await telegram.ask("/forget")
        due = minute.come_in(_BEFORE)
        reached, last = await _arrived(telegram, due, patients)
        _, claimed = _claimed(folder, minute.due)
        await telegram.ask("/forget")
        again = minute.come_in(_BEFORE, days=1)
        await _stand_still(pid, again)
        stalled, _ = await _arrived(telegram, again, patients)
    return [
        Figure(
            "the same, sent as fast as they can be: missed, twice",
            f"{patients - len(reached):,}, {_twice(reached):,}",
            "0, 0",
            len(reached) == patients and not _twice(reached),
        ),
        Figure("the last of them claimed, and sent, after", f"{claimed:.2f}, {last - due:.1f} s"),
        _held_up(folder, due, last),
        Figure(
            f"the next day, after {_STALL:.0f} s of standstill: missed, twice",
            f"{patients - len(stalled):,}, {_twice(stalled):,}",
            "0, 0",
            len(stalled) == patients and not _twice(stalled),
        ),
    ]


def _held_up(folder: Path, begin: float, end: float) -> Figure:
    """The worst that the watched event loop saw in that time and a second more."""
    seen = orjson.loads((folder / "held_up").read_bytes())
    worst = max((late for at, late in seen if begin <= at <= end + 1), default=0.0)
    words = "the event loop meanwhile held up for at most"
    return Figure(words, f"{worst:.0f} ms", f"≤ {HELD_UP:.0f} ms", worst <= HELD_UP)


async def _arrived(telegram: clinic.Telegram, due: float, patients: int) -> tuple[Counter[int], float]:
    """How many messages each patient got, once no more come, and when the last one came."""
    sent: list[tuple[int, float]] = []
    seen, since = -1, time.monotonic()
    while time.monotonic() < due + _PATIENCE:
        await asyncio.sleep(0.5)
        sent = [one for one in await telegram.sent() if one[0] >= clinic.FIRST]
        if len(sent) != seen:
            seen, since = len(sent), time.monotonic()
        full = _QUIET if seen >= patients else 4 * _QUIET
        if time.monotonic() > max(due + _STALL, since) + full:
            break
    return Counter(chat for chat, _ in sent), max((at for _, at in sent), default=due)


def _twice(reached: Counter[int]) -> int:
    return sum(count > 1 for count in reached.values())


def _claimed(folder: Path, due: datetime) -> tuple[int, float]:
    """How many are written down, and after how many seconds the last of them was."""
    database = sqlite3.connect(folder / "handrail.sqlite3")
    count, last = database.execute("SELECT count(*), max(at) FROM nudge").fetchone()
    database.close()
    if last is None:
        return 0, float("inf")
    return count, (datetime.fromisoformat(last).replace(tzinfo=due.tzinfo) - due) / timedelta(seconds=1)


async def _stand_still(pid: int, due: float) -> None:
    """Stop the process a second before, and let it go on three seconds after."""
    await asyncio.sleep(max(0.0, due - 1 - time.monotonic()))
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(_STALL)
    finally:
        os.kill(pid, signal.SIGCONT)


async def _job_queue(folder: Path, telegram: clinic.Telegram, jobs: int, stall: float) -> int:
    """How many of them were sent at all."""
    ahead = 15.0 + jobs / 400
    when = time.time() + ahead
    due = time.monotonic() + ahead
    await telegram.ask("/forget")
    argv = ("-m", "tests.bench.peers.job_queue", telegram.url, "once", str(jobs), str(when))
    async with clinic.running(folder, telegram, {}, argv) as (pid, _):
        if time.monotonic() > due - 2:
            raise clinic.Failed("JobQueue took longer to start than was planned.")
        if stall:
            await _stand_still(pid, due)
        reached, _ = await _arrived(telegram, due, jobs)
    return len(reached)
