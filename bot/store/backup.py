"""Backups: the whole database as it stood at one instant, in one file, sealed as it lies.

The file is a SQLite database whichever engine it came from: no client program of PostgreSQL's is needed, and
what was taken on one engine can be put back on the other. Taking one reads a single snapshot, beside whoever
writes, and needs no key. Putting one back proves the file and the master key first, then changes everything
in one transaction, in which the caller's own unit runs last: nobody sees a database that is half of each.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, insert, select, text
from sqlalchemy.engine import URL

from bot.clock import Clock
from bot.store import schema, tables
from bot.store.connections import NAME, engine, hold
from bot.store.ids import Ids
from bot.store.statements import Statements
from bot.store.units import SqlUnit
from bot.store.vault import HOUSE, LOOKUP, Vault, WrongMasterKey
from bot.unit import Unit

T = TypeVar("T")
_VERSION_TABLE = "alembic_version"
_STAMP = "backup"
_AT_ONCE = 2000
_NO_DATA = frozenset({"data_key", "started", "pulse", "pace"})
"""Tables that a database fills by itself: with rows only in these it holds nobody's data."""
_LET_GO = 2.0
"""Seconds that a connection which has just been closed may still be listed."""
_patient: Table = tables.Patient.__table__  # type: ignore[attr-defined]
_data_key: Table = tables.DataKey.__table__  # type: ignore[attr-defined]


class NoDatabase(Exception):
    """There is no database of Handrail's to take a backup of."""


class NotABackup(Exception):
    """The file is no backup, is damaged, or was taken by a newer Handrail."""


class NotEmpty(Exception):
    """The database holds rows, and nobody said that they may go."""


class InUse(Exception):
    """A process of Handrail's uses the database."""


@dataclass(frozen=True, slots=True)
class Before:
    """What the restored rows cannot know: when the backup was taken (aware UTC), and which patients (by id)
    had ended since, by the database that is overwritten."""

    taken_at: datetime
    ended: Mapping[int, str]


def take(url: str, file: Path, at: datetime) -> None:
    """Write a backup of the database to `file`, which must not exist; readable by its owner alone."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        if url.startswith("postgresql"):
            _copy_out(url, part)
        else:
            _copy_file(url, part)
        with closing(sqlite3.connect(part, isolation_level=None)) as made:
            made.execute("PRAGMA journal_mode=DELETE")
            made.execute(f"CREATE TABLE {_STAMP} (at TEXT NOT NULL)")
            made.execute(f"INSERT INTO {_STAMP} VALUES (?)", (at.isoformat(),))  # noqa: S608
        _look(part)
        # Between this look and the naming nobody else names a file so: a backup overwrites nothing.
        os.link(part, file)
    finally:
        for left in part.parent.glob(f"{part.name}*"):
            left.unlink()


def restore(
    url: str,
    file: Path,
    masters: Sequence[bytes],
    clock: Clock,
    settle: Callable[[Unit, Before], T],
    *,
    overwrite: bool = False,
) -> T:
    """Make the database what it was; `settle` runs in the same commit, and its result is returned."""
    taken_at = _look(file)
    _prove(file, masters)
    with _current(file) as source, _alone(url):
        ended = _ended(url, overwrite)
        schema.migrate(url)
        target = engine(url)
        try:
            with target.begin() as connection:
                _replace(connection, source)
                unit = _unit(connection, target, masters, clock)
                return settle(unit, Before(taken_at, ended))
        finally:
            target.dispose()


def _copy_file(url: str, part: Path) -> None:
    """SQLite's own online backup, in a single step: a snapshot that no writer waits for."""
    path = Path(engine(url).url.database or "")
    if not path.is_file() or not schema.revision(url):
        raise NoDatabase
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as made:
        source.execute("PRAGMA busy_timeout=10000")
        source.backup(made)


def _copy_out(url: str, part: Path) -> None:
    """Every row of a PostgreSQL database, read in one snapshot."""
    source = engine(url)
    try:
        with source.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                at = schema.revision_at(connection)
                if at is None or not schema.knows(at):
                    raise NoDatabase
                made = _url_of(part)
                schema.migrate(made, to=at)
                copy_rows(connection, create_engine(made))
    finally:
        source.dispose()


def copy_rows(source: Connection, target: Engine) -> None:
    """Every row into a database of the same revision, on whichever engine."""
    theirs, ours = MetaData(), MetaData()
    ours.reflect(target)
    names = [name for name in ours.tables if name != _VERSION_TABLE]
    theirs.reflect(source, only=names)
    with target.begin() as connection:
        for name in names:
            for rows in _rows(source, theirs.tables[name]):
                connection.execute(insert(ours.tables[name]), rows)
    target.dispose()


