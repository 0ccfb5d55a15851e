"""What only the model hears brings help and an alert as phrases do, in its own time, and nobody waits for it
who need not."""

import asyncio
import logging
from typing import Any

import pytest

from bot import intake, triage
from bot.concerns import Category, Concern, Level
from bot.inbound import Said
from bot.listening import Deaf, Listening
from bot.rows import Incoming, Message, Receipt
from tests.crisis.clinic import BURDEN, DIE, HINT, MORE, PULL, SHAKES, VEILED, Model, Ward, listen


async def test_what_only_the_model_hears_brings_card_and_alert_before_its_turn(
    ward: Ward, model: Model
) -> None:
    await listen(ward, model)
    sam = await ward.enrol()
    await ward.says(sam, "/checkin")
    (card,) = await ward.says(sam, VEILED)
    assert "nobody has confirmed reading it yet" in card
    assert await ward.rules(sam) == [("crisis", "emergency")]
    (kept,) = await ward.do(lambda unit: unit.find(Message, patient_id=sam))
    assert kept.text == VEILED


async def test_what_it_is_not_sure_of_is_asked_about(small_ward: Ward, model: Model) -> None:
    await listen(small_ward, model)
    sam = await small_ward.enrol()
    _, question = await small_ward.says(sam, HINT)
    assert "have you wished you were dead?" in question


async def test_where_danger_is_asked_for_what_it_hears_is_an_answer(small_ward: Ward, model: Model) -> None:
    await listen(small_ward, model)
    sam = await small_ward.enrol()
    await small_ward.presses_plan(sam)
    assert "nobody has confirmed" not in "".join(await small_ward.says(sam, HINT))
    assert await small_ward.rules(sam) == []


@pytest.mark.parametrize("ask", [False, True])
async def test_a_number_that_a_question_takes_is_its_answer_and_no_craving(
    ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch, ask: bool
) -> None:
    """A mood of eight is not an urge of eight; only the question knows which it was."""
    monkeypatch.setitem(MORE, "eight", Concern(Level.WATCH, Category.CRAVING, "eight", ask=ask))
    await listen(ward, model)
    sam = await ward.enrol()
    await ward.says(sam, "/checkin")
    (question,) = await ward.says(sam, "eight")
    assert "pull to use" in question
    assert await ward.rules(sam) == []
    await ward.says(sam, "eight")
    assert await ward.rules(sam) == [("craving", "watch")]


async def test_what_a_phrase_is_not_sure_of_the_model_may_know_as_ordinary(
    small_ward: Ward, model: Model
) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, PULL)
    assert await small_ward.rules(sam) == [("crisis", "watch")]
    await listen(small_ward, model)
    kim = await small_ward.enrol()
    await small_ward.says(kim, PULL)
    assert await small_ward.rules(kim) == []


async def test_explicit_words_that_the_model_takes_for_ordinary_are_asked_about(
    ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MORE, SHAKES, Concern(Level.WATCH, Category.WITHDRAWAL, SHAKES, ask=True))
    await listen(ward, model)
    sam = await ward.enrol()
    await ward.says(sam, SHAKES)
    assert await ward.rules(sam) == [("crisis", "watch")]
    kept = await ward.do(lambda unit: unit.find(Message, patient_id=sam))
    assert [row.text for row in kept] == [SHAKES]


async def test_explicit_words_of_suicide_are_believed_whatever_the_model_makes_of_them(
    ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MORE, DIE, Concern(Level.WATCH, Category.SUICIDE, DIE, ask=True))
    await listen(ward, model)
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    assert await ward.rules(sam) == [("crisis", "urgent")]


async def test_in_a_flood_the_model_has_no_glance_at_explicit_words(
    ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MORE, SHAKES, Concern(Level.WATCH, Category.WITHDRAWAL, SHAKES, ask=True))
    await listen(ward, model)
    door = ward.intake()
    sam = await ward.enrol()
    await door.receive([await ward.inbound(sam, Said(SHAKES))], more=True)
    assert await ward.rules(sam) == [("crisis", "urgent")]


async def test_an_explicit_phrase_waits_for_no_model_and_the_rest_is_kept_for_later(
    ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "LISTENS", 0.01)
    model.open.clear()
    await listen(ward, model)
    door = ward.intake()
    sam, kim = await ward.enrol(), await ward.enrol()
    veiled = [await ward.inbound(sam, Said(text)) for text in (VEILED, "and then I had lunch")]
    await door.receive([*veiled, await ward.inbound(kim, Said(DIE))])
    assert await ward.rules(kim) == [("crisis", "urgent")]
    assert await ward.rules(sam) == []
    waiting = await ward.do(lambda unit: unit.find(Incoming, state=Receipt.WAITING))
    assert [row.key for row in waiting] == [inbound.key for inbound in veiled]
    # Telegram hands over what it does not know to be done: that changes nothing.
    await door.receive(veiled)
    model.open.set()
    assert await door.retry() == 2
    assert await ward.rules(sam) == [("crisis", "emergency")]
    kept = await ward.do(lambda unit: unit.find(Message, patient_id=sam))
    assert [row.text for row in kept] == [VEILED, "and then I had lunch"]
    assert await door.retry() == 0


