"""What becomes of a call: sent, not sent, perhaps sent, refused; and of a row whose process dies."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from bot.courier import Blocked, Gone, NotSent, Refused, SlowDown, Unsure
from bot.outbox import Address, Lane, edit_row
from bot.rows import Outgoing, Sending
from bot.sender import TRIES
from bot.unit import Unit, Work
from tests.sender.conftest import MakeStage
from tests.sender.stage import Stage

LASTING = [Lane.ALERT, Lane.REPLY, Lane.NOTICE]


async def test_what_is_sent_is_marked_with_its_message_and_its_words_are_gone(stage: Stage) -> None:
    row_id = await stage.post("hello")
    await stage.rest()
    row = await stage.row(row_id)
    assert (row.state, row.message_id, row.body) == (Sending.SENT, 1, None)
    assert row.sent_at == stage.timer.now()
    await stage.sender.idle()


@pytest.mark.parametrize("lane", Lane)
async def test_what_was_not_sent_is_tried_again_until_it_is(stage: Stage, lane: Lane) -> None:
    """With waits that double, are never all the same, and stay short for alerts."""
    stage.courier.fate["hello"].extend([NotSent()] * 12)
    row_id = await stage.post("hello", lane)
    await stage.pass_time(600)
    assert stage.courier.delivered == ["hello"]
    assert await stage.state(row_id) == Sending.SENT
    times = stage.courier.times("hello")
    waits = [after - before for before, after in pairwise(times)]
    assert 0.25 <= waits[0] <= 0.5
    assert waits[3] > waits[0]
    assert max(waits) <= {Lane.ALERT: 5, Lane.REPLY: 10}.get(lane, 30)
    assert len(set(waits)) == len(waits)


@pytest.mark.parametrize("lane", LASTING)
async def test_what_may_have_been_sent_is_sent_again(stage: Stage, lane: Lane) -> None:
    stage.courier.fate["hello"].append(Unsure())
    await stage.post("hello", lane)
    await stage.pass_time(5)
    assert stage.courier.texts == ["hello", "hello"]


async def test_a_nudge_that_may_have_been_sent_is_never_sent_again(stage: Stage) -> None:
    stage.courier.fate["nudge"].append(Unsure())
    row_id = await stage.post("nudge", Lane.NUDGE)
    await stage.pass_time(4000)
    await stage.sender.sweep(all_leases=True)
    await stage.rest()
    assert stage.courier.texts == ["nudge"]
    assert (await stage.row(row_id)).state == Sending.SENT


async def test_a_nudge_is_marked_before_its_call_and_anything_else_after_it(stages: MakeStage) -> None:
    stage = stages()
    seen: dict[str, str] = {}
    ids = {"nudge": await stage.post("nudge", Lane.NUDGE)}
    ids |= {lane.name: await stage.post(lane.name, lane) for lane in LASTING}

    async def look(text: str) -> None:
        seen[text] = await stage.state(ids[text])

    stage.courier.on_call = look
    await stage.sender.start()
    await stage.rest()
    assert seen == {"nudge": "sent", "ALERT": "queued", "REPLY": "queued", "NOTICE": "queued"}


async def test_a_nudge_that_was_not_sent_is_put_back_with_its_words(stages: MakeStage) -> None:
    """If the process then dies, the next one sends it."""
    stage = stages()
    await stage.sender.start()
    stage.courier.fate["nudge"].extend([NotSent()] * 20)
    row_id = await stage.post("nudge", Lane.NUDGE)
    await stage.pass_time(3)
    row = await stage.row(row_id)
    assert (row.state, (row.body or {})["text"], row.sent_at) == (Sending.QUEUED, "nudge", None)
    await stage.crash()
    heir = stages()
    await heir.sender.start()
    await heir.rest()
    assert heir.courier.delivered == ["nudge"]


async def test_a_nudge_an_hour_late_is_dropped(stage: Stage) -> None:
    stage.courier.fate["nudge"].extend([NotSent()] * 1000)
    row_id = await stage.post("nudge", Lane.NUDGE)
    await stage.pass_time(3500)
    assert await stage.state(row_id) in (Sending.QUEUED, Sending.SENT)
    await stage.pass_time(200)
    row = await stage.row(row_id)
    assert (row.state, row.body) == (Sending.DROPPED, None)
    await stage.sender.idle()


async def test_a_nudge_that_lay_for_an_hour_is_not_sent_at_all(stages: MakeStage) -> None:
    stage = stages()
    row_id = await stage.post("nudge", Lane.NUDGE)
    await stage.pass_time(3700)
    await stage.sender.start()
    await stage.rest()
    assert stage.courier.calls == []
    assert await stage.state(row_id) == Sending.DROPPED


async def test_a_nudge_is_asked_about_once_more_before_it_leaves(stages: MakeStage) -> None:
    """Quiet hours may have begun since it was queued."""
    stage = stages(wanted=lambda _, rows: {row.id for row in rows if (row.body or {})["text"] != "late"})
    await stage.sender.start()
    late, fine = await stage.post("late", Lane.NUDGE), await stage.post("fine", Lane.NUDGE)
    await stage.rest()
    assert stage.courier.texts == ["fine"]
    assert (await stage.state(late), await stage.state(fine)) == (Sending.DROPPED, Sending.SENT)


@pytest.mark.parametrize("lane", LASTING)
async def test_nothing_is_given_up_within_a_day(stages: MakeStage, lane: Lane) -> None:
    stage = stages()
    row_id = await stage.post("hello", lane)
    stage.timer.skew = timedelta(hours=23, minutes=59)
    await stage.sender.start()
    stage.courier.fate["hello"].extend([NotSent(), Unsure()])
    await stage.pass_time(30)
    assert stage.courier.delivered == ["hello"]
    assert await stage.state(row_id) == Sending.SENT


@pytest.mark.parametrize("lane", LASTING)
async def test_who_was_asleep_for_a_day_has_not_tried_for_a_day(stages: MakeStage, lane: Lane) -> None:
    stage = stages()
    row_id = await stage.post("hello", lane)
    stage.timer.skew = timedelta(hours=24, minutes=1)
    stage.courier.fate["hello"].extend([NotSent()] * 5)
    await stage.sender.start()
    await stage.pass_time(300)
    assert await stage.state(row_id) == Sending.SENT


@pytest.mark.parametrize("lane", LASTING)
async def test_after_a_day_and_many_tries_a_row_has_failed(stages: MakeStage, lane: Lane) -> None:
    stage = stages()
    row_id = await stage.post("hello", lane)
    stage.timer.skew = timedelta(hours=24, minutes=1)
    stage.courier.fate["hello"].extend([NotSent()] * (TRIES + 1))
    await stage.sender.start()
    await stage.pass_time(30 * TRIES)
    assert len(stage.courier.calls) == TRIES
    row = await stage.row(row_id)
    assert (row.state, row.body) == (Sending.FAILED, None)


async def test_what_was_refused_is_not_tried_again(stage: Stage) -> None:
    stage.courier.fate["hello"].append(Refused("broken_html"))
    row_id = await stage.post("hello")
    await stage.pass_time(100)
    assert stage.courier.texts == ["hello"]
    assert await stage.state(row_id) == Sending.FAILED


async def test_a_row_that_breaks_the_courier_is_not_tried_for_ever(stage: Stage) -> None:
    stage.courier.fate["hello"].extend([KeyError("a fault of ours")] * 99)
    row_id = await stage.post("hello")
    await stage.post("next")
    await stage.pass_time(100)
    assert stage.courier.texts.count("hello") == 4
    assert await stage.state(row_id) == Sending.FAILED
    assert stage.courier.delivered == ["next"]


async def test_a_429_is_obeyed_by_all_lanes(stage: Stage) -> None:
    stage.courier.fate["fast"].append(SlowDown(7))
    await stage.post("fast", chat=1)
    await stage.rest()
    for lane in Lane:
        await stage.post(lane.name, lane, chat=2 + lane)
    await stage.pass_time(6.9)
    assert stage.courier.texts == ["fast"]
    await stage.pass_time(1)
    assert sorted(stage.courier.delivered) == ["ALERT", "NOTICE", "NUDGE", "REPLY", "fast"]
    assert all(at >= 7 for at, _ in stage.courier.calls[1:])
    assert stage.courier.delivered[0] == "ALERT"


async def test_a_429_for_a_nudge_is_no_sending(stage: Stage) -> None:
    stage.courier.fate["nudge"].append(SlowDown(3))
    row_id = await stage.post("nudge", Lane.NUDGE)
    await stage.pass_time(1)
    assert await stage.state(row_id) == Sending.QUEUED
    await stage.pass_time(5)
    assert stage.courier.delivered == ["nudge"]


async def test_a_chat_that_plainly_floods_is_stopped_alone(stage: Stage) -> None:
    """A patient hammering on buttons does not hold up another one's alert."""
    stage.courier.fate["flood 4"].append(SlowDown(30))
    for count in range(5):
        await stage.post(f"flood {count}", chat=1)
    await stage.rest()
    await stage.post("alert", Lane.ALERT, chat=2)
    await stage.post("reply", chat=1)
    await stage.post("same chat, other lane", Lane.ALERT, chat=1)
    await stage.pass_time(29)
    assert stage.courier.texts == [*(f"flood {count}" for count in range(5)), "alert"]
    await stage.pass_time(2)
    assert sorted(stage.courier.delivered[-3:]) == ["flood 4", "reply", "same chat, other lane"]
    assert stage.courier.delivered.index("flood 4") < stage.courier.delivered.index("reply")


