"""Finding phrases in a list of words, in one pass.

A phrase is written almost as it is said:

    i want to (die|disappear)      one of several; an empty one, as in (really|), may be left out
    i (really)? want to die        a part that may be missing
    want ... gone                  up to three other words
    overdos*                       words that begin so
    @kill myself                   a list of alternatives that has a name
    < help me >                    the beginning and the end of a sentence

All phrases together become one automaton over words. What a word costs is bounded by the lists and does not
grow with the text, so no text can slow it down: that is why these are not regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

GAP = 3
START, END = "<", ">"
_EDGES = (START, END)
_REMEMBERED = 4_000
_PIECES = re.compile(r"\s*(\.\.\.|[()|?<>]|@[a-z_]+|[^\s()|?<>]+)")

Spell = Callable[[str], Sequence[str]]


class BadPhrase(ValueError):
    """This line is not written as a phrase."""


@lru_cache(256)
def _pieces(phrase: str) -> Sequence[str]:
    return _PIECES.findall(phrase)


class _Word:
    """One word, or beginning of words, that phrases name."""

    __slots__ = ("ends", "gaps", "opens", "steps")

    def __init__(self) -> None:
        self.steps: dict[int, Sequence[int]] = {}  # from which states it leads on, and to which
        self.opens: set[int] = set()  # the states in which it leaves phrases that begin with it
        self.gaps: tuple[int, ...] = ()  # those of them that any word leads on from
        self.ends: tuple[int, ...] = ()  # and those in which a phrase is complete


class _Place:
    """Where a walk may stand: the states carried along, each with the words since its phrase began, and what
    the last word opened, which is so many words `long`."""

    __slots__ = ("before", "carried", "long", "next")

    def __init__(self, carried: Mapping[int, int], before: tuple[_Word, ...], long: int) -> None:
        self.carried, self.before, self.long = carried, before, long
        self.next: dict[tuple[_Word, ...], tuple[_Place, tuple[tuple[int, int], ...]]] = {}


@dataclass(frozen=True, slots=True)
class Hit:
    """Phrase number `phrase` stands in words `start` to `end` (half open)."""

    phrase: int
    start: int
    end: int


class Automaton:
    """Many phrases, one walk over the words.

    Thousands of phrases begin with "i". Their states are not carried along one by one: a word that comes next
    is met with all of them as a set, and whichever is smaller is walked through. Steps are remembered, for
    people say most things again; how many is bounded.
    """

    def __init__(self) -> None:
        self.words: set[str] = set()
        self._words = {edge: _Word() for edge in _EDGES}
        self._states = 0
        self._lead: set[int] = set()
        self._skips: dict[int, Sequence[int]] = {}
        self._free: dict[int, list[int]] = {}
        self._accepts: dict[int, int] = {}
        self._prefixes: dict[str, list[str]] = {}
        self._starts: list[int] = []
        self._places: dict[tuple[frozenset[tuple[int, int]], tuple[_Word, ...]], _Place] = {}
        self._first = _Place({}, (), 0)

    def add(self, phrase: str, lists: Mapping[str, str], spell: Spell) -> int:
        """Takes one phrase and returns its number. `spell` turns a word as written into words as matched."""
        pieces = _pieces(phrase)
        if "".join(pieces) != re.sub(r"\s+", "", phrase) or not pieces:
            raise BadPhrase(phrase)
        reader = _Reader(self, pieces, lists, spell, phrase)
        first = self._state()
        last = reader.sequence(first, depth=0)
        if reader.rest():
            raise BadPhrase(phrase)
        if last in self._closure(first):
            raise BadPhrase(f"{phrase} (it would match everything)")
        if any(state in self._skips for state in self._closure(first)):
            raise BadPhrase(f"{phrase} (a phrase cannot begin with ...)")
        self._accepts[last] = len(self._starts)
        self._starts.append(first)
        return len(self._starts) - 1

    def close(self) -> None:
        """Call once, after the last `add`: resolves empty moves so that a walk needs none."""
        arrivals = cache(self._arrivals)
        alike: dict[Sequence[int], Sequence[int]] = {}  # many alternatives lead to the same place

        def all_of(targets: Sequence[int]) -> Sequence[int]:
            if len(targets) == 1:
                on = arrivals(targets[0])
            else:
                on = tuple({arrival for target in targets for arrival in arrivals(target)})
            return alike.setdefault(on, on)

        for known in self._words.values():
            for state, targets in known.steps.items():
                known.steps[state] = all_of(targets)
        self._skips = {state: all_of(targets) for state, targets in self._skips.items()}
        beginnings = {state for start in self._starts for state in arrivals(start)}
        for known in self._words.values():
            # Whoever comes here by a word that may be left out is passed by whoever begins here.
            opening = beginnings & known.steps.keys()
            known.opens = {target for state in opening for target in known.steps[state]}
            known.steps = {state: on for state, on in known.steps.items() if state not in opening}
            known.gaps = tuple(known.opens & self._skips.keys())
            known.ends = tuple(known.opens & self._accepts.keys())
        del self._lead, self._free, self._starts

    def find(self, words: Sequence[str]) -> list[Hit]:
        """Every place where a phrase ends, with the latest beginning that leads there."""
        if len(self._places) > _REMEMBERED:
            self._forget()
        hits: list[Hit] = []
        place, position = self._first, 0
        for word in (START, *words, END):
            met = self._met(word)
            step = place.next.get(met)
            if step is None:
                step = place.next[met] = self._step(place, met, 0 if word in _EDGES else 1)
            place, found = step
            position += word not in _EDGES
            for phrase, length in found:
                hits.append(Hit(phrase, position - length, position))
        return hits

    def _step(
        self, place: _Place, met: tuple[_Word, ...], width: int
    ) -> tuple[_Place, tuple[tuple[int, int], ...]]:
        """Where a word leads, and each phrase that it completes with its length."""
        reached = self._reached(place, met, width)
        found = [(self._accepts[state], reached[state]) for state in self._accepts.keys() & reached.keys()]
        found += [(self._accepts[state], width) for known in met for state in known.ends]
        key = (frozenset(reached.items()), met)
        after = self._places.get(key)
        if after is None:
            after = self._places[key] = _Place(reached, met, width)
        return after, tuple(found)

    def _reached(self, place: _Place, met: Sequence[_Word], width: int) -> dict[int, int]:
        """The states to which this leads that no phrase opens here; of two ways to one the shorter counts."""
        carried, long = place.carried, place.long
        reached: dict[int, int] = {}

        def reach(targets: Sequence[int], length: int) -> None:
            for target in targets:
                if reached.get(target, length) >= length:
                    reached[target] = length

        if width:
            for state in self._skips.keys() & carried.keys():
                reach(self._skips[state], carried[state] + 1)
            for opened in place.before:
                for state in opened.gaps:
                    reach(self._skips[state], long + 1)
        for known in met:
            for state in known.steps.keys() & carried.keys():
                reach(known.steps[state], carried[state] + width)
            for opened in place.before:
                for state in known.steps.keys() & opened.opens:
                    reach(known.steps[state], long + width)
        for known in met:
            for state in known.opens & reached.keys():
                del reached[state]
        return reached

    def _forget(self) -> None:
        for place in (self._first, *self._places.values()):
            place.next.clear()  # they know one another, and the collector seldom comes
        self._places.clear()

    def _met(self, word: str) -> tuple[_Word, ...]:
        """This word and its beginnings, as far as phrases name them."""
        known = self._words.get(word)
        stems = self._prefixes.get(word[:3])
        if stems is None:
            return () if known is None else (known,)
        begun = (self._words[stem] for stem in stems if word.startswith(stem[:-1]))
        return tuple(begun) if known is None else (known, *begun)

    def _state(self) -> int:
        self._states += 1
        return self._states - 1

    def _link(self, state: int, word: str, target: int) -> None:
        if word.endswith("*"):
            if len(word) < 4:
                raise BadPhrase(f"{word}: at least three letters before *")
            same = self._prefixes.setdefault(word[:3], [])
            if word not in same:
                same.append(word)
        elif word not in _EDGES:
            self.words.add(word)
        known = self._words.setdefault(word, _Word())
        known.steps[state] = (*known.steps.get(state, ()), target)
        self._lead.add(state)

    def _arrivals(self, state: int) -> tuple[int, ...]:
        """The states that count once `state` is reached: those that go on, and those that end a phrase."""
        if state not in self._free:
            return (state,)
        return tuple(
            s for s in self._closure(state) if s in self._accepts or s in self._lead or s in self._skips
        )

    def _closure(self, state: int) -> set[int]:
        seen, todo = {state}, [state]
        while todo:
            for target in self._free.get(todo.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen

    # The reader below builds states; these three are its only ways in.
    def word(self, state: int, words: Sequence[str]) -> int:
        """A new state reached from `state` by these words."""
        for word in words:
            target = self._state()
            self._link(state, word, target)
            state = target
        return state

    def gap(self, state: int) -> int:
        """A new state reached from `state` by up to `GAP` words of any kind."""
        last = self._state()
        for _ in range(GAP):
            self._frees(state, last)
            target = self._state()
            self._skips[state] = (*self._skips.get(state, ()), target)
            state = target
        self._frees(state, last)
        return last

    def join(self, states: Iterable[int]) -> int:
        """A new state reached from each of these for nothing."""
        last = self._state()
        for state in states:
            self._frees(state, last)
        return last

    def _frees(self, state: int, target: int) -> None:
        self._free.setdefault(state, []).append(target)


class _Reader:
    """Recursive descent over the pieces of one phrase."""

    def __init__(
        self, machine: Automaton, pieces: Sequence[str], lists: Mapping[str, str], spell: Spell, phrase: str
    ) -> None:
        self._machine, self._pieces, self._lists = machine, pieces, lists
        self._spell, self._phrase, self._at = spell, phrase, 0

    def rest(self) -> bool:
        return self._at < len(self._pieces)

    def sequence(self, state: int, depth: int) -> int:
        if depth > 8:
            raise BadPhrase(f"{self._phrase} (brackets too deep)")
        while self.rest():
            piece = self._pieces[self._at]
            if piece in ("|", ")"):
                break
            self._at += 1
            before = state
            state = self._one(state, piece, depth)
            if self.rest() and self._pieces[self._at] == "?":
                self._at += 1
                state = self._machine.join([before, state])
        return state

    def _one(self, state: int, piece: str, depth: int) -> int:
        if piece == "(":
            ends = []
            while True:
                ends.append(self.sequence(state, depth + 1))
                if not self.rest():
                    raise BadPhrase(f"{self._phrase} (a bracket is open)")
                self._at += 1
                if self._pieces[self._at - 1] == ")":
                    return self._machine.join(ends)
        if piece == "...":
            return self._machine.gap(state)
        if piece == "?":
            raise BadPhrase(self._phrase)
        if piece.startswith("@"):
            if piece[1:] not in self._lists:
                raise BadPhrase(f"{self._phrase} (no list is called {piece})")
            inner = _Reader(
                self._machine,
                _pieces(f"({self._lists[piece[1:]]})"),
                self._lists,
                self._spell,
                self._phrase,
            )
            return inner.sequence(state, depth + 1)
        if piece in (START, END):
            return self._machine.word(state, [piece])
        return self._machine.word(state, [piece] if piece.endswith("*") else self._spell(piece))
