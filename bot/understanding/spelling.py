"""From what somebody typed to plain words that phrases can be matched with.

People in danger misspell, shorten, space out, decorate and disguise words, on purpose or not. Each rule
here is of that kind and knows nothing of meaning; single words and their variants stand in
`content/*/phrases/spellings.txt`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_REMEMBERED = 20_000
_LONGEST_WORD = 60
_PARTS = 7  # words that are written together at the most
_LONG = 6  # letters from which one may be wrong

_INVISIBLE = dict.fromkeys(
    code
    for first, last in (
        (173, 173),
        (847, 847),
        (1564, 1564),
        (6158, 6158),
        (65279, 65279),
        (8203, 8207),
        (8234, 8238),
        (8288, 8303),
        (65024, 65039),
        (917504, 917631),
    )
    for code in range(first, last + 1)
)
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһкмтвнɡɑοακερτυνηικıłøđ’‘ʼ`´′＇",
    "aeopcyxijsdhkmtbhgaoakeptuvnikilod'''''''",
)
_PICTURES = {"🔫": " gun ", "🔪": " knife ", "💊": " pills ", "🩸": " blood ", "🔁": " again "}
_LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i"}
_LEET |= {"|": "i", "*": "*", "+": "t", "9": "g"}
_ENDINGS = (("n't", "not"), ("'ll", "will"), ("'ve", "have"), ("'re", "are"), ("'m", "am"), ("'d", "would"))
_IS_AFTER = frozenset(
    (
        "he",
        "she",
        "it",
        "that",
        "there",
        "what",
        "who",
        "here",
        "everything",
        "nothing",
        "everyone",
        "nobody",
        "life",
    )
)

_SPACED_OUT = re.compile(r"(?<![^\W_])[^\W_](?:[ .\-_*·•/\\]{1,3}[^\W_]){2,}(?![^\W_])")
_PIECES = re.compile(r"[@$]?[^\W_]+(?:['@$!*|+\-_][^\W_*]+|\*+(?=[^\W_]))*|[.,;:?!…()\"“”«»—–-]")
_REPEATED = re.compile(r"(.)\1{2,}")
_DOUBLED = re.compile(r"(.)\1+")
_INSIDE = re.compile(r"['@$!*|+\-_]+")
_SENTENCES = re.compile(r"(?<=[.!?…])\s+|[\n\r\v\f\u2028\u2029;]+|(?<=[a-zA-Z]{2}[.!?])(?=[A-Z][a-z])")
_STOPS = frozenset('.,;:?!…()"“”«»—–-')
_QUOTES = frozenset('"“”«»')


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: as typed, as words, before which words it pauses, and which stand in quotation marks."""

    typed: str
    words: tuple[str, ...]
    pauses: frozenset[int] = frozenset()
    question: bool = False
    quoted: frozenset[int] = frozenset()


