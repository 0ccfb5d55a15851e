"""Processes die, stop, stall and lose their database: what the next one finds, and what nobody gets twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from bot import ledger
from bot.courier import Blocked, NotSent, SlowDown, Unsure
from bot.outbox import AT_ONCE, Address, Lane, say
from bot.rows import Outgoing, Sending
from bot.unit import Unit
from tests.fakes import FakeStorage
from tests.sender.conftest import MakeStage
from tests.sender.stage import HandTimer, Stage


async def test_killed_between_call_and_mark_a_reply_is_sent_again_and_a_nudge_is_not(
    stages: MakeStage,
) -> None:
    stage = stages()
    await stage.sender.start()
    for text, lane in (("reply", Lane.REPLY), ("nudge", Lane.NUDGE)):
        stage.courier.hold(text)
        await stage.post(text, lane)
    await stage.rest()
    assert sorted(stage.courier.texts) == ["nudge", "reply"]
    await stage.crash()
    heir = stages()
    await heir.sender.start()
    await heir.rest()
    assert heir.courier.texts == ["reply"]


async def test_alone_on_its_database_a_process_waits_for_no_lease(stages: MakeStage) -> None:
    dead = stages()
    for lane in Lane:
        await dead.post(lane.name, lane)
    heir = stages(shared=False)
    await heir.sender.start()
    await heir.rest()
    assert len(heir.courier.delivered) == 4


async def test_beside_others_it_takes_only_what_nobody_holds(stages: MakeStage) -> None:
    dead = stages(shared=True)
    await dead.post("left behind")
    heir = stages(shared=True)
    await heir.sender.start()
    assert await heir.sender.sweep() == 0
    await heir.pass_time(16)
    assert await heir.sender.sweep() == 1
    await heir.rest()
    assert heir.courier.delivered == ["left behind"]


async def test_what_waits_in_hand_stays_ours(stages: MakeStage) -> None:
    """A row that is retried for minutes is not taken by another process meanwhile."""
    one, two = stages(shared=True), stages(shared=True)
    await one.sender.start()
    await two.sender.start()
    one.courier.fate["hello"].extend([NotSent()] * 30)
    row_id = await one.post("hello")
    for _ in range(12):
        await one.pass_time(10, two)
        assert await two.sender.sweep() == 0
    assert two.courier.calls == []
    assert (await one.row(row_id)).attempts > 3


async def test_what_another_process_took_over_is_let_be(stages: MakeStage) -> None:
    """We stood still for longer than our lease: when we wake, the row is somebody else's."""
    one, two = stages(shared=True), stages(shared=True)
    await one.sender.start()
    await two.sender.start()
    for lane in Lane:
        one.courier.fate[lane.name].append(SlowDown(20))
        await one.post(lane.name, lane, chat=lane)
    await one.rest(two)
    one.timer.skew = timedelta(seconds=60)
    assert await two.sender.sweep() == 4
    one.timer.skew = timedelta()
    await one.pass_time(60, two)
    assert sorted(two.courier.delivered) == ["ALERT", "NOTICE", "NUDGE", "REPLY"]
    assert one.courier.delivered == []
    await one.sender.idle()


async def test_two_sweepers_share_and_send_nothing_twice(stages: MakeStage) -> None:
    dead = stages(shared=True)
    for count in range(60):
        await dead.post(f"{count}", Lane(count % 4), chat=count % 7)
    await dead.pass_time(16)
    one, two = stages(shared=True), stages(shared=True)
    await asyncio.gather(one.sender.start(), two.sender.start())
    for _ in range(30):
        await one.pass_time(2, two)
        await asyncio.gather(one.sender.sweep(), two.sender.sweep())
    sent = one.courier.delivered + two.courier.delivered
    assert sorted(sent, key=int) == [str(count) for count in range(60)]


async def test_a_row_left_behind_waits_for_an_earlier_one_that_another_process_has_in_hand(
    stages: MakeStage,
) -> None:
    alive, dead, heir = stages(shared=True), stages(shared=True), stages(shared=True)
    await alive.sender.start()
    await heir.sender.start()
    alive.courier.fate["first"].extend([NotSent()] * 8)
    await alive.post("first")
    await alive.pass_time(0.01)
    await dead.post("second")
    await alive.pass_time(20, heir)
    await heir.sender.sweep()
    await heir.rest(alive)
    assert heir.courier.calls == []
    await alive.pass_time(60, heir)
    assert alive.courier.delivered == ["first"]
    await heir.sender.sweep()
    await heir.rest()
    assert heir.courier.delivered == ["second"]


