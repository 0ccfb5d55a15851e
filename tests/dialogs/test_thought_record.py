"""Seven columns; a few patterns to choose from; no quarrel with what is true."""

import pytest

from dialogs.choices import Feeling
from dialogs.thought_record import OFFERED, Drift, Pattern, thought_record
from tests.dialogs.talk import talk

THREE = {"first": "I always mess up", "second": "They saw it", "third": "I can't stay"}


def test_two_or_three_patterns_are_offered_and_all_ten_can_be_met() -> None:
    assert all(2 <= len(few) <= 3 for few in OFFERED.values())
    assert {pattern for few in OFFERED.values() for pattern in few} == set(Pattern)


@pytest.mark.parametrize("drift", [None, Drift.TRUE])
def test_nothing_is_called_a_pattern_that_the_person_does_not_see(drift: Drift | None) -> None:
    done = talk(thought_record, drift=drift)
    assert "patterns" not in done.keys
    assert done.result.patterns == ()


def test_a_real_loss_or_danger_is_not_argued_with() -> None:
    keys = talk(thought_record, drift="true").keys
    assert not {"evidence_for", "evidence_against"} & set(keys)


@pytest.mark.parametrize(("about", "asked"), [("no", False), ("relief", True), ("permission", True)])
def test_a_thought_about_using_is_played_forward(about: str, asked: bool) -> None:
    assert ("plays_forward" in talk(thought_record, about_using=about).keys) == asked


def test_one_thought_is_the_hot_one_of_several_the_person_chooses() -> None:
    one = talk(thought_record, thought={"first": "I always mess up", "second": None})
    assert "hot" not in one.keys
    assert one.result.hot_thought == "I always mess up"
    assert talk(thought_record, thought=THREE, hot="second").result.hot_thought == "They saw it"


def test_each_feeling_is_rated_before_and_after() -> None:
    said = talk(
        thought_record,
        feelings=["ashamed", "sad"],
        intensity={"sad": 40, "ashamed": 90},
        intensity_after={"sad": 20, "ashamed": 30},
    ).result
    assert said.before == {Feeling.SAD: 40, Feeling.ASHAMED: 90}
    assert said.after == {Feeling.SAD: 20, Feeling.ASHAMED: 30}


def test_another_hot_thought_is_looked_at_anew_and_the_first_columns_stay() -> None:
    first = talk(thought_record, thought=THREE, hot="first")
    kept = {identity: answer for identity, answer in first.answers.items() if identity != ("hot", None)}
    again = talk(thought_record, None, kept, hot="third")
    assert not {"situation", "feelings", "intensity", "thought"} & set(again.keys)
    assert {"hot", "belief", "about_using", "balanced", "belief_after"} <= set(again.keys)


def test_a_feeling_that_is_no_longer_ticked_stays_out() -> None:
    first = talk(thought_record, feelings=["sad", "angry"])
    kept = {identity: answer for identity, answer in first.answers.items() if identity != ("feelings", None)}
    said = talk(thought_record, None, kept, feelings=["sad"]).result
    assert set(said.before) == set(said.after) == {Feeling.SAD}