@dataclass
class Speller:
    """Turns text into sentences of words.

    `variants` maps how a word may be written to how it is matched ("unalive" → "kill", "my self" → "myself").
    `guarded` words are recognised with letters starred out and, from six letters on, with one letter wrong,
    missing, doubled or swapped. `dropped` words ("fucking") stand anywhere and mean nothing. Words written
    together are parted when a guarded or a `glued` one ("want") is among them.
    """

    variants: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    guarded: Iterable[str] = ()
    dropped: frozenset[str] = frozenset()
    glued: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._single: dict[str, tuple[str, ...]] = {}
        self._several: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        for variant, words in self.variants.items():
            if len(variant) == 1:
                self._single[variant[0]] = words
            else:
                self._several.setdefault(variant[0], []).append((variant, words))
        for group in self._several.values():
            group.sort(key=lambda pair: -len(pair[0]))
        self._near: dict[str, str] = {}
        for word in sorted(w for w in self.guarded if len(w) >= _LONG):
            for shorter in _without_one(word):
                self._near.setdefault(shorter, word)
        self._guarded = frozenset(self.guarded)
        self._torn = frozenset(w for w in self._guarded if len(w) >= _LONG)
        self._known: frozenset[str] = frozenset()
        self._memory: dict[str, tuple[str, ...]] = {}
        self._initials = frozenset(word[0] for word in self._guarded)

    def know(self, words: Iterable[str]) -> None:
        """Words that phrases use: a disguise is only seen through when one of them is behind it."""
        self._known = frozenset(words) | self._guarded | frozenset(self._single)
        self._memory.clear()

    def spell(self, word: str) -> tuple[str, ...]:
        """One word of a phrase → words as matched. Only the plain rules: a phrase has no disguise."""
        return self._plain(fold(word)) or (fold(word),)

    def sentences(self, text: str) -> list[Sentence]:
        """The text's sentences that contain a word. Never raises."""
        found = []
        for typed in _SENTENCES.split(text):
            sentence = self._sentence(typed)
            if sentence.words:
                found.append(sentence)
        return found

    def _sentence(self, typed: str) -> Sentence:
        folded = _SPACED_OUT.sub(self._close_up, fold(typed))
        words: list[str] = []
        pauses: set[int] = set()
        quotes: list[int] = []
        for piece in _PIECES.findall(folded):
            if piece in _STOPS:
                pauses.add(len(words))
                if piece in _QUOTES:
                    quotes.append(len(words))
                continue
            words.extend(self._word(piece))
        if self._several or self._known:
            words, places = self._rejoin(words, pauses)
            pauses, quotes = {places[at] for at in pauses}, [places[at] for at in quotes]
        pairs = zip(quotes[::2], quotes[1::2], strict=False)
        quoted = frozenset(at for start, end in pairs for at in range(start, end))
        question = typed.rstrip().endswith("?")
        return Sentence(typed.strip(), tuple(words), frozenset(pauses), question, quoted)

    def _word(self, piece: str) -> tuple[str, ...]:
        known = self._memory.get(piece)
        if known is None:
            known = self._read(piece[:_LONGEST_WORD])
            if len(self._memory) >= _REMEMBERED:
                self._memory.clear()
            self._memory[piece] = known
        return known

    def _read(self, piece: str) -> tuple[str, ...]:
        plain = self._plain(piece)
        if plain or piece in self.dropped:
            return plain
        if piece in self._known:
            return (piece,)
        for guess in self._guesses(piece):
            plain = self._plain(guess)
            if plain or guess in self._known:
                return plain or (guess,)
        parts = [part for part in _INSIDE.split(piece) if part]
        if len(parts) > 1:
            joined = "".join(parts)
            if joined in self._known and len(joined) > 3:
                return (joined,)
            return tuple(word for part in parts for word in self._word(part))
        return self._apart(piece) or (piece,)

    def _plain(self, piece: str) -> tuple[str, ...]:
        if piece in self._single:
            return self._single[piece]
        if "'" in piece:
            for ending, word in _ENDINGS:
                if piece.endswith(ending) and len(piece) > len(ending):
                    stem = piece[: -len(ending)]
                    return (*(self._single.get(stem) or (stem,)), word)
            stem, _, tail = piece.partition("'")
            if tail == "s" and stem in _IS_AFTER:
                return (stem, "is")
            if tail == "s":
                return self._single.get(stem) or (stem,)
            if stem + tail in self._single:
                return self._single[stem + tail]
        return ()

    def _guesses(self, piece: str) -> Iterable[str]:
        """What a word may be that is written with digits, stars, too many letters or one wrong letter."""
        squeezed = _REPEATED.sub(r"\1\1", piece)
        yield squeezed
        once = _REPEATED.sub(r"\1", piece)
        yield once
        if not piece.isalpha():
            letters = "".join(_LEET.get(c, c) for c in once)
            yield letters
            yield "".join("l" if c in "1!|" else _LEET.get(c, c) for c in once)
            squeezed = letters
        if "*" in squeezed and len(squeezed) > 3:
            shape = re.compile(re.escape(squeezed).replace(r"\*", "[a-z]"))
            yield from sorted(w for w in self._guarded if len(w) == len(squeezed) and shape.fullmatch(w))
        yield _DOUBLED.sub(r"\1", squeezed)
        if len(squeezed) >= _LONG - 1 and squeezed[0] in self._initials:
            if squeezed in self._near:
                yield self._near[squeezed]
            for shorter in _without_one(squeezed):
                candidate = shorter if shorter in self._torn else self._near.get(shorter)
                if candidate and candidate[0] == squeezed[0] and _one_slip(squeezed, candidate):
                    yield candidate

    def _apart(self, piece: str) -> tuple[str, ...]:
        """ "killmyself" → kill, myself; nothing when the letters do not come out as known words."""
        if not 7 <= len(piece) <= 40:
            return ()
        best: list[tuple[str, ...] | None] = [()] + [None] * len(piece)
        for end in range(1, len(piece) + 1):
            if not any(part is not None for part in best[max(0, end - 12) : end]):
                return ()
            for start in range(max(0, end - 12), end):
                before, word = best[start], piece[start:end]
                if before is None or not (word in self._known and (len(word) > 1 or word in "iyo")):
                    continue
                current = best[end]
                if current is None or len(before) + 1 < len(current):
                    best[end] = (*before, word)
        found = best[-1] or ()
        if len(found) > _PARTS or not any(word in self._guarded or word in self.glued for word in found):
            return ()
        return tuple(w for word in found for w in (self._plain(word) or (word,)))

    def _close_up(self, match: re.Match[str]) -> str:
        """ "k i l l" → kill; letters that spell nothing known stay as they are."""
        letters = "".join(c for c in match.group() if c.isalnum())
        letters = letters if letters.isalpha() else "".join(_LEET.get(c, c) for c in letters)
        if len(letters) > 2 and letters in self._known:
            return letters
        parts = self._apart(letters)
        return " ".join(parts) if parts else match.group()

    def _rejoin(self, words: list[str], pauses: set[int]) -> tuple[list[str], list[int]]:
        """Variants of several words ("my self"), and long words torn apart ("sui cide"). Also where each word
        has moved to.
        """
        out: list[str] = []
        places: list[int] = []
        at = 0
        while at < len(words):
            word, width = words[at], 1
            meant: tuple[str, ...] = (word,)
            for variant, spelled in self._several.get(word, ()):
                if tuple(words[at : at + len(variant)]) == variant:
                    width, meant = len(variant), spelled
                    break
            else:
                if at + 1 < len(words) and at + 1 not in pauses and word + words[at + 1] in self._guarded:
                    width, meant = 2, (word + words[at + 1],)
            places += [len(out)] * width
            out.extend(meant)
            at += width
        return out, [*places, len(out)]


