"""Somebody else may read the phone: what was said can be taken back, and what is said later names nothing."""

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import export, history
from bot.concerns import Category, Concern, Level
from bot.inbound import Pressed
from bot.outbox import Lane
from bot.rows import Message, Outgoing, Sending, SessionState
from tests.crisis.clinic import BURDEN, DIE, HEARD, HIGH, HURT, NOW, Ward
from tests.reminders.clinic import HOUR

BEATEN = "my boyfriend hits me"
LOUD = "he gets so loud lately"
ALWAYS_NAMED = ("abuse", "hurt", "danger", "safety", "team", "told", "hotline", "Dana")


@pytest.fixture(autouse=True)
def abuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HEARD, BEATEN, Concern(Level.URGENT, Category.ABUSE, BEATEN))
    monkeypatch.setitem(HEARD, LOUD, Concern(Level.WATCH, Category.ABUSE, LOUD, ask=True))


@pytest.mark.parametrize("said", [BEATEN, LOUD])
async def test_silence_after_words_of_abuse_reaches_the_team_and_writes_nothing(
    ward: Ward, said: str
) -> None:
    """A message that nobody waits for may be read by whoever is feared."""
    sam = await ward.enrol(evening=None)
    await ward.says(sam, said)
    await ward.presses(sam, "o:hide")
    assert await ward.passes(sam, 60) == []
    assert ("no_answer", Level.URGENT) in await ward.rules(sam) or said == BEATEN
    assert await ward.rung(sam) >= 1


async def test_whoever_stops_the_question_is_there_and_gets_an_answer_with_hide(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, BEATEN)
    (told,) = await small_ward.presses(sam, "Stop here")
    assert "You don't have to answer" in told
    assert "Hide" in await small_ward.buttons(sam)


@pytest.mark.parametrize("said", [BEATEN, LOUD])
async def test_that_somebody_read_it_is_one_sign(ward: Ward, said: str) -> None:
    sam = await ward.enrol()
    (card, _) = await ward.says(sam, said)
    assert "I will only write ✓" in card
    before = await ward._newest()
    await ward.sees(sam)
    (sign,) = await ward.said_since(sam, before)
    assert sign == "✓ 12 pm"
    assert list(await ward.buttons(sam)) == ["Hide"]


async def test_while_it_is_open_nothing_that_comes_unasked_names_anything(small_ward: Ward) -> None:
    """Reminders, what waited, and what is said after use: in the words that others may read."""
    sam = await small_ward.enrol(evening="19:00")
    await small_ward.says(sam, "/thought")
    await small_ward.says(sam, BEATEN)
    await small_ward.presses(sam, "No")
    later = [text for _ in range(9) for text in await small_ward.passes(sam, 60)]
    assert len(later) == 2
    assert not [text for text in later for word in ALWAYS_NAMED if word in text]
    assert "Check in" not in str(await small_ward.buttons(sam))


@pytest.mark.parametrize(("said", "minutes"), [(BURDEN, [15]), (HIGH, [20, 15])])
async def test_other_silence_while_it_is_open_is_met_in_plain_words_with_hide(
    small_ward: Ward, said: str, minutes: list[int]
) -> None:
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, BEATEN)
    await small_ward.presses(sam, "No")
    await small_ward.says(sam, said)
    for some in minutes:
        (told,) = await small_ward.passes(sam, some)
    assert not [word for word in ALWAYS_NAMED if word in told]
    assert "Hide" in await small_ward.buttons(sam)


async def test_once_it_is_closed_words_are_whole_again(small_ward: Ward) -> None:
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, BEATEN)
    await small_ward.presses(sam, "No")
    await small_ward.closes(sam)
    await small_ward.says(sam, BURDEN)
    (told,) = await small_ward.passes(sam, 15)
    assert "your team" in told


async def test_a_call_is_asked_for_in_two_presses_and_who_calls_knows(ward: Ward) -> None:
    """A wish for a call is nobody's to refuse: whoever may be watched is asked first whether the phone may
    ring, and whoever calls is told that somebody may be near."""
    sam = await ward.enrol()
    await ward.says(sam, BEATEN)
    await ward.presses(sam, "No")
    await ward.says(sam, "/sos")
    (asked,) = await ward.presses(sam, "📞 Please call me")
    assert asked.endswith("Is it safe for it to ring?")
    assert not [word for word in ALWAYS_NAMED if word in asked]
    assert list(await ward.buttons(sam)) == ["Yes, it can ring", "Hide"]
    assert ("call_me", Level.WATCH) not in await ward.rules(sam)
    (told,) = await ward.presses(sam, "Yes, it can ring")
    assert "you'd like a call" in told
    assert ("call_me", Level.WATCH) in await ward.rules(sam)
    alerts = await ward.queued(staff_id__not=None)
    assert "leave no message" in str([row.body for row in alerts])


