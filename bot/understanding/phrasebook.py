"""The clinicians' phrase lists, read from `content/<language>/phrases/`.

All languages are read together, because people mix them in one sentence. `content/phrases.md` tells
clinicians how to write a list; a line that cannot be read is an error that names its file and number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path

from bot.concerns import Category, Level
from bot.understanding.matching import Automaton, BadPhrase, Hit, Spell
from bot.understanding.spelling import Sentence, Speller, words_of

_HEADING = re.compile(r"\[([a-z_]+)(?:,\s*([a-z ,]+))?\]$")
_SPECIAL = frozenset({"spellings", "lists", "turns"})


class Turn(StrEnum):
    """What words around a phrase do to it. Each is a section of `turns.txt`."""

    DENIED = "denied"  # "not", "never": just before the phrase, it takes it back
    BRIDGE = "bridge"  # words that may stand between a denial and what it denies
    NOT_DENIED = "not_denied"  # "not only": looks like a denial and is none
    FORMER = "former"  # "used to": just before the phrase, it puts it in the past
    PAST = "past"  # "years ago": takes back what its clause tells in the past tense
    PAST_TENSE = "past_tense"  # words that tell it in the past tense
    SOMETIME = "sometime"  # "once": said next, nobody knows when it was
    PRESENT = "present"  # "wish", "to": before them nothing in the phrase is told in the past tense
    STILL = "still"  # "again", "last night": it is not over, after all
    RESOLVED = "resolved"  # "I'm better now": said next, it puts what was told in the past tense behind
    RETURNED = "returned"  # "it's back": said next, it brings the past back
    OTHERS = "others"  # "she said": somebody else's words
    QUOTED = "quoted"  # "the doctor asked if": what hangs on it is nobody's word, even in the first person
    ADMITTED = "admitted"  # "I said yes", "I lied": what was asked or denied is so after all
    STORY = "story"  # a film, a song, the news
    SETTING = "setting"  # a training, a class: where danger is talked about, by people who may be in it
    JOKE = "joke"  # "just kidding": not taken back, but asked about
    HYPERBOLE = "hyperbole"  # "if I have to eat one more": asked about too
    SELF = "self"  # "I": where a clause about oneself begins, unless it hangs on what stands before
    SUBJECT = "subject"  # "he", "my": where a clause about others begins; no denial reaches across it
    SELF_VERB = "self_verb"  # "quiero": the same where no "I" is needed
    LEANING = "leaning"  # "no", "me": what stands between the beginning of a clause and such a verb
    MINE = "mine"  # "myself", "without me": words that nobody uses of somebody else
    HANGING = "hanging"  # "that", "said": what begins after it hangs on it
    JOINER = "joiner"  # "and", "but": what begins after it is new
    SUBORDINATE = "subordinate"  # "when": a time after what begins so may be said of what stands before
    POINTER = "pointer"  # "that was": a time after it is said of all that stands before
    ANSWERED_NO = "answered_no"  # a whole sentence that says no to the one before
    WHENEVER = "whenever"  # opens a condition; in a plan it is not the present
    NOW = "now"  # "I'm high", "an hour ago": use that goes on, or did within hours
    EARLIER = "earlier"  # "last night": said after it, that was no use of today


@dataclass(frozen=True, slots=True)
class Phrase:
    """One line of a list. `ask` sections have level watch. `always`: nothing around it takes it back."""

    level: Level
    category: Category
    ask: bool
    always: bool
    about_others: bool
    outside_plans: bool
    written: str
    where: str


@dataclass(frozen=True, slots=True)
class Idiom:
    """A line of a [not] section: it takes back the phrases that it overlaps. With a gap ("...") it does so
    within its clause; from a list without danger (not `grave`) it leaves danger alone.
    """

    gapped: bool
    grave: bool


Meaning = Phrase | Turn | Idiom


class BadList(ValueError):
    """A phrase list cannot be read."""


@dataclass
class Phrasebook:
    """All lists in one automaton, with the speller that fits them."""

    speller: Speller
    meanings: list[Meaning] = field(default_factory=list)
    automaton: Automaton = field(default_factory=Automaton)

    @cached_property
    def spell(self) -> Spell:
        """A word of a phrase as it is matched; phrases say the same few thousand again and again."""
        return lru_cache(1_000)(self.speller.spell)

    def hits(self, sentence: Sentence) -> list[Hit]:
        return self.automaton.find(sentence.words)

    @property
    def phrases(self) -> list[Phrase]:
        return [meaning for meaning in self.meanings if isinstance(meaning, Phrase)]


def read(content: Path) -> Phrasebook:
    """Reads every language under `content`. Raises `BadList` naming file and line."""
    folders = sorted(content.glob("*/phrases"))
    if not folders:
        raise BadList(f"{content}: there are no phrase lists")
    book = Phrasebook(_speller(folders))
    for folder in folders:
        lists = {name: value for _, name, value in _pairs(folder / "lists.txt")}
        _read_turns(folder / "turns.txt", book, lists)
        for file in sorted(folder.glob("*.txt")):
            if file.stem not in _SPECIAL:
                _read_category(file, book, lists)
    book.automaton.close()
    book.speller.know(book.automaton.words)
    return book


def _speller(folders: list[Path]) -> Speller:
    variants: dict[tuple[str, ...], tuple[str, ...]] = {}
    special: dict[str, set[str]] = {"guarded": set(), "dropped": set(), "glued": set()}
    for folder in folders:
        for where, meant, written in _pairs(folder / "spellings.txt"):
            if meant in special:
                special[meant].update(word for item in written.split(",") for word in words_of(item))
                continue
            for item in written.split(","):
                words = tuple(words_of(item))
                if not words:
                    raise BadList(f"{where}: an empty variant")
                variants[words] = tuple(words_of(meant))
    return Speller(variants, **{name: frozenset(words) for name, words in special.items()})


def _read_turns(file: Path, book: Phrasebook, lists: Mapping[str, str]) -> None:
    turn: Turn | None = None
    for where, line in _lines(file):
        heading = _HEADING.match(line)
        if heading:
            try:
                turn = Turn(heading[1])
            except ValueError:
                raise BadList(f"{where}: no section is called [{heading[1]}]") from None
            continue
        if turn is None:
            raise BadList(f"{where}: a line before the first [section]")
        _add(book, line, turn, lists, where)


def _read_category(file: Path, book: Phrasebook, lists: Mapping[str, str]) -> None:
    try:
        category = Category(file.stem)
    except ValueError:
        raise BadList(f"{file.name}: no category is called {file.stem}") from None
    section: tuple[Level, bool, frozenset[str]] | None = None
    grave = False
    for where, line in _lines(file):
        heading = _HEADING.match(line)
        if heading:
            section = _section(heading, where)
            grave |= section[0] >= Level.URGENT
            continue
        if section is None:
            raise BadList(f"{where}: a line before the first [section]")
        level, ask, flags = section
        if level is Level.NONE:
            _add(book, line, Idiom("..." in line, grave), lists, where)
            continue
        phrase = Phrase(
            level,
            category,
            ask,
            always="always" in flags,
            about_others="others" in flags,
            outside_plans="not in plans" in flags,
            written=line,
            where=where,
        )
        _add(book, line, phrase, lists, where)


def _section(heading: re.Match[str], where: str) -> tuple[Level, bool, frozenset[str]]:
    flags = frozenset(flag.strip() for flag in (heading[2] or "").split(",") if flag.strip())
    if unknown := flags - {"always", "others", "not in plans"}:
        raise BadList(f"{where}: unknown {', '.join(sorted(unknown))}")
    match heading[1]:
        case "not":
            return Level.NONE, False, flags
        case "ask":
            return Level.WATCH, True, flags
        case "watch" | "urgent" | "emergency" as name:
            return Level(name), False, flags
    raise BadList(f"{where}: no section is called [{heading[1]}]")


def _add(book: Phrasebook, line: str, meaning: Meaning, lists: Mapping[str, str], where: str) -> None:
    try:
        book.automaton.add(line.lower(), lists, book.spell)
    except BadPhrase as bad:
        raise BadList(f"{where}: {bad}") from None
    book.meanings.append(meaning)


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    if not file.exists():
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if text:
            yield f"{file.parent.parent.name}/{file.name}:{number}", text


def _pairs(file: Path) -> Iterator[tuple[str, str, str]]:
    for where, line in _lines(file):
        name, colon, value = line.partition(":")
        if not colon or not value.strip():
            raise BadList(f"{where}: expected 'name: values'")
        yield where, name.strip(), value.strip()
