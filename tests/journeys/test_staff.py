"""What staff can do in their chat, and what they cannot."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot import departures
from bot.rows import Patient, Role, Staff
from bot.sandbox.phones import Phone
from tests.journeys.clinic import PATIENTS, Clinic, asks, keys

NEW = 9001
PATIENT_MENU = [
    "checkin",
    "thought",
    "trigger",
    "sos",
    "history",
    "progress",
    "settings",
    "mydata",
    "privacy",
    "stop",
    "help",
    "back",
    "cancel",
]
STAFF_MENU = ["caseload", "alerts", "patient", "invite", "oncall", "drill", "help"]


def menu(phone: Phone) -> Sequence[str]:
    return [command["command"] for command in phone.commands]


async def test_each_role_has_its_own_command_menu_by_telegrams_scopes(each_clinic: Clinic) -> None:
    clinic = each_clinic
    await clinic.seed()
    stranger = clinic.phone(NEW)
    assert menu(stranger) == ["start", "help"]
    for phone in (clinic.sam, clinic.dana):
        await clinic.say(phone, "/start")
    assert set(menu(clinic.sam)) >= set(PATIENT_MENU)
    assert menu(clinic.dana) == STAFF_MENU
    assert menu(stranger) == ["start", "help"]
    scopes = [call.params["scope"]["type"] for call in clinic.tg.calls if call.method == "setMyCommands"]
    assert set(scopes) == {"all_private_chats", "chat"}


async def test_every_command_of_a_menu_does_something_of_its_own(clinic: Clinic) -> None:
    await clinic.seed()
    for phone in (clinic.sam, clinic.dana):
        await clinic.say(phone, "/start")
        [unknown] = await clinic.say(phone, "/nonsense")
        for command in menu(phone):
            [told] = await clinic.say(phone, f"/{command}") if command != "invite" else [unknown]
            assert command == "invite" or told.text != unknown.text, f"/{command} is not known"
            await clinic.say(phone, "/cancel")


async def test_a_caseload_says_how_each_patient_is(each_clinic: Clinic) -> None:
    clinic = each_clinic
    codes = await clinic.seed(12)
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam, {"mood": "[3]", "craving": "[9]"})
    [page] = await clinic.say(clinic.dana, "/caseload")
    assert "1 to 10 of 12" in page.text
    assert page.text.index(codes[0]) < min(page.text.find(code) for code in codes[1:9] if code in page.text)
    assert "mood 3" in page.text
    assert "craving 9" in page.text
    assert "1 open" in page.text
    [second] = await clinic.press(clinic.dana, "s:caseload:1")
    shown = {code for code in codes if code in page.text} | {code for code in codes if code in second.text}
    assert shown == set(codes)
    for name in ("Sam", "Alex", "Jo", "Robin"):
        assert name not in page.text


async def test_alerts_shows_what_is_open_and_its_buttons_work(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    [empty] = await clinic.say(clinic.dana, "/alerts")
    assert keys(empty) == []
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam, {"craving": "[9]"}, to="used")
    [listed] = await clinic.say(clinic.dana, "/alerts")
    assert code in listed.text
    [alert] = [m for m in clinic.dana.messages if "Craving 9" in m.text and m.message_id != listed.message_id]
    seen, done = keys(alert)
    await clinic.press(clinic.dana, str(seen.data), alert.message_id)
    assert "read it at" in clinic.sam.last.text
    [asked] = await clinic.press(clinic.dana, str(done.data), alert.message_id)
    await clinic.press(clinic.dana, str(keys(asked)[0].data), asked.message_id)
    [empty] = await clinic.say(clinic.dana, "/alerts")
    assert code not in empty.text


@pytest.mark.parametrize("spelling", ["{}", "{lower}", "{bare}", "  {} "])
async def test_a_look_at_a_patient_is_audited(clinic: Clinic, spelling: str) -> None:
    [code] = await clinic.seed()
    await clinic.enrol(clinic.phone(NEW), {"phone": "+1 555 0177", "name": "Robin"})
    said = spelling.format(code, lower=code.lower(), bare=code.removeprefix("P-"))
    [shown] = await clinic.say(clinic.dana, f"/patient {said}")
    assert code in shown.text
    assert shown.protected
    viewed = [line for line in (await clinic.export(code))["audit"] if line["action"] == "patient_viewed"]
    assert len(viewed) == 1
    assert viewed[0]["actor"].startswith("S-")


async def test_how_to_reach_somebody_is_shown_to_those_responsible(clinic: Clinic) -> None:
    await clinic.seed()
    plan = {
        "name": "Robin <b>",
        "phone": "+1 555 0177",
        "voicemail": "[no]",
        "contact_name": "Jo & Kim",
        "contact_phone": "+1 555 0188",
    }
    invited = await clinic.enrol(clinic.phone(NEW), plan)
    [shown] = await clinic.say(clinic.dana, f"/patient {invited.code}")
    for told in ("Robin <b>", "+1 555 0177", "no voicemail", "Jo & Kim", "+1 555 0188"):
        assert told in shown.text


async def test_a_counselor_sees_the_new_number_once_it_is_changed(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/settings")
    await clinic.press(clinic.sam, "o:settings:reach")
    await clinic.press(clinic.sam, "o:settings:phone")
    await clinic.say(clinic.sam, "+1 555 0199")
    await clinic.give(clinic.sam, "[no]")
    [shown] = await clinic.say(clinic.dana, f"/patient {code}")
    assert "+1 555 0199 (no voicemail, please)" in shown.text


async def test_a_note_to_the_counselor_reaches_them_and_no_other_words_do(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "The heron left on Tuesday.")
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam, {"ask_helped": "An otter", "note": "I miss Thursday <b>&"})
    [page] = await clinic.say(clinic.dana, "/caseload")
    assert "left a note" in page.text
    assert "Thursday" not in page.text
    [shown] = await clinic.say(clinic.dana, f"/patient {code}")
    assert "I miss Thursday <b>&" in shown.text
    assert "heron" not in shown.text
    assert "otter" not in shown.text


async def test_a_counselor_sees_nobody_elses_patient_and_a_supervisor_sees_all(clinic: Clinic) -> None:
    [code] = await clinic.seed(supervisors=1)
    await clinic.seed(1, first=7001)
    [mine] = await clinic.say(clinic.tg.phone(7000), f"/patient {code}")
    [none] = await clinic.say(clinic.tg.phone(7000), "/patient P-XXXXX")
    assert mine.text.replace(code, "") == none.text.replace("P-XXXXX", "")
    [caseload] = await clinic.say(clinic.tg.phone(7000), "/caseload")
    assert code not in caseload.text
    [seen] = await clinic.say(clinic.tg.phone(PATIENTS - 2), f"/patient {code}")
    assert "It is logged that you opened this" in seen.text
    for wrong in ("/patient", "/patient <b>", "/patient P-", "/patient 1 2 3"):
        [told] = await clinic.say(clinic.dana, wrong)
        assert "/patient" in told.text or "can't show" in told.text


async def test_an_invitation_comes_with_a_picture_and_works(clinic: Clinic) -> None:
    await clinic.seed()
    [made] = await clinic.say(clinic.dana, "/invite")
    assert made.photo is not None
    picture = clinic.tg.files[made.photo["file_id"]].content
    assert picture.startswith(b"\x89PNG")
    token = made.text.split("?start=")[1].split()[0]
    assert "handrail_bot" in made.text
    [asked] = await clinic.say(clinic.phone(NEW), f"/start {token}")
    assert asks(asked)
    [listed] = await clinic.say(clinic.dana, "/caseload")
    assert "invited, has not joined yet" in listed.text


async def test_a_discharge_takes_two_presses_and_is_told(clinic: Clinic) -> None:
    [code] = await clinic.seed(remind="19:00")
    await clinic.say(clinic.sam, "/checkin")
    open_question = await clinic.open_prompt(clinic.sam)
    await clinic.say(clinic.dana, f"/patient {code}")
    await clinic.press(clinic.dana, f"s:discharge:{code}")
    assert (await clinic.export(code))["patient"]["standing"] == "enrolled"
    came = await clinic.heard(clinic.sam, lambda: clinic.dana.press(f"s:discharge_yes:{code}"))
    assert "988" in came[0].text
    assert (await clinic.export(code))["patient"]["standing"] == "discharged"
    toast, came = await clinic.push(clinic.sam, open_question.message_id, str(keys(open_question)[0].data))
    assert toast
    assert came == []
    [listed] = await clinic.say(clinic.dana, "/caseload")
    assert code not in listed.text


async def test_who_is_on_call_and_who_cannot_be_reached(clinic: Clinic) -> None:
    await clinic.seed(backups=1, supervisors=1)
    clinic.tg.phone(PATIENTS - 3).block()
    await clinic.settle()
    [told] = await clinic.say(clinic.dana, "/oncall")
    assert "can't be reached" in told.text


async def test_staff_join_by_a_link_once_and_their_words_reach_nobody(clinic: Clinic) -> None:
    await clinic.seed()
    invited = await clinic.add_staff("Lee <b>& Co", Role.SUPERVISOR)
    lee = clinic.phone(NEW, "Lee")
    [welcome] = await clinic.say(lee, f"/start {invited.token}")
    assert "Lee <b>& Co" in welcome.text
    [spent] = await clinic.say(clinic.phone(NEW + 1), f"/start {invited.token}")
    assert "Lee" not in spent.text
    before = len(clinic.sam.messages)
    for words in ("tell Sam hello", "/checkin", "/mydata"):
        [told] = await clinic.say(lee, words)
        assert not asks(told)
    assert len(clinic.sam.messages) == before


async def test_when_a_counselor_goes_their_patients_have_somebody_the_same_moment(
    each_clinic: Clinic,
) -> None:
    clinic = each_clinic
    await clinic.seed(supervisors=1)
    rita = clinic.phone(PATIENTS - 2, "Rita")
    await clinic.say(clinic.dana, "/start")
    leaving = await clinic.row(Staff, role=Role.COUNSELOR)
    taking = await clinic.row(Staff, role=Role.SUPERVISOR)
    program = clinic.app.program
    await clinic.app.store.write(lambda unit: departures.leave(unit, program, leaving, taking, "admin"))
    await clinic.settle()
    assert leaving.name in rita.last.text
    assert menu(clinic.dana) == ["start", "help"]
    [stranger] = await clinic.say(clinic.dana, "/caseload")
    assert "caseload" not in stranger.text.lower()
    patient = await clinic.row(Patient)
    assert patient.counselor_id == taking.id
