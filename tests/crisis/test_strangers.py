"""Whoever no program knows, or not any more, finds help, and not a word of theirs is stored."""

import asyncio
from datetime import timedelta
from itertools import count

import pytest

from bot import inbox, intake, invitations
from bot.inbound import Edited, Event, Inbound, Medium, Pressed, Said, Showed
from bot.listening import Listening
from bot.rows import Incoming, Message, Outgoing, Patient, Receipt, Standing
from tests.crisis.clinic import BURDEN, DIE, VEILED, Model, Ward
from tests.crisis.test_flood import failing

STRANGER = 7777
SECRET = "my name is Otto and I drink"
numbers = count(1)


def inbound(ward: Ward, event: Event, chat: int = STRANGER) -> Inbound:
    number = next(numbers)
    return Inbound(b"from outside %d" % number, chat, chat, ward.now, event, number + 9000)


async def heard(ward: Ward, chat: int = STRANGER) -> list[str]:
    found = await ward.storage.read(lambda unit: unit.find(Outgoing, chat_hash=unit.digest(chat), order="id"))
    return [row.body["text"] for row in found if row.body and "text" in row.body]


async def stored(ward: Ward) -> str:
    """Everything that lies in the inbox and beside it, unsealed."""
    rows = await ward.storage.read(lambda unit: [*unit.find(Incoming), *unit.find(Message)])
    return str(rows)


async def chat_of(ward: Ward, who: str) -> int:
    """The chat of a stranger, or of somebody whose time here has ended."""
    if who == "stranger":
        return STRANGER
    sam = await ward.enrol()
    patient = await ward.patient(sam)
    assert patient.chat is not None
    await ward.change(sam, standing=Standing(who))
    return patient.chat


EVENTS: list[Event] = [
    Said(SECRET),
    Said(f"/hello {SECRET}", "hello", SECRET),
    Said(f"/start {SECRET}", "start", SECRET),
    Edited(SECRET),
    Showed(Medium.PHOTO, SECRET),
]


@pytest.mark.parametrize("who", ["stranger", Standing.DISCHARGED, Standing.DECLINED])
async def test_in_a_flood_that_something_came_is_kept_and_no_word(ward: Ward, who: str) -> None:
    """A process that dies then leaves the next one the lines to give, to each of them."""
    chat = await chat_of(ward, who)
    lost = ward.intake()
    await lost.receive([inbound(ward, event, chat) for event in EVENTS], True)
    waiting = await ward.do(lambda unit: unit.find(Incoming, state=Receipt.WAITING))
    assert len(waiting) == len(EVENTS)
    assert "Otto" not in await stored(ward)
    assert await ward.intake().retry() == len(EVENTS)
    said = await heard(ward, chat)
    assert len(said) == len(EVENTS)
    assert all("A line: 1-800" in text for text in said)


async def test_in_a_flood_a_cry_has_its_card_and_nothing_else_after_a_death(ward: Ward) -> None:
    lost = ward.intake()
    await lost.receive([inbound(ward, Said(DIE)), inbound(ward, Showed(Medium.PHOTO, DIE))], True)
    assert DIE not in await stored(ward)
    assert await ward.intake().retry() == 2
    cards = await heard(ward)
    assert ["telling no one" in text for text in cards] == [True, True]


