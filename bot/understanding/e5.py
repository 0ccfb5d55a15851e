"""The second encoder: a small transformer, which weighs each word of a text by all the others.

To vectors that add words up, "I gave the dog away" and "I gave the dog away, that was the last thing on my
list" are nearly one. This one tells them apart, in English, in Spanish and in the mix of both, and costs many
times as much: it is asked only about what the first does not know as ordinary. Its weights are those of
multilingual-e5-small, public, from a copy in four bits and in whole bytes here (`pack.py`). Of its twelve
layers ten are kept, and two of them are asked: the seventh, which hears more how a thing is said, and the
tenth, what it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.understanding.pieces import Pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

FILE = Path(__file__).with_name("e5.npz")
LAYERS, HEADS, WIDTH = 10, 12, 384
ASKED = (7, 10)
"""The layers whose vectors are given out."""
MOST = 128  # pieces of one text that are read
_AT_ONCE = (
    768  # pieces of all texts in one go: one unpacking of the weights serves them, and memory stays small
)


class E5:
    """Raises `KeyError` where an array is missing."""

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        self._arrays = dict(arrays)
        vocabulary = [str(piece) for piece in self._arrays.pop("pieces")]
        self._pieces = Pieces(vocabulary, [float(chance) for chance in self._arrays.pop("likely")])

    @classmethod
    def load(cls, file: Path = FILE) -> E5:
        import numpy as np

        with np.load(file, allow_pickle=False) as kept:
            return cls({name: kept[name] for name in kept.files})

    def encode(self, texts: Sequence[str]) -> Matrix:
        """For each of `ASKED` a table with a row for each text and `WIDTH` columns."""
        import numpy as np

        numbers = [self._pieces.numbers(text, MOST) for text in texts]
        rows = [self._read(some) for some in _portions(numbers)]
        return np.concatenate([np.empty((len(ASKED), 0, WIDTH), dtype=np.float32), *rows], axis=1)

    def _read(self, numbers: Sequence[Sequence[int]]) -> Matrix:
        """All texts lie one behind the other; only where words look at one another are they apart."""
        import numpy as np

        ends = np.cumsum([len(text) for text in numbers])
        spans = [slice(int(end) - len(text), int(end)) for end, text in zip(ends, numbers, strict=True)]
        words = np.concatenate([np.asarray(text) for text in numbers])
        state: Matrix = self._arrays["words"][words].astype(np.float32)
        state *= self._plain("words.step")[words, None]
        state += np.concatenate([self._plain("places")[: len(text)] for text in numbers])
        state = self._even(state, "begin")
        seen = []
        for layer in range(LAYERS):
            looked = _look(self._through(state, f"{layer}.look"), spans)
            state = self._even(state + self._through(looked, f"{layer}.seen"), f"{layer}.seen")
            thought = _gelu(self._through(state, f"{layer}.wide"))
            state = self._even(state + self._through(thought, f"{layer}.back"), f"{layer}.back")
            if layer + 1 in ASKED:
                seen.append([state[span].mean(0) for span in spans])
        return np.asarray(seen, dtype=np.float32)

    def _plain(self, name: str) -> Matrix:
        return self._arrays[name]  # type: ignore[return-value]

    def _through(self, state: Matrix, name: str) -> Matrix:
        """A linear layer; its weights are unpacked for the moment."""
        import numpy as np

        out: Matrix = state @ self._arrays[f"{name}.weight"].astype(np.float32).T
        out *= self._plain(f"{name}.weight.step")
        out += self._plain(f"{name}.bias")
        return out

    def _even(self, state: Matrix, name: str) -> Matrix:
        """Each row to mean 0 and spread 1, then as this layer likes it."""
        import numpy as np

        state = state - state.mean(-1, keepdims=True)
        state /= np.sqrt((state**2).mean(-1, keepdims=True) + np.float32(1e-12))
        even: Matrix = state * self._plain(f"{name}.even.weight") + self._plain(f"{name}.even.bias")
        return even


def _look(three: Matrix, spans: Sequence[slice]) -> Matrix:
    """Attention: each piece asks, and every piece of its text answers."""
    import numpy as np

    size = WIDTH // HEADS
    out = np.empty((len(three), WIDTH), dtype=np.float32)
    for span in spans:
        ask, answer, value = three[span].reshape(-1, 3, HEADS, size).transpose(1, 2, 0, 3)
        weights = ask @ answer.transpose(0, 2, 1)
        weights *= np.float32(size**-0.5)
        weights -= weights.max(-1, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(-1, keepdims=True)
        out[span] = (weights @ value).transpose(1, 0, 2).reshape(-1, WIDTH)
    return out


def _gelu(values: Matrix) -> Matrix:
    import numpy as np

    cubed = values * values * values
    bent = np.tanh(np.float32(0.7978845608) * (values + np.float32(0.044715) * cubed))
    gelu: Matrix = np.float32(0.5) * values * (1 + bent)
    return gelu


def _portions(numbers: Sequence[Sequence[int]]) -> Iterator[Sequence[Sequence[int]]]:
    some: list[Sequence[int]] = []
    size = 0
    for text in numbers:
        if some and size + len(text) > _AT_ONCE:
            yield some
            some, size = [], 0
        some.append(text)
        size += len(text)
    if some:
        yield some
