"""Every check-in there is: what must alert does, and what need not does not."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import flags
from bot.concerns import Level
from bot.flags import Thresholds
from dialogs import CATALOGUE, asq
from dialogs.asked import Said
from dialogs.choices import Feeling, When
from dialogs.facts import Facts
from dialogs.lapse import Body, Thoughts
from dialogs.safety import Danger
from tests.dialogs.talk import Talk, talk

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


def flagged(told: Talk[Any]) -> dict[str, Level]:
    return {one.rule: one.level for one in flags.raised(told.turn, BRIEF)}


OF_BODY = {
    Body.OKAY: None,
    Body.SLEEPY: Level.EMERGENCY,
    Body.BREATHING: Level.EMERGENCY,
    Body.SHAKING: Level.EMERGENCY,
    Body.WRONG: Level.URGENT,
}


@pytest.mark.parametrize("body", Body)
@pytest.mark.parametrize("dialog", ["check_in", "used"])
def test_every_vector_after_use_alerts_through_the_script(dialog: str, body: Body) -> None:
    """How the body is, when it was, what, thoughts and a call, in all their combinations: an answer that was
    never asked for alerts nobody, and none that was is lost on its way through the dialog."""
    substances = (None, ["opioids"], ["alcohol", "cannabis"])
    for when, taken, thoughts, call in itertools.product(When, substances, Thoughts, (True, False)):
        told = talk(
            CATALOGUE[dialog],
            used=True,
            craving=0,
            lapse_body=body.value,
            lapse_when=when.value,
            lapse_substances=taken,
            lapse_thoughts=thoughts.value,
            lapse_call=call,
            call=call,
        )
        in_thoughts = "lapse_thoughts" in told.keys and thoughts is not Thoughts.NO
        asked_for_a_call = call and "lapse_call" in told.keys
        expected = {
            "lapse": Level.WATCH,
            **({"lapse_body": OF_BODY[body]} if OF_BODY[body] else {}),
            **({"lapse_thoughts": Level.URGENT} if in_thoughts else {}),
            **({"call_me": Level.WATCH} if asked_for_a_call else {}),
        }
        assert flagged(told) == expected, (body, when, taken, thoughts, call)
        assert ("lapse_thoughts" in told.keys) is (body is Body.OKAY)
        assert ("lapse_call" in told.keys) is (body is Body.OKAY and thoughts is Thoughts.NO)


@pytest.mark.parametrize("danger", Danger)
@pytest.mark.parametrize("said", Said)
def test_every_answer_about_safety_but_the_safe_one_alerts(danger: Danger, said: Said) -> None:
    told = flagged(talk(CATALOGUE["safety"], Facts(topic=danger.value), **{f"safety_{danger}": said.value}))
    if said is danger.safe_answer:
        assert told == {}
    else:
        assert told == {"safety": Level.URGENT if said is Said.RATHER_NOT else Level.EMERGENCY}


@pytest.mark.parametrize("feelings", list(itertools.combinations(Feeling, 2)))
def test_hopelessness_among_any_feelings_is_told(feelings: tuple[Feeling, ...]) -> None:
    told = flagged(talk(CATALOGUE["thought_record"], feelings=[one.value for one in feelings]))
    assert ("hopeless" in told) is (Feeling.HOPELESS in feelings)


@given(
    mood=st.integers(0, 10),
    craving=st.integers(0, 10),
    sleep=st.one_of(st.none(), st.integers(0, 12)),
    used=st.booleans(),
    medication=st.sampled_from([None, "taken", "later", "missed"]),
    call=st.booleans(),
)
def test_a_check_in_through_the_script_raises_what_its_answers_say(
    mood: int, craving: int, sleep: int | None, used: bool, medication: str | None, call: bool
) -> None:
    told = talk(
        CATALOGUE["check_in"],
        Facts(takes_medication=True),
        mood=mood,
        craving=craving,
        sleep=sleep,
        used=used,
        medication=medication,
        call=call,
        lapse_call=call,
    )
    assert set(flagged(told)) == {
        *(["craving"] if craving >= 8 else []),
        *(["lapse"] if used else []),
        *(["medication"] if medication == "missed" and "medication" in told.keys else []),
        *(["call_me"] if call else []),
    }
    assert used or "medication" in told.keys  # using right now, help comes before all else
