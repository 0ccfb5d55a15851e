"""Dialogs to their end, and all that happens on the way: back, change, edit, leave, come back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.journeys.clinic import Clinic, asks, keys, with_value


async def test_a_thought_record_to_its_end_shows_the_change(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/thought")
    hot = "They all think I am a <failure> & a fraud"
    last = await clinic.walk(
        clinic.sam,
        {
            "situation": "My boss walked past me at work",
            "feelings": "[sad|angry|+done]",
            "intensity/sad": "80",
            "intensity/angry": "[50]",
            "thought/first": hot,
            "thought/second": "[skip]",
            "belief": "90",
            "about_using": "[no]",
            "drift": "[people]",
            "patterns": "[jumping_to_conclusions|+done]",
            "balanced": "He was busy; last week he said thanks",
            "intensity_after/sad": "40",
            "intensity_after/angry": "20",
            "belief_after": "35",
        },
    )
    assert not asks(last)
    for shown in ("80", "40", "90", "35", hot):
        assert shown in last.text
    [record] = (await clinic.export(code))["records"]
    values = record["values"]
    assert values["before"] == {"angry": 50, "sad": 80}
    assert values["after"] == {"angry": 20, "sad": 40}
    assert values["hot_thought"] == hot
    assert (values["belief_before"], values["belief_after"]) == (90, 35)
    assert values["patterns"] == ["jumping_to_conclusions"]


async def test_the_hot_thought_stays_in_view(clinic: Clinic) -> None:
    await clinic.seed()
    await clinic.say(clinic.sam, "/thought")
    plan = {"thought/first": "I always ruin it", "thought/second": "[skip]", "drift": "[always]"}
    for key in ("belief", "evidence_for", "evidence_against", "balanced"):
        await clinic.walk(clinic.sam, plan, to=key)
        assert "I always ruin it" in clinic.sam.last.text, key


async def test_a_trigger_log_is_asked_about_some_hours_later(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/trigger")
    await clinic.walk(clinic.sam, {"urge": "[6]", "when": "[now]", "thought": "just one"})
    before = len(clinic.sam.messages)
    await clinic.pass_time(timedelta(minutes=179))
    assert len(clinic.sam.messages) == before
    await clinic.pass_time(timedelta(minutes=1, seconds=1))
    [nudge] = clinic.sam.messages[before:]
    opening = keys(nudge)[0]
    assert (opening.data or "").startswith("o:followup")
    await clinic.press(clinic.sam, str(opening.data))
    last = await clinic.walk(clinic.sam, {"urge": "[2]", "learned": "Calling Jo helped"})
    assert not asks(last)
    records = (await clinic.export(code))["records"]
    assert [record["dialog"] for record in records] == ["trigger_log", "trigger_followup"]
    assert records[1]["values"]["learned"] == "Calling Jo helped"
    await clinic.pass_time(timedelta(hours=5))
    assert "o:followup" not in str([b.data for m in clinic.sam.messages[before + 1 :] for b in keys(m)])


async def test_a_trigger_log_takes_no_typing(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.press(clinic.sam, (await clinic.say(clinic.sam, "/menu"))[-1].labels[0])
    await clinic.say(clinic.sam, "/cancel")
    await clinic.press(clinic.sam, "o:trigger")
    await clinic.walk(clinic.sam, {"thought": "[skip]"})
    assert [record["dialog"] for record in (await clinic.export(code))["records"]] == ["trigger_log"]


@pytest.mark.parametrize("away", ["restart", "a day", "another dialog"])
async def test_an_unfinished_dialog_waits_and_goes_on_where_it_was(each_clinic: Clinic, away: str) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/thought")
    await clinic.walk(clinic.sam, {"feelings": "[sad|+done]"}, to="thought")
    match away:
        case "restart":
            await clinic.restart()
        case "a day":
            await clinic.pass_time(timedelta(hours=25))
        case _:
            await clinic.say(clinic.sam, "/checkin")
            await clinic.walk(clinic.sam)
    answers = [a for a in (await clinic.export(code))["answers"] if a["dialog"] == "thought_record"]
    [offer] = await clinic.say(clinic.sam, "/thought")
    go_on, start_over = keys(offer)
    assert (go_on.data or "").startswith("o:resume")
    [asked] = await clinic.press(clinic.sam, str(go_on.data), offer.message_id)
    assert asks(asked)
    prompt = await clinic.prompt(clinic.sam)
    assert prompt is not None
    assert prompt.key == "thought"
    await clinic.walk(clinic.sam)
    exported = await clinic.export(code)
    records = [record for record in exported["records"] if record["dialog"] == "thought_record"]
    assert len(records) == 1
    assert [a for a in exported["answers"] if a["dialog"] == "thought_record"][: len(answers)] == answers
    # The offer is old now.
    toast, came = await clinic.push(clinic.sam, offer.message_id, str(start_over.data))
    assert toast
    assert came == []


async def test_starting_over_keeps_what_was_said_and_begins_anew(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await clinic.give(clinic.sam, "[3]")
    await clinic.say(clinic.sam, "/checkin")
    await clinic.press(clinic.sam, "Start over")
    await clinic.walk(clinic.sam, {"mood": "[7]"})
    exported = await clinic.export(code)
    assert [record["values"]["mood"] for record in exported["records"]] == [7]
    assert [a["value"] for a in exported["answers"] if a["key"] == "mood"] == [3, 7]


async def test_after_a_restart_a_typed_word_answers_the_question_that_is_open(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await clinic.restart()
    [asked] = await clinic.say(clinic.sam, "six")
    assert asks(asked)
    assert [a["value"] for a in (await clinic.export(code))["answers"]] == [6]


async def test_after_two_silent_hours_a_text_is_free_text_and_going_on_is_offered(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await clinic.pass_time(timedelta(hours=2, minutes=1))
    [told] = await clinic.say(clinic.sam, "7")
    exported = await clinic.export(code)
    assert exported["answers"] == []
    assert [m["text"] for m in exported["messages"]] == ["7"]
    go_on = keys(told)[0]
    assert (go_on.data or "").startswith("o:resume")
    await clinic.press(clinic.sam, str(go_on.data))
    await clinic.say(clinic.sam, "7")
    assert [a["value"] for a in (await clinic.export(code))["answers"]] == [7]


async def test_a_text_that_was_sent_in_time_is_the_answer_though_telegram_was_gone_for_hours(
    clinic: Clinic,
) -> None:
    """What was written later, and to no question that anybody had seen, is kept as words; then it goes on."""
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    clinic.tg.faults.outage(True)
    clinic.clock.advance(timedelta(minutes=5))
    clinic.sam.send("7")
    clinic.clock.advance(timedelta(minutes=1))
    clinic.sam.send("are you there?")
    clinic.clock.advance(timedelta(hours=3))
    clinic.sam.send("I went for a walk")
    clinic.clock.advance(timedelta(hours=1))
    clinic.tg.faults.outage(False)
    await clinic.settle()
    exported = await clinic.export(code)
    assert [(a["key"], a["value"]) for a in exported["answers"]] == [("mood", 7)]
    assert [m["text"] for m in exported["messages"]] == ["are you there?", "I went for a walk"]
    await clinic.say(clinic.sam, "4")
    assert [a["value"] for a in (await clinic.export(code))["answers"]] == [7, 4]


async def test_back_takes_one_answer_back_at_a_time_to_the_first_question(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    for act in ("[5]", "[4]", "[no]"):
        await clinic.give(clinic.sam, act)
    for key in ("used", "craving", "mood", "mood"):
        [asked] = (
            await clinic.say(clinic.sam, "/back")
            if key != "craving"
            else await clinic.give(clinic.sam, "[back]")
        )
        assert asks(asked)
        prompt = await clinic.prompt(clinic.sam)
        assert prompt is not None
        assert prompt.key == key
    assert all(answer["superseded"] for answer in (await clinic.export(code))["answers"])


async def test_an_early_answer_is_changed_by_its_button_and_the_later_ones_stay(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    mood = await clinic.open_prompt(clinic.sam)
    for act in ("[5]", "[4]", "[no]"):
        await clinic.give(clinic.sam, act)
    answered = clinic.sam.message(mood.message_id)
    assert answered is not None
    assert answered.labels == ["✓ 5"]
    [asked] = await clinic.press(clinic.sam, "✓ 5", mood.message_id)
    assert asks(asked)
    await clinic.press(clinic.sam, with_value(asked, "8"), asked.message_id)
    prompt = await clinic.prompt(clinic.sam)
    assert prompt is not None
    assert prompt.key == "sleep"
    await clinic.walk(clinic.sam)
    exported = await clinic.export(code)
    assert (exported["records"][0]["values"]["mood"], exported["records"][0]["values"]["craving"]) == (8, 4)
    assert [(a["value"], a["superseded"]) for a in exported["answers"] if a["key"] == "mood"] == [
        (5, True),
        (8, False),
    ]
    # A finished dialog is not changed any more, and says so.
    toast, came = await clinic.push(clinic.sam, mood.message_id, str(keys(answered)[0].data))
    assert toast
    assert came == []


async def test_an_edited_telegram_message_takes_the_place_of_the_typed_answer(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/thought")
    typed = clinic.sam.send("My bos walked past")
    await clinic.settle()
    await clinic.give(clinic.sam, "[sad|+done]")
    came = await clinic.heard(clinic.sam, lambda: clinic.sam.edit(typed, "My boss walked past"))
    assert asks(came[-1])
    prompt = await clinic.prompt(clinic.sam)
    assert prompt is not None
    assert prompt.key == "intensity"
    await clinic.walk(clinic.sam)
    exported = await clinic.export(code)
    assert exported["records"][0]["values"]["situation"] == "My boss walked past"
    assert "My bos walked past" in [a["value"] for a in exported["answers"] if a["superseded"]]
    # Once it is finished, an edit is kept as words beside it.
    [told] = await clinic.heard(clinic.sam, lambda: clinic.sam.edit(typed, "Too late"))
    assert not asks(told)
    exported = await clinic.export(code)
    assert "Too late" in [m["text"] for m in exported["messages"]]
    assert exported["records"][0]["values"]["situation"] == "My boss walked past"


async def test_cancel_stops_and_what_was_said_stays(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/thought")
    await clinic.give(clinic.sam, "Words I want to keep")
    [told] = await clinic.say(clinic.sam, "/cancel")
    assert not asks(told)
    exported = await clinic.export(code)
    assert exported["records"] == []
    assert [a["value"] for a in exported["answers"]] == ["Words I want to keep"]
    for command in ("/back", "/cancel"):
        [told] = await clinic.say(clinic.sam, command)
        assert not asks(told)


async def test_free_words_get_a_short_kind_reply_and_the_menu_and_are_kept(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    said = ["Today was <b>good</b> & long", "مرحبا", "🌊", "w" * 4096, "line\n\nline"]
    for words in said:
        [told] = await clinic.say(clinic.sam, words)
        assert "o:checkin" in [button.data for button in keys(told)]
    assert [m["text"] for m in (await clinic.export(code))["messages"]] == said


async def test_setting_a_dialog_aside_and_pressing_its_old_question_takes_it_up_again(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/thought")
    await clinic.give(clinic.sam, "A long day")
    feelings = await clinic.open_prompt(clinic.sam)
    await clinic.say(clinic.sam, "/checkin")
    await clinic.press(clinic.sam, with_value(feelings, "sad"), feelings.message_id)
    prompt = await clinic.prompt(clinic.sam)
    assert prompt is not None
    assert prompt.key == "feelings"
    states = {a["dialog"] for a in (await clinic.export(code))["answers"]}
    assert states == {"thought_record"}


async def test_the_next_question_waits_for_nothing_that_only_tidies_up(clinic: Clinic) -> None:
    """In one chat each call waits for the answer to the one before: what a person waits for leaves first."""
    await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    before = len(clinic.tg.calls)
    await clinic.give(clinic.sam, "[5]")
    sent = [call.method for call in clinic.tg.calls[before:]]
    told = [method for method in sent if method in ("sendMessage", "editMessageReplyMarkup")]
    assert told == ["sendMessage", "editMessageReplyMarkup"]
