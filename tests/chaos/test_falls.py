"""Killed at whatever boundary of the way of a message or a reminder, Handrail goes on from there.

The long form, every boundary in every flow, is part of `make chaos`.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.chaos.falls import Fall, walk
from tests.chaos.processes import nursery

ON_SQLITE = {
    "crisis": ("concern committed", "called", "handed over"),
    "reminder": ("proof written", "proof committed"),
}
ON_POSTGRESQL = {"crisis": ("turn committed", "delivered")}


async def test_wherever_handrail_falls_it_goes_on_from_there(database_url: str, tmp_path: Path) -> None:
    """A cry for help meets its card, the safety questions are asked and kept, the team is told; a reminder
    that was marked and not sent is lost, and one that was not marked yet is not."""
    planned = ON_SQLITE if database_url.startswith("sqlite") else ON_POSTGRESQL
    async with nursery() as born:
        for flow, boundaries in planned.items():
            folder = tmp_path / flow
            folder.mkdir()
            url = database_url if flow == "crisis" else f"sqlite:///{folder / 'handrail.sqlite3'}"
            falls = [Fall(boundary) for boundary in boundaries]
            done = await walk(born, url, folder, flow, Random(3), falls=falls)
            assert not [str(finding) for finding in done.findings]
            assert done.falls == falls
