"""Labelled messages, one a line: `LEVEL CATEGORY | message`."""

from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent


def read(name: str) -> Iterator[tuple[str, str, str]]:
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            label, _, message = line.partition("|")
            level, category = label.split()
            yield level, category, message.strip()
