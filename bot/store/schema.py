"""The schema and its migrations, by Alembic, without a file outside this package."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import SQLModel

from bot.store import tables
from bot.store.database import engine

_MIGRATIONS = Path(__file__).parent / "migrations"
_GUARD = 0x48616E64  # one migration at a time, whoever starts it

assert tables.OF


def configuration(url: str) -> Config:
    """Alembic's configuration for `url`, for `alembic check` and new revisions too."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(url: str) -> None:
    """Bring the database to this code's schema; does nothing when it is there. Safe to run twice at once."""
    made = engine(url)
    try:
        with made.begin() as connection:
            if made.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:guard)"), {"guard": _GUARD})
            config = configuration(url)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        made.dispose()


def is_current(url: str) -> bool:
    """True when the database has exactly this code's schema."""
    made = engine(url)
    try:
        with made.connect() as connection:
            at = MigrationContext.configure(connection).get_current_revision()
    finally:
        made.dispose()
    return at == ScriptDirectory(str(_MIGRATIONS)).get_current_head()


metadata = SQLModel.metadata