async def test_the_clock_set_forward_sends_nothing_twice(stage: Stage) -> None:
    """All leases are over at once, but what is in hand is in hand."""
    stage.courier.hold("hello")
    await stage.post("hello")
    await stage.rest()
    stage.timer.skew = timedelta(hours=12)
    assert await stage.sender.sweep() == 0
    assert await stage.sender.sweep(all_leases=True) == 0
    stage.courier.held["hello"].set()
    await stage.rest()
    assert stage.courier.texts == ["hello"]


async def test_many_rows_left_behind_are_taken_by_and_by(stages: MakeStage) -> None:
    dead = stages()

    def work(unit: Unit) -> None:
        for count in range(700):
            say(unit, Address(count, unit.digest(count)), f"{count}", lane=Lane(count % 4))

    await dead.storage.write(work)
    heir = stages()
    await heir.sender.start()
    await heir.pass_time(1)
    assert len(heir.courier.delivered) == 700


async def test_while_nudges_fill_the_hand_only_what_leaves_at_once_is_looked_for(
    stages: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look for more nudges, with thousands in hand, held the event loop up at every tick."""
    looked: list[tuple[Lane, ...]] = []
    left_behind = ledger.left_behind

    def watched(unit: Unit, lanes: tuple[Lane, ...], held: frozenset[int]) -> bool:
        looked.append(lanes)
        return left_behind(unit, lanes, held)

    monkeypatch.setattr(ledger, "left_behind", watched)
    dead, heir = stages(shared=True), stages(shared=True, rate=1.0)
    await heir.sender.start()

    def many(unit: Unit) -> None:
        for count in range(300):
            say(unit, Address(count, unit.digest(count)), f"nudge {count}", lane=Lane.NUDGE)

    await heir.storage.write(many)
    await dead.post("left behind", chat=1000)
    await heir.pass_time(16)
    looked.clear()
    assert await heir.sender.sweep() == 1
    assert looked == [AT_ONCE]
    await heir.pass_time(2)
    assert "left behind" in heir.courier.delivered


async def test_stopping_sends_what_is_in_hand_first(stage: Stage) -> None:
    for count in range(20):
        await stage.post(f"{count}")
    await stage.sender.stop(10)
    assert len(stage.courier.delivered) == 20


async def test_stopping_lets_go_of_what_could_not_be_sent(stages: MakeStage) -> None:
    """The next process has it at once, without waiting for a lease; a nudge that never left too."""
    stage = stages(shared=True, rate=1.0)
    await stage.sender.start()
    stage.courier.fate["retried"].extend([NotSent()] * 50)
    await stage.post("retried", chat=1)
    await stage.post("behind it", chat=1)
    for chat in range(3):
        await stage.post(f"nudge {chat}", Lane.NUDGE, chat=chat)
    await stage.rest()
    before = [text for text in stage.courier.delivered if text.startswith("nudge")]
    await stage.sender.stop(0)
    heir = stages(shared=True)
    await heir.sender.start()
    await heir.rest()
    nudges = [text for text in heir.courier.delivered if text.startswith("nudge")]
    assert sorted(before + nudges) == ["nudge 0", "nudge 1", "nudge 2"]
    assert [text for text in heir.courier.delivered if text not in nudges] == ["retried", "behind it"]


async def test_what_was_in_the_air_at_the_end_may_be_said_twice_but_nudges_are_not(stages: MakeStage) -> None:
    stage = stages()
    await stage.sender.start()
    for text, lane in (("reply", Lane.REPLY), ("nudge", Lane.NUDGE)):
        stage.courier.hold(text)
        await stage.post(text, lane)
    await stage.rest()
    await stage.sender.stop(0)
    heir = stages()
    await heir.sender.start()
    await heir.rest()
    assert heir.courier.texts == ["reply"]


async def test_with_the_database_gone_what_was_sent_is_not_sent_again(timer: HandTimer) -> None:
    """It is marked when the database is back."""
    storage = FakeStorage(timer)
    stage = Stage(storage, timer, shared=False)
    await stage.sender.start()
    sent = stage.courier.hold("reply")
    row_id = await stage.post("reply")
    await stage.rest()
    storage.fail = OSError("gone")
    sent.set()
    await stage.pass_time(30)
    assert stage.courier.texts == ["reply"]
    storage.fail = None
    assert await stage.state(row_id) == Sending.QUEUED
    await stage.pass_time(2)
    assert await stage.state(row_id) == Sending.SENT
    await stage.sender.idle()


async def test_with_the_database_gone_alerts_and_replies_leave_all_the_same(timer: HandTimer) -> None:
    """Their order cannot be looked up: a word too early is better than silence. A nudge waits."""
    storage = FakeStorage(timer)
    stage = Stage(storage, timer, shared=True)
    for lane in Lane:
        await stage.post(lane.name, lane)
    storage_was, stage.sender._running = storage.fail, True
    storage.fail = OSError("gone")
    stage.sender._accept()
    await stage.pass_time(5)
    assert stage.courier.delivered == ["ALERT", "REPLY"]
    storage.fail = storage_was
    await stage.pass_time(40)
    assert sorted(stage.courier.delivered) == ["ALERT", "NOTICE", "NUDGE", "REPLY"]


async def test_one_row_that_cannot_be_marked_keeps_no_other_from_it(timer: HandTimer) -> None:
    storage = FakeStorage(timer)

    def on_blocked(unit: Unit, chat_hash: bytes) -> None:
        raise KeyError("a fault of ours")

    stage = Stage(storage, timer, shared=False, on_blocked=on_blocked)
    stage.courier.fate["bad"].append(Blocked())
    bad = await stage.post("bad", chat=99)
    good = [await stage.post(f"{chat}", chat=chat) for chat in range(20)]
    await stage.sender.start()
    await stage.pass_time(30)
    assert [await stage.state(row_id) for row_id in good] == [Sending.SENT] * 20
    assert await stage.state(bad) == Sending.QUEUED
    assert len(stage.courier.calls) == 21


async def test_what_finishes_together_is_marked_together(timer: HandTimer) -> None:
    storage = FakeStorage(timer)
    stage = Stage(storage, timer, shared=False)
    await stage.sender.start()

    def work(unit: Unit) -> None:
        for count in range(64):
            say(unit, Address(count, unit.digest(count)), f"{count}")

    await storage.write(work)
    before = storage.units
    await stage.rest()
    assert len(stage.courier.delivered) == 64
    assert storage.units - before <= 3


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_nothing_is_lost_and_nothing_out_of_order(
    stages: MakeStage, seed: int
) -> None:
    """Forty rows, a third of all calls failing in every way there is, and the process killed twice."""
    chance = Random(seed)
    said: dict[str, tuple[int, Lane]] = {}
    made: dict[str, int] = {}
    heirs: list[Stage] = []
    for generation in range(3):
        stage = stages(chance=Random(seed), rate=chance.choice([0.0, 30.0]))
        heirs.append(stage)
        await stage.sender.start()
        for count in range(14 if generation < 2 else 12):
            text, lane, chat = f"{generation}.{count}", chance.choice([*Lane]), chance.randrange(3)
            said[text] = (chat, lane)
            faults = chance.choices([NotSent(), Unsure(), SlowDown(1)], k=3)
            stage.courier.fate[text].extend(faults[: chance.randrange(4)])
            made[text] = await stage.post(text, lane, chat=chat)
        if generation < 2:
            await stage.pass_time(chance.uniform(0, 3))
            await stage.crash()
    await heirs[-1].pass_time(300)
    await heirs[-1].sender.idle()
    delivered = [text for stage in heirs for text in stage.courier.delivered]
    times = Counter(delivered)
    for text, (_, lane) in said.items():
        assert times[text] <= 1 if lane is Lane.NUDGE else times[text] >= 1, text
        assert await heirs[-1].state(made[text]) in (Sending.SENT, Sending.DROPPED)
    first: dict[tuple[int, Lane], list[str]] = {}
    for text in dict.fromkeys(delivered):
        first.setdefault(said[text], []).append(text)
    for texts in first.values():
        assert texts == sorted(texts, key=lambda text: made[text])
    assert await heirs[-1].storage.read(lambda unit: unit.count(Outgoing, state=Sending.QUEUED)) == 0
