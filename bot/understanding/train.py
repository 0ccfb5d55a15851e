"""`python -m bot.understanding.train`: from examples to the model's file, the same each time, in minutes.

One group of near-duplicates in ten is never learned from: `measure` judges by those. The thresholds are
calibrated on what is learned from, by leaving groups out in turn, so that false alarms stay within bounds.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from bot.understanding import letters
from bot.understanding.examples import Example, read
from bot.understanding.hearing import MODEL
from bot.understanding.model import (
    CATEGORIES,
    COLUMNS,
    CRISIS,
    EARS,
    FIRST,
    HEADS,
    SECOND,
    SPELLING,
    Encoder,
    NoModel,
    Thresholds,
    load_encoders,
    project,
    similar,
)
from bot.understanding.screen import CONTENT, Screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Vectors = NDArray[np.float32]  # for each view of an encoder a table, with a row for each example

AXES = {"first": 128, "second": 192}  # of each view
RIDGES, SPELLING_RIDGE = {"first": 0.3, "second": 0.1}, 0.5
FOLDS = 4
HELD_OUT = 20  # one group in so many
ALIKE = 0.8  # cosine from which two examples are near-duplicates
ASKED = 0.7  # how much an example that deserves a question counts as heard
# The most that may be heard of what is learned from, left out in turn. Examples are harder than real talk.
TRICKY_HEARD, TRICKY_SURE = 0.13, 0.0545
TALK_HEARD, TALK_SURE = 0.131, 0.0535
WATCH_SURE = 0.06
GRAVE_HEARD = 0.055
TAKEN_BACK = 0.15
SPANISH = -0.02  # where the words are Spanish, which the second encoder knows less of


def groups(vectors: Matrix) -> list[int]:
    """For each example, the number of the group of near-duplicates that it belongs to."""
    import numpy as np

    parents = list(range(len(vectors)))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    for at in range(len(vectors)):
        for other in np.nonzero(vectors[at + 1 :] @ vectors[at] > ALIKE)[0]:
            parents[root(int(other) + at + 1)] = root(at)
    return [root(at) for at in range(len(vectors))]


def drawn(examples: Sequence[Example], grouped: Sequence[int], parts: int) -> list[int]:
    """A part for each group, by its first example's words, so that adding examples moves few."""
    return [zlib.crc32(examples[group].text.encode()) % parts for group in grouped]


def targets(examples: Sequence[Example]) -> Matrix:
    import numpy as np

    table = np.zeros((len(examples), len(COLUMNS)), dtype=np.float32)
    for row, example in zip(table, examples, strict=True):
        row[0] = 1.0 if example.crisis else ASKED * example.ask
        row[1] = float(example.crisis)
        row[2] = float(example.level == "emergency")
        row[3] = float(example.language == "es")
        if example.category in CATEGORIES:
            row[len(HEADS) + CATEGORIES.index(example.category)] = ASKED if example.ask else 1.0
    return table


def solve(near: Matrix, wanted: Matrix, ridge: float) -> Matrix:
    import numpy as np

    weights: Matrix = np.linalg.solve(near + ridge * np.eye(len(near), dtype=np.float32), wanted)
    return weights


def linear(spelled: Matrix, wanted: Matrix) -> Matrix:
    """One row of weights for each column of `spelled`: by columns or by rows, whichever are fewer."""
    if len(spelled) < spelled.shape[1]:
        return spelled.T @ solve(spelled @ spelled.T, wanted, SPELLING_RIDGE)
    return solve(spelled.T @ spelled, spelled.T @ wanted, SPELLING_RIDGE)


def crossed(near: Matrix, wanted: Matrix, part: NDArray[np.int64], ridge: float) -> Matrix:
    """What each part of the examples is judged to be by a model of all the others."""
    import numpy as np

    found = np.zeros_like(wanted)
    for fold in range(FOLDS):
        learned, judged = np.nonzero(part != fold)[0], np.nonzero(part == fold)[0]
        weights = solve(near[np.ix_(learned, learned)], wanted[learned], ridge)
        found[judged] = near[np.ix_(judged, learned)] @ weights
    return found


