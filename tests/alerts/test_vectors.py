"""Every check-in there is: what must alert does, and what need not does not."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from bot import flags
from bot.concerns import Level
from bot.flags import Thresholds
from dialogs import CATALOGUE, asq
from dialogs.asked import Said
from dialogs.facts import Facts

SCALE = range(11)
BRIEF = Thresholds()


class Answered:
    """As much of a turn as a rule looks at."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.dialog = CATALOGUE["check_in"]


def rules(thresholds: Thresholds = BRIEF, **answers: object) -> dict[str, Level]:
    turn: Any = Answered(**answers)
    return {raised.rule: raised.level for raised in flags.raised(turn, thresholds)}


@pytest.mark.parametrize("craving", SCALE)
def test_every_check_in_vector_raises_exactly_what_the_rules_say(craving: int) -> None:
    """Mood, craving, sleep, use, medication and the wish for a call, in all their combinations."""
    vectors = itertools.product(SCALE, (0, 3, 4, 8), (True, False), ("taken", "missed", None), (True, False))
    for mood, sleep, used, medication, call in vectors:
        found = rules(mood=mood, craving=craving, sleep=sleep, used=used, medication=medication, call=call)
        expected = {
            *(["craving"] if craving >= 8 else []),
            *(["lapse"] if used else []),
            *(["medication"] if medication == "missed" else []),
            *(["call_me"] if call else []),
        }
        assert set(found) == expected
        assert set(found.values()) <= {Level.WATCH}


@pytest.mark.parametrize("days", list(itertools.product((0.0, 2.0, 3.0, 10.0, None), repeat=3)))
def test_three_low_days_running_are_needed_and_a_day_without_an_answer_breaks_them(
    days: tuple[float | None, ...],
) -> None:
    today = date(2026, 3, 2)
    readings = {today - timedelta(days=n): value for n, value in enumerate(days) if value is not None}
    assert flags.running(readings, today, 3, 3) is all(value is not None and value < 3 for value in days)
    assert flags.running(readings, today, 3, 1) is (days[0] is not None and days[0] < 3)


@pytest.mark.parametrize("craving", SCALE)
@pytest.mark.parametrize("threshold", range(1, 11))
def test_the_program_says_from_which_craving_on(craving: int, threshold: int) -> None:
    told = rules(Thresholds(craving=threshold), craving=craving)
    assert ("craving" in told) is (craving >= threshold)
    assert ("craving" in rules(Thresholds(craving=threshold), urge=craving)) is (craving >= threshold)


THRESHOLDS = [
    Thresholds(craving=craving, mood=mood, sleep=sleep, days=days)
    for craving, mood, sleep, days in itertools.product((6, 8), (2, 4), (4, 5), (1, 3))
]


@pytest.mark.parametrize("told", THRESHOLDS)
def test_nobody_is_told_of_more_than_they_agreed_to(told: Thresholds) -> None:
    """Whatever the program changes to, an answer is told of only where both would have it told."""
    for program in THRESHOLDS:
        both = program.agreed(told.to_json())
        assert both.craving == max(program.craving, told.craving)
        assert (both.mood, both.sleep) == (min(program.mood, told.mood), min(program.sleep, told.sleep))
        assert both.days == max(program.days, told.days)
        assert program.agreed({}) == program


def test_the_facts_of_an_older_release_have_the_numbers_that_it_showed() -> None:
    assert Facts().thresholds == BRIEF.to_json()


def test_every_asq_vector_with_a_yes_or_a_refusal_is_urgent_and_the_fifth_yes_an_emergency() -> None:
    keys = ("asq_wished", "asq_better_off", "asq_thoughts", "asq_tried", asq.ACUTE)
    for vector in itertools.product((*Said, None), repeat=5):
        answers = {key: said for key, said in zip(keys, vector, strict=True) if said is not None}
        found = rules(**answers)
        assert ("asq" in found) is any(said is not Said.NO for said in answers.values())
        assert (found.get("asq_now") is Level.EMERGENCY) is (answers.get(asq.ACUTE) is Said.YES)
