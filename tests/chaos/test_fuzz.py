"""Whatever Telegram hands over is answered, kept, or nothing to us; and no update can hold up another.

The long form is `python -m tests.chaos.fuzz --updates 100000`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
import telegram
from telegram import Bot

from bot.telegram.updates import _parsed, _plain
from tests.chaos import updates
from tests.chaos.fuzz import BATCH, fuzzing

UPDATES = 600


async def test_no_update_raises_meets_silence_or_is_answered_twice(sqlite_url: str) -> None:
    """Of every kind, whole and bent out of shape, ten of them redelivered in every hundred."""
    async with fuzzing(sqlite_url, seed=5) as fuzz:
        for _ in range(UPDATES // BATCH):
            await fuzz.batch(BATCH)
        assert not fuzz.findings


def test_what_is_read_off_the_wire_is_what_the_library_reads() -> None:
    """The short way past the library's objects changes nothing but the price."""
    bot, now, chance = Bot("1000000:test"), datetime.now(UTC), Random(3)
    bot._bot_user = telegram.User(1000000, "Handrail", is_bot=True)
    short = 0
    for number in range(2000):
        update = updates.update(chance, chat=7_000_000_000, number=number, pressed=["a:1:2:3"])
        if "edit_date" in update.get("message", {}):
            update["message"]["edit_date"] += 60
        try:
            parsed = _parsed(update, bot, now)
        except (AttributeError, KeyError, TypeError):
            continue  # a made-up part: the library gives up on all of it
        if (plain := _plain(update, bot, now)) is not None:
            short += 1
            assert plain == parsed
    assert short > 500


@pytest.mark.parametrize("kind", [telegram.Update, telegram.Message])
def test_every_kind_that_the_library_knows_is_made(kind: Any) -> None:
    """So that a newer library, which knows more, asks for a line in our table."""
    envelope = {"update_id", "message_id", "from", "date", "chat", "edit_date"}
    table = {*updates.MESSAGES, *updates.OTHERS, *updates.CONTENT, *updates.SERVICE, *updates.AROUND}
    assert set(updates.fields(kind)) - envelope <= table