def fold(text: str) -> str:
    """Lower case, no accents, no invisible characters, look-alikes as Latin letters."""
    if text.isascii():
        return text.lower().translate(_LOOKALIKES)
    text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).casefold().translate(_LOOKALIKES)
    for picture, word in _PICTURES.items():
        if picture in text:
            text = text.replace(picture, word)
    text = unicodedata.normalize("NFD", text)
    return "".join(c for c in text if not unicodedata.combining(c)).translate(_LOOKALIKES)


def without_pictures(text: str) -> str:
    """The text without those emoji that are read as words, as "kill 🔪 myself"; else the same text."""
    return "".join(" " if letter in _PICTURES else letter for letter in text)


def _without_one(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _one_slip(typed: str, word: str) -> bool:
    """Whether one letter was missed, added, changed or swapped with its neighbour."""
    if len(typed) != len(word):
        return abs(len(typed) - len(word)) == 1
    wrong = [i for i, (a, b) in enumerate(zip(typed, word, strict=True)) if a != b]
    swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1
    return len(wrong) == 1 or (
        swapped and typed[wrong[0]] == word[wrong[1]] and typed[wrong[1]] == word[wrong[0]]
    )


def words_of(text: str) -> Sequence[str]:
    """The words of a phrase list entry, folded, apostrophes kept."""
    return _PIECES.findall(fold(text))
