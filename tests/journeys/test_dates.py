"""When something was written: Telegram's date, put into our clock, which a rehearsal may have moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from bot.clock import StillClock
from bot.inbound import Inbound
from bot.telegram.receiving import Door
from tests.journeys.clinic import PATIENTS, Clinic

HERE = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAYS = timedelta(days=1)
LATE = timedelta(hours=3)
NONE = timedelta()


async def test_telegram_may_go_by_our_clock_or_by_the_worlds(clinic: Clinic) -> None:
    """Ours is `ahead` of the world's. What waited `late` was written that long ago, by our clock."""
    for late, ahead, by_ours in product(
        (NONE, timedelta(minutes=1), LATE), (NONE, 40 * DAYS, -40 * DAYS), (True, False)
    ):
        dated = (HERE + ahead if by_ours else HERE) - late
        assert await written(clinic, dated, ahead) == HERE + ahead - late


async def test_a_date_that_cannot_be_is_none(clinic: Clinic) -> None:
    """To come, or longer ago than Telegram keeps an update: then it was written now."""
    for dated in (datetime(2023, 11, 14, tzinfo=UTC), HERE + LATE, HERE - 2 * DAYS):
        assert await written(clinic, dated, NONE) == HERE


async def written(clinic: Clinic, dated: datetime, ahead: timedelta) -> datetime:
    [(inbound, _)] = await taken_in(clinic, dated, ahead)
    return inbound.at


async def taken_in(clinic: Clinic, dated: datetime, ahead: timedelta) -> list[tuple[Inbound, bool]]:
    """What came in, and whether it came late."""
    came: list[tuple[Inbound, bool]] = []

    async def receive(batch: list[Inbound], more: bool, late: bool) -> None:
        came.extend((inbound, late) for inbound in batch)

    async def bury(key: bytes, body: dict[str, Any]) -> None:
        raise AssertionError("it can be read")

    door = Door(clinic.app.bot, StillClock(HERE + ahead), receive, bury, world=StillClock(HERE))
    person = {"id": PATIENTS, "is_bot": False, "first_name": "Sam"}
    chat = {"id": PATIENTS, "type": "private", "first_name": "Sam"}
    message = {"message_id": 5, "from": person, "chat": chat, "date": int(dated.timestamp()), "text": "7"}
    await door.hand_over([{"update_id": 7, "message": message}])
    return came


@pytest.mark.parametrize(("ago", "late"), [(0, False), (1, False), (2, True), (60, True)])
async def test_what_was_written_seconds_ago_comes_late(clinic: Clinic, ago: int, late: bool) -> None:
    [(_, came_late)] = await taken_in(clinic, HERE - timedelta(seconds=ago), NONE)
    assert came_late is late
