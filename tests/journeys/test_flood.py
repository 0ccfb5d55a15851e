"""The bot was away and several batches wait: help leaves before the turns of those who came first."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot import triage
from bot.sandbox import Call, Event
from bot.telegram import receiving
from tests.journeys.clinic import PATIENCE, PATIENTS, Clinic
from tests.journeys.test_danger import DANGER, LINES

Body = dict[str, Any]


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that comes has waited, as it has where the bot was away."""
    monkeypatch.setattr(receiving, "LATE", timedelta(seconds=-1))


BATCH = 100
CROWD = range(PATIENTS + 1, PATIENTS + 5)


async def seeded(clinic: Clinic) -> dict[int, str]:
    codes = await clinic.seed(1 + len(CROWD))
    return dict(zip(range(PATIENTS, CROWD.stop), codes, strict=True))


def pile(clinic: Clinic, count: int) -> dict[int, list[str]]:
    """So many messages before the bot can look; what each of the crowd wrote."""
    wrote: dict[int, list[str]] = {one: [] for one in CROWD}
    for number in range(count):
        one = CROWD[number % len(CROWD)]
        wrote[one].append(f"it was a day, number {number}")
        clinic.phone(one).send(wrote[one][-1])
    return wrote


async def kept(clinic: Clinic, code: str) -> list[str]:
    return [row["text"] for row in (await clinic.export(code))["messages"]]


def sends(clinic: Clinic) -> list[Call]:
    return [call for call in clinic.tg.calls if call.method == "sendMessage"]


async def test_help_leaves_before_those_who_wrote_first_have_turns(
    each_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = each_clinic
    monkeypatch.setattr(triage, "PATIENCE", 60)  # on a busy machine too, the card comes by the outbox
    codes = await seeded(clinic)
    left: list[Body] = []
    deliver = clinic.app.outbound.deliver

    async def leaving(body: Body, *, message_id: int | None = None) -> int | None:
        left.append(body)
        return await deliver(body, message_id=message_id)

    monkeypatch.setattr(clinic.app.outbound, "deliver", leaving)
    wrote = pile(clinic, BATCH)
    clinic.sam.send(DANGER)
    await clinic.tg.settled()
    await clinic.app.intake.caught_up()
    await clinic.settle()
    card, *others = [body for body in left if body["chat"] != PATIENTS - 1]
    assert card["chat"] == PATIENTS
    assert LINES in card["text"]
    assert len(others) == BATCH
    for one, texts in wrote.items():
        assert await kept(clinic, codes[one]) == texts
    assert await kept(clinic, codes[PATIENTS]) == [DANGER]


async def test_a_full_batch_with_nothing_behind_it_does_not_wait_for_more(clinic: Clinic) -> None:
    codes = await seeded(clinic)
    wrote = pile(clinic, BATCH)
    await clinic.tg.settled()
    await clinic.app.intake.caught_up()
    await clinic.settle()
    assert len(sends(clinic)) == BATCH
    for one, texts in wrote.items():
        assert await kept(clinic, codes[one]) == texts


async def test_with_telegram_gone_in_the_middle_what_was_kept_has_its_turns(clinic: Clinic) -> None:
    codes = await seeded(clinic)
    replies, all_there = 0, asyncio.Event()

    def count(event: Event) -> None:
        nonlocal replies
        replies += event.type == "message" and event.about["message"]["from"]["id"] == clinic.tg.me["id"]
        if replies == BATCH:
            all_there.set()

    clinic.tg.listeners.append(count)
    wrote = pile(clinic, BATCH)
    clinic.tg.faults.add("getUpdates", times=1000)  # the one that waits will be answered, no other
    async with asyncio.timeout(PATIENCE):
        await all_there.wait()
    for one, texts in wrote.items():
        assert await kept(clinic, codes[one]) == texts
    clinic.tg.faults.clear()
    await clinic.settle()
    assert replies == BATCH
