"""Walks a dialog through every prompt and through pairs of answers, as far as a budget goes.

Answers are each prompt's samples. First every sample of every prompt is given once, from the shortest way
there; then answers are chosen so that most pairs of samples that have not met yet do. Seeded: the same
code gives the same walks. What it visits shows that all words are there, draws the map and feeds the tests.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from dialogs.engine import Answers, BrokenDialog, Turn, walk
from dialogs.facts import Facts
from dialogs.prompts import Dialog, Identity, Json, Prompt, Say

END = "end"
_ITEMS_IN_FULL = 2  # of a prompt asked for many items, the others get two samples each
_PATIENCE = 25  # walks without a new pair before we take it that there are no more

Visit = Callable[[Facts, Turn[Any]], None]
Given = tuple[Identity, Any]
Choose = Callable[[Turn[Any], list[Given]], Json]


@dataclass(frozen=True)
class Exploration:
    """What was found. `ways` counts, by key, the answers after which each next key (or END) came."""

    prompts: Mapping[Identity, Prompt[Any]]
    says: Mapping[Identity, Say]
    ways: Mapping[str, Mapping[str, Counter[Any]]]
    results: tuple[Any, ...]
    errors: tuple[str, ...]
    walks: int
    pairs: int


def explore(
    dialog: Dialog[Any],
    facts: Iterable[Facts],
    budget: int = 300,
    seed: int = 0,
    visit: Visit | None = None,
) -> Exploration:
    """At most `budget` walks for pairs with each of the facts; `visit` sees every turn of them."""
    explorer = _Explorer(dialog, visit, Random(seed))  # noqa: S311  (repeatable, guards nothing)
    for known in facts:
        explorer.explore(known, budget)
    return explorer.found()


class _Explorer:
    def __init__(self, dialog: Dialog[Any], visit: Visit | None, random: Random) -> None:
        self.dialog = dialog
        self.visit = visit
        self.random = random
        self.prompts: dict[Identity, Prompt[Any]] = {}
        self.says: dict[Identity, Say] = {}
        self.ways: dict[str, dict[str, Counter[Any]]] = defaultdict(lambda: defaultdict(Counter))
        self.given: set[Given] = set()
        self.pairs: set[tuple[Given, Given]] = set()
        self.results: list[Any] = []
        self.errors: dict[str, None] = {}
        self.grounds: dict[tuple[str, str], bool] = {}
        self.walks = 0

    def explore(self, facts: Facts, budget: int) -> None:
        """Every sample once, each from the first way that led to its prompt; then pairs, by the budget."""
        waiting: deque[tuple[Answers, Given, Json]] = deque()

        def fresh(turn: Turn[Any], path: list[Given]) -> Json:
            prompt = _open(turn)
            untried = [v for v in self._samples(prompt) if _given(prompt, v) not in self.given]
            if not untried:
                return self._most_pairs(turn, path)
            prefix = {step.prompt.identity: step.stored for step in turn.trail}
            waiting.extend((prefix, _given(prompt, value), value) for value in untried[1:])
            return untried[0]

        self._walk(facts, {}, fresh)
        while waiting:
            prefix, wanted, value = waiting.popleft()
            if wanted not in self.given:
                self._walk(facts, prefix, _first(value, fresh))
        quiet = 0
        while budget > 0 and quiet < _PATIENCE:
            known = len(self.pairs)
            self._walk(facts, {}, self._most_pairs)
            quiet = 0 if len(self.pairs) > known else quiet + 1
            budget -= 1

    def found(self) -> Exploration:
        never = (
            f"{self.dialog.name}: {key} is about {ground}, which is never asked before it"
            for (key, ground), met in self.grounds.items()
            if not met
        )
        return Exploration(
            prompts=self.prompts,
            says=self.says,
            ways=self.ways,
            results=tuple(self.results),
            errors=(*self.errors, *never),
            walks=self.walks,
            pairs=len(self.pairs),
        )

    def _walk(self, facts: Facts, prefix: Answers, choose: Choose) -> None:
        self.walks += 1
        path: list[Given] = []

        def guess(turn: Turn[Any]) -> Json:
            prompt = _open(turn)
            self._meet(facts, turn)
            if not path:
                path.extend(_given(step.prompt, step.stored.value) for step in turn.trail)
            value = choose(turn, path)
            given = _given(prompt, value)
            self.given.add(given)
            self.pairs.update((before, given) for before in path)
            path.append(given)
            return value

        try:
            end = walk(self.dialog, facts, prefix, guess)
        except BrokenDialog as broken:
            self.errors.setdefault(f"{broken}; answers: {_told(path)}")
            return
        self._meet(facts, end)
        self.results.append(end.result)
        keys = [step.prompt.key for step in end.trail]
        for key, following, (_, value) in zip(keys, [*keys[1:], END], path, strict=True):
            self.ways[key][following][value] += 1

    def _meet(self, facts: Facts, turn: Turn[Any]) -> None:
        for say in turn.says:
            self.says.setdefault(say.identity, say)
        if turn.prompt is not None:
            self.prompts.setdefault(turn.prompt.identity, turn.prompt)
            asked = {step.prompt.key for step in turn.trail}
            for ground in turn.prompt.about:
                at = (turn.prompt.key, ground)
                self.grounds[at] = self.grounds.get(at, False) or ground in asked
        if self.visit is not None:
            self.visit(facts, turn)

    def _samples(self, prompt: Prompt[Any]) -> tuple[Json, ...]:
        samples = (*prompt.samples, None) if prompt.optional else prompt.samples
        siblings = [item for key, item in self.prompts if key == prompt.key]
        if prompt.item in siblings[:_ITEMS_IN_FULL]:
            return samples
        return samples[:2] if not prompt.optional else (samples[0], None)

    def _most_pairs(self, turn: Turn[Any], path: list[Given]) -> Json:
        """The sample that meets most earlier answers for the first time."""
        prompt = _open(turn)
        samples = list(self._samples(prompt))
        self.random.shuffle(samples)

        def news(value: Json) -> int:
            given = _given(prompt, value)
            return sum((before, given) not in self.pairs for before in path)

        return max(samples, key=news)


def _open(turn: Turn[Any]) -> Prompt[Any]:
    assert turn.prompt is not None
    return turn.prompt


def _given(prompt: Prompt[Any], value: Json) -> Given:
    return prompt.identity, tuple(value) if isinstance(value, list) else value


def _first(value: Json, then: Choose) -> Choose:
    """Give this value at the first open prompt, and choose after that."""
    given = False

    def choose(turn: Turn[Any], path: list[Given]) -> Json:
        nonlocal given
        if given:
            return then(turn, path)
        given = True
        return value

    return choose


def _told(path: list[Given]) -> str:
    return ", ".join(f"{key}{f'/{item}' if item else ''}={str(value)[:20]!r}" for (key, item), value in path)