def fit(
    examples: Sequence[Example], vectors: Mapping[str, Vectors], grouped: Sequence[int], screen: Screen
) -> dict[str, Matrix]:
    """The arrays of the model's file. `vectors`: for each of `EARS` a table for each of its views; `grouped`
    says which examples may not judge one another."""
    import numpy as np

    wanted = targets(examples)
    part = np.array([zlib.crc32(examples[group].text.encode()) // HELD_OUT % FOLDS for group in grouped])
    spelled = letters.table([example.text for example in examples])
    worth = letters.rarity(spelled)
    spelled = letters.weighed(spelled, worth)
    arrays = {
        "columns": np.array(COLUMNS),
        "worth": worth.astype(np.float16),
        "spelling": linear(spelled, wanted).astype(np.float16),
    }
    left_out = np.zeros_like(wanted)
    for fold in range(FOLDS):
        weights = linear(spelled[part != fold], wanted[part != fold])
        left_out[part == fold] = SPELLING * (spelled[part == fold] @ weights)
    for ear, share in zip(EARS, (FIRST, SECOND), strict=True):
        near = np.zeros((len(examples), len(examples)), dtype=np.float32)
        for at, table in enumerate(vectors[ear]):
            centre = table.mean(0)
            axes = _axes(project(table, centre, np.eye(len(centre), dtype=np.float32)), AXES[ear])
            placed = project(table, centre, axes)
            step = np.float32(np.abs(placed).max() / 127)
            kept = np.round(placed / step).astype(np.int8)
            placed = kept.astype(np.float32) * step
            lengths = (placed**2).sum(1)
            near += similar(placed @ placed.T, lengths, lengths) / np.float32(len(vectors[ear]))
            mine = {"centre": centre, "axes": axes}
            arrays |= {f"{ear}.{at}.{key}": value.astype(np.float16) for key, value in mine.items()}
            arrays |= {f"{ear}.{at}.examples": kept, f"{ear}.{at}.step": np.array(step)}
        left_out += share * crossed(near, wanted, part, RIDGES[ear])
        arrays[f"{ear}.weights"] = solve(near, wanted, RIDGES[ear]).astype(np.float16)
    limits = calibrate(examples, left_out, screen)
    arrays["limits"] = np.array(astuple(limits), dtype=np.float32)
    return arrays


def _axes(vectors: Matrix, most: int) -> Matrix:
    """The directions in which these differ most, one a column."""
    import numpy as np

    _, axes = np.linalg.eigh(np.cov(vectors, rowvar=False))
    return axes[:, : -most - 1 : -1].astype(np.float32)


def calibrate(examples: Sequence[Example], left_out: Matrix, screen: Screen) -> Thresholds:
    """The lowest thresholds that keep false alarms within bounds; then emergency where levels part best."""
    import numpy as np

    heard, sure, emergency = left_out[:, :3].T.copy()
    back = np.array([any(f.concern is None for f in screen.findings(e.text)) for e in examples])
    spanish = np.array([e.language == "es" for e in examples])
    for scores in (heard, sure, emergency):
        scores[back] -= TAKEN_BACK
        scores[spanish] -= SPANISH
    tricky = np.array([e.tricky for e in examples])
    talk = np.array([bool(e.kind) and not e.tricky for e in examples])
    watch = np.array([e.level == "watch" and not e.ask for e in examples])
    grave = np.array([e.level == "emergency" for e in examples])
    urgent = np.array([e.level == "urgent" for e in examples])
    ask = max(_limit(heard[tricky], TRICKY_HEARD), _limit(heard[talk], TALK_HEARD))
    certain = max(
        _limit(sure[tricky], TRICKY_SURE), _limit(sure[talk], TALK_SURE), _limit(sure[watch], WATCH_SURE)
    )
    steps = np.arange(0.2, 0.8, 0.01)
    parted = [float((emergency[grave] > s).mean() - (emergency[urgent] > s).mean()) for s in steps]
    names = left_out[:, len(HEADS) + len(CRISIS) :].max(1)
    return Thresholds(
        ask=ask,
        sure=certain,
        emergency=float(steps[int(np.argmax(parted))]),
        grave=_limit(emergency[tricky | talk], GRAVE_HEARD),
        watch=_limit(names[talk | tricky], 0.05),
        taken_back=TAKEN_BACK,
        spanish=SPANISH,
    )


def _limit(scores: Matrix, share: float) -> float:
    """The threshold above which at most this share of the scores lies."""
    import numpy as np

    return float(np.quantile(scores, 1 - share))


def train(content: Path, encoders: Mapping[str, Encoder], screen: Screen) -> dict[str, Matrix]:
    """Learns from all but the held-out examples, and notes which those are."""
    import numpy as np

    everything = read(content)
    vectors = {name: embed(encoder, everything) for name, encoder in encoders.items()}
    grouped = groups(vectors["first"][0])
    part = np.array(drawn(everything, grouped, HELD_OUT))
    learned = np.nonzero(part)[0]
    place = {int(at): place for place, at in enumerate(learned)}
    # A group's first example may itself be held out only together with the whole group.
    origin = [place[grouped[at]] for at in learned]
    mine = {name: tables[:, learned] for name, tables in vectors.items()}
    arrays = fit([everything[at] for at in learned], mine, origin, screen)
    return arrays | {"digest": np.array(digest(everything)), "held_out": np.nonzero(part == 0)[0]}


def digest(examples: Iterable[Example]) -> str:
    """By which a model says of which examples it was made."""
    lines = (f"{e.level} {e.category} {e.ask} {e.kind} {e.language} {e.text}" for e in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def embed(encoder: Encoder, examples: Sequence[Example]) -> Vectors:
    import numpy as np

    return np.asarray(encoder.encode([example.text for example in examples]), dtype=np.float32)


def held_out(content: Path) -> list[Example]:
    """The examples that the kept model has never seen. Raises `NoModel` when it was made of others than stand
    there now."""
    import numpy as np

    examples = read(content)
    with np.load(content / MODEL, allow_pickle=False) as kept:
        if str(kept["digest"]) != digest(examples):
            raise NoModel(f"{MODEL} was made of other examples: train it again")
        return [examples[at] for at in kept["held_out"]]


def main() -> int:
    import numpy as np

    arrays = train(CONTENT, load_encoders(), Screen(CONTENT))
    np.savez_compressed(CONTENT / MODEL, **arrays)  # type: ignore[arg-type]
    limits = ", ".join(f"{value:.2f}" for value in arrays["limits"])
    size = (CONTENT / MODEL).stat().st_size
    sys.stdout.write(f"{len(arrays['first.weights'])} examples, thresholds {limits}, {size // 1024} KB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