async def test_who_is_pregnant_and_watched_finds_the_button_that_is_named(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, BEATEN)
    await small_ward.presses(sam, "No")
    await small_ward.says(sam, HIGH)
    await small_ward.presses(sam, "No, someone is here")
    await small_ward.presses(sam, "No")
    (end,) = await small_ward.presses(sam, "Skip")
    assert "Press “Please call me” too" in end.replace("press", "Press")
    bodies = [row.body or {} for row in await small_ward.queued(patient_id=sam, lane=Lane.REPLY)]
    assert "📞 Please call me" in str([body["buttons"] for body in bodies if body.get("text") == end])


async def test_abuse_within_another_emergency_is_an_alert_of_its_own(small_ward: Ward) -> None:
    """Whoever calls back has to know that the phone may be watched."""
    sam = await small_ward.enrol()
    await small_ward.says(sam, NOW)
    await small_ward.says(sam, BEATEN)
    assert {(flag.category, flag.level) for flag in await small_ward.flags(sam)} == {
        (Category.SUICIDE, Level.EMERGENCY),
        (Category.ABUSE, Level.URGENT),
    }


async def test_hide_reaches_back_48_hours_and_takes_what_waits_to_be_sent(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await ward.says(sam, "long ago")
    await ward.delivers(sam)
    ward.clock.advance(timedelta(hours=49))
    await ward.says(sam, "/thought")
    await ward.says(sam, BEATEN)
    await ward.delivers(sam)
    await ward.says(sam, "wait")
    queued = await ward.queued(patient_id=sam, state=Sending.QUEUED)
    assert queued
    await ward.press(sam, "o:hide")
    still = await ward.queued(patient_id=sam, state=Sending.QUEUED)
    assert [row.body["kind"] for row in still if row.body] == ["delete", "edit"]
    assert still[0].body is not None
    rows = await ward.do(lambda unit: unit.find(Outgoing, patient_id=sam, message_id__not=None))
    recent = {row.message_id for row in rows if row.sent_at and row.sent_at > ward.now - 48 * HOUR}
    assert recent < set(still[0].body["message_ids"])
    old = {row.message_id for row in rows} - recent
    assert old
    assert not old & set(still[0].body["message_ids"])


async def test_a_card_is_told_from_a_message_of_another_chat_with_its_number(small_ward: Ward) -> None:
    """On a new phone the numbers begin again: the old card becomes one sign, whatever had its number."""
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, BEATEN)
    await small_ward.delivers(sam)
    rows = await small_ward.queued(patient_id=sam, message_id__not=None)
    number = rows[0].message_id
    moved = await small_ward.do(lambda unit: unit.digest(555))
    await small_ward.change(sam, chat=555, chat_hash=moved)
    coming = await small_ward.inbound(sam, Pressed("o:hide", "c"))
    before = await small_ward._newest()
    await small_ward.intake().receive([replace(coming, message_id=number)])
    kinds = [(row.body or {})["kind"] for row in await small_ward.queued(patient_id=sam, id__gt=before)]
    assert kinds == ["delete", "edit"]


async def test_after_hide_typed_words_answer_no_hidden_question(small_ward: Ward) -> None:
    sam = await small_ward.enrol()
    await small_ward.says(sam, BEATEN)
    await small_ward.presses(sam, "o:hide")
    (safety,) = await small_ward.sessions(sam, "safety")
    assert safety.state == SessionState.ASIDE
    assert "Are you in danger" not in " ".join(await small_ward.says(sam, "hi"))


async def listed(ward: Ward, id: int) -> list[str]:
    """What /history offers to read, and what it says above."""
    (text,) = await ward.says(id, "/history")
    return [text, *[label for label, data in (await ward.buttons(id)).items() if data.startswith("o:entry")]]