async def test_the_turns_of_one_chat_keep_their_order_while_the_model_reads(
    ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "LISTENS", 60)
    model.open.clear()
    await listen(ward, model)
    door = ward.intake()
    sam, kim = await ward.enrol(), await ward.enrol()
    first, second = await ward.inbound(sam, Said("one")), await ward.inbound(sam, Said(DIE))
    other = await ward.inbound(kim, Said("/help", command="help"))
    coming = [asyncio.create_task(door.receive([inbound])) for inbound in (first, second, other)]
    await coming[2]  # a chat without a message that is read does not wait
    assert await ward.do(lambda unit: unit.find(Message, patient_id=sam)) == []
    model.open.set()
    await asyncio.gather(*coming)
    kept = await ward.do(lambda unit: unit.find(Message, patient_id=sam))
    assert [row.text for row in kept] == ["one", DIE]


async def test_with_the_model_too_late_even_for_what_was_kept_the_phrases_must_do(
    small_ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "LISTENS", 0.01)
    monkeypatch.setattr(triage, "AT_MOST", 0.01)
    model.open.clear()
    await listen(small_ward, model)
    door = small_ward.intake()
    sam = await small_ward.enrol()
    await door.receive([await small_ward.inbound(sam, Said(BURDEN))])
    assert await small_ward.rules(sam) == []
    assert await door.retry() == 1
    assert await small_ward.rules(sam) == [("crisis", "watch")]


@pytest.mark.parametrize("broken", [Model(loads=False), Model(breaks=True)])
async def test_without_a_model_the_phrases_work_on_and_the_log_says_so_once(
    small_ward: Ward, caplog: pytest.LogCaptureFixture, broken: Model
) -> None:
    listening = await listen(small_ward, broken)
    sam, kim = await small_ward.enrol(), await small_ward.enrol()
    with caplog.at_level(logging.WARNING):
        await small_ward.says(sam, BURDEN)
        await small_ward.says(kim, VEILED)
        await small_ward.says(kim, DIE)
    assert await small_ward.rules(sam) == [("crisis", "watch")]
    assert await small_ward.rules(kim) == [("crisis", "urgent")]
    assert [str(entry.msg) for entry in caplog.records if "listening" in entry.name] == [
        "listening.phrases_only"
    ]
    with pytest.raises(Deaf):
        await listening.hear(VEILED)


async def test_numbers_tokens_and_bare_commands_are_not_read(small_ward: Ward, model: Model) -> None:
    await listen(small_ward, model)
    sam = await small_ward.enrol()
    for text in ("7", "👍", "/checkin", "/start abc-DEF", "/cancel", "3:30"):
        await small_ward.says(sam, text)
    assert model.texts == []
    await small_ward.says(sam, "/help it is all too much")
    assert model.texts == ["it is all too much"]


async def test_ordinary_words_look_nothing_up(
    small_ward: Ward, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listen(small_ward, model)
    sam = await small_ward.enrol()
    inbound = await small_ward.inbound(sam, Said("the light was lovely"))

    def never(*given: Any) -> Any:
        raise AssertionError("something was looked up")

    monkeypatch.setattr(small_ward.storage, "read", never)
    await small_ward.intake().receive([inbound])


async def test_what_comes_before_the_model_is_ready_is_kept_and_nobody_waits(
    small_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Model):
        def load(self) -> bool:
            return self.open.wait()

    slow = Slow()
    slow.open.clear()
    small_ward.listening = Listening(slow)
    door = small_ward.intake()
    sam = await small_ward.enrol()
    assert await small_ward.says(sam, VEILED) == []
    assert len(await small_ward.says(sam, DIE)) >= 1
    slow.open.set()
    assert await door.retry() == 2
    assert ("crisis", "emergency") in await small_ward.rules(sam)


async def test_what_waits_is_read_together_and_in_order(model: Model) -> None:
    model.open.clear()
    listening = Listening(model)
    asked = [asyncio.create_task(listening.hear(f"message {number}")) for number in range(50)]
    gone = asyncio.create_task(listening.hear("of somebody who has gone"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    model.open.set()
    await asyncio.gather(*asked)
    assert model.texts == [f"message {number}" for number in range(50)]
    listening.stop()
