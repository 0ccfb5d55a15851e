"""In a flood nobody's cry waits for the turns of those before; nothing is lost, each chat keeps its order."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot import inbox, intake, triage, turns
from bot.direct import Direct
from bot.inbound import Event, Inbound, Pressed, Said
from bot.listening import Listening
from bot.rows import Incoming, Message, Outgoing, Receipt
from bot.store.database import Store
from tests.crisis.clinic import DIE, NOW, Model, Ward, listen
from tests.reminders.clinic import MINUTE


async def words(ward: Ward, id: int) -> list[str]:
    return [row.text for row in await ward.do(lambda unit: unit.find(Message, patient_id=id))]


async def waiting(ward: Ward) -> int:
    return len(await ward.do(lambda unit: unit.find(Incoming, state=Receipt.WAITING)))


async def said(ward: Ward, id: int, *texts: str) -> list[Inbound]:
    return [await ward.inbound(id, Said(text)) for text in texts]


def failing(monkeypatch: pytest.MonkeyPatch, fails: Callable[[Inbound], bool]) -> None:
    """Some turns fail, by a fault of ours."""
    take = turns.take

    def taken(unit: Any, host: Any, inbound: Inbound, concern: Any) -> str | None:
        if fails(inbound):
            raise RuntimeError("a fault of ours")
        return take(unit, host, inbound, concern)

    monkeypatch.setattr(turns, "take", taken)


async def test_a_cry_in_the_second_batch_has_its_card_before_the_first_has_its_turns(ward: Ward) -> None:
    sam, kim = await ward.enrol(), await ward.enrol()
    door = ward.intake()
    first = await said(ward, sam, "one", "two")
    await door.receive(first, True)
    # Told Telegram: so it is kept, though nobody has had a turn.
    assert await waiting(ward) == 2
    assert await ward.said_since(sam, 0) == []
    await door.receive(await said(ward, kim, DIE), True)
    (card,) = await ward.said_since(kim, 0)
    assert "nobody has confirmed reading it yet" in card
    assert await ward.rules(kim) == [("crisis", "urgent")]
    assert await ward.said_since(sam, 0) == []
    await door.receive([], False)
    await door.caught_up()
    assert await words(ward, sam) == ["one", "two"]
    assert len(await ward.said_since(sam, 0)) == 2
    _, question = await ward.said_since(kim, 0)
    assert "have you wished you were dead?" in question
    assert await waiting(ward) == 0


async def test_what_comes_while_turns_are_still_taken_goes_behind_them(
    ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.open.clear()
    await listen(ward, model)
    monkeypatch.setattr(intake, "LISTENS_KEPT", 60)
    sam, kim = await ward.enrol(), await ward.enrol()
    door = ward.intake()
    await door.receive(await said(ward, sam, "one", "two"), True)
    await door.receive(await said(ward, sam, "three"))  # the last of them; the model still reads "one"
    await door.receive(await said(ward, kim, DIE))
    assert len(await ward.said_since(kim, 0)) == 1
    assert await waiting(ward) == 4
    model.open.set()
    await door.caught_up()
    assert await words(ward, sam) == ["one", "two", "three"]
    assert await words(ward, kim) == [DIE]
    await door.receive(await said(ward, kim, "and then"))  # nothing waits any more: its turn is taken at once
    assert await words(ward, kim) == [DIE, "and then"]


@pytest.mark.parametrize("caught_up", [False, True])
async def test_what_was_kept_and_comes_again_changes_nothing(ward: Ward, caught_up: bool) -> None:
    sam = await ward.enrol()
    door = ward.intake()
    batch = await said(ward, sam, "one", DIE)
    await door.receive(batch, True)
    if caught_up:
        await door.receive([])
        await door.caught_up()
    await door.receive(batch, True)
    await door.receive(batch)
    await door.caught_up()
    assert await words(ward, sam) == ["one", DIE]
    assert await ward.rules(sam) == [("crisis", "urgent")]
    assert len(await ward.said_since(sam, 0)) == 3


async def test_a_process_that_dies_leaves_the_turns_to_the_next(ward: Ward) -> None:
    sam, kim = await ward.enrol(), await ward.enrol()
    lost = ward.intake()
    batch = [*await said(ward, sam, "one", "two"), *await said(ward, kim, DIE)]
    await lost.receive(batch, True)
    door = ward.intake()
    await door.receive(await said(ward, sam, "three"))
    assert await words(ward, sam) == []
    assert await door.retry() == 4
    assert await words(ward, sam) == ["one", "two", "three"]
    assert await words(ward, kim) == [DIE]
    assert await ward.rules(kim) == [("crisis", "urgent")]
    assert len(await ward.said_since(kim, 0)) == 2  # one card, though it was heard twice


async def test_what_another_process_keeps_is_its_own_for_the_time_of_a_lease(
    ward: Ward, second_store: Store
) -> None:
    ward.shared = True
    sam = await ward.enrol()
    owner = ward.intake()
    await owner.receive(await said(ward, sam, "one"), True)
    ward.storage, first = second_store, ward.storage
    other = ward.intake()
    assert await other.retry() == 0
    ward.clock.advance(MINUTE)
    assert await other.retry() == 1
    # The first was only slow. It finds the turn taken.
    ward.storage = first
    await owner.receive([])
    await owner.caught_up()
    assert await words(ward, sam) == ["one"]
    assert len(await ward.said_since(sam, 0)) == 1


async def test_one_stopped_in_a_flood_keeps_what_it_was_told(ward: Ward) -> None:
    sam = await ward.enrol()
    door = ward.intake()
    await door.receive(await said(ward, sam, "one"), True)
    await door.stop()
    assert await waiting(ward) == 1
    assert await ward.intake().retry() == 1
    assert await words(ward, sam) == ["one"]


async def test_what_cannot_be_kept_with_the_others_holds_nobody_up(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(*given: Any, **more: Any) -> list[Inbound]:
        raise RuntimeError("a fault of ours")

    sam = await ward.enrol()
    monkeypatch.setattr(inbox, "keep", keep)
    await ward.intake().receive(await said(ward, sam, "one"), True)
    assert await words(ward, sam) == ["one"]


async def test_a_turn_that_fails_holds_up_its_own_chat_alone(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = True
    failing(monkeypatch, lambda inbound: broken and inbound.words == "one")
    sam, kim = await ward.enrol(), await ward.enrol()
    door = ward.intake()
    await door.receive([*await said(ward, sam, "one", "two"), *await said(ward, kim, "here")], True)
    await door.receive(await said(ward, sam, "three"))
    await door.caught_up()
    assert await words(ward, kim) == ["here"]
    assert await words(ward, sam) == []
    assert await door.retry() == 0  # "one" is not due yet, and nothing passes it
    broken = False
    ward.clock.advance(MINUTE)
    assert await door.retry() == 3
    assert await words(ward, sam) == ["one", "two", "three"]


async def test_a_turn_that_goes_on_failing_is_given_up_and_those_behind_it_go_on(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, lambda inbound: inbound.words == "one")
    sam = await ward.enrol()
    door = ward.intake()
    await door.receive(await said(ward, sam, "one", "two"), True)
    await door.receive([])
    await door.caught_up()
    for _ in range(inbox.TRIES - 1):
        ward.clock.advance(MINUTE)
        await door.retry()
    assert await words(ward, sam) == ["two"]
    apology, _ = await ward.said_since(sam, 0)
    assert "telling Dana" in apology
    (dead,) = await ward.do(lambda unit: unit.find(Incoming, state=Receipt.DEAD))
    assert dead.body is not None


async def test_a_button_that_was_kept_stops_spinning_at_its_turn(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    door = small_ward.intake()
    await door.receive([await small_ward.inbound(sam, Pressed("o:menu", "spin"))], True)
    assert small_ward.answered == []
    await door.receive([])
    await door.caught_up()
    assert small_ward.answered == ["spin"]


@pytest.mark.parametrize("more", [False, True])
async def test_danger_that_a_closed_dialog_no_longer_asks_for_is_heard_at_its_turn(
    ward: Ward, more: bool
) -> None:
    """Both came while a safety plan was open, which asks for such words; the first closed it."""
    sam = await ward.enrol(evening=None)
    await ward.presses_plan(sam)
    door = ward.intake()
    batch: Sequence[Event] = (Said("/cancel", command="cancel"), Said(DIE))
    await door.receive([await ward.inbound(sam, event) for event in batch], more)
    await door.receive([])
    await door.caught_up()
    assert await ward.rules(sam) == [("crisis", "urgent")]
    assert any("nobody has confirmed" in text for text in await ward.said_since(sam, 0))


async def test_a_flood_too_large_to_remember_is_read_from_the_inbox(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_REMEMBERED", 2)
    sam, kim = await ward.enrol(), await ward.enrol()
    door = ward.intake()
    await door.receive([*await said(ward, sam, "one", "two", "three"), *await said(ward, kim, "a")], True)
    assert await door.retry() == 0  # not while more is coming
    await door.receive([])
    await door.caught_up()
    assert (await words(ward, sam), await words(ward, kim)) == (["one", "two"], [])
    assert await door.retry() == 2
    assert (await words(ward, sam), await words(ward, kim)) == (["one", "two", "three"], ["a"])


async def test_a_webhook_called_from_all_sides_is_a_flood(
    ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls wait for the model; what is called beside them is kept and acknowledged at once."""
    monkeypatch.setattr(intake, "RESPITE", 1.0)  # longer than a busy machine takes to screen a message
    monkeypatch.setattr(intake, "MANY", 2)
    monkeypatch.setattr(intake, "LISTENS", 60)
    model.open.clear()
    await listen(ward, model)
    door = ward.intake()
    sam, kim, jo = await ward.enrol(), await ward.enrol(), await ward.enrol()
    slow = [asyncio.create_task(door.receive(await said(ward, one, "one"))) for one in (sam, kim)]
    await asyncio.sleep(0)
    await door.receive(await said(ward, jo, DIE))
    assert len(await ward.said_since(jo, 0)) == 1
    assert await words(ward, jo) == []
    model.open.set()
    await asyncio.gather(*slow)
    await door.caught_up()
    assert [await words(ward, one) for one in (sam, kim, jo)] == [["one"], ["one"], [DIE]]