@pytest.mark.parametrize("hidden", [True, False])
async def test_what_was_hidden_does_not_come_up_in_the_history_until_later(ward: Ward, hidden: bool) -> None:
    """Whoever picks up the unlocked phone finds what is older, and one line that names nothing.

    The words come back once the alert is closed and 48 hours have passed; what is taken along is whole.
    """
    sam = await ward.enrol(evening=None)
    await ward.says(sam, "we had soup")
    ward.clock.advance(timedelta(hours=50))
    await ward.says(sam, BEATEN)
    if hidden:
        await ward.presses(sam, "Hide")
    else:
        await ward.presses(sam, "No")
    text, *entries = await listed(ward, sam)
    assert entries == ["Mon, Mar 2, 12 pm · Your words"]
    assert "show here later" in text
    assert not [word for word in ALWAYS_NAMED if word in text]
    assert "safety" not in " ".join(await ward.buttons(sam))
    (kept,) = await ward.do(lambda unit: unit.find(Message, patient_id=sam, order="-id", limit=1))
    assert kept.text == BEATEN
    assert await ward.presses_data(sam, f"o:entry:{kept.id:x}") == []
    patient = await ward.patient(sam)
    assert BEATEN in str(await ward.do(lambda unit: export.document(unit, patient)))
    await ward.closes(sam)
    if hidden:
        assert len(await listed(ward, sam)) == 2
        await ward.says(sam, "/menu")
        assert "Go on" not in " ".join(await ward.buttons(sam))
        ward.clock.advance(timedelta(hours=48))
    text, *entries = await listed(ward, sam)
    assert len(entries) >= 3
    assert "later" not in text
    assert BEATEN in "".join(await ward.presses_data(sam, f"o:entry:{kept.id:x}"))


async def test_a_history_that_is_all_hidden_does_not_say_that_nothing_was_said(small_ward: Ward) -> None:
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, BEATEN)
    await small_ward.presses(sam, "Hide")
    assert await listed(small_ward, sam) == ["The newest ones show here later."]


async def test_that_somebody_hid_the_chat_is_erased_with_the_rest(small_ward: Ward) -> None:
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, BEATEN)
    await small_ward.presses(sam, "Hide")
    patient = await small_ward.patient(sam)
    await small_ward.do(lambda unit: history.erase(unit, small_ward.host, patient))
    assert (await small_ward.patient(sam)).hidden_at is None


async def taken_along(ward: Ward, id: int, form: str) -> str:
    """The file that comes for `/mydata`, and what is said with it."""
    before = await ward._newest()
    await ward.presses_data(id, f"o:mydata:{form}")
    (row,) = await ward.queued(patient_id=id, id__gt=before)
    assert row.body is not None
    return f"{b64decode(row.body['content']).decode()}\n{row.body['text']}"


@pytest.mark.parametrize("form", ["read", "json"])
@pytest.mark.parametrize("hidden", [True, False])
async def test_what_was_hidden_is_not_in_the_file_that_comes_into_the_chat_until_later(
    ward: Ward, form: str, hidden: bool
) -> None:
    """Whoever picks up the unlocked phone can ask for it too. What is older is in it, and nothing tells of an
    alert; the program's own export is whole, and so is the file once the time is over."""
    sam = await ward.enrol(evening=None)
    await ward.says(sam, "we had soup")
    await ward.says(sam, "/thought")
    await ward.says(sam, "they laughed at my soup")
    ward.clock.advance(timedelta(hours=50))
    await ward.says(sam, BEATEN)
    await ward.presses(sam, "Yes")
    if hidden:
        await ward.presses(sam, "Hide")
    offered = " ".join(await ward.says(sam, "/mydata"))
    assert "everything I keep" not in offered
    file = await taken_along(ward, sam, form)
    assert "we had soup" in file
    assert "they laughed at my soup" in file
    telling = ("abuse", "safety", "crisis", "urgent", "emergency", "said_", "read an alert", "everything")
    assert not [word for word in (BEATEN, *telling) if word in file.lower()]
    assert not [word for word in ALWAYS_NAMED if word in offered]
    patient = await ward.patient(sam)
    assert BEATEN in str(await ward.do(lambda unit: export.document(unit, patient)))
    await ward.closes(sam)
    if hidden:
        assert BEATEN not in await taken_along(ward, sam, form)
        ward.clock.advance(timedelta(hours=48))
    file = await taken_along(ward, sam, form)
    assert BEATEN in file
    assert "later" not in file


@pytest.mark.parametrize("form", ["read", "json"])
async def test_new_words_that_were_added_to_an_old_alert_are_hidden_with_the_rest(
    small_ward: Ward, form: str
) -> None:
    """The alert is older than what Hide takes back; what was added to it, and what became of it, is not."""
    sam = await small_ward.enrol(evening=None)
    await small_ward.says(sam, DIE)
    small_ward.clock.advance(timedelta(hours=60))
    await small_ward.says(sam, HURT)
    await small_ward.presses(sam, "I'm safe for now")
    await small_ward.presses_data(sam, "o:hide")
    await small_ward.sees(sam)
    await small_ward.closes(sam)
    file = await taken_along(small_ward, sam, form)
    (flag,) = await small_ward.flags(sam)
    assert flag.seen_at is not None
    assert form == "read" or '"rule": "crisis"' in file
    assert not [word for word in (HURT, '"said"', flag.seen_at.isoformat(), '"also"') if word in file]
    small_ward.clock.advance(timedelta(hours=48))
    assert form == "read" or HURT in await taken_along(small_ward, sam, form)
