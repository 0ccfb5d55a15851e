"""The tables are what the rows say, and the migrations make exactly those tables, on both databases."""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    inspect,
)

from bot.rows import KINDS, SEALED
from bot.store import schema, tables
from bot.store.connections import engine
from tests.fakes import UNIQUE

PLAIN: dict[type, type] = {
    int: Integer,
    str: String,
    bytes: LargeBinary,
    bool: Boolean,
    float: Float,
    datetime: tables.Instant,
    date: Date,
}


def table_of(kind: type[Any]) -> Table:
    return tables.OF[kind].__table__  # type: ignore[attr-defined, no-any-return]


def described(hint: Any) -> tuple[type | None, bool, bool]:
    """The plain type, whether it may be unknown, whether it is sealed."""
    sealed = get_origin(hint) is Annotated and SEALED in hint.__metadata__
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    unknown = False
    if get_origin(bare) in (Union, UnionType):
        unknown = NoneType in get_args(bare)
        [bare] = [one for one in get_args(bare) if one is not NoneType]
    return bare, unknown, sealed


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_table_mirrors_its_row_column_by_column(kind: type[Any]) -> None:
    table = table_of(kind)
    assert [column.name for column in table.columns] == [field.name for field in fields(kind)]
    for name, hint in get_type_hints(kind, include_extras=True).items():
        column = table.c[name]
        plain, unknown, sealed = described(hint)
        assert column.nullable is unknown, f"{kind.__name__}.{name}"
        assert isinstance(column.type, LargeBinary if sealed else PLAIN[plain or NoneType]), (
            f"{kind.__name__}.{name}"
        )
        if name == "id" or name.endswith("_id"):
            assert isinstance(column.type, BigInteger), f"{kind.__name__}.{name}"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_new_column_does_not_break_old_callers(kind: type[Any]) -> None:
    """What may be unknown is so by default, but for the few that must be said each time."""
    said = {
        ("Patient", "counselor_id"),
        ("Reminder", "next_at"),
        ("Outgoing", "patient_id"),
        ("Outgoing", "body"),
        ("Incoming", "chat_hash"),
    }
    for field in fields(kind):
        _, unknown, _ = described(get_type_hints(kind, include_extras=True)[field.name])
        if unknown and (kind.__name__, field.name) not in said:
            assert field.default is not MISSING, f"{kind.__name__}.{field.name}"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_fake_knows_the_same_unique_keys(kind: type[Any]) -> None:
    table = table_of(kind)
    unique = {
        tuple(column.name for column in constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    } | {tuple(column.name for column in index.columns) for index in table.indexes if index.unique}
    assert unique == {(name,) for name in UNIQUE.get(kind.__name__, ())}


def test_every_row_has_a_table_and_the_store_its_own() -> None:
    assert set(tables.OF) == set(KINDS)
    assert set(schema.metadata.tables) == {table_of(kind).name for kind in KINDS} | {"data_key", "started"}


def test_from_empty_the_migrations_make_the_tables(empty_database_url: str) -> None:
    assert not schema.is_current(empty_database_url)
    schema.migrate(empty_database_url)
    assert schema.is_current(empty_database_url)
    command.check(schema.configuration(empty_database_url))
    schema.migrate(empty_database_url)


def test_the_migrations_lead_back_to_nothing(empty_database_url: str) -> None:
    schema.migrate(empty_database_url)
    command.downgrade(schema.configuration(empty_database_url), "base")
    made = engine(empty_database_url)
    assert set(inspect(made).get_table_names()) <= {"alembic_version"}
    made.dispose()
    schema.migrate(empty_database_url)


def test_sending_looks_only_at_what_is_still_to_be_sent(database_url: str) -> None:
    """The indexes of the outbox hold queued rows alone: it stays as fast as the past grows."""
    made = engine(database_url)
    found = {index["name"]: index for index in inspect(made).get_indexes("outbox")}
    made.dispose()
    for name in ("ix_outbox_due", "ix_outbox_chat"):
        options = found[name]["dialect_options"]
        assert any("queued" in str(value) for value in options.values()), name


def test_the_head_is_the_newest_revision() -> None:
    script = ScriptDirectory.from_config(schema.configuration("sqlite://"))
    assert script.get_current_head() == schema.HEAD
