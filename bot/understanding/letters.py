"""How a text is spelled, as numbers: beside its meaning, the letters and pairs of words of which it is made.

A sentence encoder that has read the whole web hears what is meant and overhears what is said; and it stumbles
over misspelled words. Groups of three to five letters, hashed, are the other half.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.understanding.spelling import fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

WIDTH = 8192
_SIZES = (3, 4, 5)
_WORDS = re.compile(r"[a-z0-9']+")
_MUCH = 600  # letters of one text that are read


def table(texts: Sequence[str]) -> Matrix:
    """One row a text, `WIDTH` columns: how often each hashed group stands in it, damped."""
    import numpy as np

    found = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for row, text in zip(found, texts, strict=True):
        np.add.at(row, _groups(text), 1.0)
    return np.log1p(found, out=found)


def rarity(found: Matrix) -> Matrix:
    """What each group is worth: the rarer among these texts, the more."""
    import numpy as np

    worth: Matrix = np.log((1 + len(found)) / (1 + (found > 0).sum(0))).astype(np.float32)
    return worth


def weighed(found: Matrix, worth: Matrix) -> Matrix:
    """Rows of length one."""
    import numpy as np

    rows = found * worth
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
    return rows


def _groups(text: str) -> list[int]:
    words = _WORDS.findall(fold(text[:_MUCH]))
    groups = [f"{one}_{other}" for one, other in pairwise(words)]
    for word in words:
        edged = f" {word} "
        groups += [edged[at : at + size] for size in _SIZES for at in range(len(edged) - size + 1)]
    return [zlib.crc32(group.encode()) % WIDTH for group in groups]
