"""The crisis screen: a message in, a concern or nothing out.

It reads sentence by sentence with the neighbours in view, never raises, and needs no network. The strongest
thing heard anywhere in the message counts, so a disclosure buried in an ordinary day is heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.concerns import Concern, Level
from bot.understanding.matching import Hit
from bot.understanding.phrasebook import Idiom, Phrase, Phrasebook, Turn, read
from bot.understanding.spelling import Sentence

CONTENT = Path(__file__).parents[2] / "content"
_REACH = 5  # words between a denial and what it denies
_OR = frozenset({"or", "nor", "o", "ni"})
_MUCH = 400  # sentences of one message that are read one by one


class Verdict(StrEnum):
    """What became of a phrase that stood in a sentence."""

    HEARD = "heard"
    IDIOM = "idiom"
    DENIED = "denied"
    PAST = "past"
    OTHERS = "others"
    STORY = "story"
    JOKE = "joke"
    RETURNED = "returned"
    PLANNING = "planning"


_TAKEN_BACK = frozenset(
    {Verdict.IDIOM, Verdict.DENIED, Verdict.PAST, Verdict.OTHERS, Verdict.STORY, Verdict.PLANNING}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A phrase in a sentence and its verdict: what `screen --explain` shows."""

    phrase: Phrase
    sentence: str
    words: str
    verdict: Verdict

    @property
    def concern(self) -> Concern | None:
        match self.verdict:
            case verdict if verdict in _TAKEN_BACK:
                return None
            case Verdict.JOKE if self.phrase.level >= Level.URGENT:
                return Concern(Level.WATCH, self.phrase.category, self.sentence, ask=True)
            case Verdict.RETURNED if self.phrase.level >= Level.URGENT:
                return Concern(Level.URGENT, self.phrase.category, self.sentence)
        return Concern(self.phrase.level, self.phrase.category, self.sentence, self.phrase.ask)


class Screen:
    """Hears explicit phrases. Build it once: it reads every list."""

    def __init__(self, content: Path = CONTENT) -> None:
        self.book: Phrasebook = read(content)

    def __call__(self, text: str, *, planning: bool = False) -> Concern | None:
        """The strongest concern in this text, or None."""
        return strongest(self.findings(text, planning=planning))

    def findings(self, text: str, *, planning: bool = False) -> Iterator[Finding]:
        """Every phrase found, in order, taken back or not."""
        sentences = self.book.speller.sentences(readable(text))
        if len(sentences) > _MUCH:
            rest = sentences[_MUCH - 1 :]
            words = tuple(word for sentence in rest for word in sentence.words)
            sentences[_MUCH - 1 :] = [Sentence(" ".join(s.typed for s in rest), words, frozenset())]
        readings = [_Reading(sentence, self.book) for sentence in sentences]
        for position, reading in enumerate(readings):
            before = readings[position - 1] if position else None
            after = readings[position + 1] if position + 1 < len(readings) else None
            yield from reading.judge(before, after, planning)


def strongest(findings: Iterable[Finding]) -> Concern | None:
    """The first of the gravest concerns among them."""
    found: Concern | None = None
    for finding in findings:
        concern = finding.concern
        if concern and (found is None or weight(concern) > weight(found)):
            found = concern
    return found


def readable(text: str) -> str:
    """The text without halves of characters, which no library can read."""
    return text.encode("utf-8", "replace").decode("utf-8")


def weight(concern: Concern) -> int:
    """Orders concerns: an ask is more than a watch and less than urgent."""
    return concern.level.rank * 2 + concern.ask


def _takes_back(idiom: Hit, phrase: Hit) -> bool:
    """An idiom takes back what it overlaps, but not a phrase that says the whole idiom and more."""
    if idiom.start >= phrase.end or phrase.start >= idiom.end:
        return False
    more = phrase.end - phrase.start > idiom.end - idiom.start
    return not (more and phrase.start <= idiom.start and idiom.end <= phrase.end)


