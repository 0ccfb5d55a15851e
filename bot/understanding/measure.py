"""`python -m bot.understanding.measure [FILE ...]`: how well danger is heard in what training never saw.

Without files: the held-out examples. A file holds lines `LEVEL CATEGORY | message` (`none KIND | message` for
what is no danger). Prints shares by level, category and language, with the model and for the phrases alone,
and exits 1 when one falls below its floor.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.concerns import Category, Concern, Hearer, Level
from bot.understanding.examples import TRICKY, Example
from bot.understanding.hearing import Hearing
from bot.understanding.screen import CONTENT
from bot.understanding.train import held_out

Listen = Callable[[Sequence[str]], Sequence[Concern | None]]
_TOGETHER = 32  # messages that are read in one go, which costs a third


def one_by_one(hear: Hearer) -> Listen:
    return lambda texts: [hear(text) for text in texts]


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    name: str
    of: int
    heard: int
    sure: int

    @property
    def heard_share(self) -> float:
        return self.heard / self.of if self.of else 1.0

    @property
    def sure_share(self) -> float:
        return self.sure / self.of if self.of else 1.0


def read(file: Path) -> Iterator[Example]:
    """Messages labelled one a line. The language is the end of the file's name: `unseen_es.txt`."""
    language = file.stem.rpartition("_")[2]
    for line in file.read_text(encoding="utf-8").splitlines():
        label, bar, text = line.partition("|")
        if bar and not line.startswith("#"):
            level, name = label.split()
            calm = level == "none"
            category = Category.NONE if calm else Category(name)
            yield Example(text.strip(), language, category, Level(level), kind=name if calm else "")


def shares(listen: Listen, examples: Sequence[Example]) -> dict[str, Share]:
    """Shares by name: "urgent", "emergency es", "suicide", "tricky", "talk", "watch" …"""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    together = [examples[at : at + _TOGETHER] for at in range(0, len(examples), _TOGETHER)]
    heard_in = (concern for some in together for concern in listen([example.text for example in some]))
    for example, concern in zip(examples, heard_in, strict=True):
        sure = concern is not None and concern.crisis
        heard = sure or (concern is not None and concern.ask)
        for name in _names(example):
            tally = counts[name]
            tally[0] += 1
            tally[1] += heard
            tally[2] += sure
    return {name: Share(name, *tally) for name, tally in sorted(counts.items())}


def _names(example: Example) -> Iterator[str]:
    if example.crisis:
        yield from (str(example.level), f"{example.level} {example.language}", f"crisis {example.category}")
        yield from ("crisis", f"crisis {example.language}")
    elif example.ask:
        yield "ask"
    elif example.level is Level.WATCH:
        yield "watch"
    elif example.kind in TRICKY:
        yield from ("tricky", f"tricky {example.language}")
    else:
        yield from ("talk", f"talk {example.language}")


# Floors for the held-out examples, which are harder than what people mostly write: no figure may fall below
# what it was when somebody last looked. ("heard" or "sure", name, least or most, share)
Floors = Sequence[tuple[str, str, str, float]]
FLOORS: Floors = (
    ("heard", "crisis", "least", 0.90),
    ("heard", "crisis en", "least", 0.90),
    ("heard", "crisis es", "least", 0.89),
    ("heard", "emergency", "least", 0.93),
    ("sure", "emergency", "least", 0.62),
    ("heard", "tricky", "most", 0.23),
    ("sure", "tricky", "most", 0.08),
    ("heard", "talk", "most", 0.25),
    ("sure", "watch", "most", 0.11),
)
PHRASES_ALONE = 0.40


def failures(found: dict[str, Share], floors: Floors = FLOORS) -> list[str]:
    """Which floors do not hold, in words."""
    wrong = []
    for what, name, bound, share in floors:
        measured = found[name].heard_share if what == "heard" else found[name].sure_share
        if measured < share if bound == "least" else measured > share:
            wrong.append(f"{name} {what}: {measured:.2f}, at {bound} {share:.2f}")
    return wrong


def main(files: list[str]) -> int:
    hearing = Hearing()
    if not hearing.load():
        sys.stderr.write(f"{hearing.problem}\n")
        return 1
    examples = [example for file in files for example in read(Path(file))] or held_out(CONTENT)
    both, phrases = shares(hearing.listen, examples), shares(one_by_one(hearing.quick), examples)
    sys.stdout.write(f"{'':24}{'of':>6}{'heard':>8}{'sure':>8}{'phrases alone':>16}\n")
    for name, share in both.items():
        alone = phrases[name].heard_share
        sys.stdout.write(
            f"{name:24}{share.of:6}{share.heard_share:8.2f}{share.sure_share:8.2f}{alone:16.2f}\n"
        )
    wrong = [] if files else failures(both)
    for failure in wrong:
        sys.stderr.write(f"below its floor: {failure}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
