"""What somebody could read who gets hold of the database, its log of writes, or the process's log.

The same as `strings` would show and more: every word that a patient wrote, every name, phone number,
Telegram id and secret is looked for in the bytes, ids also as the numbers that a database stores.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.chaos.clinic import Clinic
from tests.chaos.judge import Finding
from tests.chaos.patients import Diary

SHORTEST, SHORT = 4, 6
RULE = "no word lies about"


def traces(clinic: Clinic, diaries: Sequence[Diary], also: Sequence[str] = ()) -> list[Finding]:
    """Every secret that can be read somewhere; `also` are names, phone numbers and words of any kind."""
    secrets = {word.encode() for diary in diaries for said in _said(diary) for word in _words(said)}
    secrets |= {word.encode() for text in also for word in _words(text)}
    secrets |= {clinic.tg.token.encode(), clinic.tg.token.partition(":")[2].encode()}
    secrets |= {key.encode() for key in clinic.environment["MASTER_KEYS"].split(",")}
    for person in (*clinic.patients, *clinic.staff):
        secrets.add(str(person.telegram_id).encode())
        secrets |= {person.telegram_id.to_bytes(6, order) for order in ("big", "little")}
    assert secrets
    searched = re.compile(b"|".join(map(_pattern, secrets)), re.IGNORECASE)
    short = {secret.decode() for secret in secrets if _is_short(secret)}
    return [
        *(
            Finding(RULE, where, repr(found))
            for where, content in _places(clinic)
            for found in sorted(set(searched.findall(content)))
        ),
        *(Finding(RULE, where, repr(found)) for where, found in alone(_cells(clinic), short)),
    ]


def alone(cells: Iterable[tuple[str, str]], short: Collection[str]) -> set[tuple[str, str]]:
    """The short words that can be read in these texts, where no bytes by chance can look like them."""
    searched = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, short))})(?![^\W_])", re.IGNORECASE)
    return {(where, found) for where, text in cells for found in searched.findall(text)} if short else set()


def _is_short(secret: bytes) -> bool:
    return len(secret) < SHORT and secret.isalpha()


def _pattern(secret: bytes) -> bytes:
    """Four letters come up by chance in a megabyte of sealed bytes: short ones count among readable ones, and
    in a column that holds nothing else (`alone`)."""
    exact = re.escape(secret)
    return rb"(?<=[ -~]{2})" + exact + rb"(?=[ -~]{2})" if _is_short(secret) else exact


def _said(diary: Diary) -> Iterator[str]:
    yield from diary.words
    for talk in diary.talks.values():
        for given in talk.given:
            if given.typed and isinstance(given.said, str) and not given.said.isdecimal():
                yield given.said


def _words(text: str) -> Iterator[str]:
    return (word for word in re.findall(r"[^\W_]+", text) if len(word) >= SHORTEST)


def _places(clinic: Clinic) -> Iterator[tuple[str, bytes]]:
    yield "the log", clinic.log.read_bytes()
    file, url = _database(clinic)
    if file is not None:
        for path in sorted(file.parent.glob(f"{file.name}*")):
            yield path.name.removeprefix(file.stem), path.read_bytes()
    else:
        yield "the database", dump(url)


def _cells(clinic: Clinic) -> Iterator[tuple[str, str]]:
    """Every text of every row, as a query shows it, with its table."""
    file, url = _database(clinic)
    if file is not None:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as kept:
            tables = kept.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                yield from _texts(table, kept.execute(f'SELECT * FROM "{table}"'))
        return
    with psycopg.connect(url) as connection:
        for table in _tables(connection):
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
            yield from _texts(table, connection.execute(query))


def _texts(table: str, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, str]]:
    return ((table, str(cell)) for row in rows for cell in row if isinstance(cell, str | list | dict))


def _database(clinic: Clinic) -> tuple[Path | None, str]:
    """The file of SQLite, else the address of PostgreSQL."""
    url = make_url(clinic.environment["DATABASE_URL"])
    if url.get_backend_name() == "sqlite":
        return Path(url.database or ""), ""
    return None, url.set(drivername="postgresql").render_as_string(hide_password=False)


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert found
    return [table for (table,) in found]


def dump(url: str) -> bytes:
    """Every table of a PostgreSQL database, as COPY writes it: in text, and in binary for the numbers."""
    copied = bytearray()
    with psycopg.connect(url) as connection:
        for table in _tables(connection):
            for form in ("text", "binary"):
                copy = sql.SQL("COPY {} TO STDOUT (FORMAT {})").format(sql.Identifier(table), sql.SQL(form))
                with connection.cursor().copy(copy) as rows:
                    for row in rows:
                        copied += row
    return bytes(copied)
