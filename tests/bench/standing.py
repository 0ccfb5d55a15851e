"""A hundred thousand patients with a reminder each: what they cost at the start, in memory and while nothing
is due. Beside it python-telegram-bot's JobQueue, with a job for each."""

import asyncio
import shutil
import sqlite3
from pathlib import Path
from statistics import median

from tests.bench import clinic
from tests.bench.figures import Figure, scaled

PATIENTS = 100_000
STARTS = 5
IDLE = 20.0
LATER, MORE, BUSY = 0.050, 5.0, 1.0
"""The aims: seconds, MiB, and ms of CPU a second."""
_MIB = 1 << 20


async def measure(folder: Path, scale: float) -> list[Figure]:
    patients = scaled(PATIENTS, scale)
    async with clinic.telegram(folder) as telegram:
        return [
            *await _handrail(folder, telegram, patients, scaled(STARTS, scale, 1), max(3.0, IDLE * scale)),
            *await _job_queue(folder, telegram, patients),
        ]


async def _handrail(
    folder: Path, telegram: clinic.Telegram, patients: int, starts: int, idle: float
) -> list[Figure]:
    """The same database without reminders and with them, started in turns."""
    minute = clinic.Appointment.made(folder)
    environment = {**clinic.handrail(folder, telegram), **minute.settings}
    await clinic.seed(folder, environment, patients, "--remind", minute.at)
    bare = {**environment, "DATABASE_URL": f"sqlite:///{folder}/bare.sqlite3"}
    shutil.copy(folder / "handrail.sqlite3", folder / "bare.sqlite3")
    with sqlite3.connect(folder / "bare.sqlite3") as database:
        database.execute("DELETE FROM reminder")
    database.close()
    later, more, computed = [], [], []
    await _start(folder, telegram, bare)  # whatever the first one finds cold
    for _ in range(starts):
        few = await _start(folder, telegram, bare)
        many = await _start(folder, telegram, environment)
        later.append(many[0] - few[0])
        more.append((many[1].resident - few[1].resident) / _MIB)
        computed.append(many[1].cpu - few[1].cpu)
    async with clinic.running(folder, telegram, environment) as (pid, _):
        await asyncio.sleep(3)
        before = clinic.cost(pid).cpu
        await asyncio.sleep(idle)
        busy = (clinic.cost(pid).cpu - before) / idle * 1e3
    return [
        Figure(
            f"{patients:,} patients with a reminder each, against none: start, median of {starts}",
            f"{median(later) * 1e3:+.0f} ms ({median(computed) * 1e3:+.0f} ms of CPU)",
            f"≤ {LATER * 1e3:.0f} ms",
            median(later) <= LATER,
        ),
        Figure("and memory", f"{median(more):+.1f} MiB", f"≤ {MORE:.0f} MiB", median(more) <= MORE),
        Figure("idle with them, CPU a second", f"{busy:.2f} ms", f"≤ {BUSY:.0f} ms", busy <= BUSY),
    ]


async def _start(
    folder: Path, telegram: clinic.Telegram, environment: dict[str, str]
) -> tuple[float, clinic.Cost]:
    """Seconds until it asked for updates, and what it had used soon after."""
    async with clinic.running(folder, telegram, environment) as (pid, seconds):
        await asyncio.sleep(0.5)
        return seconds, clinic.cost(pid)


async def _job_queue(folder: Path, telegram: clinic.Telegram, jobs: int) -> list[Figure]:
    seen = []
    for count in (0, jobs):
        argv = ("-m", "tests.bench.peers.job_queue", telegram.url, "daily", str(count))
        async with clinic.running(folder, telegram, {}, argv) as (pid, seconds):
            seen.append((seconds, clinic.cost(pid).resident))
    (few, bare), (many, full) = seen
    return [
        Figure(
            f"python-telegram-bot's JobQueue with {jobs:,} jobs, against none: start and memory",
            f"{many - few:+.1f} s, {(full - bare) / _MIB:+.0f} MiB",
        )
    ]
