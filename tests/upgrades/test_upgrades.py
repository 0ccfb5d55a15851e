"""A database from every released version migrates up, and everybody goes on where they were.

Until the first release there is only the one that this code itself would leave (see `kept`).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.rows import Flag, Message, Record, Reminder, Session
from bot.store import schema
from tests.journeys.clinic import built_once, opened
from tests.upgrades.kept import FOLDER, WORDS, answer, dumped, lived_in, load

__all__ = ["built_once"]
TODAY = "today"
RELEASES = [*sorted(path.stem for path in FOLDER.glob("*.sql")), TODAY]


@pytest.mark.parametrize("release", RELEASES)
async def test_open_dialogs_go_on_after_an_upgrade(
    release: str, empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed words still answer the open question; a dialog that waits is taken up; the alert still rings."""
    if release == TODAY:
        await lived_in(f"sqlite:///{tmp_path / 'before.sqlite3'}")
        sql = dumped(f"sqlite:///{tmp_path / 'before.sqlite3'}", tmp_path)
    else:
        sql = (FOLDER / f"{release}.sql").read_text("utf-8")
    load(sql, empty_database_url, tmp_path)
    schema.migrate(empty_database_url)
    assert schema.is_current(empty_database_url)
    async with opened(empty_database_url, monkeypatch) as made:
        made.tg.updates.last = 10_000  # this Telegram counts on where that one was
        made.sam.chat.started = made.tg.phone(made.sam.id + 1).chat.started = True
        made.dana.chat.started = made.tg.phone(made.sam.id - 2).chat.started = True
        assert (await made.row(Message)).text == WORDS
        assert (await made.row(Flag, closed_at=None)).ring_at is not None
        assert (await made.row(Reminder, days__not="")).next_at is not None
        before = await made.app.store.read(lambda unit: unit.count(Record))
        await made.say(made.sam, "/checkin")
        open_one = await made.row(Session, dialog="check_in")
        await made.press(made.sam, f"o:resume:{open_one.id:x}")
        await answer(made)
        await made.walk(made.sam)
        assert await made.app.store.read(lambda unit: unit.count(Record)) == before + 1


def test_every_release_has_left_its_database() -> None:
    readme = (FOLDER.parents[1] / "README.md").read_text("utf-8").split("## Changes")[1]
    released = re.findall(r"^\*\*(\d+\.\d+\.\d+)\*\*(?! \(not yet released\))", readme, re.MULTILINE)
    assert set(released) <= set(RELEASES), "python -m tests.upgrades.kept VERSION"
