"""The small local model: it hears what no phrase list can, and says how sure it is.

A message's sentences, each alone and with its neighbours, are compared with the examples that clinicians
wrote, in three ways: by two public sentence encoders, each under a kernel ridge regression, and by how they
are spelled, under a ridge regression. The second encoder is asked only about what the others do not know as
ordinary. Two thresholds turn the scores into "sure" and "ask".
Its file is made by `python -m bot.understanding.train`.

The encoders are heavy and may be missing; nothing here is imported or loaded before somebody calls `load`.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot.concerns import Category, Concern, Level
from bot.understanding import letters
from bot.understanding.screen import weight
from bot.understanding.spelling import Sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

FIRST, SECOND, SPELLING = 0.25, 0.55, 0.2  # what each way of comparing counts for
DOUBT = 0.33  # from which the first way and the spelling leave it to the second
SHARPNESS = 0.7  # of the kernels: how near an example must be to count
CATEGORIES = tuple(c for c in Category if c not in (Category.ASK, Category.NONE))
CRISIS = CATEGORIES[:7]
HEADS = ("heard", "sure", "emergency", "spanish")
COLUMNS = (*HEADS, *(c.value for c in CATEGORIES))
EARS = {"first": 1, "second": 2}  # and their views
SENTENCES = 240  # of one message that are read: all that a Telegram message can hold
_LONG, _PIECE, _STEP = 34, 20, 12  # words: a sentence without any stop is read in overlapping pieces
_EACH, _EACH_MOST = 0.015, 0.06  # off the scores for each doubling of what is scored, and at most
_CALM = 0.2  # a score below which words are known as ordinary
_AT_ONCE = 32  # texts that are scored in one go, for the memory they take
_UNPACKED = ("first.0",)  # views that every text is compared with
# Weights of a sentence by itself against itself among its neighbours. What a whole message says counts; and
# what one sentence says in the midst of an ordinary day counts too, a little less.
_TOGETHER, _BURIED, _LESS_BURIED = 0.1, 0.8, 0.08


class NoModel(RuntimeError):
    """An encoder or the model's file is missing or broken; the message says which."""


