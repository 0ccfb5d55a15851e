"""A PostgreSQL of the test's own, that can be torn down under a running bot and started again."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cluster:
    tools: Path
    data: Path
    port: int
    restarts: int = 0

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    async def start(self) -> None:
        settings = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        log = str(self.data.parent / "log")
        await self._run("pg_ctl", "-D", str(self.data), "-w", "-l", log, "-o", settings, "start")

    async def stop(self, mode: str = "immediate") -> None:
        """`immediate` is what a crash is: nothing is written out, and the next start recovers."""
        await self._run("pg_ctl", "-D", str(self.data), "-m", mode, "stop")

    async def restart_at_times(self, pause: Callable[[], float]) -> None:
        """Until cancelled, which leaves it running."""
        while True:
            await asyncio.sleep(pause())
            self.restarts += 1
            await asyncio.shield(self._again())

    async def _again(self) -> None:
        await self.stop()
        await self.start()

    async def _run(self, tool: str, *words: str) -> None:
        running = await asyncio.create_subprocess_exec(
            str(self.tools / tool),
            *words,
            cwd=self.data.parent,
            user="postgres" if os.getuid() == 0 else None,
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await running.wait() == 0, tool


def tools() -> Path | None:
    """Where the newest installed server has its programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@asynccontextmanager
async def cluster(where: Path) -> AsyncIterator[Cluster]:
    """It trusts this machine and is gone afterwards; fsync is on, since it is killed."""
    with tempfile.TemporaryDirectory(prefix="cluster-", ignore_cleanup_errors=True) as folder:
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        made = Cluster(where, Path(folder) / "data", _quiet_port())
        words = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        await made._run("initdb", "-D", str(made.data), *words)
        await made.start()
        try:
            yield made
        finally:
            await made.stop()


def _quiet_port() -> int:
    """A free port that no client is given by chance: while the server is down, such a one could be taken."""
    for port in range(15_432, 16_432):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)):
                return port
    raise OSError
