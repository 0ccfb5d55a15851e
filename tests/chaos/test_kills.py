"""Killed at random moments, Handrail loses nothing and says nothing twice that it must say once.

The long form is `make chaos KILLS=1000`.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.chaos.clinic import clinic
from tests.chaos.crawl import crawl
from tests.chaos.processes import nursery
from tests.chaos.traces import traces

SEED = 20


async def test_whoever_is_killed_loses_nothing(database_url: str, tmp_path: Path) -> None:
    """Every answer whose reply was seen is kept once, free words too; unfinished dialogs go on where they
    were; no reminder comes twice, every alert arrives; and no word of all that can be read from outside."""
    chance = Random(SEED)
    async with nursery() as born, clinic(born, database_url, tmp_path, patients=20, chance=chance) as made:
        outcome = await crawl(made, kills=10, steps=60, chance=chance)
        assert not [str(finding) for finding in outcome.findings], str(outcome)
        assert outcome.kills == 10
        assert not [str(finding) for finding in traces(made, outcome.diaries)]