async def test_where_the_bot_is_blocked_nudges_end_and_the_app_hears_in_the_same_commit(
    stages: MakeStage,
) -> None:
    told: list[tuple[bytes, int]] = []

    def on_blocked(unit: Unit, chat_hash: bytes) -> None:
        told.append((chat_hash, unit.count(Outgoing, state=Sending.FAILED)))

    stage = stages(on_blocked=on_blocked, rate=1.0)
    stage.courier.fate["hello"].append(Blocked())
    row_id = await stage.post("hello")
    nudges = [await stage.post(f"nudge {count}", Lane.NUDGE) for count in range(3)]
    other = await stage.post("nudge for another", Lane.NUDGE, chat=2)
    await stage.sender.start()
    await stage.pass_time(10)
    assert told == [((await stage.row(row_id)).chat_hash, 1)]
    assert await stage.state(row_id) == Sending.FAILED
    assert [await stage.state(one) for one in nudges[1:]] == [Sending.DROPPED] * 2
    assert await stage.state(other) == Sending.SENT


async def test_an_edit_waits_for_the_message_that_it_changes(stage: Stage) -> None:
    stage.courier.fate["card"].extend([NotSent()] * 3)
    card = await stage.post("card", Lane.ALERT)
    await stage.post("seen", Lane.REPLY, edits=card)
    await stage.rest()
    assert stage.courier.delivered == []
    await stage.pass_time(10)
    assert stage.courier.delivered == ["card", "seen"]
    assert stage.courier.edits["seen"] == (await stage.row(card)).message_id


