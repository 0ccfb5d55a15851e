"""The small local model: it hears what no phrase list can, and says how sure it is.

A message's sentences, each alone and with its neighbours, are scored in two ways: by how they are spelled,
under a ridge regression, and by what public sentence encoders make of them, under a small network; both have
learned from the examples that clinicians wrote. A second encoder, which costs much more, and a network for
both are asked only about what the first does not know as ordinary. Two thresholds turn the scores into "sure"
and "ask".
Its file is made by `python -m bot.understanding.train`.

The encoders are heavy and may be missing; nothing here is imported or loaded before somebody calls `load`.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot.concerns import Category, Concern, Level
from bot.understanding import letters
from bot.understanding.nets import Net
from bot.understanding.screen import weight
from bot.understanding.spelling import Sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

QUICK, WHOLE = 0.6, 0.8  # what a network counts for beside the spelling: of one encoder, of both
DOUBT = 0.33  # a score from which the second encoder is asked
CATEGORIES = tuple(c for c in Category if c not in (Category.ASK, Category.NONE))
CRISIS = CATEGORIES[:7]
HEADS = ("heard", "sure", "emergency", "spanish")
COLUMNS = (*HEADS, *(c.value for c in CATEGORIES))
VIEWS = {"first": 1, "second": 2}
"""How many tables each encoder makes of texts."""
SENTENCES = 240  # of one message that are read: all that a Telegram message can hold
_LONG, _PIECE, _STEP = 34, 20, 12  # words: a sentence without any stop is read in overlapping pieces
CALM = 0.2  # a score below which words are known as ordinary
_AT_ONCE = 32  # texts that are scored in one go, for the memory they take
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
    `spanish` where that is the language. From `grave` on, a score for emergency alone is asked about.

    They were chosen by what was never learned from, so that at most 2 % of real counseling talk is heard:
    `content/model.md` says by which. Measure again before you move one.
    """

    ask: float = 0.425
    sure: float = 0.67
    emergency: float = 0.3
    grave: float = 0.27
    watch: float = 0.173
    taken_back: float = 0.15
    spanish: float = -0.02

    def more(self, row: Matrix, taken_back: bool) -> float:
        """What these words need beyond the thresholds."""
        share = min(max(float(row[HEADS.index("spanish")]), 0.0), 1.0)
        return share * self.spanish + taken_back * self.taken_back


class Model:
    """Scores sentences as the examples have taught it. `quick` is a net for the first encoder alone."""

    def __init__(
        self,
        encoders: Mapping[str, Encoder],
        quick: Net,
        whole: Net,
        worth: Matrix,
        spelling: Matrix,
    ) -> None:
        self.encoders, self.limits = encoders, Thresholds()
        self._quick, self._whole, self._worth, self._spelling = quick, whole, worth, spelling

    def _spelled(self, texts: Sequence[str]) -> Matrix:
        spelled: Matrix = letters.weighed(letters.table(texts), self._worth) @ self._spelling
        return spelled

    def concerns(
        self, messages: Sequence[tuple[Sequence[Sentence], bool]]
    ) -> list[tuple[Concern | None, float]]:
        """What the model makes of each message, and the highest score for "heard" in it; `CALM` and less are
        known as ordinary. A message is its sentences, and whether a phrase in it was taken back."""
        read = [units(sentences) for sentences, _ in messages]
        rows = self._rows([span for spans in read for span in spans])
        return [self._concern(spans, rows, back) for spans, (_, back) in zip(read, messages, strict=True)]

    def _rows(self, spans: Sequence[Unit]) -> dict[str, Matrix]:
        """A row of scores for each text of these; the second encoder reads only what is in doubt."""
        texts = sorted({text for span in spans for text in (span.alone, span.among)})
        if not texts:
            return {}
        spelled = self._spelled(texts)
        first = encoded(self.encoders["first"], texts, VIEWS["first"])
        rows = dict(zip(texts, mixed(self._quick.scores(first), spelled, QUICK), strict=True))
        doubtful = {
            text
            for span in spans
            if max(rows[span.alone][0], rows[span.among][0]) > DOUBT
            for text in (span.alone, span.among)
        }
        places = [at for at, text in enumerate(texts) if text in doubtful]
        if places:
            second = encoded(self.encoders["second"], [texts[at] for at in places], VIEWS["second"])
            both = [*(table[places] for table in first), *second]
            again = mixed(self._whole.scores(both), spelled[places], WHOLE)
            rows.update(zip((texts[at] for at in places), again, strict=True))
        return rows

    def _concern(
        self, spans: Sequence[Unit], rows: Mapping[str, Matrix], taken_back: bool
    ) -> tuple[Concern | None, float]:
        best: Concern | None = None
        score = highest = 0.0
        for span in spans:
            row = _blend(rows[span.alone], rows[span.among])
            heard = float(row[0])
            highest = max(highest, heard)
            concern = self.judge(row, span.evidence, taken_back)
            if concern and (best is None or (weight(concern), heard) > (weight(best), score)):
                best, score = concern, heard
        return best, highest

    def explain(self, sentences: Sequence[Sentence]) -> list[tuple[str, list[tuple[str, float]]]]:
        """Each sentence that is not known as ordinary, with its scores and what they are measured against."""
        spans = units(sentences)
        rows = self._rows(spans)
        found = []
        for span in spans:
            row = _blend(rows[span.alone], rows[span.among])
            if row[0] >= CALM:
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


def _blend(alone: Matrix, among: Matrix) -> Matrix:
    import numpy as np

    together = _TOGETHER * alone + (1 - _TOGETHER) * among
    buried = _BURIED * alone + (1 - _BURIED) * among - _LESS_BURIED
    row: Matrix = np.maximum(together, buried).astype(np.float32)
    return row


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
    """One for each of `VIEWS`. Raises `NoModel`. Takes about a second and 100 MB."""
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

    quick, both = Net.kept(arrays, "quick", VIEWS["first"]), Net.kept(arrays, "whole", sum(VIEWS.values()))
    return Model(encoders, quick, both, whole("worth"), whole("spelling"))


def encoded(encoder: Encoder, texts: Sequence[str], views: int) -> list[Matrix]:
    """A table for each view, with a row for each text."""
    import numpy as np

    some = [encoder.encode(texts[at : at + _AT_ONCE]) for at in range(0, len(texts), _AT_ONCE)]
    return [np.concatenate([tables[at] for tables in some]).astype(np.float32) for at in range(views)]


def mixed(scores: Matrix, spelled: Matrix, share: float) -> Matrix:
    mix: Matrix = (share * scores + (1 - share) * spelled).astype("float32")
    return mix
