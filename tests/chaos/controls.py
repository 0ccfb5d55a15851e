"""A judge that cannot fail is worth nothing: each mistake built into Handrail on purpose must be found."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.chaos.clinic import clinic
from tests.chaos.crawl import crawl
from tests.chaos.faults import FAULTS
from tests.chaos.judge import Finding
from tests.chaos.processes import Nursery, nursery
from tests.chaos.traces import traces

KILLED = {
    "acknowledge before commit",
    "skip the unique key",
    "promise before commit",
    "mark nudges afterwards",
}
"""Mistakes that show only when somebody dies."""
ALONE = {"forget to lock"}
"""It shows only in a flood through several processes, and not within a bounded time: no test rests on it."""
READ = {"write in plain", "say too much"}
"""Found by looking for words where none may be."""
AT_ONCE = 3


async def test_the_judge_finds_every_mistake_that_is_built_in(tmp_path: Path) -> None:
    """Each with a clinic of its own; a mistake counts as found under its own rule only."""
    async with nursery() as born:
        room = asyncio.Semaphore(AT_ONCE)

        async def tried(number: int, fault: str) -> tuple[str, list[Finding]]:
            async with room:
                folder = tmp_path / str(number)
                folder.mkdir()
                return fault, await findings(born, folder, fault)

        faults = [fault for fault in FAULTS if fault not in ALONE | READ]
        async with asyncio.TaskGroup() as group:
            trying = [group.create_task(tried(number, fault)) for number, fault in enumerate(faults)]
    missed = {
        fault: [str(finding) for finding in found[:5]]
        for fault, found in (one.result() for one in trying)
        if not FAULTS[fault].found_as & {finding.rule for finding in found}
    }
    assert not missed


async def findings(born: Nursery, folder: Path, fault: str) -> list[Finding]:
    chance = Random(7)
    url = f"sqlite:///{folder / 'handrail.sqlite3'}"
    async with clinic(born, url, folder, patients=5, chance=chance, fault=fault) as made:
        if fault in KILLED:
            outcome = await crawl(made, kills=4, steps=30, chance=chance, patience=8, finish=False)
        else:
            outcome = await crawl(made, kills=0, days=0, steps=90, chance=chance, patience=8, finish=False)
    return outcome.findings


@pytest.mark.parametrize("fault", sorted(READ))
async def test_what_lies_about_is_found(fault: str, tmp_path: Path) -> None:
    """In the database's file, and in the log."""
    chance, url = Random(1), f"sqlite:///{tmp_path / 'handrail.sqlite3'}"
    async with nursery() as born, clinic(born, url, tmp_path, patients=3, chance=chance, fault=fault) as made:
        outcome = await crawl(made, kills=0, days=0, steps=30, chance=chance, finish=False)
        found = traces(made, outcome.diaries)
    assert FAULTS[fault].found_as & {finding.rule for finding in found}
