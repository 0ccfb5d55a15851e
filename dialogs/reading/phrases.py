"""Free words, and the phrases that say there is no answer."""

import unicodedata

from dialogs.reading import lexicon
from dialogs.reading.signs import as_phrase
from dialogs.reading.unclear import Reason, Unclear

_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")


def words(text: str, limit: int) -> str:
    """The exact words, trimmed of outer white space; something in them must be visible."""
    trimmed = text.encode("utf-8", "replace").decode().strip()  # half of a surrogate pair cannot be stored
    if all(s.isspace() or s in _INVISIBLE or unicodedata.category(s) in ("Cf", "Cc", "Cn") for s in trimmed):
        raise Unclear(Reason.EMPTY)
    if len(trimmed) > limit:
        raise Unclear(Reason.TOO_LONG)
    return trimmed


def skips(text: str, language: str) -> bool:
    """Whether the words are those of the Skip button."""
    return as_phrase(text) in lexicon.of(language).skip


def passes(text: str, language: str) -> bool:
    """Whether the words say that there is no answer ("skip", "idk")."""
    known = lexicon.of(language)
    return as_phrase(text) in known.skip | known.unknown
