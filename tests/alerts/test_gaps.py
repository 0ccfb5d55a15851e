"""Whoever is away is skipped at once, supervisors hear of the gap, and nobody at all is an alarm."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import departures, rota
from bot.channels import EMAIL, WEBHOOK
from bot.concerns import Level
from bot.hours import DutyHours
from tests.alerts.ward import HOUR, MINUTE, SAM, Ward


@pytest.mark.parametrize("how", ["blocks", "removed", "leave"])
async def test_a_counselor_who_is_away_is_skipped_and_the_supervisor_hears_it_at_once(
    ward: Ward, how: str
) -> None:
    match how:
        case "blocks":
            await ward.blocks("dana")
        case "removed":
            await ward.removed("dana")
        case _:
            await ward.press("dana", "s:leave:week")
    assert ward.said("ruth", "Dana (S-DANA)")
    ward.heard.clear()
    await ward.flag()
    assert [heard.who for heard in ward.heard if "s:seen" in str(heard.body)] == [902]
    assert ward.said("ruth", "An alert about <b>P-SAM</b> skipped Dana")


async def test_whoever_has_an_alert_in_hand_sees_that_its_person_has_blocked_the_chat(ward: Ward) -> None:
    """Everybody who was rung, and whoever is rung later: they have to find another way. It is taken back once
    the chat works again, be it by a message alone."""
    out = "can't be reached in the chat"
    await ward.flag(Level.EMERGENCY)
    await ward.pass_time(6 * MINUTE)
    assert not ward.said("ben", out)
    await ward.blocks(SAM)
    assert out in ward.last("ben")
    await ward.pass_time(5 * MINUTE)
    assert out in ward.last("ruth")
    await ward.says(SAM, "hello again")
    assert out not in ward.last("ben")
    await ward.blocks(SAM)
    assert out in ward.last("ben")
    await ward.blocks(SAM, gone=False)
    assert out not in ward.last("ben")


async def test_a_counselor_who_blocks_after_the_ring_does_not_hold_it_up(ward: Ward) -> None:
    await ward.flag()
    await ward.pass_time(MINUTE)
    await ward.blocks("dana")
    await ward.tick()
    assert ward.rings("ben") == [1]


@pytest.mark.parametrize("how", ["blocks", "removed", "leave"])
async def test_what_somebody_had_seen_and_reached_nobody_about_rings_on_when_they_are_gone(
    ward: Ward, how: str
) -> None:
    """Not at the hour: nobody has it in hand any more. The supervisor hears whom it is about."""
    flag = await ward.flag()
    assert flag is not None
    await ward.press("dana", f"s:seen:{flag.id:x}")
    await ward.pass_time(3 * MINUTE)
    match how:
        case "blocks":
            await ward.blocks("dana")
        case "removed":
            await ward.removed("dana")
        case _:
            await ward.press("dana", "s:leave:week")
    assert ward.said("ruth", "They had pressed Seen for P-SAM, but no contact is noted")
    await ward.pass_time(16 * MINUTE)
    assert (ward.rings("ben"), ward.rings("ruth")) == ([4, 8, 18], [13, 18])


async def test_an_alert_is_in_the_hands_of_the_last_who_tried(ward: Ward) -> None:
    flag = await ward.flag(Level.URGENT)
    assert flag is not None
    await ward.press("dana", f"s:seen:{flag.id:x}")
    await ward.pass_time(60 * MINUTE, step=15 * MINUTE)
    await ward.pass_time(16 * MINUTE)
    await ward.press("ben", f"s:missed:{flag.id:x}")
    ward.heard.clear()
    await ward.blocks("dana")
    await ward.pass_time(5 * MINUTE)
    assert [heard.who for heard in ward.heard if heard.flag == flag.id] == []
    await ward.blocks("ben")
    await ward.pass_time(5 * MINUTE)
    assert [heard.who for heard in ward.heard if heard.flag == flag.id] == [903]


async def test_what_somebody_has_dealt_with_rests_when_they_are_gone(ward: Ward) -> None:
    """Nor does it press when the one who goes was rung, and another has seen it."""
    reached, others = await ward.flag(), await ward.flag()
    assert reached is not None
    assert others is not None
    await ward.press("dana", f"s:reached:{reached.id:x}")
    await ward.press("ben", f"s:flag:{others.id:x}")
    await ward.press("ben", f"s:seen:{others.id:x}")
    await ward.blocks("dana")
    ward.heard.clear()
    await ward.pass_time(10 * MINUTE)
    assert ward.heard == []


async def test_who_takes_over_reads_which_alerts_are_open(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    await ward.press("dana", f"s:seen:{flag.id:x}")
    dana, ruth = await ward.staff("dana"), await ward.staff("ruth")
    await ward.do(lambda unit: departures.leave(unit, ward.program, dana, ruth, "admin"))
    await ward.tick()
    assert ward.said("ruth", "Alerts are open, and nobody has reached them yet: P-SAM")
    assert ward.rings("ruth") == [0]


async def test_a_counselor_who_goes_at_night_leaves_what_can_wait_to_the_morning(ward: Ward) -> None:
    await ward.flag(Level.WATCH, rule="craving")
    ward.options["duty_hours"] = DutyHours.read("mon-fri 09:00-17:00")
    ward.__post_init__()
    ward.clock.advance(8 * HOUR)
    await ward.blocks("dana")
    ward.heard.clear()
    await ward.pass_time(14 * HOUR, step=HOUR)
    assert [(heard.who, heard.at.hour) for heard in ward.heard] == [(902, 9)]


async def test_without_a_supervisor_whoever_is_left_hears_of_the_gap_and_with_nobody_it_is_an_alarm(
    ward: Ward,
) -> None:
    await ward.removed("ruth")
    await ward.blocks("dana")
    assert ward.said("ben", "Dana (S-DANA)")
    await ward.flag()
    assert ward.said("ben", "An alert about <b>P-SAM</b> skipped Dana")
    await ward.blocks("ben")
    assert [heard.body["why"] for heard in ward.heard if heard.who == WEBHOOK] == ["unstaffed"]


async def test_a_patient_who_blocks_the_bot_is_told_to_the_counselor_once(ward: Ward) -> None:
    for _ in range(2):
        await ward.blocks(SAM)
    assert str(ward.phones[901]).count("can't be reached any more") == 1


async def test_what_waits_for_somebody_removed_never_reaches_their_chat(ward: Ward) -> None:
    ward.telegram_down = True
    await ward.flag()
    await ward.removed("dana")
    ward.telegram_down = False
    await ward.tick()
    assert 901 not in {heard.who for heard in ward.heard}
    assert 902 in {heard.who for heard in ward.heard}


async def test_somebody_removed_can_press_nothing_any_more(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    await ward.removed("dana")
    await ward.press("dana", f"s:seen:{flag.id:x}")
    assert (await ward.flags())[0].seen_at is None


async def test_where_nobody_can_be_reached_the_second_channel_says_so_and_the_gap_stays_open(
    ward: Ward,
) -> None:
    for name in ("dana", "ben", "ruth"):
        await ward.blocks(name)
    ward.heard.clear()
    await ward.flag()
    assert [heard.who for heard in ward.heard] == [EMAIL, WEBHOOK]
    assert all(heard.body["why"] == "nobody" for heard in ward.heard)
    assert (await ward.flags())[0].gap_at is not None
    await ward.blocks("ruth", gone=False)
    await ward.pass_time(5 * MINUTE)
    assert ward.rings("ruth") == [5]
    assert (await ward.flags())[0].gap_at is None


async def test_with_everyone_on_leave_those_who_can_be_reached_are_rung_and_it_is_an_alarm(
    ward: Ward,
) -> None:
    for name in ("dana", "ben", "ruth"):
        await ward.press(name, "s:leave:today")
    ward.heard.clear()
    await ward.flag()
    assert {heard.who for heard in ward.heard} == {901, 902, 903, EMAIL, WEBHOOK}


async def test_leave_ends_by_its_dates(ward: Ward) -> None:
    await ward.says("dana", "/oncall leave 2026-03-03 2026-03-04")
    dana = await ward.staff("dana")
    for day, away in ((0, False), (1, True), (2, True), (3, False)):
        there = await ward.do(lambda unit: rota.away(unit, ward.program))
        assert (dana.id in there) is away, day
        ward.clock.advance(timedelta(days=1))


async def test_without_a_second_counselor_the_next_on_the_rota_is_the_backup(ward: Ward) -> None:
    sam = await ward.sam()
    await ward.do(lambda unit: unit.change(sam, backup_id=None))
    await ward.says("ruth", "/oncall tue S-BEN")
    await ward.says("ruth", "/oncall mon S-DANA")
    await ward.flag()
    await ward.pass_time(5 * MINUTE)
    assert ward.rings("ben") == [5]


@pytest.mark.parametrize(
    "form",
    [
        "mon S-NOBODY",
        "mon",
        "leave yesterday tomorrow",
        "leave 2026-03-09 2026-03-03",
        "leave 2020-01-01 2020-01-02",
        "P-SAM S-DANA",
        "what",
    ],
)
async def test_a_form_that_says_nothing_changes_nothing(small_ward: Ward, form: str) -> None:
    ward = small_ward
    await ward.says("ruth", f"/oncall {form}")
    assert "couldn't read" in ward.last("ruth")
    assert await ward.do(lambda unit: rota.leaves(unit, ward.program)) == []
    assert await ward.do(lambda unit: any(rota.week(unit))) is False


@pytest.mark.parametrize("form", ["mon S-BEN", "leave S-BEN 2026-03-03 2026-03-04", "P-SAM S-BEN"])
async def test_only_a_supervisor_sets_what_is_others(small_ward: Ward, form: str) -> None:
    ward = small_ward
    await ward.says("dana", f"/oncall {form}")
    assert "couldn't read" in ward.last("dana")
    await ward.says("ruth", f"/oncall {form}")
    assert "Who is told" in ward.last("ruth")


async def test_after_everyone_the_second_channel_says_that_nobody_answers_once_a_round(ward: Ward) -> None:
    await ward.flag()
    await ward.pass_time(HOUR)
    assert ward.rings(EMAIL) == ward.rings(WEBHOOK) == [20, 40, 60]


async def test_when_telegram_is_down_the_second_channel_says_it_within_minutes_and_once(ward: Ward) -> None:
    ward.telegram_down = True
    flag = await ward.flag()
    assert flag is not None
    await ward.pass_time(10 * MINUTE)
    assert [(heard.who, heard.body["why"]) for heard in ward.heard] == [
        (EMAIL, "telegram"),
        (WEBHOOK, "telegram"),
    ]
    ward.telegram_down = False
    await ward.tick()
    rung = [heard.who for heard in ward.heard if "s:seen" in str(heard.body)]
    assert sorted(rung) == [901, 902, 903]


async def test_a_drill_rings_everybody_marked_as_a_test_and_gives_the_minutes(ward: Ward) -> None:
    await ward.says("dana", "/drill")
    assert ward.heard[-1].who == 901
    assert "Only a supervisor" in ward.last("dana")
    ward.heard.clear()
    await ward.says("ruth", "/drill")
    marked = [heard for heard in ward.heard if heard.who in (901, 902)]
    assert all("TEST" in heard.body["text"] for heard in marked)
    assert len(marked) == 2
    assert {heard.who for heard in ward.heard} >= {EMAIL, WEBHOOK}
    data = marked[0].body["buttons"][0][0][1]
    await ward.pass_time(3 * MINUTE)
    await ward.press("dana", data)
    assert "Dana: seen after 3.0 min" in ward.last("ruth")
    await ward.pass_time(12 * MINUTE)
    assert "finished" in ward.last("ruth")
    assert "Ben: arrived, not seen" in ward.last("ruth")
    assert await ward.flags() == []


async def test_a_stranger_can_start_no_drill_and_answer_none(ward: Ward) -> None:
    await ward.says("ruth", "/drill")
    data = next(heard.body["buttons"][0][0][1] for heard in ward.heard if heard.who == 901)
    await ward.press(5555, data)
    await ward.press("ruth", data)
    assert "seen after" not in ward.last("ruth")


async def test_nobody_who_comes_and_goes_puts_an_alert_off(ward: Ward) -> None:
    """Each going rings the next at once; how long it then is to the one after does not grow."""
    flag = await ward.flag(Level.EMERGENCY)
    assert flag is not None
    for _ in range(6):
        await ward.blocks("ben")
        await ward.tick()
        await ward.blocks("ben", gone=False)
        await ward.press("dana", "s:leave:today")
        await ward.tick()
        await ward.press("dana", "s:leave:back")
    [now] = await ward.flags()
    assert now.ring_at is not None
    assert now.ring_at - ward.now <= 5 * MINUTE
