"""Killed in a flood: between keeping an update and taking its turn, and in the midst of the turns."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

from bot.sandbox import Event
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.refusals import Json
from tests.chaos.clinic import Clinic, clinic
from tests.chaos.judge import delivered
from tests.chaos.processes import nursery

PATIENTS, EACH = 6, 45
CRY = "I want to kill myself tonight"


async def test_whoever_dies_in_a_flood_loses_nothing(database_url: str, tmp_path: Path) -> None:
    """270 messages wait: three batches. Killed when it asks for the second, for the third, and at the tenth
    reply: every message is kept once, in its writer's order, and answered; every cry is heard."""
    async with (
        nursery() as born,
        clinic(born, database_url, tmp_path, patients=PATIENTS, chance=Random(3)) as made,
    ):
        wrote = pile(made)
        for life in range(3):
            await made.start()
            await (killed_asking(made) if life < 2 else killed_replying(made, 10))
            await made.buried()
        await made.start()
        await made.tg.settled()
        await made.drained()
        assert await made.stop() == 0
        exports = await made.exports()
        assert made.kills == 3
        assert made.left() == {}
    for person in made.patients:
        export = exports[person.code]
        assert [row["text"] for row in export["messages"]] == wrote[person.telegram_id]
        assert [(flag["rule"], flag["level"]) for flag in export["flags"]] == [("crisis", "emergency")]
        replies = [call for call in delivered(made.tg) if call.params["chat_id"] == person.telegram_id]
        assert len(replies) >= EACH
        assert any("988" in call.params["text"] for call in replies)


def pile(made: Clinic) -> dict[int, list[str]]:
    """What everybody writes while nobody listens; each cries once, somewhere."""
    wrote: dict[int, list[str]] = {person.telegram_id: [] for person in made.patients}
    for number in range(EACH):
        for place, (chat, texts) in enumerate(wrote.items()):
            texts.append(CRY if number == 7 * place else f"it was a day, number {number}")
            made.tg.phone(chat).send(texts[-1])
    return wrote


async def killed_asking(made: Clinic) -> None:
    """Killed as soon as it has kept a batch, which it confirms by asking for more."""
    before, killed, asked = made.tg.faults, asyncio.Event(), 0

    class Watching(Faults):
        def draw(self, method: str, parameters: Json) -> Fault | None:
            nonlocal asked
            asked += method == "getUpdates"
            if asked == 2:
                made.kill()
                killed.set()
            return None

    made.tg.faults = Watching()
    async with asyncio.timeout(60):
        await killed.wait()
    made.tg.faults = before


async def killed_replying(made: Clinic, number: int) -> None:
    """Killed when so many messages of the bot have come."""
    killed, left = asyncio.Event(), number

    def look(event: Event) -> None:
        nonlocal left
        if event.type == "message" and event.about["message"]["from"]["id"] == made.tg.me["id"]:
            left -= 1
            if left == 0:
                made.kill()
                killed.set()

    made.tg.listeners.append(look)
    async with asyncio.timeout(60):
        await killed.wait()
    made.tg.listeners.remove(look)
