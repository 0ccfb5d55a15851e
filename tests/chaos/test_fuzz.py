"""Whatever Telegram hands over is answered, kept, or nothing to us; and no update can hold up another.

The long form is `python -m tests.chaos.fuzz --updates 100000`.
"""

from __future__ import annotations

from typing import Any

import pytest
import telegram

from tests.chaos import updates
from tests.chaos.fuzz import BATCH, fuzzing

UPDATES = 600


async def test_no_update_raises_meets_silence_or_is_answered_twice(sqlite_url: str) -> None:
    """Of every kind, whole and bent out of shape, ten of them redelivered in every hundred."""
    async with fuzzing(sqlite_url, seed=5) as fuzz:
        for _ in range(UPDATES // BATCH):
            await fuzz.batch(BATCH)
        assert not fuzz.findings


@pytest.mark.parametrize("kind", [telegram.Update, telegram.Message])
def test_every_kind_that_the_library_knows_is_made(kind: Any) -> None:
    """So that a newer library, which knows more, asks for a line in our table."""
    envelope = {"update_id", "message_id", "from", "date", "chat", "edit_date"}
    table = {*updates.MESSAGES, *updates.OTHERS, *updates.CONTENT, *updates.SERVICE, *updates.AROUND}
    assert set(updates.fields(kind)) - envelope <= table
