"""What somebody could read who gets hold of the database, its log of writes, or the process's log.

The same as `strings` would show and more: every word that a patient wrote, every name, phone number,
Telegram id and secret is looked for in the bytes, ids also as the numbers that a database stores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

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
    return [
        Finding(RULE, where, repr(found))
        for where, content in _places(clinic)
        for found in sorted(set(searched.findall(content)))
    ]


def _pattern(secret: bytes) -> bytes:
    """Four letters come up by chance in a megabyte of sealed bytes: short ones count among readable ones."""
    exact = re.escape(secret)
    short = len(secret) < SHORT and secret.isalpha()
    return rb"(?<=[ -~]{2})" + exact + rb"(?=[ -~]{2})" if short else exact


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
    url = make_url(clinic.environment["DATABASE_URL"])
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        for path in sorted(file.parent.glob(f"{file.name}*")):
            yield path.name.removeprefix(file.stem), path.read_bytes()
        return
    yield "the database", dump(url.set(drivername="postgresql").render_as_string(hide_password=False))


def dump(url: str) -> bytes:
    """Every table of a PostgreSQL database, as COPY writes it: in text, and in binary for the numbers."""
    copied = bytearray()
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert tables
        for (table,) in tables:
            for form in ("text", "binary"):
                copy = sql.SQL("COPY {} TO STDOUT (FORMAT {})").format(sql.Identifier(table), sql.SQL(form))
                with connection.cursor().copy(copy) as rows:
                    for row in rows:
                        copied += row
    return bytes(copied)
