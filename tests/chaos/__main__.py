"""`make chaos KILLS=n`: kill Handrail until convinced, on SQLite and on PostgreSQL, and prove the judge.

python -m tests.chaos [--kills 30] [--patients 20] [--days 3] [--seed N] [--database sqlite|postgresql]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import psycopg

from tests.chaos.clinic import clinic
from tests.chaos.crawl import crawl
from tests.chaos.processes import nursery
from tests.chaos.traces import traces
from tests.fixtures.databases import SERVER, Server


def main() -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asked = parser.parse_args()
    names = ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]
    found = [asyncio.run(_crawl(name, asked)) for name in names]
    return 1 if any(found) else 0


async def _crawl(name: str, asked: argparse.Namespace) -> int:
    chance = Random(asked.seed)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        url = f"sqlite:///{folder / 'handrail.sqlite3'}"
        if name == "postgresql":
            try:
                server = Server(SERVER)
            except psycopg.OperationalError:
                print(f"{name}: no server at {SERVER}, not run", file=sys.stderr)  # noqa: T201
                return 1
            url = server.url(stack.enter_context(server.database()))
        began = time.monotonic()
        async with (
            nursery() as born,
            clinic(born, url, folder, patients=asked.patients, chance=chance) as made,
        ):
            outcome = await crawl(made, kills=asked.kills, days=asked.days, chance=chance)
            findings = [*outcome.findings, *traces(made, outcome.diaries)]
        took = time.monotonic() - began
        print(f"{name}: {outcome} in {took:.0f} s (--seed {asked.seed})", flush=True)  # noqa: T201
        for finding in findings:
            print(f"  {finding}")  # noqa: T201
        return len(findings)


if __name__ == "__main__":
    sys.exit(main())
