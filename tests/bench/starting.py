"""From nothing to the first reply, and how much memory stands afterwards, without and with the model."""

import asyncio
from pathlib import Path
from statistics import median

from tests.bench import clinic, race
from tests.bench.figures import Figure, scaled

STARTS = 3
PEOPLE = 20
SECONDS = 2.0
MEGABYTES = {False: 150, True: 300}
_SETTLED = 5.0
"""Seconds in which the model is loaded, in the background."""


async def measure(folder: Path, scale: float) -> list[Figure]:
    figures = []
    for model, words in ((False, "without the model"), (True, "with the model")):
        times = [
            await _first_reply(_new(folder / f"{turn}{model}"), model)
            for turn in range(scaled(STARTS, scale, 1))
        ]
        seconds, cpu = median(wall for wall, _ in times), median(cpu for _, cpu in times)
        figures.append(
            Figure(
                f"start to first reply, new process, empty database, {words}",
                f"{seconds:.2f} s ({cpu:.2f} s of CPU)",
                f"≤ {SECONDS:.0f} s",
                seconds <= SECONDS,
            )
        )
        megabytes = await _resident(_new(folder / f"resident{model}"), model, scaled(PEOPLE, scale, 3))
        most = MEGABYTES[model]
        figures.append(
            Figure(
                f"resident after {scaled(PEOPLE, scale, 3)} conversations, {words}",
                f"{megabytes:.0f} MB",
                f"≤ {most} MB",
                megabytes <= most,
            )
        )
    return figures


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _first_reply(folder: Path, model: bool) -> tuple[float, float]:
    """Somebody has written already: seconds from the start of the process, schema and keys included, and
    those of CPU, which a busy machine changes less."""
    async with clinic.telegram(folder) as telegram:
        said = asyncio.create_task(telegram.say(clinic.FIRST, "/start"))
        await telegram.ask("/calls")  # by now it lies there
        environment = clinic.handrail(folder, telegram, model=model)
        began = asyncio.get_running_loop().time()
        async with clinic.running(folder, telegram, environment) as (pid, _):
            await said
            return asyncio.get_running_loop().time() - began, clinic.cost(pid).cpu


async def _resident(folder: Path, model: bool, people: int) -> float:
    async with clinic.telegram(folder) as telegram:
        environment = clinic.handrail(folder, telegram, model=model)
        await clinic.seed(folder, environment, people)
        async with clinic.running(folder, telegram, environment) as (pid, _):
            await asyncio.sleep(_SETTLED if model else 0)
            entrant = next(one for one in race.ENTRANTS if one.name == "handrail")
            heat = await race.run(entrant, telegram, [pid], None, folder, people, 1, 0.0)
            return heat.resident
