"""What a replay costs, next to a bare coroutine of as many awaits. A figure to read, no test: run it with

    python -m tests.bench.replay

The bare coroutine awaits twelve objects that it makes on the way; a replay finds, checks and loads twelve
stored answers as well. Both are timed in turns, and the median of the ratios is printed: at most 3.
"""

import sys
from collections.abc import Callable, Coroutine, Generator
from statistics import median
from timeit import timeit
from typing import Any

from dialogs.engine import Answer, expected, replay
from dialogs.facts import Facts
from dialogs.prompts import Identity, Scale, Text, dialog

ROUNDS = 60
REPLAYS = 400
NUMBERS = tuple(f"number_{n}" for n in range(8))
WORDS = tuple(f"words_{n}" for n in range(4))


@dialog("twelve")
async def twelve(facts: Facts) -> int:
    """Eight buttons and four texts."""
    for key in NUMBERS:
        await Scale(key, 0, 10)
    for key in WORDS:
        await Text(key)
    return 12


class Bare:
    def __init__(self, key: str) -> None:
        self.key = key

    def __await__(self) -> Generator["Bare", Any, Any]:
        return (yield self)


async def bare() -> int:
    for key in NUMBERS:
        await Bare(key)
    for key in WORDS:
        await Bare(key)
    return 12


def drive(coroutine: Coroutine[Any, Any, int]) -> int:
    try:
        coroutine.send(None)
        while True:
            coroutine.send(5)
    except StopIteration as end:
        return int(end.value)


def stored() -> dict[Identity, Answer]:
    answers: dict[Identity, Answer] = {}
    while (prompt := replay(twelve, Facts(), answers).prompt) is not None:
        answers[prompt.identity] = Answer(prompt.key, prompt.item, prompt.samples[0], prompt.mark)
    return answers


def micros(work: Callable[[], Any]) -> float:
    return timeit(work, number=REPLAYS) / REPLAYS * 1e6


def main() -> None:
    facts, answers = Facts(), stored()
    half = dict(list(answers.items())[:6])
    bares, replays, looks = [], [], []
    for _ in range(ROUNDS):
        bares.append(micros(lambda: drive(bare())))
        replays.append(micros(lambda: replay(twelve, facts, answers)))
        looks.append(micros(lambda: expected(twelve, facts, half)))
    ratio = median(r / b for r, b in zip(replays, bares, strict=True))
    sys.stdout.write(
        f"bare coroutine  {median(bares):6.1f} µs\n"
        f"replay          {median(replays):6.1f} µs\n"
        f"ratio           {ratio:6.2f}   (at most 3)\n"
        f"progress line   {median(looks):6.1f} µs at the middle\n"
    )


if __name__ == "__main__":
    main()