class _Reading:
    """One sentence, its phrases and the turns around them."""

    def __init__(self, sentence: Sentence, book: Phrasebook) -> None:
        self.sentence = sentence
        self.phrases: list[tuple[Hit, Phrase]] = []
        self.idioms: list[Hit] = []
        self.turns: dict[Turn, list[Hit]] = {}
        for hit in book.hits(sentence):
            match book.meanings[hit.phrase]:
                case Turn() as turn:
                    self.turns.setdefault(turn, []).append(hit)
                case Idiom():
                    self.idioms.append(hit)
                case phrase:
                    self.phrases.append((hit, phrase))
        self._denied: list[Hit] = []
        self._bridges = {i for hit in self.turns.get(Turn.BRIDGE, ()) for i in range(hit.start, hit.end)}

    def judge(self, before: _Reading | None, after: _Reading | None, planning: bool) -> Iterator[Finding]:
        for hit, phrase in sorted(self.phrases, key=lambda pair: pair[0].start):
            words = " ".join(self.sentence.words[hit.start : hit.end])
            verdict = self._verdict(hit, phrase, before, after, planning)
            yield Finding(phrase, self.sentence.typed, words, verdict)

    def _verdict(
        self, hit: Hit, phrase: Phrase, before: _Reading | None, after: _Reading | None, planning: bool
    ) -> Verdict:
        if planning and not self._present(hit, phrase):
            return Verdict.PLANNING
        if any(_takes_back(idiom, hit) for idiom in self.idioms):
            return Verdict.IDIOM
        if phrase.always:
            return Verdict.HEARD
        if self._reaches(Turn.DENIED, hit) or self._along_or(hit) or self._answered_no(after):
            self._denied.append(hit)
            return Verdict.DENIED
        if self._reaches(Turn.FORMER, hit) or self._is_past(hit, before, after):
            reopened = self._has(Turn.RETURNED) or (after is not None and after._has(Turn.RETURNED))
            return Verdict.RETURNED if reopened else Verdict.PAST
        if not phrase.about_others and self._before(Turn.OTHERS, hit):
            return Verdict.OTHERS
        if self._has(Turn.STORY):
            return Verdict.STORY
        if self._has(Turn.JOKE) or (after is not None and after._has(Turn.JOKE)):
            return Verdict.JOKE
        return Verdict.HEARD

    def _present(self, hit: Hit, phrase: Phrase) -> bool:
        """In a plan or a screening dialog only what is intended or happening now counts."""
        if phrase.level is not Level.EMERGENCY or phrase.outside_plans:
            return False
        return not any(when.start <= hit.start for when in self.turns.get(Turn.WHENEVER, ()))

    def _has(self, turn: Turn) -> bool:
        return turn in self.turns

    def _before(self, turn: Turn, hit: Hit) -> bool:
        return any(other.end <= hit.start for other in self.turns.get(turn, ()))

    def _reaches(self, turn: Turn, hit: Hit) -> bool:
        """Whether "not" (or "used to") stands before the phrase with nothing but bridges between."""
        exempt = self.turns.get(Turn.NOT_DENIED, ())
        for denial in self.turns.get(turn, ()):
            if not denial.end <= hit.start <= denial.end + _REACH:
                continue
            if any(other.start <= denial.start < other.end for other in exempt):
                continue
            between = range(denial.end, hit.start)
            listed = any(self.sentence.words[at] in _OR for at in between)  # "no plan, intent or wish to"
            if not listed and any(at in self.sentence.pauses for at in range(denial.end, hit.start + 1)):
                continue
            if all(at in self._bridges or self.sentence.words[at] in _OR for at in between):
                return True
        return False

    def _along_or(self, hit: Hit) -> bool:
        """In "no plan or wish to die" a denial reaches on along "or"; what stands inside it is denied too."""
        for denied in self._denied:
            if denied.start <= hit.start < denied.end:
                return True
            between = range(denied.end, hit.start)
            links = [at for at in between if self.sentence.words[at] in _OR]
            if links and all(at in self._bridges or at in links for at in between):
                return True
        return False

    def _answered_no(self, after: _Reading | None) -> bool:
        """Forms are filled in so: "Suicidal thoughts? No." or "Suicidal thoughts: none"."""
        if self.sentence.question and after is not None and after._has(Turn.ANSWERED_NO):
            return True
        return any(
            answer.end == len(self.sentence.words) and answer.start in self.sentence.pauses
            for answer in self.turns.get(Turn.ANSWERED_NO, ())
        )

    def _is_past(self, hit: Hit, before: _Reading | None, after: _Reading | None) -> bool:
        told_as_past = any(
            tense.start < hit.end and tense.end >= hit.start - 1
            for tense in self.turns.get(Turn.PAST_TENSE, ())
        )
        if not told_as_past or self._goes_on():
            return False
        near = (reading for reading in (self, before, after) if reading is not None)
        return any(reading._has(Turn.PAST) for reading in near)

    def _goes_on(self) -> bool:
        past = self.turns.get(Turn.PAST, ())
        return any(
            not any(over.start <= still.start and still.end <= over.end for over in past)
            for still in self.turns.get(Turn.STILL, ())
        )