async def test_while_nothing_comes_late_a_full_house_gets_its_turns_at_once(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many at a time who are all served in time are no flood: nobody waits for a respite that never comes."""
    monkeypatch.setattr(intake, "MANY", 1)
    monkeypatch.setattr(intake, "RESPITE", 60)
    door = ward.intake()
    sam, kim = await ward.enrol(), await ward.enrol()
    batches = [await said(ward, one, "one") for one in (sam, kim)]
    await asyncio.gather(*(door.receive(batch, more=True, late=False) for batch in batches))
    assert [await words(ward, one) for one in (sam, kim)] == [["one"], ["one"]]
    assert await waiting(ward) == 0


async def test_turns_of_a_flood_wait_for_no_model_that_is_not_ready(small_ward: Ward) -> None:
    """Who presses a button, or says what phrases know, is answered; the rest is kept until it is."""
    slow = Model()
    slow.open.clear()
    slow.load = slow.open.wait  # type: ignore[method-assign]
    small_ward.listening = Listening(slow)
    sam, kim = await small_ward.enrol(), await small_ward.enrol()
    door = small_ward.intake()
    batch = [*await said(small_ward, sam, "one"), await small_ward.inbound(kim, Pressed("o:menu", "spin"))]
    await door.receive(batch, True)
    await door.receive([])
    await door.caught_up()
    assert await words(small_ward, sam) == []
    assert len(await small_ward.said_since(kim, 0)) == 1
    slow.open.set()
    assert await door.retry() == 1
    assert await words(small_ward, sam) == ["one"]


class Air:
    """A courier whose call is in the air until it is let down, or lost."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.taken = asyncio.Event()
        self.down = asyncio.Event()
        self.lost = False

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        self.taken.set()
        await self.down.wait()
        if self.lost:
            self.lost = False
            raise OSError
        self.sent.append(body["text"])
        return 1


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("landed", ["while it is in the air", "after it has arrived"])
async def test_a_commit_that_is_late_brings_no_second_card(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, landed: str, lost: bool
) -> None:
    """Whenever it lands, its row brings the news that the team is told, or the card if none arrived."""
    air = Air()
    air.lost = lost
    ward.direct = Direct(air)
    monkeypatch.setattr(triage, "PATIENCE", 0.01)
    write, ran, mended = ward.storage.write, asyncio.Event(), asyncio.Event()

    async def hung(work: Any, *, urgent: bool = False) -> Any:
        if not urgent:
            return await write(work)
        done = await write(work, urgent=True)  # nobody hears so for a while
        ran.set()
        await mended.wait()
        return done

    sam = await ward.enrol()
    batch = await said(ward, sam, NOW)
    monkeypatch.setattr(ward.storage, "write", hung)
    taking = asyncio.create_task(ward.intake().receive(batch))
    await air.taken.wait()
    await ran.wait()
    if landed == "after it has arrived":
        air.down.set()
    (card,) = [row for row in await rows(ward) if row.cause == f"card:{batch[0].key.hex()}"]
    sending = asyncio.create_task(ward.direct.deliver(card.body or {}))
    await asyncio.sleep(0)
    mended.set()
    air.down.set()
    await asyncio.gather(taking, sending)
    *direct, last = air.sent
    assert ["nobody has been told about this yet" in text for text in direct] == ([] if lost else [True])
    assert ("I have told them now" in last) is not lost
    assert ("nobody has confirmed reading it yet" in last) is lost
    assert await ward.rules(sam) == [("crisis", "emergency")]


async def rows(ward: Ward) -> list[Outgoing]:
    return await ward.storage.read(lambda unit: unit.find(Outgoing))
