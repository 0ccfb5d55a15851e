"""Phrases and model together, as the bot hears.

The phrases answer at once and always. The model is loaded in the background and may be missing or break: then
`problem` says why, and the phrases work on.
"""

from __future__ import annotations

import threading
from pathlib import Path

from bot.concerns import Concern
from bot.understanding.model import Model, NoModel, load
from bot.understanding.screen import CONTENT, Screen, weight

MODEL = "model.npz"


class Hearing:
    """A `Hearer`. `quick` is the phrases alone, under a millisecond.

    A call adds the model, at about 2 ms a sentence: run it off the event loop.
    """

    def __init__(self, content: Path = CONTENT, screen: Screen | None = None) -> None:
        self.quick = screen or Screen(content)
        self.problem: str | None = "the model is not loaded yet"
        self._file = content / MODEL
        self._model: Model | None = None
        self._loading: threading.Thread | None = None

    def load(self) -> bool:
        """Loads the model now; False, with `problem` set, when it cannot be."""
        try:
            self._model = load(self._file)
        except NoModel as missing:
            self.problem = str(missing)
            return False
        self.problem = None
        return True

    def load_in_background(self) -> threading.Thread:
        """Starts loading once and returns the thread that does it."""
        if self._loading is None:
            self._loading = threading.Thread(target=self.load, name="understanding", daemon=True)
            self._loading.start()
        return self._loading

    def __call__(self, text: str, *, planning: bool = False) -> Concern | None:
        """The strongest concern that either hears. Where words are expected by design, only phrases count."""
        heard = self.quick(text, planning=planning)
        model = self._model
        if model is None or planning or (heard is not None and heard.crisis):
            return heard
        try:
            found = self.quick.findings(text)
            taken_back = any(finding.concern is None for finding in found)
            sentences = self.quick.book.speller.sentences(text.encode("utf-8", "replace").decode("utf-8"))
            guessed, calm = model.concern(sentences, taken_back)
        except Exception as broken:  # a broken model must never cost what the phrases heard
            self._model, self.problem = None, f"the model broke and is switched off: {type(broken).__name__}"
            return heard
        if guessed is None and heard is not None and heard.ask and calm:
            return None  # a phrase that only asks, in words that the model knows as ordinary
        if guessed is None or (heard is not None and weight(heard) >= weight(guessed)):
            return heard
        return guessed
