"""A check-in that needs a person reaches the counselor at once, and "seen" is said only when it is true."""

from __future__ import annotations

import pytest

from bot.sandbox.screens import Shown
from tests.journeys.clinic import PATIENTS, Clinic, Plan, asks, keys

COUNSELOR = "Sam"
"""As the seeded counselor is called; the patient is Alex."""


def alerts(clinic: Clinic) -> list[Shown]:
    return [m for m in clinic.dana.messages if "s:done" in str([b.data for b in keys(m)])]


async def test_a_craving_of_nine_rings_the_counselor_before_the_dialog_goes_on(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam, to="craving")
    [asked] = await clinic.give(clinic.sam, "[9]")
    assert asks(asked)
    assert "Nobody has confirmed reading it yet" in asked.text
    [alert] = alerts(clinic)
    assert code in alert.text
    assert "9" in alert.text
    await clinic.walk(clinic.sam)
    assert len(alerts(clinic)) == 1
    exported = await clinic.export(code)
    assert [record["values"]["craving"] for record in exported["records"]] == [9]
    assert [(flag["rule"], flag["level"], flag["seen_at"]) for flag in exported["flags"]] == [
        ("craving", "watch", None)
    ]


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        ({"used": "[yes]"}, "lapse"),
        ({"used": "[yes]", "lapse_body": "[breathing]"}, "lapse_body"),
        ({"used": "[yes]", "lapse_thoughts": "[rather_not]"}, "lapse_thoughts"),
        ({"call": "[yes]"}, "call_me"),
        ({"medication": "[missed]"}, "medication"),
        ({"craving": "8"}, "craving"),
    ],
)
async def test_each_rule_rings_once_and_the_person_is_told_so(clinic: Clinic, plan: Plan, rule: str) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    last = await clinic.walk(clinic.sam, plan)
    assert not asks(last)
    exported = await clinic.export(code)
    assert rule in [flag["rule"] for flag in exported["flags"]]
    assert len(alerts(clinic)) == len(exported["flags"])
    said = "\n".join(m.text for m in clinic.sam.messages)
    assert "read it at" not in said
    assert COUNSELOR in said


async def test_an_ordinary_check_in_rings_nobody(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam, {"medication": "[taken]"})
    assert (await clinic.export(code))["flags"] == []
    assert alerts(clinic) == []


async def test_seen_and_done_are_told_once_and_a_second_press_changes_nothing(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed(backups=1, supervisors=1)
    await clinic.say(clinic.sam, "/sos")
    await clinic.press(clinic.sam, "Please call me")
    [alert] = alerts(clinic)
    seen, done = (str(button.data) for button in keys(alert))
    [told] = await clinic.heard(clinic.sam, lambda: clinic.dana.press_data(alert.message_id, seen))
    assert "read it at" in told.text
    flag = (await clinic.export(code))["flags"][0]
    assert flag["seen_at"]
    assert not flag["closed_at"]
    # Pressed again, and by another counselor of the house: somebody was faster, and nothing changes.
    for phone in (clinic.dana, clinic.tg.phone(PATIENTS - 3)):
        clinic.phone(phone.id)
        message = phone.send("/help")
        await clinic.settle()
        toast, _ = await clinic.push(phone, message, seen)
        assert toast
    assert (await clinic.export(code))["flags"][0] == flag
    assert len([m for m in clinic.sam.messages if "read it at" in m.text]) == 1
    [asked] = await clinic.heard(clinic.dana, lambda: clinic.dana.press_data(alert.message_id, done))
    how = str(keys(asked)[0].data)
    [] = await clinic.heard(clinic.sam, lambda: clinic.dana.press_data(asked.message_id, how))
    closed = (await clinic.export(code))["flags"][0]
    assert closed["closed_at"]
    await clinic.push(clinic.dana, asked.message_id, how)
    assert (await clinic.export(code))["flags"][0] == closed
    standing = clinic.dana.message(alert.message_id)
    assert standing is not None
    assert done not in [button.data for button in keys(standing)]


async def test_done_without_seen_reads_it_first(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/sos")
    await clinic.press(clinic.sam, "Please call me")
    [asked] = await clinic.press(clinic.dana, "Done")
    how = str(keys(asked)[0].data)
    came = await clinic.heard(clinic.sam, lambda: clinic.dana.press_data(asked.message_id, how))
    assert ["read it at" in m.text for m in came] == [True]
    flag = (await clinic.export(code))["flags"][0]
    assert flag["seen_at"]
    assert flag["closed_at"]


async def test_nobody_else_can_press_a_counselors_buttons(each_clinic: Clinic) -> None:
    """A stranger, the patient, another patient, another counselor who was not rung."""
    clinic = each_clinic
    code, _ = await clinic.seed(2)
    await clinic.seed(1, first=7001)
    await clinic.say(clinic.sam, "/sos")
    await clinic.press(clinic.sam, "Please call me")
    [alert] = alerts(clinic)
    before = (await clinic.export(code))["flags"]
    stranger = clinic.phone(9001)
    for phone in (stranger, clinic.sam, clinic.tg.phone(PATIENTS + 1), clinic.tg.phone(7000)):
        message = phone.send("/help")
        await clinic.settle()
        for data in [str(button.data) for button in keys(alert)]:
            toast, came = await clinic.push(phone, message, data)
            assert toast
            assert came == []
            assert code not in toast
    assert (await clinic.export(code))["flags"] == before
    assert "read it at" not in "".join(m.text for m in clinic.sam.messages)


async def test_please_call_me_is_told_to_the_counselor_and_to_the_person(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/sos")
    [told] = await clinic.press(clinic.sam, "Please call me")
    assert "call" in told.text
    assert "Nobody has confirmed reading it yet" in told.text
    [alert] = alerts(clinic)
    assert "call" in alert.text
    assert code in alert.text


async def test_with_nobody_to_tell_the_person_hears_that(clinic: Clinic) -> None:
    clinic.expected = {"alarm.no_channel"}
    [code] = await clinic.seed()
    clinic.dana.block()
    await clinic.settle()
    await clinic.say(clinic.sam, "/sos")
    [told] = await clinic.press(clinic.sam, "Please call me")
    assert "can't reach anyone" in told.text
    assert [flag["rule"] for flag in (await clinic.export(code))["flags"]] == ["call_me"]


async def test_where_it_went_to_somebody_else_the_counselor_is_not_named(clinic: Clinic) -> None:
    await clinic.seed(backups=1)
    clinic.dana.block()
    await clinic.settle()
    await clinic.say(clinic.sam, "/sos")
    [told] = await clinic.press(clinic.sam, "Please call me")
    assert "your team" in told.text
    assert COUNSELOR not in told.text


async def test_a_check_in_counts_once_a_local_day_however_often_it_is_opened(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    for _ in range(2):
        await clinic.say(clinic.sam, "/checkin")
        await clinic.walk(clinic.sam)
    [progress] = await clinic.say(clinic.sam, "/progress")
    assert "on 1 of the last" in progress.text
    dates = {record["local_date"] for record in (await clinic.export(code))["records"]}
    assert dates == {"2026-03-03"}
