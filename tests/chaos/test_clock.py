"""A clock that is set back by hours, and one that leaps: nobody waits for the hours that come twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random

from tests.chaos.boundaries import Wire
from tests.chaos.clinic import Clinic, clinic
from tests.chaos.crawl import Crowd
from tests.chaos.judge import judge
from tests.chaos.patients import offers
from tests.chaos.processes import nursery

HOURS = timedelta(hours=6)


async def test_whoever_was_answered_before_the_clock_was_set_back_hears_it_and_alerts_ring_on(
    tmp_path: Path,
) -> None:
    """A reply that was committed and not sent comes at once, what is said then is kept in its order, and the
    next in the chain is rung within the alert's own minutes."""
    chance, url = Random(6), f"sqlite:///{tmp_path / 'handrail.sqlite3'}"
    made_by = {"patients": 2, "chance": chance, "fault": "be watched", "team": 1}
    async with nursery() as born, clinic(born, url, tmp_path, **made_by) as made:  # type: ignore[arg-type]
        first, second = Crowd(made, chance).patients
        await made.start()
        await second._open("check_in", fresh=True)
        Wire(tmp_path).arm("turn committed", 1)
        assert second.question
        answering = asyncio.create_task(second._answer(second.question))
        await back(made)
        await answering
        await first._cry()
        assert made.process is not None
        made.process.kill()
        await back(made)
        backup = made.tg.phone(made.staff[1].telegram_id)
        made.move(timedelta(minutes=15, seconds=1))
        await backup.wait(lambda shown: offers(shown, "s:seen:") is not None, timeout=30)
        for patient in (first, second):
            while patient.question is not None:
                await patient._answer(patient.question)
        await made.tg.settled()
        await made.drained()
        assert await made.stop() == 0
        found = judge(made, [first.diary, second.diary], await made.exports())
    assert not [str(one) for one in found]


async def back(made: Clinic) -> None:
    """The process dies, and the next one finds another time."""
    assert made.process is not None
    await made.process.ended()
    made.kills += 1
    await made.buried()
    made.move(-HOURS)
    await made.start()
