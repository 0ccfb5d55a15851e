"""When somebody says that they used: safety, then thanks, then one trigger and one step, then the team."""

from typing import Any

import pytest

from dialogs.check_in import check_in
from dialogs.facts import Facts
from dialogs.lapse import CHECK_AGAIN_MINUTES, Lapse
from dialogs.prompts import Dialog
from dialogs.trigger_followup import trigger_followup
from dialogs.trigger_log import trigger_log
from tests.dialogs.talk import TODAY, Talk, talk

HERE_ONE_MAY_SAY_SO = (check_in, trigger_log, trigger_followup)


CRAVING = Facts(today=TODAY, last={"urge": 7})
"""What the dialogs look back on, so that the follow-up follows a craving."""


def told(talk: Talk[Any]) -> Lapse:
    lapse: Lapse | None = talk.result.lapse
    assert lapse is not None
    return lapse


@pytest.fixture(params=HERE_ONE_MAY_SAY_SO, ids=lambda d: d.name)
def dialog(request: pytest.FixtureRequest) -> Dialog[Any]:
    found: Dialog[Any] = request.param
    return found


def test_the_order_is_safety_thanks_trigger_step_call(dialog: Dialog[Any]) -> None:
    keys = talk(dialog, CRAVING, used=True, lapse_when="hours", lapse_substances=["opioids"]).keys
    order = [key for key in keys if key.startswith("lapse_")]
    assert order == [
        "lapse_body",
        "lapse_when",
        "lapse_substances",
        "lapse_opioids",
        "lapse_amount",
        "lapse_alone",
        "lapse_driving",
        "lapse_thoughts",
        "lapse_thanks",
        "lapse_trigger",
        "lapse_next",
        "lapse_call",
    ]
    assert keys.index("lapse_body") == keys.index("used") + 1


@pytest.mark.parametrize("body", ["sleepy", "breathing", "shaking", "wrong"])
def test_a_body_in_danger_is_asked_nothing_more(dialog: Dialog[Any], body: str) -> None:
    done = talk(dialog, CRAVING, used=True, lapse_body=body)
    assert done.keys[-1] == "lapse_body"
    assert told(done).help_first
    assert done.result.end == "end_help_first"


@pytest.mark.parametrize("thoughts", ["yes", "rather_not"])
def test_thoughts_of_suicide_end_the_questions(dialog: Dialog[Any], thoughts: str) -> None:
    """Not wanting to say counts as yes."""
    done = talk(dialog, CRAVING, used=True, lapse_thoughts=thoughts)
    assert done.keys[-1] == "lapse_thoughts"
    assert done.result.end == "end_help_first"


def test_using_right_now_is_asked_for_safety_only(dialog: Dialog[Any]) -> None:
    done = talk(dialog, CRAVING, used=True, lapse_when="now")
    assert done.keys[-1] == "lapse_call"
    assert {"lapse_alone", "lapse_driving", "lapse_thoughts"} <= set(done.keys)
    assert "lapse_trigger" not in done.keys
    assert done.result.end == "end_help_first"


@pytest.mark.parametrize(("when", "minutes"), [("now", CHECK_AGAIN_MINUTES), ("hours", CHECK_AGAIN_MINUTES)])
def test_who_used_just_now_is_looked_in_on_again(dialog: Dialog[Any], when: str, minutes: int) -> None:
    assert talk(dialog, CRAVING, used=True, lapse_when=when).result.follow_up_minutes == minutes


@pytest.mark.parametrize("when", ["today", "before"])
def test_who_used_earlier_is_not_asked_about_being_alone_or_driving(dialog: Dialog[Any], when: str) -> None:
    done = talk(dialog, CRAVING, used=True, lapse_when=when)
    assert not {"lapse_alone", "lapse_driving"} & set(done.keys)
    assert done.result.follow_up_minutes is None


@pytest.mark.parametrize(
    ("substances", "said"),
    [
        (["opioids"], {"lapse_opioids"}),
        (["alcohol"], {"lapse_not_at_once"}),
        (["benzodiazepines", "opioids"], {"lapse_opioids", "lapse_not_at_once"}),
        (["cannabis"], set()),
        (None, set()),
    ],
)
def test_each_substance_brings_its_own_warning(
    dialog: Dialog[Any],
    substances: list[str] | None,
    said: set[str],
) -> None:
    """Naloxone for opioids; never "just stop" for alcohol or benzodiazepines."""
    keys = talk(dialog, CRAVING, used=True, lapse_substances=substances).keys
    assert {"lapse_opioids", "lapse_not_at_once"} & set(keys) == said


def test_nobody_who_did_not_use_meets_a_lapse_question(dialog: Dialog[Any]) -> None:
    done = talk(dialog, CRAVING, used=False)
    assert not [key for key in done.keys if key.startswith("lapse_")]
    assert done.result.lapse is None
    assert done.result.end == "end"


# The look-in after use: nothing to look back on, or a log in which it was said


@pytest.fixture(params=[{}, {"urge": 8, "used": True}], ids=["told elsewhere", "told in a log"])
def after_use(request: pytest.FixtureRequest) -> Facts:
    return Facts(today=TODAY, last=request.param)


def test_a_look_in_asks_about_the_body_then_company_then_suicide_then_the_urge(after_use: Facts) -> None:
    keys = talk(trigger_followup, after_use, used=False).keys
    assert [key for key in keys if key != "stay_near"] == [
        "lapse_body",
        "lapse_alone",
        "lapse_thoughts",
        "urge",
        "used",
    ]


@pytest.mark.parametrize("body", ["sleepy", "breathing", "shaking", "wrong"])
def test_a_look_in_ends_with_help_where_the_body_is_in_danger(after_use: Facts, body: str) -> None:
    done = talk(trigger_followup, after_use, lapse_body=body)
    assert done.keys == ("lapse_body",)
    assert done.result.end == "end_help_first"
    assert (done.result.urge, done.result.used) == (None, None)


@pytest.mark.parametrize("thoughts", ["yes", "rather_not"])
def test_a_look_in_ends_with_help_where_there_are_thoughts_of_suicide(
    after_use: Facts, thoughts: str
) -> None:
    done = talk(trigger_followup, after_use, lapse_thoughts=thoughts)
    assert done.keys[-1] == "lapse_thoughts"
    assert told(done).thoughts_of_suicide
    assert done.result.end == "end_help_first"


def test_a_look_in_asks_nothing_twice_of_who_used_again(after_use: Facts) -> None:
    done = talk(trigger_followup, after_use, lapse_alone=True, used=True, lapse_when="hours")
    assert len(done.keys) == len(set(done.keys))
    assert "lapse_call" in done.keys
    assert (told(done).alone, told(done).thoughts) == (True, "no")
    assert done.result.follow_up_minutes == CHECK_AGAIN_MINUTES


def test_whoever_is_alone_in_a_look_in_is_told_what_keeps_them_safer(after_use: Facts) -> None:
    assert "stay_near" in talk(trigger_followup, after_use, lapse_alone=True).keys
    assert "stay_near" not in talk(trigger_followup, after_use, lapse_alone=False).keys
