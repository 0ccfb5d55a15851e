"""Who leaves before whom: lanes, chats, and the rows of one chat and lane."""

from __future__ import annotations

import pytest

from bot.courier import NotSent, Refused, Unsure
from bot.outbox import Lane
from tests.sender.conftest import MakeStage
from tests.sender.stage import Stage


async def test_lanes_leave_in_order(stages: MakeStage) -> None:
    """Alerts, replies, notices, nudges, in whatever order they were said."""
    stage = stages()
    for lane in reversed(Lane):
        await stage.post(lane.name, lane, chat=1 + lane)
    await stage.sender.start()
    await stage.rest()
    assert stage.courier.texts == ["ALERT", "REPLY", "NOTICE", "NUDGE"]


async def test_an_alert_waits_behind_nothing(stage: Stage) -> None:
    """However many replies, notices and nudges are under way or queued before it."""
    for lane in (Lane.REPLY, Lane.NOTICE, Lane.NUDGE):
        for chat in range(100):
            stage.courier.hold(f"{lane.name} {chat}")
            await stage.post(f"{lane.name} {chat}", lane, chat=chat)
    await stage.rest()
    assert len(stage.courier.calls) < 300, "some must be waiting for the others"
    await stage.post("alert", Lane.ALERT, chat=50)
    await stage.rest()
    assert stage.courier.delivered == ["alert"]


async def test_a_notice_overtakes_the_nudges_that_wait(stages: MakeStage) -> None:
    stage = stages(rate=10.0)
    await stage.sender.start()
    for chat in range(50):
        await stage.post(f"nudge {chat}", Lane.NUDGE, chat=chat)
    await stage.pass_time(1)
    await stage.post("notice", Lane.NOTICE, chat=99)
    await stage.pass_time(1)
    [at] = stage.courier.times("notice")
    assert at - 1 < 0.2
    assert len(stage.courier.calls) < 50


async def test_within_a_chat_and_lane_rows_leave_one_after_the_other(stage: Stage) -> None:
    first = stage.courier.hold("one")
    for text in ("one", "two", "three"):
        await stage.post(text)
    await stage.rest()
    assert stage.courier.texts == ["one"]
    first.set()
    await stage.rest()
    assert stage.courier.delivered == ["one", "two", "three"]


@pytest.mark.parametrize("lane", Lane)
async def test_a_row_waits_for_the_retries_of_the_one_before_it(stage: Stage, lane: Lane) -> None:
    stage.courier.fate["one"].extend([NotSent(), NotSent(), NotSent()])
    await stage.post("one", lane)
    await stage.post("two", lane)
    await stage.pass_time(60)
    assert stage.courier.texts == ["one"] * 4 + ["two"]


async def test_a_row_that_fails_for_good_holds_nobody_up(stage: Stage) -> None:
    stage.courier.fate["one"].append(Refused("broken_html"))
    await stage.post("one")
    await stage.post("two")
    await stage.rest()
    assert stage.courier.delivered == ["two"]


async def test_neither_another_chat_nor_another_lane_waits_for_a_retry(stage: Stage) -> None:
    stage.courier.fate["one"].extend([NotSent()] * 9)
    await stage.post("one", chat=1)
    await stage.post("other lane", Lane.ALERT, chat=1)
    await stage.post("other chat", chat=2)
    await stage.rest()
    assert stage.courier.delivered == ["other lane", "other chat"]


async def test_an_earlier_row_that_is_found_later_goes_first(stages: MakeStage) -> None:
    """Left behind by a process that died, while ours has a later one of the same chat in hand."""
    dead = stages(shared=True)
    await dead.post("one")
    await dead.pass_time(0.01)  # within a millisecond, ids of two processes have no order
    stage = stages(shared=True)
    await stage.sender.start()
    await stage.post("two")
    await stage.pass_time(10)
    assert stage.courier.calls == [], "the earlier one is still another's to send"
    await stage.pass_time(6)
    await stage.sender.sweep()
    await stage.pass_time(3)
    assert stage.courier.delivered == ["one", "two"]


async def test_across_processes_a_row_waits_for_the_earlier_ones_of_its_chat_and_lane(
    stages: MakeStage,
) -> None:
    """Two processes answer one patient: the first one's words are under way, or being retried."""
    one, two = stages(shared=True), stages(shared=True)
    await one.sender.start()
    await two.sender.start()
    one.courier.fate["first"].extend([Unsure(), NotSent()])
    await one.post("first")
    await one.pass_time(0.01, two)
    await two.post("second")
    await two.post("elsewhere", chat=2)
    await two.rest(one)
    assert two.courier.delivered == ["elsewhere"]
    await one.pass_time(20, two)
    assert one.courier.delivered == ["first"]
    assert two.courier.delivered == ["elsewhere", "second"]
    assert two.courier.times("second") > one.courier.times("first")[-1:]


async def test_a_row_for_later_is_sent_then_and_holds_nobody_up(stage: Stage) -> None:
    await stage.post("in five seconds", due=5)
    await stage.post("in a minute", due=60)
    await stage.post("now")
    await stage.pass_time(4)
    assert stage.courier.texts == ["now"]
    await stage.pass_time(2)
    assert stage.courier.texts == ["now", "in five seconds"]
    await stage.pass_time(60)
    await stage.sender.sweep()
    await stage.rest()
    assert stage.courier.texts == ["now", "in five seconds", "in a minute"]
