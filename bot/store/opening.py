"""Opening a database: its schema is this code's, its master key is proved, nobody else runs on it.

All of it before anything is touched. What cannot be decided because the database does not answer (its disk is
full, its server is gone) is `Unavailable`: that may pass.
"""

from sqlalchemy.exc import OperationalError

from bot.clock import Clock
from bot.store import schema
from bot.store.database import Store


class NeedsMigration(Exception):
    """The database has another schema than this code; `python -m bot migrate` brings it there."""


class NotAlone(Exception):
    """Another process runs on this SQLite file."""


class Unavailable(Exception):
    """The database is there, and cannot be used now."""


def open_store(url: str, masters: list[bytes], clock: Clock, *, migrate: bool) -> Store:
    """A store that has been proved."""
    store = Store(url, masters, clock)
    prove(store, migrate=migrate)
    return store


def prove(store: Store, *, migrate: bool, alone: bool = False) -> None:
    """Let a store be used. With `alone`, an SQLite file is held for this process."""
    try:
        if not schema.is_current(store.url):
            if not migrate:
                raise NeedsMigration
            schema.migrate(store.url)
        store.unlock()
        if alone and not store.is_alone():
            raise NotAlone
    except (OperationalError, OSError) as error:
        if store.on_sqlite and not store.exists():
            raise  # no disk that is full, but a folder that was never there
        raise Unavailable from error
