"""Finding phrases in a list of words, in one pass.

A phrase is written almost as it is said:

    i want to (die|disappear)      one of several; an empty one, as in (really|), may be left out
    i (really)? want to die        a part that may be missing
    want ... gone                  up to three other words
    overdos*                       words that begin so
    @kill myself                   a list of alternatives that has a name
    < help me >                    the beginning and the end of a sentence

All phrases together become one automaton over words. Its work grows with the number of words and never with
how they are chosen, so no text can slow it down: that is why these are not regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

GAP = 3
START, END = "<", ">"
_PIECES = re.compile(r"\s*(\.\.\.|[()|?<>]|@[a-z_]+|[^\s()|?<>]+)")

Spell = Callable[[str], Sequence[str]]


class BadPhrase(ValueError):
    """This line is not written as a phrase."""


_FAR = 10_000
_REMEMBERED = 20_000
_OTHER = ("",)
_EDGES = ((START,), (END,))
_NOWHERE: dict[str, tuple[int, ...]] = {}


class _Node:
    """A set of states, each with the number of words since its phrase began."""

    __slots__ = ("next", "states")

    def __init__(self, states: frozenset[tuple[int, int]]) -> None:
        self.states = states
        self.next: dict[tuple[str, ...], tuple[_Node, tuple[tuple[int, int], ...]]] = {}


@dataclass(frozen=True, slots=True)
class Hit:
    """Phrase number `phrase` stands in words `start` to `end` (half open)."""

    phrase: int
    start: int
    end: int


class Automaton:
    """Many phrases, one walk over the words."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        # By state, and only for those that have any: most states have but one way on.
        self._states = 0
        self._steps: dict[int, dict[str, list[int]]] = {}
        self._skips: dict[int, list[int]] = {}
        self._free: dict[int, list[int]] = {}
        self._accepts: dict[int, int] = {}
        self._prefixes: dict[str, set[str]] = {}
        self._count = 0
        self._starts: list[int] = []
        self._entry: dict[str, tuple[int, ...]] = {}
        self._next: dict[int, dict[str, tuple[int, ...]]] = {}
        self._any: dict[int, tuple[int, ...]] = {}
        self._kinds: dict[str, tuple[str, ...]] = {}
        self._nodes: dict[frozenset[tuple[int, int]], _Node] = {}

    def add(self, phrase: str, lists: Mapping[str, str], spell: Spell) -> int:
        """Takes one phrase and returns its number. `spell` turns a word as written into words as matched."""
        pieces = _PIECES.findall(phrase)
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
        self._accepts[last] = self._count
        self._starts.append(first)
        self._count += 1
        return self._count - 1

    def close(self) -> None:
        """Call once, after the last `add`: resolves empty moves so that a walk needs none."""
        for state, steps in self._steps.items():
            self._next[state] = {word: self._all(targets) for word, targets in steps.items()}
        self._any = {state: self._all(skips) for state, skips in self._skips.items()}
        entry: dict[str, set[int]] = {}
        for start in self._starts:
            for state in self._arrivals(start):
                for word, targets in self._next.get(state, {}).items():
                    entry.setdefault(word, set()).update(targets)
        self._entry = {word: tuple(targets) for word, targets in entry.items()}
        self._root = self._node({})
        del self._steps, self._skips, self._free, self._starts

    def find(self, words: Sequence[str]) -> list[Hit]:
        """Every place where a phrase ends, with the latest beginning that leads there."""
        if len(self._nodes) > _REMEMBERED:
            self._nodes.clear()
            self._root = self._node({})
        hits: list[Hit] = []
        node, position = self._root, 0
        for word in (START, *words, END):
            symbol = self._kinds.get(word) or self._kind(word)
            step = node.next.get(symbol)
            if step is None:
                step = node.next[symbol] = self._step(node, symbol)
            node, found = step
            position += symbol not in _EDGES
            for phrase, length in found:
                hits.append(Hit(phrase, position - length, position))
        return hits

    def _step(self, node: _Node, symbol: tuple[str, ...]) -> tuple[_Node, tuple[tuple[int, int], ...]]:
        """Where one word leads from a set of states; computed once for each pair that is met."""
        width = 0 if symbol in _EDGES else 1
        reached: dict[int, int] = {}
        for state, length in node.states:
            targets: list[int] = list(self._any.get(state, ())) if width else []
            step = self._next.get(state, _NOWHERE)
            for word in symbol:
                targets.extend(step.get(word, ()))
            for target in targets:
                if reached.get(target, _FAR) > length + width:
                    reached[target] = length + width
        for word in symbol:
            for target in self._entry.get(word, ()):
                reached[target] = width
        found = []
        for state, length in reached.items():
            accepted = self._accepts.get(state)
            if accepted is not None:
                found.append((accepted, length))
        return self._node(reached), tuple(found)

    def _node(self, reached: Mapping[int, int]) -> _Node:
        states = frozenset((state, length) for state, length in reached.items() if self._goes_on(state))
        node = self._nodes.get(states)
        if node is None:
            node = self._nodes[states] = _Node(states)
        return node

    def _goes_on(self, state: int) -> bool:
        return state in self._next or state in self._any

    def _kind(self, word: str) -> tuple[str, ...]:
        """All words that no phrase names are one and the same."""
        kind = self._symbols(word)
        if len(kind) == 1 and word not in self.words and kind not in _EDGES:
            return _OTHER
        self._kinds[word] = kind
        return kind

    def _symbols(self, word: str) -> tuple[str, ...]:
        prefixes = self._prefixes.get(word[:3])
        if not prefixes:
            return (word,)
        return (word, *(f"{p}*" for p in prefixes if word.startswith(p)))

    def _state(self) -> int:
        self._states += 1
        return self._states - 1

    def _link(self, state: int, word: str, target: int) -> None:
        if word.endswith("*"):
            stem = word[:-1]
            if len(stem) < 3:
                raise BadPhrase(f"{word}: at least three letters before *")
            self._prefixes.setdefault(stem[:3], set()).add(stem)
        elif word not in (START, END):
            self.words.add(word)
        self._steps.setdefault(state, {}).setdefault(word, []).append(target)

    def _arrivals(self, state: int) -> tuple[int, ...]:
        """The states that count once `state` is reached: those that go on, and those that end a phrase."""
        if state not in self._free:
            return (state,)
        return tuple(
            s for s in self._closure(state) if s in self._accepts or s in self._steps or s in self._skips
        )

    def _all(self, states: Iterable[int]) -> tuple[int, ...]:
        return tuple({arrival for state in states for arrival in self._arrivals(state)})

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
            self._skips.setdefault(state, []).append(target)
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
                _PIECES.findall(f"({self._lists[piece[1:]]})"),
                self._lists,
                self._spell,
                self._phrase,
            )
            return inner.sequence(state, depth + 1)
        if piece in (START, END):
            return self._machine.word(state, [piece])
        return self._machine.word(state, [piece] if piece.endswith("*") else self._spell(piece))