def _replace(connection: Connection, copy: Path) -> None:
    """Every table emptied and filled from the copy, which has this code's schema."""
    kept = [table for table in schema.metadata.sorted_tables if table.name != _VERSION_TABLE]
    if connection.dialect.name == "postgresql":
        locked = ", ".join(connection.dialect.identifier_preparer.format_table(table) for table in kept)
        connection.execute(text(f"LOCK TABLE {locked} IN ACCESS EXCLUSIVE MODE"))
    source = create_engine(_url_of(copy))
    try:
        with source.connect() as reading:
            for table in kept:
                connection.execute(table.delete())
                for rows in _rows(reading, table):
                    connection.execute(insert(table), rows)
    finally:
        source.dispose()


def _rows(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    found = source.execution_options(yield_per=_AT_ONCE).execute(select(table))
    for some in found.mappings().partitions():
        yield [dict(row) for row in some]


def _look(file: Path) -> datetime:
    """When this backup was taken; NotABackup unless it is one, whole, and of a schema that we know."""
    try:
        with _reading(file) as connection:
            sound = connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
            [at] = connection.execute(f"SELECT at FROM {_STAMP}").fetchone()  # noqa: S608
            [of] = connection.execute(f"SELECT version_num FROM {_VERSION_TABLE}").fetchone()  # noqa: S608
            taken = datetime.fromisoformat(at)
    except (OSError, sqlite3.Error, TypeError, ValueError) as error:
        raise NotABackup from error
    if not sound or not schema.knows(of):
        raise NotABackup
    return taken


def _prove(file: Path, masters: Sequence[bytes]) -> None:
    """Every data key in it opens, or WrongMasterKey: a patient whose key does not would be lost unseen."""
    vault = Vault(masters, lambda owner: None)
    with _reading(file) as connection:
        found = dict(connection.execute("SELECT owner, wrapped FROM data_key").fetchall())
    if not {HOUSE, LOOKUP} <= found.keys():
        raise WrongMasterKey
    for owner, wrapped in found.items():
        vault.unwrap(owner, bytes(wrapped))


@contextmanager
def _current(file: Path) -> Iterator[Path]:
    """The backup in this code's schema: itself, or a migrated copy of one that is older."""
    if schema.revision(_url_of(file)) == schema.HEAD:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="restore-") as folder:
        copy = Path(folder) / "copy.sqlite3"
        with closing(sqlite3.connect(copy)) as made, _reading(file) as source:
            source.backup(made)
            made.execute(f"DROP TABLE {_STAMP}")
        schema.migrate(_url_of(copy))
        yield copy


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """Nobody else runs on this database; on SQLite nobody can begin meanwhile, on PostgreSQL the tables are
    locked as soon as they are changed."""
    made = engine(url)
    try:
        if made.dialect.name == "postgresql":
            _nobody_connected(made)
            held = None
        elif (held := hold(made.url.database or "")) is None:
            raise InUse
    finally:
        made.dispose()
    with held or nullcontext():
        yield


def _nobody_connected(made: Engine) -> None:
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = :name AND pid <> pg_backend_pid()"
    )
    until = time.monotonic() + _LET_GO
    with made.connect() as connection:
        while connection.execute(others, {"name": NAME}).scalar_one():
            connection.rollback()
            if time.monotonic() > until:
                raise InUse
            time.sleep(0.1)


def _ended(url: str, overwrite: bool) -> dict[int, str]:
    """The patients whom the database to be overwritten knows to have ended; NotEmpty if it may not be."""
    if not schema.revision(url):
        return {}
    made = engine(url)
    try:
        with made.connect() as connection:
            there = MetaData()
            there.reflect(connection)
            data = [table for name, table in there.tables.items() if name not in {*_NO_DATA, _VERSION_TABLE}]
            if not any(connection.execute(select(table).limit(1)).first() for table in data):
                return {}
            if not overwrite:
                raise NotEmpty
            ended = select(_patient.c.id, _patient.c.standing).where(_patient.c.ended_at.is_not(None))
            return {row.id: row.standing for row in connection.execute(ended)}
    finally:
        made.dispose()


def _unit(connection: Connection, made: Engine, masters: Sequence[bytes], clock: Clock) -> Unit:
    def wrapped(owner: int) -> bytes | None:
        asked = select(_data_key.c.wrapped).where(_data_key.c.owner == owner)
        found = connection.execute(asked).scalar_one_or_none()
        return None if found is None else bytes(found)

    return SqlUnit(
        connection, Statements(made.dialect), Vault(masters, wrapped), clock.now(), Ids(clock), None
    )


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    if not file.is_file():
        raise FileNotFoundError(file)
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def _url_of(file: Path) -> str:
    return URL.create("sqlite", database=str(file)).render_as_string(hide_password=False)
