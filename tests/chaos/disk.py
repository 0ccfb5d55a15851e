"""A disk that is full: whatever the processes of a nursery write to a file from now on is refused.

The operating system's own limit on the size of a file is drawn to nothing, in those that live and in those
that are born while it lasts. No write gets through, at whatever place of whatever file, as on a disk without
a free block; what can be read is read as before.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass

from tests.chaos.clinic import Clinic


@dataclass
class Disk:
    clinic: Clinic
    full: bool = False

    def fill(self) -> None:
        self.full = True
        self._allow(0)

    def free(self) -> None:
        self.full = False
        self._allow(resource.RLIM_INFINITY)

    def _allow(self, size: int) -> None:
        process = self.clinic.process
        for pid in (self.clinic.nursery.pid, *((process.pid,) if process and process.alive else ())):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
