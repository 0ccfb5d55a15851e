"""A disk that is full: whatever the processes of a nursery write to a file from now on is refused.

The operating system's own limit on the size of a file is drawn to nothing, in those that live and in those
that are born while it lasts. No write gets through, at whatever place of whatever file, as on a disk without
a free block; what can be read is read as before.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.chaos.clinic import Clinic


@dataclass
class Disk:
    clinic: Clinic
    times: int = 0

    def fill(self) -> None:
        self._allow(0)

    def free(self) -> None:
        self._allow(resource.RLIM_INFINITY)

    async def fill_at_times(self, pause: Callable[[], float]) -> None:
        """Full and free in turn, until cancelled."""
        while True:
            for size in (resource.RLIM_INFINITY, 0):
                self.times += size == 0
                until = asyncio.get_running_loop().time() + pause()
                while asyncio.get_running_loop().time() < until:
                    self._allow(size)  # again: one that was just being born may have missed it
                    await asyncio.sleep(0.2)

    def _allow(self, size: int) -> None:
        for pid in self.clinic.nursery.pids:
            with suppress(ProcessLookupError):  # it has just ended
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
