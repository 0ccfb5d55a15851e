"""Phrases and model together, as the bot hears.

The phrases answer at once and always. The model takes its time to load and to read, and may be missing or
break: then `problem` says why, and the phrases work on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.concerns import BELIEVED, Category, Concern, Level
from bot.understanding.model import CALM, Model, NoModel, load
from bot.understanding.screen import CONTENT, Finding, Screen, readable, strongest, weight

MODEL = "model.npz"
ORDINARY = 0.3
"""The model's score up to which explicit words are asked about, but for those that are `BELIEVED`."""


class Hearing:
    """A `Hearer`. `quick` is the phrases alone, under a millisecond.

    A call adds the model, some milliseconds a sentence, and less where many are read together: run it off the
    event loop.
    """

    def __init__(self, content: Path = CONTENT, screen: Screen | None = None) -> None:
        self.quick = screen or Screen(content)
        self.problem: str | None = "the model is not loaded yet"
        self._file = content / MODEL
        self._model: Model | None = None

    def load(self) -> bool:
        """Loads the model; False, with `problem` set, when it cannot be."""
        try:
            self._model = load(self._file)
        except NoModel as missing:
            self.problem = str(missing)
            return False
        self.problem = None
        return True

    def __call__(self, text: str, *, planning: bool = False) -> Concern | None:
        """The strongest concern that either hears. Where words are expected by design, only phrases count."""
        return self.quick(text, planning=True) if planning else self.listen([text])[0]

    def listen(self, texts: Sequence[str]) -> list[Concern | None]:
        """The same for many, read together."""
        heard = self._listen(texts)
        return [self.quick.timed(concern, text) for concern, text in zip(heard, texts, strict=True)]

    def _listen(self, texts: Sequence[str]) -> list[Concern | None]:
        found = [list(self.quick.findings(text)) for text in texts]
        heard = [strongest(findings) for findings in found]
        left = [at for at, findings in enumerate(found) if not _settled(findings)]
        model = self._model
        if model is None or not left:
            return heard
        try:
            messages = [
                (self.quick.book.speller.sentences(readable(texts[at])), _taken_back(found[at]))
                for at in left
            ]
            judged = dict(zip(left, model.concerns(messages), strict=True))
        except Exception as broken:  # a broken model must never cost what the phrases heard
            self._model, self.problem = None, f"the model broke and is switched off: {type(broken).__name__}"
            return heard
        return [_both(one, *judged[at]) if at in judged else one for at, one in enumerate(heard)]

    def scores(self, text: str) -> list[tuple[str, list[tuple[str, float]]]]:
        """What the model thinks of each sentence that it does not know as ordinary."""
        model = self._model
        return model.explain(self.quick.book.speller.sentences(readable(text))) if model else []


def _taken_back(findings: Sequence[Finding]) -> bool:
    return any(finding.concern is None for finding in findings)


def _settled(findings: Sequence[Finding]) -> bool:
    """Whether a phrase was heard that nothing takes back, or one of those that are believed: the model has
    nothing to add then, whatever else the message says."""
    grave = ((f.phrase, f.concern) for f in findings if f.concern is not None and f.concern.crisis)
    return any(phrase.always or concern.category in BELIEVED for phrase, concern in grave)


def _both(heard: Concern | None, guessed: Concern | None, score: float) -> Concern | None:
    """What phrases and model make of a message. Explicit words that the model takes for ordinary are asked
    about; a phrase that only asks is dropped where the model knows the words as ordinary."""
    guesses = guessed is not None and (guessed.crisis or guessed.ask)
    if heard is not None and heard.crisis:
        return heard if guesses or score > ORDINARY else replace(heard, level=Level.WATCH, ask=True)
    if guessed is None:
        return None if heard is not None and heard.ask and score < CALM else heard
    if heard is None or (weight(heard) < weight(guessed) and not _tells_of_use(heard, guessed)):
        return guessed
    return heard


def _tells_of_use(heard: Concern, guessed: Concern) -> bool:
    """Whether the model only has a doubt about the very sentence that says plainly that somebody used: the
    way that opens then asks about the body and thoughts of suicide itself."""
    return guessed.ask and heard.category is Category.LAPSE and heard.evidence == guessed.evidence
