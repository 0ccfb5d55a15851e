"""The cable to a PostgreSQL server: plugged in after Handrail was started, or pulled out while it runs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from tests.chaos.clinic import free_port


@dataclass
class Cable:
    """`url` is the database as Handrail is told of it: nobody listens there until the cable is plugged in."""

    database_url: str
    port: int = field(default_factory=free_port)
    _server: asyncio.Server | None = None
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        parts = urlsplit(self.database_url)
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{self.port}"))

    async def plug(self) -> None:
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", self.port)

    async def pull(self) -> None:
        if self._server is not None:
            self._server.close()
        for end in self._ends:
            end.transport.abort()
        self._server = None

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(self.database_url)
        from_server, to_server = await asyncio.open_connection(parts.hostname, parts.port or 5432)
        self._ends |= {writer, to_server}
        with suppress(OSError):
            await asyncio.gather(_passed(reader, to_server), _passed(from_server, writer))
        self._ends -= {writer, to_server}


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    finally:
        writer.close()