async def test_an_edit_leaves_as_soon_as_its_message_is_sent(stage: Stage) -> None:
    """It does not wait for the next look."""
    sent = stage.courier.hold("card")
    card = await stage.post("card", Lane.ALERT)
    await stage.post("seen", Lane.REPLY, edits=card)
    await stage.pass_time(60)
    sent.set()
    await stage.rest()
    assert stage.courier.delivered == ["card", "seen"]


async def test_an_edit_of_what_was_never_sent_is_dropped(stage: Stage) -> None:
    stage.courier.fate["card"].append(Refused("other"))
    card = await stage.post("card", Lane.ALERT)
    edit = await stage.post("seen", edits=card)
    no_such = await stage.post("seen too", edits=12345)
    await stage.pass_time(10)
    assert stage.courier.texts == ["card"]
    assert (await stage.state(edit), await stage.state(no_such)) == (Sending.DROPPED, Sending.DROPPED)
    await stage.sender.idle()


async def test_an_edit_of_what_was_dropped_in_the_air_follows_it(stages: MakeStage) -> None:
    """A ring has just left when somebody answers the alert; another process does not know that it has."""
    stage, other = stages(shared=True), stages(shared=True)
    await stage.sender.start()
    await other.sender.start()
    left = stage.courier.hold("ring")
    ring = await stage.post("ring", Lane.ALERT)
    await stage.rest(other)

    def answer(unit: Unit) -> None:
        row = unit.get(Outgoing, ring)
        assert row is not None
        unit.change(row, state=Sending.DROPPED, body=None)
        edit_row(unit, Address(1, unit.digest(1)), ring, "seen")

    await other.storage.write(answer)
    await other.pass_time(5, stage)
    assert other.courier.delivered == []
    left.set()
    await other.pass_time(5, stage)
    assert other.courier.delivered == ["seen"]
    assert other.courier.edits["seen"] == (await stage.row(ring)).message_id


async def test_an_edit_of_a_message_that_is_gone_is_dropped(stage: Stage) -> None:
    stage.courier.fate["seen"].append(Gone())
    card = await stage.post("card", Lane.ALERT)
    edit = await stage.post("seen", edits=card)
    await stage.pass_time(10)
    assert await stage.state(edit) == Sending.DROPPED


async def test_only_the_newest_edit_is_sent(stages: MakeStage) -> None:
    """Also when it is another process that replaces the one that we have in hand."""
    stage, other = stages(shared=True), stages(shared=True)
    await stage.sender.start()
    await other.sender.start()
    card = await stage.post("card")
    await stage.pass_time(0.01, other)
    stage.courier.fate["rung once"].extend([NotSent()] * 2)

    def change(text: str) -> Work[None]:
        return lambda unit: edit_row(unit, Address(1, unit.digest(1)), card, text)

    await stage.storage.write(change("rung once"))
    await stage.rest(other)
    await other.storage.write(change("rung twice"))
    await stage.pass_time(30, other)
    assert stage.courier.delivered == ["card"]
    assert other.courier.delivered == ["rung twice"]
