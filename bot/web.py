"""One small web server inside the process: uvicorn without what it does of itself."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp


class Web:
    """Listens from `start` on; raises OSError then when the port is taken. Port 0 takes any: see `port`."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                lifespan="off",
                timeout_graceful_shutdown=5,
            )
        )
        self._host = host
        self.port = port

    def start(self) -> None:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.create_server((self._host, self.port), family=family, backlog=1024)
        self.port = listening.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve([listening]), name="web")

    async def stop(self) -> None:
        """Take no more requests, and end those in hand."""
        self._server.end()
        with contextlib.suppress(Exception):
            await self._serving


class _Server(uvicorn.Server):
    """Without signal handlers, since the process decides when it stops, and without the loop that looks ten
    times a second whether to: waiting costs nothing."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._over = asyncio.Event()

    def end(self) -> None:
        self.should_exit = True
        self._over.set()

    async def main_loop(self) -> None:
        await self._over.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
