"""How a database is connected to, on SQLite and on PostgreSQL, and who holds the one that is a file."""

import fcntl
from typing import IO, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

NAME = "handrail"
"""What our connections are called on PostgreSQL, by which a restore sees that somebody still runs."""
ABREAST = 8
"""How many connections a process has to PostgreSQL, and how many threads run units."""


def engine(url: str, *, writer: bool = True, abreast: int = ABREAST) -> Engine:
    """An engine for `url` with the promises of this package: WAL and FULL on SQLite, UTC on PostgreSQL."""
    if url.startswith("postgresql"):
        return create_engine(
            url,
            pool_size=abreast,
            max_overflow=2,
            pool_pre_ping=True,
            connect_args={
                "options": "-c timezone=UTC",
                "connect_timeout": 5,
                "application_name": NAME,
            },
        )
    made = create_engine(
        url, poolclass=QueuePool, pool_size=1 if writer else 2, connect_args={"check_same_thread": False}
    )
    begin = "BEGIN IMMEDIATE" if writer else "BEGIN"

    @event.listens_for(made, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "busy_timeout=10000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(made, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return made


def hold(path: str) -> IO[str] | None:
    """Hold the SQLite database at `path` until this is closed; None if another process holds it.

    The lock is the operating system's, on a file beside the database, and dies with its process.
    """
    held = open(f"{path}-lock", "w")  # noqa: SIM115 (held until the process or the store ends)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        return None
    return held
