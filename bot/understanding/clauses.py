"""How far the words around a phrase reach.

A sentence is parted where somebody begins anew to speak of himself ("and I", "but I'm", "y me quiero"). What
is told of others, of a film or of long ago reaches to the next such beginning and no further: "My mom said I
am no use and I want to die" is heard. A beginning that hangs on what stands before it ("she said that I",
"the doctor asked if I") is none; what another person says in the first person stays in doubt.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping

from bot.understanding.matching import Hit
from bot.understanding.phrasebook import Turn
from bot.understanding.spelling import Sentence

_OPENING = 3  # words that may stand before a time at the head of its clause: "about ten (years ago)"
_BARE = 2  # words beside a time in a sentence that says nothing else: "it was (years ago)"
_NEAR = 2  # words between a subject and what it does: "i am (hearing)"
_JOKE = 3  # "i am just (kidding)": the joke's own beginning


class Clauses:
    """One sentence, parted."""

    def __init__(self, sentence: Sentence, turns: Mapping[Turn, list[Hit]]) -> None:
        self._sentence, self._turns = sentence, turns
        self._times = _joined(turns.get(Turn.PAST, ()))
        hangs, joins = _longest(turns.get(Turn.HANGING, ())), _longest(turns.get(Turn.JOINER, ()))
        self._hangs = frozenset(hangs)
        self._steps = sorted({*sentence.pauses, *joins})
        subjects, leaning = self._heads(Turn.SELF), self._heads(Turn.LEANING)
        self._own = subjects | {_first(at, leaning) for at in self._heads(Turn.SELF_VERB)}
        timed = {at for start, end in self._times for at in range(start, end)}
        begins = {at for at in self._own - timed - sentence.quoted if hangs.get(at, 0) <= joins.get(at, 0)}
        self._begins = sorted(begins)
        self._subjects = sorted((begins & subjects) | self._heads(Turn.SUBJECT))
        self._subordinate = {hit.end for hit in turns.get(Turn.SUBORDINATE, ())}
        self._mine = self._heads(Turn.MINE)

    def subject_between(self, start: int, end: int) -> bool:
        """Whether an "I" that hangs on nothing stands from `start` to `end`: no denial reaches across it."""
        return bool(_within(self._subjects, start, end))

    def stated(self, hit: Hit) -> int:
        """Which word of the sentence the hit's "I" is, from one; 0 when it has none."""
        return next((at + 1 for at in range(hit.start - _NEAR, hit.start + 1) if at in self._own), 0)

    def together(self, one: Hit, other: Hit) -> bool:
        """Whether nothing new begins where only one of two overlapping hits stands."""
        alone = ((one.start + 1, other.start), (other.end, one.end - 1))
        return not any(self.parted(*part) for part in alone)

    def governor(self, turns: Iterable[Turn], hit: Hit) -> tuple[Turn, Hit] | None:
        """The last of these turns before the hit, unless something about oneself has begun since."""
        found: tuple[Turn, Hit] | None = None
        for turn in turns:
            for other in self._turns.get(turn, ()):
                if other.end <= hit.start and (found is None or other.end >= found[1].end):
                    found = turn, other
        if found is None:
            return None
        end = found[1].end
        return None if self._begun(end + (end not in self._steps), hit.end - 1) else found

    def follows(self, turn: Turn, hit: Hit) -> bool:
        """Whether such a turn comes in the same breath after the hit."""
        return any(
            other.start >= hit.end and not self.parted(hit.end, other.start)
            for other in self._turns.get(turn, ())
        )

    def parted(self, start: int, end: int) -> bool:
        """Whether a pause, an "and" or something new about oneself stands from `start` to `end`."""
        return bool(_within(self._steps, start, end) or self._begun(start, end))

    def stepped(self, start: int, end: int) -> bool:
        """Whether a pause or an "and" stands between, after which nothing hangs on the start."""
        return bool(_within(self._steps, start + (start in self._hangs), end))

    def about_oneself(self, hit: Hit) -> bool:
        """ "myself", "without me": nobody says so of somebody else."""
        return any(at in self._mine for at in range(hit.start, hit.end))

    def first_person(self, start: int, hit: Hit) -> bool:
        """Whether an "I" stands from `start` to the end of the hit, hanging or not."""
        return self.about_oneself(hit) or any(at in self._own for at in range(start, hit.end))

    def quoted(self, hit: Hit) -> bool:
        return all(at in self._sentence.quoted for at in range(hit.start, hit.end))

    def past(self, hit: Hit) -> bool | None:
        """Whether a time long ago is said of this phrase; None when that is not clear."""
        unclear = self.follows(Turn.SOMETIME, hit)
        for start, end in self._times:
            if start < hit.end and hit.start < end:
                return True
            if end <= hit.start:
                begun, opens = self._begun(end, hit.start), self._opens(start)
                if not begun or (opens and begun[-1] <= end + 1):
                    return True
                unclear |= opens or (begun == [end] and end not in self._steps)
            elif self._pointed(start):
                return True
            elif begun := self._begun(hit.end, start - 1):
                unclear |= all(at in self._subordinate for at in begun)
            elif not _within(self._steps, hit.end, start):
                if not self._tells(hit.end, start):
                    return True
                unclear = True
            elif self._opens(start):
                ends, begun = (
                    end == len(self._sentence.words) or end in self._steps,
                    self._begun(end, end + 1),
                )
                if ends and not begun:
                    return True
                unclear |= ends or not begun
        return None if unclear else False

    def bare_time(self) -> bool:
        """Whether the sentence is a time long ago and nothing else: "Ten years ago." """
        said = {at for start, end in self._times for at in range(start, end)}
        said |= {at for it in self._turns.get(Turn.POINTER, ()) if not it.start for at in range(it.end)}
        tells = self._begins or self._heads(Turn.PAST_TENSE) - said
        return bool(self._times) and not tells and len(self._sentence.words) - len(said) <= _BARE

    def resolved(self, start: int) -> bool:
        """Whether "but I'm better now" stands in the clause at `start` or in the next one."""
        return any(
            over.start >= start and len(self._begun(start, over.start)) <= 1
            for over in self._turns.get(Turn.RESOLVED, ())
        )

    def joked(self, hit: Hit) -> bool:
        """Whether it is laughed at in the same breath, or hangs on what is hardly meant."""
        return any(
            joke.start >= hit.end and not self._begun(hit.end, joke.start - _JOKE) for joke in self._jokes()
        ) or any(
            (hit.end <= joke.start and not self._begun(hit.end, joke.start))
            or (joke.end <= hit.start and len(self._begun(joke.end, hit.start)) <= 1)
            for joke in self._turns.get(Turn.HYPERBOLE, ())
        )

    def laughs(self, head: int) -> bool:
        """Whether the sentence begins with a joke about the one before."""
        return any(joke.start <= head for joke in self._jokes())

    def _jokes(self) -> Iterator[Hit]:
        """ "Just kidding", with nothing after it in the same breath, and not "not kidding"."""
        earnest = {at for no in self._turns.get(Turn.NOT_DENIED, ()) for at in range(no.start, no.end)}
        for joke in self._turns.get(Turn.JOKE, ()):
            ends = joke.end == len(self._sentence.words) or joke.end in self._steps
            if ends and joke.start not in earnest:
                yield joke

    def _begun(self, start: int, end: int) -> list[int]:
        """Where something about oneself begins anew, from `start` to `end`."""
        return _within(self._begins, start, end)

    def _heads(self, turn: Turn) -> set[int]:
        return {hit.start for hit in self._turns.get(turn, ())}

    def _opens(self, start: int) -> bool:
        """Whether a time stands at the head of its clause: "About ten years ago I …"."""
        before = _within(self._steps, 0, start)
        head = before[-1] if before else 0
        return start - head <= _OPENING and not self._tells(head, start)

    def _tells(self, start: int, end: int) -> bool:
        """Whether something else is told there than when."""
        told = self._own | self._heads(Turn.PAST_TENSE)
        return any(at in told for at in range(start, end))

    def _pointed(self, start: int) -> bool:
        """ "that was (years ago)": it points back over what stands between."""
        return any(it.start <= start <= it.end + _BARE for it in self._turns.get(Turn.POINTER, ()))


def _longest(hits: Iterable[Hit]) -> dict[int, int]:
    """By where hits end, how long the longest is."""
    found: dict[int, int] = {}
    for hit in hits:
        found[hit.end] = max(found.get(hit.end, 0), hit.end - hit.start)
    return found


def _joined(hits: Iterable[Hit]) -> list[tuple[int, int]]:
    """The stretches that hits cover, those that touch as one."""
    stretches: list[tuple[int, int]] = []
    for hit in sorted(hits, key=lambda hit: hit.start):
        if stretches and hit.start <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(stretches[-1][1], hit.end)
        else:
            stretches.append((hit.start, hit.end))
    return stretches


def _first(at: int, leaning: set[int]) -> int:
    """Where the words begin that lean on the one at `at`: "ya no me (quiero)"."""
    while at - 1 in leaning:
        at -= 1
    return at


def _within(places: list[int], start: int, end: int) -> list[int]:
    return places[bisect_left(places, start) : bisect_right(places, end)]
