"""The crisis screen: a message in, a concern or nothing out.

It reads sentence by sentence with the neighbours in view, never raises, and needs no network. The strongest
thing heard anywhere in the message counts, so a disclosure buried in an ordinary day is heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from bot.concerns import Category, Concern, Level
from bot.understanding.clauses import Clauses
from bot.understanding.matching import Hit
from bot.understanding.phrasebook import Idiom, Phrase, Phrasebook, Turn, read
from bot.understanding.spelling import Sentence, without_pictures

CONTENT = Path(__file__).parents[2] / "content"
_REACH = 5  # words between a denial and what it denies
_ASKED = (
    3  # from this word of a question on, an "I" is not the one who is asked about: "am I", "do you think I"
)
_HEAD = 3  # words into a sentence that still answer the one before
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
    DOUBTED = "doubted"  # may be somebody else's word, or long ago: asked about
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
            case Verdict.JOKE | Verdict.DOUBTED if self.phrase.level >= Level.URGENT:
                return Concern(Level.WATCH, self.phrase.category, self.sentence, ask=True)
            case Verdict.DOUBTED:
                return None
            case Verdict.RETURNED if self.phrase.level >= Level.URGENT:
                return Concern(Level.URGENT, self.phrase.category, self.sentence)
        return Concern(self.phrase.level, self.phrase.category, self.sentence, self.phrase.ask)


class Screen:
    """Hears explicit phrases. Build it once: it reads every list."""

    def __init__(self, content: Path = CONTENT) -> None:
        self.book: Phrasebook = read(content)

    def __call__(self, text: str, *, planning: bool = False) -> Concern | None:
        """The strongest concern in this text, or None."""
        return self.timed(strongest(self.findings(text, planning=planning)), text)

    def timed(self, concern: Concern | None, text: str) -> Concern | None:
        """Of use it is known whether any sentence says that it goes on, or has just been."""
        if concern is None or concern.category is not Category.LAPSE:
            return concern
        sentences = self.book.speller.sentences(readable(text))[:_MUCH]
        return replace(concern, now=any(_Reading(sentence, self.book).now for sentence in sentences))

    def findings(self, text: str, *, planning: bool = False) -> Iterator[Finding]:
        """Every phrase found, in order, taken back or not."""
        text = readable(text)
        yield from self._findings(text, planning)
        if (bare := without_pictures(text)) != text:
            yield from self._findings(bare, planning)

    def _findings(self, text: str, planning: bool) -> Iterator[Finding]:
        sentences = self.book.speller.sentences(text)
        if len(sentences) > _MUCH:
            rest = sentences[_MUCH - 1 :]
            words = tuple(word for sentence in rest for word in sentence.words)
            sentences[_MUCH - 1 :] = [Sentence(" ".join(s.typed for s in rest), words)]
        readings = [_Reading(sentence, self.book) for sentence in sentences]
        for position, reading in enumerate(readings):
            before = readings[position - 1] if position else None
            yield from reading.judge(before, readings[position + 1 : position + 3], planning)


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


def _order(hit: Hit, phrase: Phrase) -> tuple[int, int, bool, int]:
    """By place; of two that begin together the longer says what is meant, and suicide when they are alike."""
    return hit.start, -hit.end, phrase.category is not Category.SUICIDE, hit.phrase


class _Reading:
    """One sentence, its phrases and the turns around them."""

    def __init__(self, sentence: Sentence, book: Phrasebook) -> None:
        self.sentence = sentence
        self.phrases: list[tuple[Hit, Phrase]] = []
        self.idioms: list[tuple[Hit, Idiom]] = []
        self.turns: dict[Turn, list[Hit]] = {}
        for hit in book.hits(sentence):
            match book.meanings[hit.phrase]:
                case Turn() as turn:
                    self.turns.setdefault(turn, []).append(hit)
                case Idiom() as idiom:
                    self.idioms.append((hit, idiom))
                case phrase:
                    self.phrases.append((hit, phrase))
        self._denied: list[Hit] = []
        self._before: _Reading | None = None
        self._after: _Reading | None = None
        self._admitting = False
        self._bridges = {i for hit in self.turns.get(Turn.BRIDGE, ()) for i in range(hit.start, hit.end)}

    @cached_property
    def clauses(self) -> Clauses:
        return Clauses(self.sentence, self.turns)

    @property
    def now(self) -> bool:
        """Whether it tells of use that goes on or has just been, and names no earlier day afterwards."""
        earlier = self.turns.get(Turn.EARLIER, ())
        return any(
            not self._reaches(Turn.DENIED, hit) and not any(day.start >= hit.start for day in earlier)
            for hit in self.turns.get(Turn.NOW, ())
        )

    def judge(
        self, before: _Reading | None, following: Sequence[_Reading], planning: bool
    ) -> Iterator[Finding]:
        self._before, self._after = before, following[0] if following else None
        self._admitting = any(reading.begins_with(Turn.ADMITTED) for reading in following)
        for hit, phrase in sorted(self.phrases, key=lambda found: _order(*found)):
            words = " ".join(self.sentence.words[hit.start : hit.end])
            verdict = self._verdict(hit, phrase, planning)
            yield Finding(phrase, self.sentence.typed, words, verdict)

    def _verdict(self, hit: Hit, phrase: Phrase, planning: bool) -> Verdict:
        if planning and not self._present(hit, phrase):
            return Verdict.PLANNING
        if any(self._idiomatic(hit, phrase, *idiom) for idiom in self.idioms):
            return Verdict.IDIOM
        if phrase.always:
            return Verdict.HEARD
        if self._reaches(Turn.DENIED, hit) or self._along_or(hit) or self._answered_no(hit):
            self._denied.append(hit)
            return Verdict.HEARD if self._admitted(hit.end) else Verdict.DENIED
        past, after = self._past(hit, phrase), self._after
        if past:
            reopened = Turn.RETURNED in self.turns or (after is not None and Turn.RETURNED in after.turns)
            return Verdict.RETURNED if reopened else Verdict.PAST
        told = self._told(hit, phrase)
        if told is not None:
            return told
        if past is None:
            return Verdict.DOUBTED
        if self.clauses.joked(hit) or (after is not None and after.clauses.laughs(_HEAD)):
            return Verdict.JOKE
        return Verdict.HEARD

    def _idiomatic(self, hit: Hit, phrase: Phrase, place: Hit, idiom: Idiom) -> bool:
        """An idiom takes back what it overlaps, but not a phrase that says the whole idiom and more."""
        if place.start >= hit.end or hit.start >= place.end:
            return False
        if not idiom.grave and (phrase.ask or phrase.level >= Level.URGENT):
            return False
        more = hit.end - hit.start > place.end - place.start
        if more and hit.start <= place.start and place.end <= hit.end:
            return False
        return not idiom.gapped or self.clauses.together(place, hit)

    def _present(self, hit: Hit, phrase: Phrase) -> bool:
        """In a plan or a screening dialog only what is intended or happening now counts."""
        if phrase.level is not Level.EMERGENCY or phrase.outside_plans:
            return False
        return not any(when.start <= hit.start for when in self.turns.get(Turn.WHENEVER, ()))

    def begins_with(self, turn: Turn) -> bool:
        """Whether such words stand where a sentence answers the one before."""
        return any(other.start <= _HEAD for other in self.turns.get(turn, ()))

    def _told(self, hit: Hit, phrase: Phrase) -> Verdict | None:
        """What becomes of it as somebody else's word, or a story's; None when it is the person's own."""
        clauses, stories = self.clauses, (Turn.STORY, Turn.SETTING)
        others = () if phrase.about_others else (Turn.OTHERS, Turn.QUOTED)
        governed = clauses.governor((*others, *stories), hit)
        if governed is None:
            if clauses.first_person(hit.start - 2, hit) or not any(clauses.follows(s, hit) for s in stories):
                return None
            return Verdict.STORY
        turn, other = governed
        verdict = Verdict.STORY if turn in stories else Verdict.OTHERS
        if turn is Turn.QUOTED or clauses.quoted(hit):
            return None if self._admitted(0) else verdict
        mine = clauses.first_person(other.end, hit)
        anew = clauses.about_oneself(hit) and clauses.stepped(other.end, hit.start)
        if anew or (mine and turn is Turn.SETTING):
            return None
        # Someone who took too much may be with them now.
        endangered = phrase.category is Category.OVERDOSE and phrase.level is Level.EMERGENCY
        return Verdict.DOUBTED if mine or (endangered and verdict is Verdict.OTHERS) else verdict

    def _admitted(self, start: int) -> bool:
        """ "but I lied", "and I said yes": from `start` on, or soon after."""
        return self._admitting or any(yes.start >= start for yes in self.turns.get(Turn.ADMITTED, ()))

    def _reaches(self, turn: Turn, hit: Hit) -> bool:
        """Whether "not" (or "used to") stands before the phrase with nothing but bridges between."""
        exempt = self.turns.get(Turn.NOT_DENIED, ())
        for denial in self.turns.get(turn, ()):
            if not denial.end <= hit.start <= denial.end + _REACH:
                continue
            if any(other.start <= denial.start < other.end for other in exempt):
                continue
            if self.clauses.subject_between(denial.end, hit.start):  # "no I want to"
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
            if self.clauses.subject_between(denied.end, hit.start):
                continue
            between = range(denied.end, hit.start)
            links = [at for at in between if self.sentence.words[at] in _OR]
            if links and all(at in self._bridges or at in links for at in between):
                return True
        return False

    def _answered_no(self, hit: Hit) -> bool:
        """Forms are filled in so: "Suicidal thoughts? No." or "Suicidal thoughts: none"."""
        stated = self.clauses.stated(hit)
        if self.sentence.question:
            answered = self._after is not None and Turn.ANSWERED_NO in self._after.turns
            return answered and stated < _ASKED  # "does anybody care that I …?" is no form
        if stated or self.clauses.about_oneself(hit):
            return False
        return any(
            answer.end == len(self.sentence.words) and answer.start in self.sentence.pauses
            for answer in self.turns.get(Turn.ANSWERED_NO, ())
        )

    def _past(self, hit: Hit, phrase: Phrase) -> bool | None:
        """Whether it is over; None when that is not clear."""
        if self._reaches(Turn.FORMER, hit):
            return True
        if not self._told_as_past(hit) or self._goes_on():
            return False
        past, after = self.clauses.past(hit), self._after
        if past or any(near is not None and near.clauses.bare_time() for near in (self._before, after)):
            return True
        if self.clauses.resolved(hit.end) or (after is not None and after.clauses.resolved(0)):
            return None if phrase.level is Level.EMERGENCY else True
        return past

    def _told_as_past(self, hit: Hit) -> bool:
        """Whether a past tense stands in or just before the phrase, and no present before that."""
        tenses = (Turn.PAST_TENSE, Turn.PRESENT)
        near = [
            (other.start, turn is Turn.PRESENT)
            for turn in tenses
            for other in self.turns.get(turn, ())
            if other.start < hit.end and other.end >= hit.start - 1
            if other.end > hit.start or not self.clauses.parted(other.end, hit.start)
        ]
        return bool(near) and not min(near)[1]

    def _goes_on(self) -> bool:
        past = (*self.turns.get(Turn.PAST, ()), *self.turns.get(Turn.RESOLVED, ()))  # "never again"
        return any(
            not any(over.start <= still.start and still.end <= over.end for over in past)
            for still in self.turns.get(Turn.STILL, ())
        )
