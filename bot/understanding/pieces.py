"""Text cut into known pieces, as E5 was taught: of all ways to cut a word, the likeliest.

This is SentencePiece's unigram model, word by word, since none of its pieces crosses a space. A letter that
nobody knows becomes one unknown piece.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
SPACE = "\u2581"
"""Stands in a piece where a word begins."""
_LONGEST = 100  # letters of a word that are cut
_UNLIKELY = 10.0  # how much less likely than any piece an unknown letter is, as a logarithm


class Pieces:
    """A vocabulary, and the logarithm of how likely each piece is."""

    def __init__(self, vocabulary: Sequence[str], likely: Sequence[float]) -> None:
        both = enumerate(zip(vocabulary, likely, strict=True))
        self._known = {piece: (number, chance) for number, (piece, chance) in both}
        self._begin, self._end, self._unknown = (self._known.pop(name)[0] for name in (BEGIN, END, UNKNOWN))
        self._longest = max(map(len, self._known))
        self._least = min(likely) - _UNLIKELY
        self._cut = lru_cache(maxsize=4096)(self._cut_anew)

    def numbers(self, text: str, most: int) -> list[int]:
        """The text's pieces by number, between a beginning and an end; at most so many."""
        found = [self._begin]
        for word in plain(text).split():
            found += self._cut(SPACE + word[:_LONGEST])
            if len(found) >= most - 1:
                break
        return [*found[: most - 1], self._end]

    def _cut_anew(self, word: str) -> tuple[int, ...]:
        """`best[n]`: how likely the first n letters are, where their last piece begins, and its number."""
        best = [(0.0, 0, self._unknown)]
        for end in range(1, len(word) + 1):
            found = (best[end - 1][0] + self._least, end - 1, self._unknown)
            for start in range(max(0, end - self._longest), end):
                piece = self._known.get(word[start:end])
                if piece is not None and best[start][0] + piece[1] > found[0]:
                    found = (best[start][0] + piece[1], start, piece[0])
            best.append(found)
        cut: list[int] = []
        end = len(word)
        while end:
            _, start, number = best[end]
            cut.append(number)
            end = start
        return tuple(reversed(cut))


def plain(text: str) -> str:
    """Small letters, one way to write each, and nothing that cannot be seen."""
    return "".join(map(_seen, unicodedata.normalize("NFKC", text.lower())))


def _seen(letter: str) -> str:
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter)[0] == "C" else letter
