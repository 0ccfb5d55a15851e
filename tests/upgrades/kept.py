"""Databases as releases left them, kept for ever, so that every later Handrail is tried on them.

python -m tests.upgrades.kept 0.1.0

At each release, this writes `tests/upgrades/0.1.0.sql`: a small clinic with dialogs open, an alert that
no one has seen, and a reminder to come. It is a backup as `python -m bot backup` takes it, as SQL. What is
kept is never written anew: it holds what is out there.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from bot.store import backup, schema
from tests.journeys.clinic import AFTERNOON, Clinic, opened, ordinary

FOLDER = Path(__file__).parent
WORDS = "a word from before"


async def lived_in(url: str) -> None:
    """A clinic on this database, in the middle of an afternoon: Sam checks in, another writes a record."""
    with pytest.MonkeyPatch.context() as patch:
        async with opened(url, patch) as made:
            await made.seed(2, supervisors=1, remind="20:00")
            await made.say(made.sam, "/trigger")
            await made.walk(made.sam, {"urge": "[9]"})
            await made.say(made.sam, WORDS)
            await made.say(made.sam, "/checkin")
            for _ in range(2):
                await answer(made)
            other = made.tg.phone(made.sam.id + 1)
            await made.say(other, "/thought")
            await made.say(other, "I woke up late again")


async def answer(made: Clinic) -> None:
    """The next answer of Sam's, whatever is asked."""
    prompt = await made.prompt(made.sam)
    assert prompt is not None
    await made.give(made.sam, ordinary(prompt))


def dumped(url: str, folder: Path) -> str:
    """A backup of this database, as SQL."""
    file = folder / "backup"
    backup.take(url, file, AFTERNOON)
    with closing(sqlite3.connect(file)) as kept:
        return "\n".join(kept.iterdump())


def load(sql: str, url: str, folder: Path) -> None:
    """Make `url`, which is empty, the database that was kept, in the schema that it had then."""
    copy = folder / "kept.sqlite3"
    with closing(sqlite3.connect(copy)) as made:
        made.executescript(sql)
        made.execute("DROP TABLE backup")
    at = schema.revision(f"sqlite:///{copy}")
    assert at is not None
    schema.migrate(url, to=at)
    source = create_engine(f"sqlite:///{copy}")
    with source.connect() as connection:
        backup.copy_rows(connection, create_engine(url))
    source.dispose()


def main(version: str) -> None:
    file = FOLDER / f"{version}.sql"
    if file.exists():
        sys.exit(f"{file.name} is kept already.")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/handrail.sqlite3"
        asyncio.run(lived_in(url))
        file.write_text(dumped(url, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
