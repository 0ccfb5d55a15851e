"""Somebody's time here ends while an alert about them is open: it is held on to, listed and named."""

from __future__ import annotations

import pytest

from bot.concerns import Level
from bot.hours import DutyHours
from bot.rows import Flag
from tests.alerts.ward import HOUR, MINUTE, SAM, TEAM, Ward

ENDS: dict[str, tuple[str | int, str]] = {
    "discharge": ("dana", "s:discharge_yes:P-SAM"),
    "withdraw": (SAM, "o:privacy:withdraw:P-SAM"),
    "erase": (SAM, "o:mydata:erase:P-SAM"),
}
REACH = {"phone": "555 0199", "voicemail_safe": False, "location": None, "contact": None}


async def ends(ward: Ward, how: str) -> None:
    who, data = ENDS[how]
    await ward.press(who, data)


async def reached_at(ward: Ward) -> None:
    sam = await ward.sam()
    await ward.do(lambda unit: unit.change(sam, profile={**(sam.profile or {}), **REACH}))


@pytest.mark.parametrize("how", list(ENDS))
async def test_an_open_alert_is_listed_and_rings_on_whatever_becomes_of_the_patient(
    ward: Ward, how: str
) -> None:
    flag = await ward.flag(Level.EMERGENCY)
    assert flag is not None
    await ends(ward, how)
    for name in ("dana", "ben", "ruth"):
        await ward.says(name, "/alerts")
        assert "<b>Open alerts: 1</b>" in ward.last(name), name
        assert f"s:seen:{flag.id:x}" in str(ward.phones[TEAM[name]][-1].body)
    await ward.pass_time(10 * MINUTE)
    assert (ward.rings("ben")[-1], ward.rings("ruth")[-1]) == (5, 10)


@pytest.mark.parametrize("how", ["withdraw", "erase"])
async def test_the_notice_of_an_end_names_the_alert_that_nobody_has_answered(ward: Ward, how: str) -> None:
    await ward.flag(Level.EMERGENCY)
    await ends(ward, how)
    assert ward.said("dana", "⚠️ <b>Still open about them</b>\n🚨 Words in the chat that point to")
    assert ward.said("dana", "(<b>not seen yet</b>)")


async def test_the_notice_goes_to_who_stands_in_where_the_counselor_is_away(ward: Ward) -> None:
    await ward.press("dana", "s:leave:week")
    await ward.flag(Level.URGENT)
    await ends(ward, "erase")
    assert ward.said("ben", "has erased everything")


async def test_without_danger_the_notice_is_a_line_that_can_wait(ward: Ward) -> None:
    await ends(ward, "erase")
    assert ward.last("dana") == "<b>P-SAM</b> has erased everything they said here."
    assert not ward.said("ben", "has erased")


async def test_discharge_warns_of_what_is_open(ward: Ward) -> None:
    flag = await ward.flag(Level.URGENT)
    assert flag is not None
    await ward.press("dana", f"s:seen:{flag.id:x}")
    await ward.press("dana", "s:discharge:P-SAM")
    assert "Still open about them</b>\n🔴 Words in the chat" in ward.last("dana")
    assert "(seen, not reached yet)" in ward.last("dana")
    await ward.press("dana", f"s:end:{flag.id:x}:safe")
    await ward.press("dana", "s:discharge:P-SAM")
    assert "Still open" not in ward.last("dana")


async def test_in_danger_how_to_reach_somebody_is_handed_over_once_before_it_is_erased(ward: Ward) -> None:
    """And they are told so before; without danger nothing of it leaves."""
    await reached_at(ward)
    await ward.press(SAM, "o:mydata:erase")
    assert "look in on you" not in ward.last(SAM)
    await ward.flag(Level.EMERGENCY)
    await ward.press(SAM, "o:mydata:erase")
    assert "go to your counselor once more, so that they can look in on you" in ward.last(SAM)
    await ends(ward, "erase")
    notice = ward.phones[901][-1].body
    assert notice["protect"] is True
    assert "<b>Sam</b>" in notice["text"]
    assert "555 0199" in notice["text"]
    assert [row.detail for row in await ward.audited("reach_told")] == ["erased:2.51"]
    await ward.press("dana", "s:patient:P-SAM")
    assert "555 0199" not in ward.last("dana")


async def test_once_they_were_reached_nothing_is_handed_over(ward: Ward) -> None:
    await reached_at(ward)
    flag = await ward.flag(Level.EMERGENCY)
    assert flag is not None
    await ward.press("dana", f"s:reached:{flag.id:x}")
    await ends(ward, "erase")
    assert not ward.said("dana", "555 0199")


async def test_whoever_withdrew_in_danger_can_still_be_reached_until_somebody_has(ward: Ward) -> None:
    await reached_at(ward)
    flag = await ward.flag(Level.URGENT)
    assert flag is not None
    await ends(ward, "withdraw")
    await ward.press("dana", "s:patient:P-SAM")
    assert "555 0199" in ward.last("dana")
    await ward.press("dana", f"s:reached:{flag.id:x}")
    await ward.press("dana", "s:patient:P-SAM")
    assert "555 0199" not in ward.last("dana")


@pytest.mark.parametrize("how", ["withdraw", "erase"])
async def test_what_is_no_danger_is_let_go_with_the_consent(ward: Ward, how: str) -> None:
    """Neither what waits for duty hours nor what was told already is brought up again."""
    told = await ward.flag(Level.WATCH, rule="craving")
    ward.options["duty_hours"] = DutyHours.read("mon-fri 00:00-00:01")
    ward.__post_init__()
    waiting = await ward.flag(Level.WATCH, rule="hopeless")
    danger = await ward.flag(Level.URGENT)
    assert told is not None
    assert waiting is not None
    assert danger is not None
    await ends(ward, how)
    closed = {flag.id: flag for flag in await ward.flags(closed_at__not=None)}
    assert set(closed) == {told.id, waiting.id}
    assert {flag.disposition for flag in closed.values()} == {"ended"}
    ward.heard.clear()
    await ward.pass_time(30 * HOUR, step=HOUR)
    assert {heard.flag for heard in ward.heard if heard.flag} == {danger.id}
    await ward.press("dana", f"s:flag:{told.id:x}")
    assert "they have ended Handrail" in ward.last("dana")
    assert isinstance(told, Flag)
