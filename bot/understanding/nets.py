"""A small network with one layer between: from what an encoder makes of a text to a score for each column.

It is taught by examples, with numbers drawn from a fixed seed: the same examples give the same network. In
each round a part of what it is shown is left out at random (dropout), so that it cannot learn them by heart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

ROUNDS, BATCH = 12, 128
LEFT_OUT, LEFT_OUT_WITHIN = 0.2, 0.5  # of what comes in, and of what stands between
RATE, SHRINK = 1e-3, 1e-2  # how far a step goes, and how much of each weight it takes back
_WARM = 100  # steps until the rate is reached; from there it falls to nothing
_FIRST, _SECOND, _LEAST = 0.9, 0.999, 1e-8  # Adam's own (Kingma and Ba 2015)
EVEN = 1.5  # what the outcome is divided by, which makes it less sure of itself


@dataclass(frozen=True, slots=True)
class Net:
    """`centres`: the middle of the examples in each view, from which vectors are measured."""

    centres: Sequence[Matrix]
    enter: Matrix
    enter_bias: Matrix
    leave: Matrix
    leave_bias: Matrix

    @classmethod
    def kept(cls, arrays: Mapping[str, Any], name: str, views: int) -> Net:
        """From the arrays of the model's file. Raises `KeyError` where one is missing."""

        def whole(part: str) -> Matrix:
            array: Matrix = arrays[f"{name}.{part}"].astype("float32")
            return array

        parts = (whole(part) for part in ("enter", "enter_bias", "leave", "leave_bias"))
        return cls([whole(f"centre.{at}") for at in range(views)], *parts)

    def keep(self, name: str) -> dict[str, NDArray[Any]]:
        centres = {f"centre.{at}": centre for at, centre in enumerate(self.centres)}
        parts = {part: getattr(self, part) for part in ("enter", "enter_bias", "leave", "leave_bias")}
        return {f"{name}.{part}": array.astype("float16") for part, array in (centres | parts).items()}

    def scores(self, views: Sequence[Matrix]) -> Matrix:
        """One row a text, between 0 and 1; `views`: a table for each of the centres, with a row a text."""
        import numpy as np

        between = np.maximum(joined(views, self.centres) @ self.enter + self.enter_bias, 0)
        return _chance((between @ self.leave + self.leave_bias) / np.float32(EVEN))


def joined(views: Sequence[Matrix], centres: Sequence[Matrix]) -> Matrix:
    """Which way each text lies from the middle, all views side by side and each counting for as much."""
    import numpy as np

    placed = []
    for vectors, centre in zip(views, centres, strict=True):
        away = vectors - centre
        away *= np.float32(away.shape[1] ** 0.5) / np.linalg.norm(away, axis=1, keepdims=True)
        placed.append(away)
    return np.concatenate(placed, axis=1, dtype=np.float32)


def learn(views: Sequence[Matrix], wanted: Matrix, worth: Sequence[float], between: int) -> Net:
    """`wanted`: a row a text, from 0 to 1; `worth`: how much each of its columns counts; `between`: the
    width of the layer."""
    import numpy as np

    chance = np.random.default_rng(1)
    centres = [table.mean(0) for table in views]
    shown = joined(views, centres)
    counts = np.asarray(worth, dtype=np.float32)
    enter = _drawn(chance, shown.shape[1], between)
    leave = _drawn(chance, between, wanted.shape[1])
    weights = [enter, np.zeros(between, np.float32), leave, np.zeros(wanted.shape[1], np.float32)]
    steps = _Steps(weights, ROUNDS * (len(shown) // BATCH + 1))
    for some in islice(_batches(chance, len(shown)), steps.all):
        seen = shown[some] * _kept(chance, (len(some), shown.shape[1]), LEFT_OUT)
        met = np.maximum(seen @ weights[0] + weights[1], 0)
        kept = _kept(chance, met.shape, LEFT_OUT_WITHIN)
        met *= kept
        wrong = (_chance(met @ weights[2] + weights[3]) - wanted[some]) * counts / np.float32(len(some))
        back = (wrong @ weights[2].T) * kept * (met > 0)
        steps.take([seen.T @ back, back.sum(0), met.T @ wrong, wrong.sum(0)])
    return Net(centres, *weights)


class _Steps:
    """Steps downhill, by Adam with weight decay (Loshchilov and Hutter 2019)."""

    def __init__(self, weights: Sequence[Matrix], all_steps: int) -> None:
        import numpy as np

        self.all = all_steps
        self._weights = weights
        self._means = [np.zeros_like(one) for one in weights]
        self._squares = [np.zeros_like(one) for one in weights]
        self._taken = 0

    def take(self, slopes: Sequence[Matrix]) -> None:
        import numpy as np

        self._taken += 1
        rate = RATE * min(1.0, self._taken / _WARM) * (1 - (self._taken - 1) / self.all)
        step = rate * (1 - _SECOND**self._taken) ** 0.5 / (1 - _FIRST**self._taken)
        for weight, slope, mean, square in zip(
            self._weights, slopes, self._means, self._squares, strict=True
        ):
            mean *= _FIRST
            mean += (1 - _FIRST) * slope
            square *= _SECOND
            square += (1 - _SECOND) * slope * slope
            weight *= 1 - rate * SHRINK
            weight -= np.float32(step) * mean / (np.sqrt(square) + np.float32(_LEAST))


def _batches(chance: np.random.Generator, count: int) -> Iterator[NDArray[np.int64]]:
    import numpy as np

    while True:
        yield from np.array_split(chance.permutation(count), count // BATCH + 1)


def _drawn(chance: np.random.Generator, rows: int, columns: int) -> Matrix:
    import numpy as np

    return chance.uniform(-1, 1, (rows, columns)).astype(np.float32) * np.float32(rows**-0.5)


def _kept(chance: np.random.Generator, shape: tuple[int, ...], left_out: float) -> Matrix:
    """Nothing in so many places, and a little more than 1 in the others."""
    import numpy as np

    kept = chance.random(shape, dtype=np.float32) >= left_out
    return kept.astype(np.float32) / np.float32(1 - left_out)


def _chance(values: Matrix) -> Matrix:
    import numpy as np

    return (1 / (1 + np.exp(-values))).astype(np.float32)