async def test_behind_what_waits_and_after_a_turn_that_failed_no_word_lies_either(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = True
    failing(monkeypatch, lambda coming: broken and coming.chat == STRANGER)
    door = ward.intake()
    await door.receive([inbound(ward, Said(SECRET))])
    await door.receive([inbound(ward, Said(SECRET))])
    for _ in range(inbox.TRIES):
        ward.clock.advance(timedelta(minutes=1))
        await door.retry()
        assert "Otto" not in await stored(ward)
    broken = False
    ward.clock.advance(timedelta(minutes=1))
    await door.retry()
    assert await ward.do(lambda unit: unit.count(Incoming, state=Receipt.WAITING)) == 0


async def test_no_word_waits_for_a_model_that_is_behind_and_what_it_hears_later_still_helps(
    ward: Ward, model: Model
) -> None:
    slow = model
    slow.open.clear()
    slow.load = slow.open.wait  # type: ignore[method-assign]
    ward.listening = Listening(slow)
    door = ward.intake()
    await door.receive([inbound(ward, Said(VEILED))])
    (lines,) = await heard(ward)
    assert "A line: 1-800" in lines
    assert VEILED not in await stored(ward)
    slow.open.set()
    await asyncio.gather(*door._reading)
    assert "telling no one" in (await heard(ward))[-1]
    assert VEILED not in await stored(ward)


async def test_a_process_that_is_stopped_reads_what_only_its_memory_has(ward: Ward, model: Model) -> None:
    """The next one could not: no word of it is stored, and Telegram was told that it has come."""
    model.open.clear()
    model.load = model.open.wait  # type: ignore[method-assign]
    ward.listening = Listening(model)
    door = ward.intake()
    await door.receive([inbound(ward, Said(VEILED))])
    stopping = asyncio.create_task(door.stop())
    await asyncio.sleep(0)
    model.open.set()
    await stopping
    assert "telling no one" in (await heard(ward))[-1]


async def test_one_that_is_stopped_waits_for_no_model_that_does_not_come(
    ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "LISTENS_KEPT", 0.01)
    model.open.clear()
    model.load = model.open.wait  # type: ignore[method-assign]
    ward.listening = Listening(model)
    door = ward.intake()
    await door.receive([inbound(ward, Said(VEILED))])
    async with asyncio.timeout(5):
        await door.stop()
    assert len(await heard(ward)) == 1


async def test_what_a_phrase_only_doubts_is_helped_with_when_the_model_is_behind(
    ward: Ward, model: Model
) -> None:
    model.open.clear()
    model.load = model.open.wait  # type: ignore[method-assign]
    ward.listening = Listening(model)
    await ward.intake().receive([inbound(ward, Said(BURDEN))])
    (card,) = await heard(ward)
    assert "I may have this wrong" in card
    assert "telling no one" in card


async def test_who_joins_in_a_flood_loses_no_answer(ward: Ward) -> None:
    """Behind an invitation that still works come the words of somebody who will have joined by then."""
    dana = ward.dana
    assert dana is not None
    invited = await ward.do(lambda unit: invitations.invite_patient(unit, ward.program, dana, "S"))
    start = Said(f"/start {invited.token}", "start", invited.token)
    lost = ward.intake()
    await lost.receive([inbound(ward, start), inbound(ward, Said("hello there"))], True)
    assert await ward.intake().retry() == 2
    patient = await ward.do(lambda unit: unit.one(Patient, code=invited.code))
    assert patient is not None
    assert patient.standing == Standing.INVITED
    kept = await ward.do(lambda unit: unit.find(Message, patient_id=patient.id))
    assert [row.text for row in kept] == ["hello there"]


async def test_a_patients_words_wait_whole_beside_a_strangers(ward: Ward) -> None:
    sam = await ward.enrol()
    lost = ward.intake()
    await lost.receive([await ward.inbound(sam, Said("a heron")), inbound(ward, Said(SECRET))], True)
    assert "a heron" in await stored(ward)
    assert "Otto" not in await stored(ward)
    await ward.intake().retry()
    kept = await ward.do(lambda unit: unit.find(Message, patient_id=sam))
    assert [row.text for row in kept] == ["a heron"]


@pytest.mark.parametrize("who", ["stranger", Standing.DISCHARGED, Standing.DECLINED])
@pytest.mark.parametrize(
    "event",
    [
        Said("/sos", "sos"),
        Said("/plan", "plan"),
        Pressed("o:sos", "c"),
        Pressed("o:call", "c"),
        Pressed("o:sos:using", "c"),
    ],
)
async def test_who_asks_for_help_finds_people_and_hears_that_no_program_is_told(
    ward: Ward, who: str, event: Event
) -> None:
    chat = await chat_of(ward, who)
    await ward.intake().receive([inbound(ward, event, chat)])
    (said,) = await heard(ward, chat)
    assert said.startswith("<b>A line: 1-800")
    assert "telling no one" in said
    assert "alert" not in said
    assert "your team" not in said


async def test_one_of_the_team_finds_them_too_and_what_they_can_send(ward: Ward) -> None:
    dana = ward.dana
    assert dana is not None
    assert dana.chat is not None
    await ward.intake().receive([inbound(ward, Said("/sos", "sos"), dana.chat)])
    (said,) = await heard(ward, dana.chat)
    assert "This is for you, as for anyone" in said
    await ward.intake().receive([inbound(ward, Said("/help", "help"), dana.chat)])
    assert "/caseload" in (await heard(ward, dana.chat))[-1]


async def test_of_the_team_what_is_their_work_waits_and_what_brought_them_a_card_does_not(ward: Ward) -> None:
    dana = ward.dana
    assert dana is not None
    assert dana.chat is not None
    work = Said("/patient P-1001", "patient", "P-1001")
    lost = ward.intake()
    await lost.receive([inbound(ward, event, dana.chat) for event in (work, Said(DIE))], True)
    assert "P-1001" in await stored(ward)
    assert DIE not in await stored(ward)
    assert await ward.intake().retry() == 2
    assert ["telling no one" in text for text in await heard(ward, dana.chat)].count(True) == 1
