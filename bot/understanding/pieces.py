"""Words cut into known pieces, as MiniLM was taught: lower case, no accents, the longest piece first.

This is WordPiece as BERT has it. A word that holds a letter nobody knows becomes one unknown piece.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

BEGIN, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_WORDS = re.compile(r"[^\W_]+|[^\s]")
_LONGEST = 100  # letters of a word that is worth cutting


class Pieces:
    """A vocabulary. A piece that goes on within a word is written `##piece`."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = {piece: number for number, piece in enumerate(vocabulary)}
        self._begin, self._end, self._unknown = (self._ids[name] for name in (BEGIN, END, UNKNOWN))

    def numbers(self, text: str, most: int) -> list[int]:
        """The text's pieces by number, between a beginning and an end; at most so many."""
        found = [self._begin]
        for word in _WORDS.findall(plain(text)):
            found += self._cut(word)
            if len(found) >= most - 1:
                break
        return [*found[: most - 1], self._end]

    def _cut(self, word: str) -> list[int]:
        if len(word) > _LONGEST:
            return [self._unknown]
        cut: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._ids.get(("##" if start else "") + word[start:end])
                if number is not None:
                    cut.append(number)
                    start = end
                    break
            else:
                return [self._unknown]
        return cut


def plain(text: str) -> str:
    """Lower case, without accents and without what cannot be seen."""
    return "".join(_seen(letter) for letter in unicodedata.normalize("NFD", text.lower()))


def _seen(letter: str) -> str:
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter)[0] in "MC" else letter
