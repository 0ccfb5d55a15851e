"""A figure of the bench: what was measured and, where somebody set one, the aim and whether it was met."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `met` is None where there is no aim."""

    name: str
    measured: str
    aim: str = ""
    met: bool | None = None


def table(figures: Iterable[Figure]) -> str:
    """Markdown for the README."""
    rows = ["| what | measured | aim |", "|---|--:|--:|"]
    rows += [f"| {one.name} | {one.measured} | {_shown(one)} |" for one in figures]
    return "\n".join(rows)


def _shown(one: Figure) -> str:
    return f"{one.aim}: {'met' if one.met else '**not met**'}" if one.aim else ""


def compared(then: Iterable[dict[str, Any]], now: Iterable[Figure]) -> str:
    """Beside what was measured before."""
    before = {line["name"]: line["measured"] for line in then}
    rows = ["| what | then | now |", "|---|--:|--:|"]
    rows += [f"| {one.name} | {before[one.name]} | {one.measured} |" for one in now if one.name in before]
    return "\n".join(rows)


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    return [asdict(one) for one in figures]


def scaled(count: int, scale: float, least: int = 10) -> int:
    """How many of something, on a machine or in a test that cannot bear all of it."""
    return max(least, int(count * scale))


def share(seen: Sequence[float], part: float) -> float:
    """The value below which so large a part of them lies: 0.99 is p99."""
    return sorted(seen)[min(len(seen) - 1, int(len(seen) * part))]


def middle(seen: Sequence[float]) -> str:
    """Median and half of the range, for a ratio."""
    return f"{median(seen):.2f} ±{(max(seen) - min(seen)) / 2:.2f}"
