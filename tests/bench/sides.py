"""The other figures, each side in a module of its own: what Handrail promises beside the cost of a step.

Times are of one machine in one state; counts are facts, and what says "against" compares runs that were made
in turns.
"""

import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tests.bench import due, fan_out, flood, growth, processes, standing, starting, thought
from tests.bench.figures import Figure

Measure = Callable[[Path, float], Awaitable[list[Figure]]]
"""Is given an empty folder and a scale."""

SIDES: dict[str, Measure] = {
    "starting": starting.measure,
    "standing": standing.measure,
    "due": due.measure,
    "fan_out": fan_out.measure,
    "thought": thought.measure,
    "growth": growth.measure,
    "processes": processes.measure,
    "flood": flood.measure,
}


async def measure(names: Sequence[str], scale: float = 1.0) -> list[Figure]:
    """One after the other. One that fails is a figure too, and the others go on."""
    figures = []
    for name in names:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="handrail-bench-") as folder:
            try:
                found = await SIDES[name](Path(folder), scale)
            except Exception as error:
                sys.stderr.write(f"{name}: {error!r}\n")
                found = [Figure(name, "failed", "to be measured", False)]
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
        for one in found:
            sys.stderr.write(f"  {one.name}: {one.measured}\n")
        figures += found
    return figures
