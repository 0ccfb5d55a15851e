"""`python -m bot.understanding.pack model.safetensors vocab.txt`: the second encoder's file.

The weights are public: sentence-transformers' all-MiniLM-L6-v2 (Apache License 2.0), trained by others. Each
row becomes whole bytes and a scale; of the vocabulary, what is written in Latin letters is kept. Nobody needs
this to run Handrail or to train its model.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bot.understanding.minilm import FILE, LAYERS, MOST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

_LATIN = re.compile(r"(##)?[!-~\u00a1-\u024f\u2010-\u2122\u2190-\u27bf]+")


def tensors(file: Path) -> dict[str, Matrix]:
    """What a safetensors file holds: its first eight bytes say how long the list of contents is."""
    import numpy as np

    raw = file.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    found = {}
    for name, about in json.loads(raw[8:start]).items():
        if name != "__metadata__" and about["dtype"] == "F32":
            begin, end = (start + at for at in about["data_offsets"])
            found[name] = np.frombuffer(raw[begin:end], dtype=np.float32).reshape(about["shape"])
    return found


def kept(vocabulary: list[str]) -> list[int]:
    return [
        at
        for at, piece in enumerate(vocabulary)
        if _LATIN.fullmatch(piece) and not piece.startswith("[unused")
    ]


def packed(weights: Mapping[str, Matrix], vocabulary: list[str]) -> dict[str, NDArray[np.generic]]:
    """The arrays of `MiniLM`."""
    import numpy as np

    arrays: dict[str, NDArray[np.generic]] = {}

    def whole(name: str, rows: Matrix) -> None:
        step = np.abs(rows).max(1) / 127 + np.float32(1e-12)
        arrays[name] = np.round(rows / step[:, None]).astype(np.int8)
        arrays[f"{name}.step"] = step.astype(np.float32)

    def linear(name: str, *sources: str) -> None:
        whole(f"{name}.weight", np.concatenate([weights[f"{source}.weight"] for source in sources]))
        arrays[f"{name}.bias"] = np.concatenate([weights[f"{source}.bias"] for source in sources])

    def even(name: str, source: str) -> None:
        for part in ("weight", "bias"):
            arrays[f"{name}.even.{part}"] = weights[f"{source}.{part}"]

    keep = kept(vocabulary)
    arrays["pieces"] = np.array([vocabulary[at] for at in keep])
    whole("words", weights["embeddings.word_embeddings.weight"][keep])
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    arrays["places"] = weights["embeddings.position_embeddings.weight"][:MOST] + kind
    even("begin", "embeddings.LayerNorm")
    for layer in range(LAYERS):
        source = f"encoder.layer.{layer}"
        linear(f"{layer}.look", *(f"{source}.attention.self.{part}" for part in ("query", "key", "value")))
        linear(f"{layer}.seen", f"{source}.attention.output.dense")
        even(f"{layer}.seen", f"{source}.attention.output.LayerNorm")
        linear(f"{layer}.wide", f"{source}.intermediate.dense")
        linear(f"{layer}.back", f"{source}.output.dense")
        even(f"{layer}.back", f"{source}.output.LayerNorm")
    return arrays


def main(model: str, vocabulary: str) -> int:
    import numpy as np

    pieces = Path(vocabulary).read_text(encoding="utf-8").splitlines()
    arrays = packed(tensors(Path(model)), pieces)
    np.savez_compressed(FILE, **arrays)  # type: ignore[arg-type]
    sys.stdout.write(f"{len(arrays['pieces'])} pieces, {FILE.stat().st_size // 1024} KB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
