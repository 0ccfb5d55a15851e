"""Updates that arrive in any order, and some of them twice, as through a webhook with many connections."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from bot.sandbox.faults import Fault, Faults
from bot.sandbox.refusals import Json
from tests.chaos.clinic import clinic
from tests.chaos.crawl import Crowd
from tests.chaos.judge import delivered, judge
from tests.chaos.processes import nursery

FLOOD = 25


class Hasty(Faults):
    """Of the calls to the webhook some come later than others, and of some the answer is lost."""

    def __init__(self, chance: Random) -> None:
        super().__init__()
        self.chance = chance

    def draw(self, method: str, parameters: Json) -> Fault | None:
        roll = self.chance.random()
        if method != "webhook" or roll > 0.6:
            return None
        return Fault("reset" if roll < 0.3 else "timeout_after")


async def test_whatever_order_they_come_in_each_is_taken_once(tmp_path: Path) -> None:
    """While a crowd talks, one person writes without waiting: every word is kept once and answered, and
    nobody who waits for replies notices anything."""
    chance, url = Random(12), f"sqlite:///{tmp_path / 'handrail.sqlite3'}"
    async with nursery() as born, clinic(born, url, tmp_path, patients=4, chance=chance) as made:
        made.environment |= made.called()
        made.tg.updates.ordered, made.tg.faults = False, Hasty(chance)
        made.tg.webhook.longest_pause = 0.5
        crowd = Crowd(made, chance)
        hasty = crowd.patients.pop()
        await made.start()
        crowd.begin()
        await crowd.stepped(10)
        said = [f"zaqoxu{number:03}" for number in range(FLOOD)]
        for words in said:
            hasty.phone.send(words)
        await crowd.stepped(30)
        await crowd.end()
        await made.tg.settled()
        await made.drained()
        assert await made.stop() == 0
        exports = await made.exports()
        found = judge(made, crowd.diaries, exports)
    kept: list[Any] = exports[hasty.diary.code]["messages"]
    assert sorted(row["text"] for row in kept) == said
    replies = [call for call in delivered(made.tg) if call.params["chat_id"] == hasty.phone.id]
    assert len(replies) == FLOOD
    assert not [str(finding) for finding in found]