class Encoder(Protocol):
    def encode(self, texts: Sequence[str]) -> Any:
        """For each of its views a table, with a row for each text."""
        ...


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which the bot asks, is sure, …; `taken_back` is added where a phrase was taken back, and
    `spanish` where that is the language. From `grave` on, a score for emergency alone is asked about."""

    ask: float
    sure: float
    emergency: float
    grave: float
    watch: float
    taken_back: float
    spanish: float

    def more(self, row: Matrix, taken_back: bool) -> float:
        """What these words need beyond the thresholds."""
        share = min(max(float(row[HEADS.index("spanish")]), 0.0), 1.0)
        return share * self.spanish + taken_back * self.taken_back


class View:
    """What an encoder's vectors are compared with: the examples, as one of its layers sees them.

    The examples may be whole bytes, of `step` each, that are unpacked for each comparison.
    """

    def __init__(self, centre: Matrix, axes: Matrix, examples: NDArray[Any], step: float) -> None:
        import numpy as np

        self._centre, self._axes, self._examples, self._step = centre, axes, examples, np.float32(step)
        lengths: Matrix = np.einsum("ij,ij->i", examples, examples, dtype=np.float32)
        self._norms: Matrix = (lengths * self._step**2).astype(np.float32)

    def near(self, vectors: Matrix) -> Matrix:
        """How alike each of these is to each example."""
        import numpy as np

        some = project(vectors, self._centre, self._axes)
        stretched: Matrix = np.multiply(some, self._step, dtype=np.float32)
        inner: Matrix = stretched @ self._examples.astype(np.float32, copy=False).T
        return similar(inner, (some**2).sum(1), self._norms)


class Ear:
    """One encoder, and what its vectors are compared with."""

    def __init__(self, encoder: Encoder, views: Sequence[View], weights: Matrix) -> None:
        self.encoder = encoder
        self._views, self._weights = views, weights

    def scores(self, texts: Sequence[str]) -> Matrix:
        """One row a text, one column for each of `COLUMNS`."""
        import numpy as np

        rows = [np.empty((0, len(COLUMNS)), dtype=np.float32)]
        for at in range(0, len(texts), _AT_ONCE):
            tables = self.encoder.encode(texts[at : at + _AT_ONCE])
            near = sum(view.near(table) for view, table in zip(self._views, tables, strict=True))
            rows.append(near @ self._weights / np.float32(len(self._views)))
        return np.concatenate(rows)


class Model:
    """Scores sentences against the examples."""

    def __init__(self, first: Ear, second: Ear, worth: Matrix, spelling: Matrix, limits: Thresholds) -> None:
        self.first, self.second, self.limits = first, second, limits
        self._worth, self._spelling = worth, spelling

    def scores(self, texts: Sequence[str]) -> Matrix:
        """All three ways of comparing together: one row a text, one column for each of `COLUMNS`."""
        spelled = SPELLING * self._spelled(texts)
        scores: Matrix = FIRST * self.first.scores(texts) + SECOND * self.second.scores(texts) + spelled
        return scores

    def _spelled(self, texts: Sequence[str]) -> Matrix:
        spelled: Matrix = letters.weighed(letters.table(texts), self._worth) @ self._spelling
        return spelled

    def concern(self, sentences: Sequence[Sentence], taken_back: bool = False) -> tuple[Concern | None, bool]:
        """What the model makes of one message, and whether it is sure that nothing is wrong."""
        return self.concerns([(sentences, taken_back)])[0]

    def concerns(
        self, messages: Sequence[tuple[Sequence[Sentence], bool]]
    ) -> list[tuple[Concern | None, bool]]:
        """The same for many: read together they cost a third of what they cost one by one."""
        read = [units(sentences) for sentences, _ in messages]
        rows = self._rows([span for spans in read for span in spans])
        return [self._concern(spans, rows, back) for spans, (_, back) in zip(read, messages, strict=True)]

    def _rows(self, spans: Sequence[Unit]) -> dict[str, Matrix]:
        """A row of scores for each text of these; the second encoder reads only what is in doubt."""
        texts = sorted({text for span in spans for text in (span.alone, span.among)})
        first, spelled = FIRST * self.first.scores(texts), SPELLING * self._spelled(texts)
        rows = dict(zip(texts, (first + spelled) / (FIRST + SPELLING), strict=True))
        doubtful = {
            text
            for span in spans
            if max(rows[span.alone][0], rows[span.among][0]) > DOUBT
            for text in (span.alone, span.among)
        }
        places = [at for at, text in enumerate(texts) if text in doubtful]
        again = self.second.scores([texts[at] for at in places])
        for at, row in zip(places, again, strict=True):
            rows[texts[at]] = first[at] + spelled[at] + SECOND * row
        return rows

    def _concern(
        self, spans: Sequence[Unit], rows: Mapping[str, Matrix], taken_back: bool
    ) -> tuple[Concern | None, bool]:
        less = _less(spans)
        best: Concern | None = None
        score = highest = 0.0
        for span in spans:
            row = _blend(rows[span.alone], rows[span.among], less)
            heard = float(row[0])
            highest = max(highest, heard)
            concern = self.judge(row, span.evidence, taken_back)
            if concern and (best is None or (weight(concern), heard) > (weight(best), score)):
                best, score = concern, heard
        return best, highest < _CALM

    def explain(self, sentences: Sequence[Sentence]) -> list[tuple[str, list[tuple[str, float]]]]:
        """Each sentence that is not known as ordinary, with its scores and what they are measured against."""
        spans = units(sentences)
        rows = self._rows(spans)
        found = []
        for span in spans:
            row = _blend(rows[span.alone], rows[span.among], _less(spans))
            if row[0] >= _CALM:
                best = int(row[len(HEADS) :].argmax())
                scores = [(name, float(row[at])) for at, name in enumerate(HEADS)]
                scores.append((CATEGORIES[best].value, float(row[len(HEADS) + best])))
                more = self.limits.more(row, taken_back=False)
                limits = [("ask", self.limits.ask + more), ("alarm", self.limits.sure + more)]
                found.append((span.alone, [*scores, *limits]))
        return found

    def judge(self, row: Matrix, evidence: str, taken_back: bool) -> Concern | None:
        """The concern that one row of scores amounts to."""
        more = self.limits.more(row, taken_back)
        heard, sure, emergency = (float(value) for value in row[:3])
        categories = row[len(HEADS) :]
        crisis = CRISIS[int(categories[: len(CRISIS)].argmax())]
        if heard > self.limits.ask + more:
            if sure > self.limits.sure + more:
                level = Level.EMERGENCY if emergency > self.limits.emergency else Level.URGENT
                return Concern(level, crisis, evidence)
            return Concern(Level.WATCH, crisis, evidence, ask=True)
        if emergency > self.limits.grave + more:
            return Concern(Level.WATCH, crisis, evidence, ask=True)
        best = int(categories.argmax())
        if CATEGORIES[best] not in CRISIS and float(categories[best]) > self.limits.watch + more:
            return Concern(Level.WATCH, CATEGORIES[best], evidence)
        return None


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence alone, the same among its neighbours, and what is kept as evidence."""

    alone: str
    among: str
    evidence: str


