"""The schema and its migrations, by Alembic, without a file outside this package."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

from bot.store import tables
from bot.store.connections import engine

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0004"
"""The newest revision. It stands here so that a start whose schema is current need not load Alembic."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_GUARD = 0x48616E64  # one migration at a time, whoever starts it

assert tables.OF


def configuration(url: str) -> "Config":
    """Alembic's configuration for `url`, for `alembic check` and new revisions too."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(url: str, to: str = "head") -> None:
    """Bring the database to this code's schema; does nothing when it is there. Safe to run twice at once.

    `to` names an earlier revision, for the copy of a database that has not been migrated yet.
    """
    from alembic import command

    made = engine(url)
    try:
        with made.begin() as connection:
            if made.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:guard)"), {"guard": _GUARD})
            config = configuration(url)
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    finally:
        made.dispose()


def is_current(url: str) -> bool:
    """True when the database has exactly this code's schema."""
    return revision(url) == HEAD


def revision(url: str) -> str | None:
    """The revision of the database's schema; None when it has none."""
    made = engine(url)
    try:
        with made.connect() as connection:
            return revision_at(connection)
    finally:
        made.dispose()


def revision_at(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalars(text("SELECT version_num FROM alembic_version")).one_or_none()


def knows(revision: str) -> bool:
    """Whether this code can bring a database of that revision to its own schema."""
    return any(_MIGRATIONS.glob(f"versions/{revision}_*.py"))


metadata = SQLModel.metadata
