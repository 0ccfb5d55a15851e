"""Nothing is claimed that is not so: who was told, who can be reached, in whose language help is named."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import crisis, departures, endings, turns
from bot.hours import DutyHours
from bot.inbound import Event, Inbound, Pressed, Said
from bot.outbox import Lane
from bot.rows import Flag, Leave, Outgoing, Role, Sending, Staff, Standing
from bot.unit import Unit
from tests.crisis.clinic import BURDEN, DIE, HURT, LAPSED, NOW, PULL, Ward
from tests.crisis.test_faults import broken
from tests.reminders.clinic import DANA, HOUR, MINUTE

STRANGER = 7777
CONTENT = Path(__file__).parents[2] / "content"


async def alone(ward: Ward) -> int:
    """A patient whose only counselor has blocked the bot."""
    sam = await ward.enrol()
    await ward.do(lambda unit: [unit.change(one, blocked_at=unit.now) for one in unit.find(Staff)])
    return sam


async def writes(ward: Ward, chat: int, text: str, language: str | None = None) -> list[str]:
    """What somebody who is no patient gets for their words."""
    number = next(ward.messages)
    key = number.to_bytes(8, "big")
    said = Inbound(key, chat, chat, ward.now, Said(text), number + 1000, language=language)
    await ward.intake().receive([said])
    found = await ward.storage.read(lambda unit: unit.find(Outgoing, chat_hash=unit.digest(chat), order="id"))
    return [row.body["text"] for row in found if row.body and "text" in row.body]


async def test_more_of_the_same_does_not_claim_that_a_team_hears_which_cannot_be_reached(ward: Ward) -> None:
    sam = await alone(ward)
    card = await ward.says(sam, DIE)
    ward.clock.advance(3 * HOUR)  # the question after the card is no longer waited for
    more = await ward.says(sam, DIE)
    assert "I hear you" in more[0]
    for text in (card[0], more[0]):
        assert "can't reach any" in text
        assert "told your team" not in text


async def test_neither_does_the_word_after_an_unanswered_question(small_ward: Ward) -> None:
    sam = await alone(small_ward)
    await small_ward.says(sam, DIE)
    said = await small_ward.passes(sam, 15)
    assert any("can't reach anyone" in text for text in said)
    assert not any("asking your team" in text for text in said)


@pytest.mark.parametrize("reachable", [True, False])
async def test_the_ways_of_sos_say_whom_they_alert(small_ward: Ward, reachable: bool) -> None:
    sam = await small_ward.enrol() if reachable else await alone(small_ward)
    (ways,) = await small_ward.says(sam, "/sos")
    assert ("also alert your team" in ways) == reachable
    assert ("can't reach anyone on your team" in ways) != reachable
    await small_ward.change(sam, standing=Standing.INVITED)
    (ways,) = await small_ward.says(sam, "/sos")
    assert ("the counselor who invited you" in ways) == reachable
    assert "alert your team" not in ways


@pytest.mark.parametrize("more", [None, Role.COUNSELOR, Role.SUPERVISOR])
async def test_on_a_team_of_one_no_next_person_is_promised(small_ward: Ward, more: Role | None) -> None:
    """Whoever is the only one to ring is rung again; whatever is said comes true."""
    if more is not None:
        await small_ward.joins("Ben", more)
    sam = await small_ward.enrol()
    (card, *_) = await small_ward.says(sam, DIE)
    assert ("I alert the next person" in card) is (more is not None)
    assert ("no one answers in 15 minutes, I alert them again" in card) is (more is None)
    assert await small_ward.rung(sam) == 1
    rows = await small_ward.queued(staff_id__not=None)
    await small_ward.do(lambda unit: [unit.change(row, state=Sending.SENT) for row in rows])
    small_ward.clock.advance(HOUR / 4)
    await small_ward.ticks()
    assert await small_ward.rung(sam) >= 2
    jo = await small_ward.enrol(standing=Standing.INVITED)
    (card, *_) = await small_ward.says(jo, DIE)
    assert ("and others there if no one answers" in card) is (more is not None)


async def test_how_long_an_answer_is_waited_for_is_said_as_the_rule_has_it(
    small_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crisis, "ANSWER_WITHIN", timedelta(minutes=25))
    sam = await small_ward.enrol(evening=None)
    (card, _) = await small_ward.says(sam, BURDEN)
    assert "don't answer within 25 minutes" in card
    assert await small_ward.passes(sam, 24) == []
    assert await small_ward.passes(sam, 1) != []


async def test_that_somebody_is_safe_is_passed_on_only_to_whom_it_can_be(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, HURT)
    assert "that you said" in (await small_ward.presses(sam, "You misunderstood"))[-1]
    jo = await alone(small_ward)
    await small_ward.says(jo, HURT)
    assert "that you said" not in (await small_ward.presses(jo, "You misunderstood"))[-1]


@pytest.mark.parametrize("reachable", [True, False])
async def test_an_apology_says_that_the_counselor_knows_if_they_do(ward: Ward, reachable: bool) -> None:
    sam = await ward.enrol() if reachable else await alone(ward)
    patient = await ward.patient(sam)
    assert patient.chat is not None
    lost = Inbound(b"lost", patient.chat, patient.chat, ward.now, Said("the heron"), 5)
    await ward.do(lambda unit: turns.apologise(unit, ward.host, lost))
    (told,) = await ward.said_since(sam, 0)
    assert ("telling Dana" in told) == reachable
    assert "heron" not in told


async def test_help_is_named_in_the_language_of_whoever_writes(ward: Ward) -> None:
    spoken = {"en": ("Call us",), "es": ("Llama",)}
    ward.program = replace(ward.program, lines=spoken)
    ward.host = replace(ward.host, program=ward.program)
    assert "Llama" in (await writes(ward, STRANGER, "hola", "es-MX"))[-1]
    assert "Call us" in (await writes(ward, STRANGER + 1, "hello", "fr"))[-1]
    sam = await ward.enrol(language="es")
    chat = (await ward.patient(sam)).chat
    assert chat is not None
    await ward.do(
        lambda unit: turns.apologise(unit, ward.host, Inbound(b"x", chat, chat, ward.now, Said("x"), 5))
    )
    assert "Llama" in (await ward.said_since(sam, 0))[-1]


async def test_one_of_the_team_who_is_in_danger_gets_the_card_and_nothing_else(ward: Ward) -> None:
    said = await writes(ward, DANA, DIE)
    assert len(said) == 1
    assert "I'm really glad you told me" in said[0]
    assert "not enrolled" not in said[0]
    assert "can't pass messages on" in (await writes(ward, DANA, "tell Sam hello"))[-1]


async def test_a_note_about_a_patient_in_danger_brings_its_writer_no_card(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    (flag,) = await ward.flags(sam)
    dana = ward.dana
    assert dana is not None

    def asked(unit: Unit) -> None:
        unit.change(dana, asked=f"note:{flag.id:x}", asked_at=unit.now)

    await ward.do(asked)
    before = len(await writes(ward, DANA + 1, "hello"))
    said = await writes(ward, DANA, DIE)
    assert before
    assert "I'm really glad" not in "".join(said)
    noted = await ward.storage.read(lambda unit: unit.get(Flag, flag.id))
    assert noted is not None
    assert [note["text"] for note in (noted.body or {})["notes"]] == [DIE]


async def test_what_was_read_is_named_with_its_day_when_that_is_not_today(small_ward: Ward) -> None:
    sam, jo = await small_ward.enrol(evening=None), await small_ward.enrol(evening=None, discreet=True)
    for one in (sam, jo):
        await small_ward.says(one, PULL)
        await small_ward.sees(one)
    told = (await small_ward.said_since(sam, 0))[-1]
    assert told == "Dana read it at 12 pm: what I told your team about your message."
    assert "message" not in (await small_ward.said_since(jo, 0))[-1]
    await small_ward.says(sam, "/sos")
    await small_ward.presses(sam, "📞 Please call me")
    small_ward.clock.advance(20 * HOUR)
    await small_ward.sees(sam)
    told = (await small_ward.said_since(sam, 0))[-1]
    assert told == "Dana read it at 8 am: that you'd like a call (from Monday, March 2)."


@pytest.mark.parametrize("paused", [True, False])
async def test_nobody_who_has_paused_is_promised_a_question(small_ward: Ward, paused: bool) -> None:
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, "/trigger")
    if paused:
        await small_ward.says(sam, "/stop")
        await small_ward.says(sam, "/trigger")
        await small_ward.presses(sam, "▶️ Go on")
    labels = (
        "6",
        "No",
        "Right now",
        "Under 5",
        "At home",
        "Done",
        "A hard",
        "Done",
        "Sad",
        "5",
        "Skip",
        "Done",
    )
    for label in (*labels, "Call someone"):
        (*_, last) = await small_ward.presses(sam, label)
    assert "Saved" in last
    assert ("Later I will ask" in last) != paused


@pytest.mark.parametrize("said", ["hello", DIE])
async def test_whoever_never_joined_is_not_told_that_they_left(small_ward: Ward, said: str) -> None:
    """Neither one who declined, nor one who is too young to join."""
    sam = await small_ward.enrol(standing=Standing.DECLINED)
    (text,) = await small_ward.says(sam, said)
    assert "joined Handrail" in text
    assert "no longer" not in text
    assert "To come back" not in text


async def test_what_somebody_says_of_an_alert_reaches_whoever_has_it(small_ward: Ward) -> None:
    """Who read it; before that, all whom it rang; and nobody who is away."""
    ben = await small_ward.joins("Ben", Role.COUNSELOR)
    sam = await small_ward.enrol(backup_id=ben.id)
    await small_ward.says(sam, DIE)
    await small_ward.passes(sam, 15)
    await small_ward.presses(sam, "I'm safe for now")
    assert await small_ward.noticed("patient_said_safe") == {"Dana", "Ben"}
    jo = await small_ward.enrol(backup_id=ben.id)
    await small_ward.says(jo, DIE)
    await small_ward.passes(jo, 15)
    await small_ward.sees(jo, ben)
    assert "that you said" in (await small_ward.presses(jo, "You misunderstood"))[-1]
    assert await small_ward.noticed("patient_said_misunderstood") == {"Ben"}


async def test_a_counselor_on_leave_is_not_said_to_hear_of_it(small_ward: Ward) -> None:
    ben = await small_ward.joins("Ben", Role.COUNSELOR)
    dana = small_ward.dana
    assert dana is not None
    today = small_ward.now.date()
    leave = Leave(id=1, staff_id=dana.id, first=today, last=today)
    await small_ward.do(lambda unit: unit.add(leave))
    sam = await small_ward.enrol(backup_id=ben.id)
    await small_ward.says(sam, DIE)
    await small_ward.presses(sam, "I'm safe for now")
    assert await small_ward.noticed("patient_said_safe") == {"Ben"}


@pytest.mark.parametrize("reachable", [True, False])
async def test_no_question_promises_a_team_that_cannot_be_reached(small_ward: Ward, reachable: bool) -> None:
    """ASQ and the offer of a call after use say who can be told at the moment that they are asked."""
    sam = await small_ward.enrol()
    _, asked = await small_ward.says(sam, HURT)
    assert "goes to your team" in asked
    jo = await small_ward.enrol()
    await small_ward.says(jo, LAPSED)  # the dialog opens while Dana can be reached
    if not reachable:
        await small_ward.do(lambda unit: [unit.change(one, blocked_at=unit.now) for one in unit.find(Staff)])
    kim = await small_ward.enrol()
    _, asked = await small_ward.says(kim, HURT)
    assert ("goes to your team" in asked) == reachable
    assert ("can't reach anyone on your team" in asked) != reachable
    for label in ("I feel okay", "Yesterday", "Alcohol", "Done", "Less", "No", "A hard feeling", "Walk"):
        said = await small_ward.presses(jo, label)
    assert ("As we agreed, Dana will see" in said[-1]) == reachable
    assert ("can't reach anyone on your team" in said[-1]) != reachable


def test_every_block_that_goes_by_who_can_be_reached_is_told_so() -> None:
    """Last words know it by themselves (`endings.finished`); a question has to be named."""
    found = {
        block
        for file in (CONTENT / "en").glob("*.jinja")
        for block, source in re.findall(r"{% block (\w+) -?%}(.*?){%-? endblock", file.read_text(), re.DOTALL)
        if "facts.unreached" in source and not block.startswith("end")
    }
    assert found == endings.PROMISES


async def test_whoever_asks_for_a_call_hears_by_when_it_is_due(small_ward: Ward) -> None:
    """As the team is told: on the next working day."""
    small_ward.set_hours(DutyHours.read("mon-fri 09:00-17:00"))
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, "/sos")
    (told,) = await small_ward.presses(sam, "📞 Please call me")
    assert "asking for it by Tuesday, March 3, 12 pm" in told
    assert "by Tue, Mar 3, 12 pm" in str([row.body for row in await small_ward.queued(staff_id__not=None)])


async def blocks(ward: Ward, id: int) -> None:
    patient = await ward.patient(id)
    assert patient.chat_hash is not None
    chat = patient.chat_hash
    await ward.do(lambda unit: departures.out_of_reach(unit, ward.program, chat))


async def out_of_reach(ward: Ward) -> list[bool]:
    """Of each copy of an alert, whether it says that its person has blocked the chat."""
    rows = await ward.queued(staff_id__not=None, lane=Lane.ALERT)
    return ["can't be reached in the chat" in (row.body or {})["text"] for row in rows]


@pytest.mark.parametrize("event", [Said(NOW), Pressed("o:call", "c")])
@pytest.mark.parametrize("turn_fails", [False, True])
async def test_whoever_writes_again_is_not_said_to_have_blocked_the_chat(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, event: Event, turn_fails: bool
) -> None:
    """Not by the ring itself, and whether or not the turn of their message ever comes."""
    sam = await ward.enrol(evening=None)
    await blocks(ward, sam)
    if turn_fails:
        broken(monkeypatch, turns, "take")
    ward.clock.advance(MINUTE)
    await ward.hands_in(sam, event)
    assert await out_of_reach(ward) == [False]


@pytest.mark.parametrize("words", ["hello", DIE])
async def test_what_was_written_before_the_chat_was_blocked_brings_nobody_back(
    ward: Ward, words: str
) -> None:
    sam = await ward.enrol(evening=None)
    earlier = await ward.inbound(sam, Said(words))
    ward.clock.advance(MINUTE)
    await blocks(ward, sam)
    await ward.intake().receive([earlier])
    assert (await ward.patient(sam)).blocked_at is not None
    assert await out_of_reach(ward) == ([] if words == "hello" else [True])
