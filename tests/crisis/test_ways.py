"""Use and cravings that are typed open what a button of /sos opens: safety first, and somebody looks in."""

import pytest

from bot.concerns import Level
from bot.inbound import Edited, Medium, Showed
from bot.rows import Message, SessionState, Staff, Standing
from tests.crisis.clinic import DIE, HIGH, LAPSED, MISSED, NOW, PULL, Ward
from tests.reminders.clinic import HOUR

BODY = "How is your body right now?"
ALONE = "Are you alone?"
PULLS = "How strong is the pull right now"
WISHED = "have you wished you were dead?"


async def test_a_lapse_that_is_typed_is_met_with_safety_first(ward: Ward) -> None:
    """Not with the menu, and not with who is told: that comes with the offer of a call."""
    sam = await ward.enrol()
    (question,) = await ward.says(sam, LAPSED)
    assert BODY in question
    assert "Dana" not in question
    for label in ("I feel okay", "Yesterday", "Skip", "Skip", "No", "A hard feeling", "Call someone"):
        (*_, last) = await ward.presses(sam, label)
    assert "As we agreed, Dana will see that you used" in last
    (end,) = await ward.presses(sam, "Not today")
    assert "what counts today" in end


async def test_one_event_makes_one_flag_however_it_is_told(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, LAPSED)
    await ward.presses(sam, "I feel okay")
    assert await ward.rules(sam) == [("crisis", Level.WATCH)]
    assert await ward.rung(sam) == 1
    jo = await ward.enrol()
    await ward.says(jo, "/sos")
    await ward.presses(jo, "I used")
    await ward.presses(jo, "I feel okay")
    await ward.says(jo, LAPSED)
    assert await ward.rules(jo) == [("lapse", Level.WATCH)]
    assert await ward.rung(jo) == 1


async def test_a_strong_pull_after_words_of_craving_is_one_flag_too(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, PULL)
    await small_ward.presses(sam, "9")
    assert await small_ward.rules(sam) == [("crisis", Level.WATCH)]


async def test_use_in_an_open_emergency_is_another_matter_and_no_mere_addition(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, NOW)
    await small_ward.says(sam, "/sos")
    await small_ward.presses(sam, "I used")
    await small_ward.presses(sam, "I feel okay")
    assert ("lapse", Level.WATCH) in await small_ward.rules(sam)


