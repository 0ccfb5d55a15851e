"""What searches for words that lie about finds them also where hardly anything stands around them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psycopg
import pytest

from tests.chaos.clinic import Clinic
from tests.chaos.traces import traces

TABLE = "CREATE TABLE kept (id INTEGER, name TEXT, number INTEGER)"
NAME = "INSERT INTO kept VALUES (1, '{}', 9)"


@pytest.mark.parametrize(("name", "found"), [("Dana", True), ("dana, at home", True), ("Danaan", False)])
def test_a_short_name_alone_in_its_column_is_found(
    empty_database_url: str, tmp_path: Path, name: str, found: bool
) -> None:
    if empty_database_url.startswith("sqlite"):
        with closing(sqlite3.connect(empty_database_url.removeprefix("sqlite:///"))) as made, made:
            made.execute(TABLE)
            made.execute(NAME.format(name))
    else:
        with psycopg.connect(empty_database_url.replace("+psycopg", "")) as server:
            server.execute(TABLE)
            server.execute(NAME.format(name))
    log = tmp_path / "log"
    log.write_bytes(b"")
    settings = {"DATABASE_URL": empty_database_url, "MASTER_KEYS": "a-key-that-nobody-has"}
    phones = SimpleNamespace(token="1234567:a-token-that-nobody-gave")
    clinic = SimpleNamespace(environment=settings, tg=phones, log=log, patients=(), staff=())
    assert bool(traces(cast("Clinic", clinic), [], ["Dana"])) is found
