"""Quick, nothing asked twice, and a follow-up only where there is something to follow up."""

import pytest

from dialogs.choices import Coping, Worked
from dialogs.facts import Facts
from dialogs.trigger_followup import trigger_followup
from dialogs.trigger_log import FOLLOW_UP_MINUTES, trigger_log
from tests.dialogs.talk import TODAY, talk


def test_a_log_is_at_most_fifteen_questions() -> None:
    assert len(talk(trigger_log, used=False).keys) <= 15


def test_what_the_lapse_told_is_not_asked_again() -> None:
    done = talk(trigger_log, used=True, lapse_when="today", lapse_trigger="pressure", lapse_next="call")
    assert not {"when", "situation", "next"} & set(done.keys)
    assert (done.result.when, done.result.situation, done.result.next) == ("today", "pressure", "call")


@pytest.mark.parametrize(
    ("urge", "when", "minutes"),
    [
        (9, "now", FOLLOW_UP_MINUTES),
        (1, "hours", FOLLOW_UP_MINUTES),
        (5, "today", FOLLOW_UP_MINUTES),
        (9, "before", None),
        (0, "now", None),
    ],
)
def test_an_urge_of_today_is_followed_up(urge: int, when: str, minutes: int | None) -> None:
    assert talk(trigger_log, urge=urge, used=False, when=when).result.follow_up_minutes == minutes


def test_whether_it_worked_is_asked_of_those_who_tried_something() -> None:
    assert "worked" not in talk(trigger_log, tried=[]).keys
    assert talk(trigger_log, tried=["waited"], worked="a_lot").result.worked is Worked.A_LOT


def test_the_follow_up_rates_each_thing_that_was_tried() -> None:
    rated = {"called": "a_lot", "breathed": "no"}
    said = talk(
        trigger_followup, Facts(today=TODAY, last={"urge": 7}), tried=["called", "breathed"], worked=rated
    ).result
    assert said.worked == {Coping.BREATHED: Worked.NO, Coping.CALLED: Worked.A_LOT}