def _blend(alone: Matrix, among: Matrix, less: float) -> Matrix:
    import numpy as np

    together = _TOGETHER * alone + (1 - _TOGETHER) * among
    buried = _BURIED * alone + (1 - _BURIED) * among - _LESS_BURIED
    row: Matrix = (np.maximum(together, buried) - less).astype(np.float32)
    return row


def _less(spans: Sequence[Unit]) -> float:
    return min(_EACH * math.log2(len(spans) or 1), _EACH_MOST)


def units(sentences: Sequence[Sentence]) -> list[Unit]:
    """What of a message is scored."""
    typed = [sentence.typed for sentence in sentences]
    if len(typed) > SENTENCES:
        typed = typed[: SENTENCES // 2] + typed[-SENTENCES // 2 :]
    found: list[Unit] = []
    for at, text in enumerate(typed):
        words = text.split()
        if len(words) > _LONG:
            pieces = [" ".join(words[i : i + _PIECE]) for i in range(0, len(words) - _STEP // 2, _STEP)]
            found.extend(Unit(piece, _among(pieces, i), text) for i, piece in enumerate(pieces[:SENTENCES]))
        else:
            found.append(Unit(text, _among(typed, at), text))
    return found[: 2 * SENTENCES]


def _among(texts: Sequence[str], at: int) -> str:
    return " ".join(" ".join(texts[max(0, at - 1) : at + 2]).split()[: 3 * _LONG])


def load_encoders() -> dict[str, Encoder]:
    """One for each of `EARS`. Raises `NoModel`. Takes about a second and 150 MB."""
    # Before numpy is first imported: its pool of threads would spin on the core that the event loop needs.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from bot.understanding.e5 import E5
        from bot.understanding.use import USE

        encoders: dict[str, Encoder] = {"first": USE(), "second": E5.load()}
        for encoder in encoders.values():
            encoder.encode(["ready"])
    except Exception as broken:
        raise NoModel(f"the sentence encoders cannot be loaded: {type(broken).__name__}") from broken
    return encoders


def load(file: Path) -> Model:
    """Raises `NoModel` when an encoder or the file is missing or does not fit."""
    encoders = load_encoders()
    try:
        import numpy as np

        with np.load(file, allow_pickle=False) as kept:
            if tuple(str(c) for c in kept["columns"]) != COLUMNS:
                raise NoModel(f"{file.name} was trained for other categories: train it again")
            model = build(kept, encoders)
    except NoModel:
        raise
    except Exception as broken:
        raise NoModel(f"{file.name} cannot be read: {type(broken).__name__}") from broken
    _hand_back()
    return model


def _hand_back() -> None:
    """Loading takes more than it keeps, and the C library would hold on to the rest: some 12 MB."""
    with suppress(OSError, AttributeError):  # only GNU's has it
        ctypes.CDLL(None).malloc_trim(0)


def build(arrays: Mapping[str, Any], encoders: Mapping[str, Encoder]) -> Model:
    """A model from the arrays of its file. Raises `KeyError` where one is missing."""
    import numpy as np

    def whole(name: str) -> Matrix:
        return np.asarray(arrays[name]).astype(np.float32)

    def view(name: str) -> View:
        examples, step = arrays[f"{name}.examples"], arrays[f"{name}.step"]
        if name in _UNPACKED:
            examples, step = examples.astype(np.float32) * step, 1.0
        return View(whole(f"{name}.centre"), whole(f"{name}.axes"), examples, float(step))

    ears = {
        ear: Ear(encoders[ear], [view(f"{ear}.{at}") for at in range(views)], whole(f"{ear}.weights"))
        for ear, views in EARS.items()
    }
    limits = Thresholds(*(float(value) for value in arrays["limits"]))
    return Model(**ears, worth=whole("worth"), spelling=whole("spelling"), limits=limits)


def project(vectors: Matrix, centre: Matrix, axes: Matrix) -> Matrix:
    """Which way vectors lie from the middle of the examples, in the directions in which those differ most."""
    import numpy as np

    away = vectors - centre
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    return (away @ axes).astype("float32")


def similar(inner: Matrix, lengths: Matrix, others: Matrix) -> Matrix:
    """A Gaussian kernel, in the place of the inner products, by the squared lengths of what is multiplied."""
    import numpy as np

    inner *= 2
    inner -= lengths[:, None]
    inner -= others[None, :]
    np.minimum(inner, 0, out=inner)
    inner *= SHARPNESS
    np.exp(inner, out=inner)
    return inner
