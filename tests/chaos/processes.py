"""Handrail's processes as a test holds them: born by the nursery or by `python -m bot`, killed, awaited."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True, eq=False)
class Process:
    """One process of the bot. `exit` is its exit code, below zero the signal that ended it."""

    pid: int
    exit: asyncio.Future[int]

    @property
    def alive(self) -> bool:
        return not self.exit.done()

    def kill(self) -> None:
        """kill -9, if it still lives: the one thing that nobody can prepare for."""
        self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        if self.alive:
            with suppress(ProcessLookupError):  # it has just ended, and we have not heard yet
                os.kill(self.pid, number)

    async def ended(self, within: float = 30) -> int:
        """The exit code."""
        return await asyncio.wait_for(asyncio.shield(self.exit), within)


@dataclass(slots=True)
class Nursery:
    """Where processes come from; one nursery serves many clinics at the same time."""

    _mother: asyncio.subprocess.Process
    _born: dict[int, asyncio.Future[Process]] = field(default_factory=dict)
    _living: dict[int, Process] = field(default_factory=dict)
    _orders: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process that all others are children of, which hands down to them what it may do, and they."""
        return self._mother.pid, *self._living

    async def bear(
        self,
        argvs: Sequence[Sequence[str]],
        environment: Mapping[str, str],
        folder: Path,
        *,
        log: str = "log",
        out: str = os.devnull,
        fault: str = "",
    ) -> Process:
        """A process that runs these commands one after the other, in this folder."""
        assert self._mother.stdin is not None
        number = next(self._orders)
        born = self._born[number] = asyncio.get_running_loop().create_future()
        order = {
            "order": number,
            "argvs": [list(argv) for argv in argvs],
            "environment": dict(environment),
            "folder": str(folder),
            "log": log,
            "out": out,
            "fault": fault,
        }
        self._mother.stdin.write(json.dumps(order).encode() + b"\n")
        await self._mother.stdin.drain()
        return await asyncio.wait_for(born, 60)

    async def run(
        self, *argvs: Sequence[str], environment: Mapping[str, str], folder: Path, fault: str = ""
    ) -> tuple[int, str, str]:
        """Run commands to their end: exit code, standard output, standard error."""
        number = next(self._orders)
        out, log = folder / f"out-{number}", folder / f"err-{number}"
        process = await self.bear(argvs, environment, folder, log=str(log), out=str(out), fault=fault)
        code = await process.ended(60)
        return code, out.read_text(), log.read_text()

    async def listen(self) -> None:
        """Hear who was born and who ended."""
        assert self._mother.stdout is not None
        async for line in self._mother.stdout:
            told = json.loads(line)
            if "order" in told:
                process = Process(told["pid"], asyncio.get_running_loop().create_future())
                self._living[process.pid] = process
                self._born.pop(told["order"]).set_result(process)
            else:
                self._living.pop(told["pid"]).exit.set_result(told["exit"])
        for unborn in self._born.values():
            unborn.set_exception(RuntimeError("the nursery is gone"))


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """A nursery; whoever it bore is gone when the block ends."""
    mother = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.chaos.nursery",
        cwd=ROOT,
        start_new_session=True,  # Ctrl-C is for us: we end it ourselves
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made = Nursery(mother)
    listening = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        assert mother.stdin is not None
        mother.stdin.close()
        await mother.wait()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def fresh(argv: Sequence[str], environment: Mapping[str, str], folder: Path) -> tuple[int, str, str]:
    """`python -m bot ARGV` as anybody would run it, to its end: exit code, output, errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *argv,
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