async def test_use_right_now_opens_the_short_way_and_whoever_falls_silent_is_looked_for(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    (question,) = await ward.says(sam, HIGH)
    assert ALONE in question
    (asked,) = await ward.passes(sam, 20)
    assert "How are you now?" in asked
    (told,) = await ward.passes(sam, 15)
    assert "haven't heard from you" in told
    assert await ward.rules(sam) == [("crisis", Level.WATCH), ("silent", Level.URGENT)]


async def test_use_right_now_lets_a_thought_record_wait(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await ward.says(sam, "/thought")
    (question,) = await ward.says(sam, HIGH)
    assert ALONE in question
    (record,) = await ward.sessions(sam, "thought_record")
    assert record.state == SessionState.ASIDE
    await ward.presses(sam, "Stop here")
    offered = await ward.passes(sam, 185)
    assert any("something else came first" in text for text in offered)


@pytest.mark.parametrize("open_before", [DIE, "/plan"])
async def test_it_never_interrupts_questions_about_safety(small_ward: Ward, open_before: str) -> None:
    sam = await small_ward.enrol()
    if open_before == "/plan":
        await small_ward.presses_plan(sam)
    else:
        await small_ward.says(sam, open_before)
    assert not any(ALONE in text for text in await small_ward.says(sam, HIGH))
    assert await small_ward.sessions(sam, "using_now") == []


async def test_within_the_questions_after_use_words_of_use_are_answers(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, HIGH)
    await small_ward.says(sam, HIGH)
    await small_ward.says(sam, LAPSED)
    assert len(await small_ward.sessions(sam, "using_now")) == 1
    assert await small_ward.sessions(sam, "used") == []
    jo = await small_ward.enrol()
    await small_ward.says(jo, LAPSED)
    assert not any(ALONE in text for text in await small_ward.says(jo, HIGH))


@pytest.mark.parametrize(
    ("said", "label", "asked"), [(LAPSED, "I used", BODY), (PULL, "🌊 A craving", PULLS)]
)
async def test_in_the_middle_of_a_dialog_they_are_its_answer_and_their_way_is_one_press_away(
    ward: Ward, said: str, label: str, asked: str
) -> None:
    sam = await ward.enrol()
    await ward.says(sam, "/thought")
    told, question = await ward.says(sam, said)
    assert "Nobody has confirmed reading it yet" in told
    assert "feel" in question
    assert asked in (await ward.presses(sam, label))[-1]
    (record,) = await ward.sessions(sam, "thought_record")
    assert record.state == SessionState.ASIDE


async def test_a_craving_that_is_typed_is_ridden_out(ward: Ward) -> None:
    sam = await ward.enrol()
    told, question = await ward.says(sam, PULL)
    assert "a strong craving" in told
    assert PULLS in question


async def test_a_missed_dose_that_is_typed_brings_what_to_do_and_no_double_dose(ward: Ward) -> None:
    sam = await ward.enrol()
    told, _ = await ward.says(sam, MISSED)
    assert "don't take a double dose" in told
    assert "call your clinic" in told
    assert told.index("double dose") < told.index("Dana")


async def test_what_was_gone_through_stands_for_a_while(small_ward: Ward) -> None:
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, LAPSED)
    for label in ("I feel okay", "Yesterday", "Skip", "Skip", "No", "A hard", "Call someone", "Not today"):
        await small_ward.presses(sam, label)
    assert "I've kept your words" in (await small_ward.says(sam, LAPSED))[-1]
    assert ALONE in (await small_ward.says(sam, HIGH))[-1]
    await small_ward.presses(sam, "Stop here")
    small_ward.clock.advance(2 * HOUR)
    assert BODY in (await small_ward.says(sam, LAPSED))[-1]


@pytest.mark.parametrize("event", [Showed(Medium.PHOTO, HIGH), Edited(HIGH)])
async def test_a_caption_and_a_changed_message_open_it_too(small_ward: Ward, event: Showed | Edited) -> None:
    sam = await small_ward.enrol()
    assert ALONE in (await small_ward.hands_in(sam, event))[-1]
    kept = await small_ward.do(lambda unit: unit.find(Message, patient_id=sam))
    assert [row.text for row in kept] == [HIGH]


async def test_whoever_stops_learns_who_knows_and_what_to_watch_for(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, LAPSED)
    (said,) = await small_ward.presses(sam, "Stop here")
    assert "call <b>911</b>" in said
    assert "letting Dana know" in said
    jo = await small_ward.enrol()
    await small_ward.says(jo, LAPSED)
    for label in ("I feel okay", "Yesterday", "Skip", "Skip", "No", "A hard", "Call someone", "Not today"):
        last = await small_ward.presses(jo, label)
    assert "letting Dana know" not in last[-1]


async def test_where_nobody_can_be_reached_that_is_said_at_once(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.do(lambda unit: [unit.change(one, blocked_at=unit.now) for one in unit.find(Staff)])
    told, question = await small_ward.says(sam, LAPSED)
    assert "can't reach anyone" in told
    assert BODY in question


@pytest.mark.parametrize("asked", [True, False])
async def test_nobody_agrees_to_anything_while_they_are_high(small_ward: Ward, asked: bool) -> None:
    sam = await small_ward.enrol(standing=Standing.INVITED)
    await small_ward.send(sam, "/start")
    if not asked:
        small_ward.clock.advance(3 * HOUR)
    (said,) = await small_ward.says(sam, HIGH)
    assert "take nothing more" in said
    assert "I tell no one" in said
    assert any(label.startswith("▶️ Go on") for label in await small_ward.buttons(sam))
    assert await small_ward.flags(sam) == []
    (enrolment,) = await small_ward.sessions(sam, "enrolment")
    assert enrolment.state == (SessionState.ASIDE if asked else SessionState.OPEN)
