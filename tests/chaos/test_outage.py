"""A Telegram that fails, and one that is gone for hours: nothing is lost, and nothing is said too late."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random

from bot.sandbox.faults import Fault, Faults
from bot.sandbox.refusals import Json
from tests.chaos.clinic import clinic
from tests.chaos.crawl import Crowd
from tests.chaos.judge import judge
from tests.chaos.processes import nursery

SHARE = 0.2


class Flaky(Faults):
    """A Telegram of which one call in five goes wrong, before or after it was done."""

    def __init__(self, chance: Random, before: Faults) -> None:
        super().__init__(when_out=before.when_out)
        self.chance = chance
        self.share = SHARE

    def draw(self, method: str, parameters: Json) -> Fault | None:
        roll = self.chance.random()
        share = self.share / 4 if method == "getUpdates" else self.share  # each costs a second of waiting
        if self.out or roll >= share:
            return super().draw(method, parameters)
        if roll < 0.002:
            return Fault("429", retry_after=1)
        kind = self.chance.choice(["5xx", "timeout_before", "timeout_after", "reset"])
        return Fault(kind, hold=0.01)  # type: ignore[arg-type]


async def test_a_telegram_that_fails_loses_nothing(tmp_path: Path) -> None:
    """One call in five fails, half of them after doing the work; then Telegram is gone for three hours, in
    which the evening's reminders come due: dropped, not sent in a burst. One kill on top."""
    chance = Random(11)
    url = f"sqlite:///{tmp_path / 'handrail.sqlite3'}"
    async with nursery() as born, clinic(born, url, tmp_path, patients=6, chance=chance) as made:
        await made.start()
        await made.up()
        made.tg.faults = flaky = Flaky(chance, made.tg.faults)
        crowd = Crowd(made, chance, patience=20)
        crowd.begin()
        await crowd.stepped(30)
        made.kill()
        await made.buried()
        await made.start()
        await crowd.stepped(30)
        await crowd.rest()
        flaky.outage(True)
        for patient in crowd.patients:
            patient.phone.send("/help")
        made.move_to(made.next(22, 30))
        await asyncio.sleep(0.2)
        flaky.outage(False)
        crowd.awake.set()
        await crowd.stepped(12)
        await crowd.rest()
        made.move(timedelta(hours=14))
        crowd.awake.set()
        await crowd.stepped(12)
        await crowd.end()
        flaky.share = 0
        await made.drained()
        assert await made.stop() == 0
        exports = await made.exports()
        found = judge(made, crowd.diaries, exports)
    evenings = [row["outcome"] for export in exports.values() for row in export["nudges"]]
    assert "sent" not in evenings
    assert not [str(finding) for finding in found if finding.rule != "a reminder that is due is sent"]
