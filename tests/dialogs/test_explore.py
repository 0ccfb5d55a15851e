"""Exploring reaches all that can be reached, the same way each time, and says what is broken."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

from dialogs import CATALOGUE
from dialogs.engine import Dialog, Turn, replay
from dialogs.explore import END, explore
from dialogs.facts import Facts
from dialogs.prompts import Choice, Many, Prompt, Say, Scale, Text, YesNo, dialog


class Door(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    TRAP = "trap"


@dataclass(frozen=True)
class Found:
    door: Door


@dialog("maze")
async def maze(facts: Facts) -> Found:
    """A prompt behind one value of 101, one behind a pair of answers, one behind a fact."""
    door = await Choice("door", Door)
    depth = await Scale("depth", 0, 10)
    if door is Door.RIGHT and depth == 9:
        await Text("hidden")
    tried = await Many("tried", Door)
    for each in tried:
        if not await YesNo("good", item=each):
            await Say("pity", item=each)
    note = await Text("note").or_skip()
    if note is None and depth == 3:
        await Text("silent")
    if facts.takes_medication:
        await YesNo("medication")
    return Found(door)


def test_every_prompt_is_reached_also_behind_pairs_of_answers_and_behind_facts() -> None:
    found = explore(maze, [Facts(), Facts(takes_medication=True)])
    keys = {key for key, _ in found.prompts}
    assert keys == {"door", "depth", "hidden", "tried", "good", "note", "silent", "medication"}
    assert set(found.says) == {("pity", door.value) for door in Door}
    assert {result.door for result in found.results} == set(Door)
    assert found.errors == ()


def test_every_sample_is_given_and_every_pair_of_a_short_dialog() -> None:
    @dialog("short")
    async def short(facts: Facts) -> None:
        await Choice("a", Door)
        await Scale("b", 0, 4)
        await YesNo("c").or_skip()

    given: set[tuple[Any, ...]] = set()
    found = explore(short, [Facts()], visit=lambda _, turn: given.add(tuple(s.value for s in turn.trail)))
    assert found.pairs == 3 * 5 + 3 * 3 + 5 * 3
    assert {trail[0] for trail in given if len(trail) == 3} == set(Door)
    assert {trail[2] for trail in given if len(trail) == 3} == {True, False, None}


def test_the_same_seed_gives_the_same_walks() -> None:
    def walks(seed: int) -> list[Any]:
        trails: list[Any] = []
        explore(maze, [Facts()], budget=40, seed=seed, visit=lambda _, t: trails.append(t.trail))
        return trails

    assert walks(1) == walks(1)
    assert walks(1) != walks(2)


def test_the_budget_bounds_the_walks_for_pairs() -> None:
    assert explore(maze, [Facts()], budget=0).walks < explore(maze, [Facts()], budget=50).walks


def test_every_sample_is_given_even_without_a_budget_for_pairs() -> None:
    given: set[tuple[str, Any]] = set()

    def visit(_: Facts, turn: Turn[Any]) -> None:
        given.update((step.prompt.key, step.value) for step in turn.trail)

    explore(maze, [Facts()], budget=0, visit=visit)
    assert {("depth", depth) for depth in range(11)} <= given
    assert {("door", door) for door in Door} <= given
    assert {("good", True), ("good", False), ("note", None)} <= given


def test_what_breaks_on_one_path_is_named_with_the_answers_that_led_there() -> None:
    @dialog("broken")
    async def broken(facts: Facts) -> None:
        if await Choice("door", Door) is Door.TRAP:
            raise RuntimeError("ouch")

    (error,) = explore(broken, [Facts()]).errors
    assert error == "broken raised RuntimeError after door; answers: door='trap'"


def test_being_about_a_key_that_is_never_asked_before_is_an_error() -> None:
    """A mistyped `about=` would quietly never ask again."""

    def asks(*prompts: Prompt[Any]) -> Dialog[None]:
        async def script(facts: Facts) -> None:
            for prompt in prompts:
                await prompt

        return Dialog("d", script, type(None))

    fine = asks(Text("thought"), Scale("belief", 0, 10, about=("thought",)))
    assert explore(fine, [Facts()]).errors == ()
    mistyped = asks(Text("thought"), Scale("belief", 0, 10, about=("tought",)))
    assert "belief is about tought" in explore(mistyped, [Facts()]).errors[0]
    too_late = asks(Scale("belief", 0, 10, about=("thought",)), Text("thought"))
    assert "belief is about thought" in explore(too_late, [Facts()]).errors[0]


def test_the_ways_say_which_answers_lead_where() -> None:
    @dialog("fork")
    async def fork(facts: Facts) -> None:
        if await YesNo("more"):
            await Text("note")

    ways: Mapping[str, Mapping[str, Mapping[Any, int]]] = explore(fork, [Facts()]).ways
    assert set(ways["more"]) == {"note", END}
    assert set(ways["more"]["note"]) == {True}
    assert set(ways["more"][END]) == {False}


@pytest.mark.parametrize("dialog", CATALOGUE.values(), ids=lambda dialog: dialog.name)
def test_every_turn_of_every_dialog_is_found_again_by_replay(dialog: Dialog[Any]) -> None:
    """What a walk finds by guessing, a replay of its answers finds from storage."""
    turns: list[tuple[Facts, Turn[Any]]] = []
    explore(dialog, [Facts(day_number=5)], budget=3, visit=lambda facts, turn: turns.append((facts, turn)))
    assert turns
    for facts, turn in turns:
        answers = {step.prompt.identity: step.stored for step in turn.trail}
        assert replay(dialog, facts, answers) == turn
