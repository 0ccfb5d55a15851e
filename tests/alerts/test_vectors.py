"""Every check-in there is: what must alert does, and what need not does not."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from bot import flags
from bot.concerns import Level
from dialogs import CATALOGUE, asq
from dialogs.asked import Said

SCALE = range(11)


class Answered:
    """As much of a turn as a rule looks at."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.dialog = CATALOGUE["check_in"]


def rules(**answers: object) -> dict[str, Level]:
    return {raised.rule: raised.level for raised in flags.raised(Answered(**answers))}  # type: ignore[arg-type]


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
    assert flags.running(readings, today, 3) is all(value is not None and value < 3 for value in days)


def test_every_asq_vector_with_a_yes_or_a_refusal_is_urgent_and_the_fifth_yes_an_emergency() -> None:
    keys = ("asq_wished", "asq_better_off", "asq_thoughts", "asq_tried", asq.ACUTE)
    for vector in itertools.product((*Said, None), repeat=5):
        answers = {key: said for key, said in zip(keys, vector, strict=True) if said is not None}
        found = rules(**answers)
        assert ("asq" in found) is any(said is not Said.NO for said in answers.values())
        assert (found.get("asq_now") is Level.EMERGENCY) is (answers.get(asq.ACUTE) is Said.YES)
