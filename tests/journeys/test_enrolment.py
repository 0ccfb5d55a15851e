"""Joining Handrail: one link, one person, one account; consent before anything personal."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.rows import Message, Patient, Role, Standing
from dialogs.enrolment import Consent
from tests.journeys.clinic import PATIENTS, Clinic, asks, keys, with_value

NEW = 9001
LINES = "988"
CONSENTS = [item.value for item in Consent]


def menu(clinic: Clinic, user_id: int) -> list[str]:
    return [command["command"] for command in clinic.tg.phone(user_id).commands]


async def test_whoever_follows_their_link_is_enrolled_and_everybody_knows(each_clinic: Clinic) -> None:
    clinic = each_clinic
    await clinic.seed()
    kim = clinic.phone(NEW, "Kim")
    assert "checkin" not in menu(clinic, NEW)
    invited = await clinic.enrol(
        kim,
        {
            "signature": "Kimberley <b>O'Neill</b> & sons",
            "share_words": "[yes]",
            "name": "Kim 🌊",
            "phone": "+1 555 0100",
            "voicemail": "[no]",
            "location": "12 Main St",
            "contact_name": "Jo",
            "contact_relation": "[friend]",
            "zone": "Denver",
            "morning": "8",
            "evening": "7:30 pm",
            "quiet_from": "[22:00]",
            "quiet_to": "[07:00]",
            "discreet": "[yes]",
        },
    )
    assert not asks(kim.last)
    assert "o:checkin" in [button.data for button in keys(kim.last)]
    assert "checkin" in menu(clinic, NEW)
    assert invited.code in clinic.dana.last.text
    assert "Kim" not in clinic.dana.last.text
    exported = await clinic.export(invited.code)
    patient = exported["patient"]
    assert patient["standing"] == "enrolled"
    assert patient["time_zone"] == "America/Denver"
    assert (patient["name"], patient["signature"]) == ("Kim 🌊", "Kimberley <b>O'Neill</b> & sons")
    assert (patient["phone"], patient["voicemail_safe"]) == ("+1 555 0100", False)
    assert patient["contact"]["name"] == "Jo"
    assert patient["discreet"] is True
    assert {(one["kind"], one["local_time"]) for one in exported["reminders"]} == {
        ("morning", "08:00"),
        ("evening", "19:30"),
    }
    assert {(one["item"], one["given"]) for one in exported["consents"]} == {
        *((item, True) for item in CONSENTS),
        ("share_words", True),
    }
    assert [record["dialog"] for record in exported["records"]] == ["enrolment"]


async def test_a_wrong_token_gets_a_clear_answer_and_after_five_a_pause(clinic: Clinic) -> None:
    await clinic.seed()
    invited = await clinic.invite()
    kim = clinic.phone(NEW, "Kim")
    told = {(await clinic.say(kim, f"/start wrong{n}"))[-1].text for n in range(5)}
    assert len(told) == 1
    [paused] = await clinic.say(kim, f"/start {invited.token}")
    assert paused.text not in told
    await clinic.pass_time(timedelta(minutes=61))
    [asked] = await clinic.say(kim, f"/start {invited.token}")
    assert asks(asked)


async def test_guesses_of_one_account_cost_nobody_else(clinic: Clinic) -> None:
    await clinic.seed()
    invited = await clinic.invite()
    for n in range(6):
        await clinic.say(clinic.phone(NEW), f"/start wrong{n}")
    [asked] = await clinic.say(clinic.phone(NEW + 1), f"/start {invited.token}")
    assert asks(asked)


async def test_a_token_works_once_and_for_a_while(clinic: Clinic) -> None:
    await clinic.seed()
    used, late = await clinic.invite(), await clinic.invite()
    [asked] = await clinic.say(clinic.phone(NEW), f"/start {used.token}")
    assert asks(asked)
    [spent] = await clinic.say(clinic.phone(NEW + 1), f"/start {used.token}")
    await clinic.pass_time(timedelta(days=14, seconds=1))
    [old] = await clinic.say(clinic.phone(NEW + 1), f"/start {late.token}")
    assert not asks(spent)
    assert not asks(old)
    assert spent.text != old.text


async def test_a_link_that_is_opened_twice_asks_the_same_question_again(clinic: Clinic) -> None:
    await clinic.seed()
    invited = await clinic.invite()
    kim = clinic.phone(NEW)
    await clinic.say(kim, f"/start {invited.token}")
    await clinic.walk(kim, to="limits")
    came = await clinic.say(kim, f"/start {invited.token}")
    assert asks(came[-1])
    prompt = await clinic.prompt(kim)
    assert prompt is not None
    assert prompt.key == "limits"


async def test_whoever_has_no_link_gets_the_crisis_lines_and_nothing_is_kept(each_clinic: Clinic) -> None:
    clinic = each_clinic
    await clinic.seed()
    kim = clinic.phone(NEW)
    for text in ("/start", "hello", "/checkin", "/help", "/caseload", "/mydata"):
        [told] = await clinic.say(kim, text)
        assert LINES in told.text
        assert "link" in told.text
    assert await clinic.app.store.read(lambda unit: unit.count(Message)) == 0
    assert await clinic.app.store.read(lambda unit: unit.count(Patient)) == 1


async def test_somebody_under_eighteen_is_stopped_kindly_and_sent_back(clinic: Clinic) -> None:
    await clinic.seed()
    kim = clinic.phone(NEW)
    invited = await clinic.enrol(kim, {"adult": "[no]"})
    assert not asks(kim.last)
    assert LINES in kim.last.text
    assert invited.code in clinic.dana.last.text
    exported = await clinic.export(invited.code)
    assert exported["patient"]["standing"] == "declined"
    assert exported["patient"]["name"] is None
    for text in ("hello", "/checkin", "/start"):
        [told] = await clinic.say(kim, text)
        assert not asks(told)
    assert "checkin" not in menu(clinic, NEW)


@pytest.mark.parametrize("item", CONSENTS)
async def test_each_consent_can_be_refused_and_care_goes_on(clinic: Clinic, item: str) -> None:
    await clinic.seed()
    kim = clinic.phone(NEW)
    invited = await clinic.enrol(kim, {item: "[no]"})
    exported = await clinic.export(invited.code)
    assert exported["patient"]["standing"] == "declined"
    assert exported["consents"][-1]["item"] == item
    assert exported["consents"][-1]["given"] is False
    assert [answer["key"] for answer in exported["answers"]][-2:] == [item, "stop"]
    assert exported["reminders"] == []
    assert not asks(kim.last)
    assert invited.code in clinic.dana.last.text


async def test_a_no_by_mistake_is_taken_back_with_one_press(clinic: Clinic) -> None:
    await clinic.seed()
    kim = clinic.phone(NEW)
    invited = await clinic.invite()
    await clinic.say(kim, f"/start {invited.token}")
    await clinic.walk(kim, {"telegram": "[no]"}, to="stop")
    await clinic.give(kim, "[back]")
    await clinic.walk(kim)
    assert (await clinic.export(invited.code))["patient"]["standing"] == "enrolled"


async def test_what_can_be_skipped_is_unknown_not_empty(clinic: Clinic) -> None:
    await clinic.seed()
    skipped = ("phone", "location", "contact_name", "morning", "evening", "medication")
    invited = await clinic.enrol(clinic.phone(NEW), dict.fromkeys(skipped, "[skip]"))
    exported = await clinic.export(invited.code)
    for key in ("phone", "voicemail_safe", "location", "contact", "takes_medication"):
        assert exported["patient"][key] is None
    assert exported["reminders"] == []


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Denver", "America/Denver"),
        ("new york city", "America/New_York"),
        ("london", "Europe/London"),
        ("Asia/Kolkata", "Asia/Kolkata"),
    ],
)
async def test_a_time_zone_is_found_by_town(clinic: Clinic, typed: str, zone: str) -> None:
    await clinic.seed()
    invited = await clinic.enrol(clinic.phone(NEW), {"zone": typed})
    assert (await clinic.export(invited.code))["patient"]["time_zone"] == zone


@pytest.mark.parametrize(("typed", "offset"), [("1:33 pm", -7), ("9:30 pm", 1), ("2:03 am", 5.5)])
async def test_or_by_what_the_clock_shows_there(clinic: Clinic, typed: str, offset: float) -> None:
    """It is 20:30 UTC; two minutes in the question do not matter."""
    await clinic.seed()
    invited = await clinic.enrol(clinic.phone(NEW), {"zone": "[skip]", "clock": typed})
    patient = await clinic.row(Patient, code=invited.code)
    local = clinic.clock.now().astimezone(ZoneInfo(patient.time_zone))
    assert local.utcoffset() == timedelta(hours=offset)


async def test_enrolment_stopped_half_way_can_be_taken_up_again(clinic: Clinic) -> None:
    await clinic.seed()
    kim = clinic.phone(NEW)
    invited = await clinic.invite()
    await clinic.say(kim, f"/start {invited.token}")
    await clinic.walk(kim, to="others")
    await clinic.say(kim, "/cancel")
    [again] = await clinic.say(kim, "/start")
    assert asks(again)
    await clinic.walk(kim)
    assert (await clinic.export(invited.code))["patient"]["standing"] == "enrolled"


async def test_before_consent_nothing_but_joining_is_offered(clinic: Clinic) -> None:
    """Mid-enrolment, stopped, or silent for hours: no menu, no dialog, no screen."""
    await clinic.seed()
    kim = clinic.phone(NEW)
    invited = await clinic.invite()
    await clinic.say(kim, f"/start {invited.token}")
    commands = ("/checkin", "/history", "/mydata", "/settings", "/stop", "/privacy", "hello")
    for situation in ("asked", "stopped", "silent"):
        for text in commands:
            await clinic.say(kim, "/start")
            if situation == "stopped":
                await clinic.say(kim, "/cancel")
            if situation == "silent":
                await clinic.pass_time(timedelta(hours=3))
            came = await clinic.say(kim, text)
            assert came
            opens = [b.data for told in came for b in keys(told) if (b.data or "").startswith("o:")]
            assert opens == [], f"{situation}, {text}: {opens}"
    await clinic.say(kim, "/start")
    await clinic.pass_time(timedelta(hours=3))
    [told, *_] = await clinic.heard(kim, kim.voice)
    assert LINES in told.text
    assert {button.text for button in keys(told)} == {"▶️ Go on: Getting started"}
    assert asks((await clinic.press(kim, "Go on"))[-1])
    sessions = {answer["dialog"] for answer in (await clinic.export(invited.code))["answers"]}
    assert sessions <= {"enrolment"}


async def test_a_new_link_moves_a_patient_to_a_new_account_and_cuts_the_old_one_off(
    each_clinic: Clinic,
) -> None:
    clinic = each_clinic
    [code] = await clinic.seed(remind="19:00")
    await clinic.say(clinic.sam, "/start")
    assert "checkin" in menu(clinic, PATIENTS)
    await clinic.say(clinic.sam, "/checkin")
    again = await clinic.invite_again(code)
    new = clinic.phone(NEW, "Sam's new phone")
    asked = await clinic.open_prompt(clinic.sam)
    came = await clinic.say(new, f"/start {again.token}")
    assert "o:checkin" in [button.data for button in keys(came[-1])] or asks(came[-1])
    assert "checkin" in menu(clinic, NEW)
    # The old chat is a stranger's now: its buttons, its words and its commands do nothing.
    assert "checkin" not in menu(clinic, PATIENTS)
    toast, came = await clinic.push(clinic.sam, asked.message_id, with_value(asked, "5"))
    assert toast
    assert came == []
    [told] = await clinic.say(clinic.sam, "/history")
    assert LINES in told.text
    await clinic.say(clinic.sam, "I used to be Sam")
    # Nothing of the patient's comes to it any more; all comes to the new one.
    seen = len(clinic.sam.messages)
    await clinic.until(clinic.clock.now().replace(hour=0, minute=0, second=5) + timedelta(days=1))
    assert len(clinic.sam.messages) == seen
    assert "o:checkin" in [button.data for button in keys(new.last)]
    exported = await clinic.export(code)
    assert exported["answers"] == []
    assert "I used to be Sam" not in str(exported)
    assert exported["patient"]["standing"] == "enrolled"


async def test_an_answer_on_the_old_phone_can_be_gone_on_with_on_the_new_one(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await clinic.give(clinic.sam, "[5]")
    again = await clinic.invite_again(code)
    new = clinic.phone(NEW)
    await clinic.say(new, f"/start {again.token}")
    await clinic.press(new, "Go on")
    await clinic.walk(new)
    exported = await clinic.export(code)
    assert [record["values"]["mood"] for record in exported["records"]] == [5]


async def test_an_older_link_dies_with_a_newer_one(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    older = await clinic.invite_again(code)
    newer = await clinic.invite_again(code)
    new = clinic.phone(NEW)
    [old] = await clinic.say(new, f"/start {older.token}")
    assert LINES in old.text or "link" in old.text
    await clinic.say(new, f"/start {newer.token}")
    patient = await clinic.row(Patient, code=code)
    assert patient.chat == NEW


async def test_staff_who_are_invited_as_patients_are_told_to_use_another_account(clinic: Clinic) -> None:
    await clinic.seed()
    invited = await clinic.invite()
    [told] = await clinic.say(clinic.dana, f"/start {invited.token}")
    assert "another account" in told.text
    # The link is not spent by the attempt.
    [asked] = await clinic.say(clinic.phone(NEW), f"/start {invited.token}")
    assert asks(asked)


async def test_patients_who_are_invited_as_staff_are_told_so_too(clinic: Clinic) -> None:
    await clinic.seed()
    invited = await clinic.add_staff("Lee", Role.SUPERVISOR)
    came = await clinic.say(clinic.sam, f"/start {invited.token}")
    assert "another account" in came[-1].text
    lee = clinic.phone(NEW, "Lee")
    await clinic.say(lee, f"/start {invited.token}")
    assert "caseload" in menu(clinic, NEW)


async def test_one_patients_link_is_nothing_to_another_patient(clinic: Clinic) -> None:
    _, second = await clinic.seed(2)
    again = await clinic.invite_again(second)
    await clinic.say(clinic.sam, f"/start {again.token}")
    assert (await clinic.row(Patient, code=second)).chat == PATIENTS + 1


async def test_a_discharged_patient_comes_back_by_a_new_link_through_consent(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.dana, f"/patient {code}")
    await clinic.press(clinic.dana, f"s:discharge:{code}")
    await clinic.press(clinic.dana, f"s:discharge_yes:{code}")
    assert "checkin" not in menu(clinic, PATIENTS)
    again = await clinic.invite_again(code)
    [asked] = await clinic.say(clinic.sam, f"/start {again.token}")
    assert asks(asked)
    await clinic.walk(clinic.sam)
    exported = await clinic.export(code)
    assert exported["patient"]["standing"] == Standing.ENROLLED
    assert "checkin" in menu(clinic, PATIENTS)
