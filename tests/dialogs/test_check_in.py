"""A short check-in whose question of the day changes, and which asks nothing that it need not."""

from dataclasses import replace

import pytest

from dialogs.check_in import check_in
from dialogs.daily_question import Question, question_of
from dialogs.facts import Facts
from tests.dialogs.talk import TODAY, talk

SAM = Facts(name="Sam", today=TODAY)


def test_twelve_days_bring_twelve_questions_and_then_they_come_again() -> None:
    days = [question_of(replace(SAM, day_number=day)) for day in range(1, 25)]
    assert set(days[:12]) == set(Question)
    assert days[:12] == days[12:]


def test_the_same_day_brings_the_same_question() -> None:
    assert question_of(replace(SAM, day_number=7)) is question_of(replace(SAM, day_number=7, name="Alex"))


@pytest.mark.parametrize(
    ("ruler", "follow_ups"),
    [(0, ["ruler_more"]), (1, ["ruler_why", "ruler_more"]), (10, ["ruler_why"]), (None, [])],
)
def test_a_ruler_is_followed_up_where_there_is_room(ruler: int | None, follow_ups: list[str]) -> None:
    """At 0 nobody is asked why it is not lower; at 10 nobody what would make it 11."""
    keys = talk(check_in, replace(SAM, day_number=1), ruler=ruler).keys
    assert [key for key in keys if key.startswith("ruler_")] == follow_ups


def test_importance_confidence_and_readiness_come_four_days_apart() -> None:
    days = {day: talk(check_in, replace(SAM, day_number=day)).keys for day in range(1, 13)}
    assert [day for day, keys in days.items() if "ruler" in keys] == [1, 5, 9]


@pytest.mark.parametrize(("takes", "asked"), [(True, True), (False, False), (None, False)])
def test_medication_is_asked_of_those_who_take_it(takes: bool | None, asked: bool) -> None:
    keys = talk(check_in, replace(SAM, takes_medication=takes)).keys
    assert ("medication" in keys) == asked


def test_missed_medication_brings_the_word_about_double_doses() -> None:
    facts = replace(SAM, takes_medication=True)
    assert "medication_missed" in talk(check_in, facts, medication="missed").keys
    assert "medication_missed" not in talk(check_in, facts, medication="taken").keys


def test_a_day_with_a_lapse_has_no_further_question_of_the_day_and_asks_for_a_call_once() -> None:
    done = talk(check_in, SAM, used=True, lapse_when="today", lapse_call=True)
    assert {"lapse_call", "sleep", "note"} <= set(done.keys)
    assert "call" not in done.keys
    assert not [key for key in done.keys if key.startswith(("ask_", "ruler"))]
    assert done.result.call
    assert done.result.reply is None


def test_what_was_skipped_is_unknown_never_zero() -> None:
    said = talk(check_in, SAM, sleep=None, note=None).result
    assert said.sleep is None
    assert said.note is None
