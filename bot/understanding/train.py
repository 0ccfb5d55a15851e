"""`python -m bot.understanding.train`: from examples to the model's file, the same each time, in minutes.

One group of near-duplicates in twenty is never learned from: `measure` judges by those.
"""

from __future__ import annotations

import hashlib
import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.understanding import letters
from bot.understanding.examples import Example, read
from bot.understanding.hearing import MODEL
from bot.understanding.model import (
    CATEGORIES,
    COLUMNS,
    HEADS,
    VIEWS,
    Encoder,
    NoModel,
    encoded,
    load_encoders,
)
from bot.understanding.nets import learn
from bot.understanding.screen import CONTENT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Views = Sequence[Matrix]  # for each view of an encoder a table, with a row for each example

WIDTHS = {"quick": 256, "whole": 512}  # of the networks' layer between
WORTH = (4.0, 3.0, 2.0)  # how much the first columns count in teaching; the others 1
SPELLING_RIDGE = 0.5
HELD_OUT = 20  # one group in so many
ALIKE = 0.8  # cosine from which two examples are near-duplicates
ASKED = 0.7  # how much an example that deserves a question counts as heard


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


def linear(spelled: Matrix, wanted: Matrix) -> Matrix:
    """Ridge regression: one row of weights for each column of `spelled`, by columns or by rows, whichever are
    fewer."""
    import numpy as np

    def solve(near: Matrix, for_what: Matrix) -> Matrix:
        ridge = SPELLING_RIDGE * np.eye(len(near), dtype=np.float32)
        weights: Matrix = np.linalg.solve(near + ridge, for_what)
        return weights

    if len(spelled) < spelled.shape[1]:
        return spelled.T @ solve(spelled @ spelled.T, wanted)
    return solve(spelled.T @ spelled, spelled.T @ wanted)


def fit(examples: Sequence[Example], vectors: Mapping[str, Views]) -> dict[str, NDArray[Any]]:
    """The arrays of the model's file. `vectors`: for each encoder a table for each of its views."""
    import numpy as np

    wanted = targets(examples)
    worth = [*WORTH, *(1.0 for _ in COLUMNS[len(WORTH) :])]
    spelled = letters.table([example.text for example in examples])
    rare = letters.rarity(spelled)
    views = {"quick": vectors["first"], "whole": [*vectors["first"], *vectors["second"]]}
    nets = {name: learn(some, wanted, worth, WIDTHS[name]).keep(name) for name, some in views.items()}
    return {
        "columns": np.array(COLUMNS),
        "worth": rare.astype(np.float16),
        "spelling": linear(letters.weighed(spelled, rare), wanted).astype(np.float16),
        **nets["quick"],
        **nets["whole"],
    }


def train(content: Path, encoders: Mapping[str, Encoder]) -> dict[str, NDArray[Any]]:
    """Learns from all but the held-out examples, and notes which those are."""
    import numpy as np

    everything = read(content)
    vectors = embed(encoders, everything)
    part = np.array(drawn(everything, groups(vectors["first"][0]), HELD_OUT))
    learned = np.nonzero(part)[0]
    mine = {name: [table[learned] for table in tables] for name, tables in vectors.items()}
    arrays = fit([everything[at] for at in learned], mine)
    return arrays | {"digest": np.array(digest(everything)), "held_out": np.nonzero(part == 0)[0]}


def digest(examples: Iterable[Example]) -> str:
    """By which a model says of which examples it was made."""
    lines = (f"{e.level} {e.category} {e.ask} {e.kind} {e.language} {e.text}" for e in examples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def embed(encoders: Mapping[str, Encoder], examples: Sequence[Example]) -> dict[str, Views]:
    texts = [example.text for example in examples]
    return {name: encoded(encoder, texts, VIEWS[name]) for name, encoder in encoders.items()}


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

    arrays = train(CONTENT, load_encoders())
    np.savez_compressed(CONTENT / MODEL, **arrays)  # type: ignore[arg-type]
    sys.stdout.write(f"{(CONTENT / MODEL).stat().st_size // 1024} KB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
