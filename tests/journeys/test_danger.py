"""Whatever state somebody is in: words of danger bring help first, and the truth about who knows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.rows import Message, Patient
from bot.sandbox.phones import Phone
from tests.journeys.clinic import PATIENTS, Clinic, asks, keys

DANGER = "I want to kill myself tonight"
BEATEN = "my husband is beating me and I am afraid of him"
LINES = "988"
NOBODY = "I am telling no one"
SAVED = "nobody has confirmed reading it yet"
NEW = 9001
LATE = 1.0
"""Seconds that a test on a busy machine may take beside the one and a half that are promised."""
LONG = "It was fine. " * 40


async def alerted(clinic: Clinic, code: str) -> str:
    """The one alert that the counselor got, and that it tells no words."""
    alerts = [m for m in clinic.dana.messages if "s:seen" in str([b.data for b in keys(m)])]
    assert len(alerts) == 1, f"{len(alerts)} alerts; the chat:\n{clinic.dana}"
    assert code in alerts[0].text
    assert "kill" not in alerts[0].text
    return alerts[0].text


async def flags(clinic: Clinic, code: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await clinic.export(code))["flags"]
    return found


@pytest.mark.parametrize("command", ["/checkin", "/thought", "/trigger"])
async def test_in_a_dialog_the_card_comes_alone_and_the_dialog_waits(
    each_clinic: Clinic, command: str
) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, command)
    while (prompt := await clinic.prompt(clinic.sam)) and prompt.key not in ("note", "thought", "tried"):
        await clinic.walk(clinic.sam, to=prompt.key)
        await clinic.give(clinic.sam, _ordinary(prompt))
    [card] = await clinic.say(clinic.sam, DANGER)
    assert LINES in card.text
    assert SAVED in card.text
    assert not asks(card)
    await alerted(clinic, code)
    exported = await clinic.export(code)
    assert DANGER in str(exported["answers"]) + str(exported["messages"])
    assert exported["flags"][-1]["level"] == "emergency"
    # What is typed next is no answer to the question that was open before the card.
    answers = len(exported["answers"])
    [line] = await clinic.say(clinic.sam, "my sister is with me")
    assert len((await clinic.export(code))["answers"]) == answers
    go_on = [b.data for b in keys(line) if (b.data or "").startswith("o:resume")]
    assert go_on
    await clinic.press(clinic.sam, str(go_on[0]))
    assert asks(await clinic.open_prompt(clinic.sam))


def _ordinary(prompt: Any) -> str:
    from tests.journeys.clinic import ordinary

    return ordinary(prompt)


def _photo(phone: Phone) -> None:
    phone.photo(DANGER)


def _document(phone: Phone) -> None:
    phone.document("a.txt", DANGER)


WAYS: dict[str, Callable[[Phone], object]] = {
    "words": lambda phone: phone.send(DANGER),
    "caption": _photo,
    "caption of a file": _document,
    "edited message": lambda phone: phone.edit(phone.send("/menu"), DANGER),
    "command with words": lambda phone: phone.send(f"/checkin {DANGER}"),
    "unknown command with words": lambda phone: phone.send(f"/hello {DANGER}"),
    "start with words": lambda phone: phone.send(f"/start {DANGER}"),
    "in a long message": lambda phone: phone.send(f"We had pasta. {LONG}{DANGER}. Then I slept."),
}


@pytest.mark.parametrize("way", WAYS)
async def test_whichever_way_it_is_said(clinic: Clinic, way: str) -> None:
    """With a question open; what is said next is no answer to it."""
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/thought")
    newest = len(clinic.sam.messages)
    WAYS[way](clinic.sam)
    await clinic.settle()
    cards = [m for m in clinic.sam.messages[newest:] if not m.mine and LINES in m.text]
    assert len(cards) == 1, clinic.sam
    assert SAVED in cards[0].text
    assert not [m for m in clinic.sam.messages[newest:] if asks(m)], "a question beside the card"
    await alerted(clinic, code)
    exported = await clinic.export(code)
    assert DANGER in str(exported["messages"]) + str(exported["answers"]), "the words are not kept"
    await clinic.say(clinic.sam, "my sister is with me")
    assert "sister" in str((await clinic.export(code))["messages"])


async def test_a_stranger_gets_the_lines_and_is_told_that_nobody_is_told(each_clinic: Clinic) -> None:
    clinic = each_clinic
    await clinic.seed()
    kim = clinic.phone(NEW)
    for way in WAYS.values():
        newest = len(kim.messages)
        way(kim)
        await clinic.settle()
        cards = [m for m in kim.messages[newest:] if NOBODY in m.text]
        assert len(cards) == 1
        assert LINES in cards[0].text
    assert await clinic.app.store.read(lambda unit: unit.count(Message)) == 0
    assert clinic.dana.messages == []


async def test_mid_enrolment_the_inviting_counselor_gets_code_and_level(clinic: Clinic) -> None:
    await clinic.seed()
    kim = clinic.phone(NEW)
    invited = await clinic.invite()
    await clinic.say(kim, f"/start {invited.token}")
    await clinic.walk(kim, to="signature")
    [card] = await clinic.say(kim, DANGER)
    assert LINES in card.text
    assert "counselor who invited you" in card.text
    await alerted(clinic, invited.code)
    # Enrolment waits: no form is held out to somebody in an emergency, but it goes on with one press.
    for said in ("I called my sister", "/start", f"/start {invited.token}", "/menu"):
        [told] = await clinic.say(kim, said)
        assert LINES in told.text
        assert "the counselor who invited you" in told.text
    came = await clinic.press(kim, "Go on")
    assert asks(came[-1])
    await clinic.walk(kim)
    exported = await clinic.export(invited.code)
    assert exported["patient"]["standing"] == "enrolled"
    assert exported["patient"]["signature"] != DANGER


async def test_words_that_are_no_crisis_are_told_openly_and_before_consent_not_at_all(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "I drank last night")
    said = "\n".join(shown.text for shown in await clinic.press(clinic.sam, "Stop here"))
    assert "sounded like using" in said
    assert [flag["category"] for flag in await flags(clinic, code)] == ["lapse"]
    kim = clinic.phone(NEW)
    invited = await clinic.invite()
    await clinic.say(kim, f"/start {invited.token}")
    await clinic.walk(kim, to="signature")
    await clinic.say(kim, "I drank last night")
    assert await flags(clinic, invited.code) == []


async def test_a_card_does_not_say_that_the_team_is_told_when_nobody_can_be(clinic: Clinic) -> None:
    clinic.expected = {"alarm.no_channel"}
    [code] = await clinic.seed()
    clinic.dana.block()
    await clinic.settle()
    [card] = await clinic.say(clinic.sam, DANGER)
    assert LINES in card.text
    assert "can't reach anyone on your team" in card.text
    assert "I am telling" not in card.text
    assert len(await flags(clinic, code)) == 1


async def test_after_enrolment_was_stopped_it_still_reaches_the_counselor(clinic: Clinic) -> None:
    await clinic.seed()
    kim = clinic.phone(NEW)
    invited = await clinic.invite()
    await clinic.say(kim, f"/start {invited.token}")
    await clinic.say(kim, "/cancel")
    [card] = await clinic.say(kim, DANGER)
    assert LINES in card.text
    await alerted(clinic, invited.code)


async def test_a_discharged_patient_is_told_that_nobody_is_told(clinic: Clinic) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.dana, f"/patient {code}")
    await clinic.press(clinic.dana, f"s:discharge:{code}")
    await clinic.press(clinic.dana, f"s:discharge_yes:{code}")
    [card] = await clinic.say(clinic.sam, DANGER)
    assert LINES in card.text
    assert "telling no one" in card.text
    exported = await clinic.export(code)
    assert exported["flags"] == []
    assert DANGER not in str(exported)


async def test_staff_get_the_lines_too(clinic: Clinic) -> None:
    await clinic.seed()
    came = await clinic.say(clinic.dana, DANGER)
    assert LINES in came[0].text
    assert "telling no one" in came[0].text


async def test_an_alert_rings_on_and_further_up_until_somebody_has_seen_it(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed(backups=1, supervisors=1)
    ben, ruth = clinic.tg.phone(PATIENTS - 2), clinic.tg.phone(PATIENTS - 3)
    await clinic.say(clinic.sam, DANGER)
    rung = {"dana": 1, "ben": 0, "ruth": 0}

    def count() -> dict[str, int]:
        phones = {"dana": clinic.dana, "ben": ben, "ruth": ruth}
        return {who: sum(code in m.text for m in phone.messages) for who, phone in phones.items()}

    assert count() == rung
    await clinic.pass_time(timedelta(minutes=5))
    assert count() == {"dana": 1, "ben": 1, "ruth": 0}
    await clinic.pass_time(timedelta(minutes=5))
    assert count() == {"dana": 1, "ben": 1, "ruth": 1}
    await clinic.press(ruth, "Seen")
    seen = count()
    for phone in (clinic.dana, ben, ruth):
        assert "Seen by" in phone.last.text
    await clinic.pass_time(timedelta(minutes=30))
    assert count() == seen


async def test_more_of_the_same_adds_to_the_alert_and_new_intent_after_seen_rings_anew(
    clinic: Clinic,
) -> None:
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, DANGER)
    [line] = await clinic.say(clinic.sam, "I want to die")
    assert LINES in line.text
    await alerted(clinic, code)
    await clinic.press(clinic.dana, "Seen")
    await clinic.say(clinic.sam, DANGER)
    assert len(await flags(clinic, code)) == 2


async def test_only_seen_says_that_somebody_has_seen_it(clinic: Clinic) -> None:
    await clinic.seed()
    [card] = await clinic.say(clinic.sam, DANGER)
    assert "read it at" not in card.text
    came = await clinic.heard(clinic.sam, lambda: clinic.dana.press("Seen"))
    assert any("read it at" in m.text for m in came)


async def test_hide_takes_back_what_both_wrote(each_clinic: Clinic) -> None:
    """The person's own words too: commands, answers, a picture. Nothing of what was on its way follows."""
    clinic = each_clinic
    await clinic.seed()
    await clinic.say(clinic.sam, "/sos")
    await clinic.say(clinic.sam, "/thought")
    await clinic.say(clinic.sam, "I hid in the kitchen")
    clinic.sam.photo()
    await clinic.settle()
    await clinic.say(clinic.sam, "my husband is beating me and I am afraid of him")
    await clinic.press(clinic.sam, "Hide")
    assert clinic.sam.messages == []


async def test_hide_under_an_old_card_hides_what_can_be_and_the_card_too(each_clinic: Clinic) -> None:
    """Telegram takes nothing back that is older than 48 hours, and refuses all that it is asked together with
    it. Such a card is made to say nothing instead."""
    clinic = each_clinic
    await clinic.seed()
    await clinic.say(clinic.sam, "we had soup")
    await clinic.say(clinic.sam, BEATEN)
    [card] = [m for m in clinic.sam.messages if "o:hide" in [b.data for b in keys(m)]]
    old = {m.message_id for m in clinic.sam.messages}
    await clinic.pass_time(timedelta(days=12))
    old |= {m.message_id for m in clinic.sam.messages}
    await clinic.press(clinic.sam, "o:ground", card.message_id)
    await clinic.say(clinic.sam, BEATEN)
    clinic.expected = {"can't be deleted"}
    await clinic.press(clinic.sam, "o:hide", card.message_id)
    assert {m.message_id for m in clinic.sam.messages} == old
    [hidden] = [m for m in clinic.sam.messages if m.message_id == card.message_id]
    assert hidden.text == "✓"
    assert not keys(hidden)


# With storage gone


def broken(clinic: Clinic, monkeypatch: pytest.MonkeyPatch, how: str) -> Callable[[], None]:
    """Let no unit be committed until the returned function is called."""
    mended = asyncio.Event()
    really = clinic.app.store.write

    async def write(work: Callable[..., Any], *, urgent: bool = False) -> Any:
        if not mended.is_set():
            if how == "refuses":
                raise OSError("disk I/O error")
            await mended.wait()
        return await really(work, urgent=urgent)

    monkeypatch.setattr(clinic.app.store, "write", write)
    return mended.set


def refusal(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> asyncio.Future[None]:
    """Done once something is refused, so that Telegram has to hand it over again."""
    refused = asyncio.get_running_loop().create_future()
    really = clinic.app.intake.receive

    async def receive(batch: Any, more: bool, late: bool) -> None:
        try:
            await really(batch, more, late)
        finally:
            if not refused.done():
                refused.set_result(None)

    monkeypatch.setattr(clinic.app._door, "_receive", receive)
    return refused


@pytest.mark.parametrize("how", ["refuses", "hangs"])
async def test_with_storage_gone_help_comes_at_once_and_the_team_is_told_later(
    each_clinic: Clinic, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The card is sent directly within a second and a half or so, and says that nobody could be told; when
    the store is back the team is told, once, and the person hears that."""
    clinic = each_clinic
    clinic.expected = {"not_committed", "turn.failed", "sender.not_", "tick.failed"}
    [code] = await clinic.seed()
    mend = broken(clinic, monkeypatch, how)
    clinic.sam.mark()
    began = time.monotonic()
    clinic.sam.send(DANGER)
    card = await clinic.sam.wait(lambda m: LINES in m.text)
    assert time.monotonic() - began < 1.5 + LATE
    assert "nobody has been told about this yet" in card.text
    mend()
    told = await clinic.sam.wait("I have told them now", timeout=20)
    assert told.message_id > card.message_id
    await clinic.settle()
    await alerted(clinic, code)
    cards = [m for m in clinic.sam.messages if "nobody has been told about this yet" in m.text]
    assert len(cards) == 1
    assert len(await flags(clinic, code)) == 1
    assert (await clinic.row(Patient, code=code)).standing == "enrolled"


def _asks(phone: Phone) -> None:
    phone.send("/sos")


def _presses(phone: Phone) -> None:
    phone.press("o:sos")


def _speaks(phone: Phone) -> None:
    phone.voice()


def _looks_for_help(phone: Phone) -> None:
    phone.send("/help")


def _looks_for_the_plan(phone: Phone) -> None:
    phone.send("/plan")


@pytest.mark.parametrize("how", ["refuses", "hangs"])
@pytest.mark.parametrize(
    ("asks", "then"),
    [
        (_asks, "press what is going on"),
        (_presses, "press what is going on"),
        (_speaks, "hear voice notes"),
        (_looks_for_help, "What you can send me"),
        (_looks_for_the_plan, "have a safety plan yet"),
    ],
)
async def test_with_storage_gone_whoever_asks_for_help_gets_the_lines_at_once(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, asks: Callable[[Phone], None], then: str, how: str
) -> None:
    """Directly, and once; when the store is back, what is always shown comes too."""
    clinic.expected = {"not_committed", "turn.failed", "sender.not_", "tick.failed"}
    await clinic.seed()
    await clinic.say(clinic.sam, "/menu")
    mend = broken(clinic, monkeypatch, how)
    clinic.sam.mark()
    began = time.monotonic()
    asks(clinic.sam)
    shown = await clinic.sam.wait(lambda m: LINES in m.text)
    assert time.monotonic() - began < 1.5 + LATE
    assert "broken on my side" in shown.text or then == "hear voice notes"
    mend()
    again = await clinic.sam.wait(lambda m: then in m.text and m.message_id > shown.message_id, timeout=20)
    await clinic.settle()
    newest = [m for m in clinic.sam.messages if not m.mine and m.message_id >= shown.message_id]
    assert [m.message_id for m in newest] == [shown.message_id, again.message_id]


@pytest.mark.parametrize("data", ["o:call", "o:ground", "o:help", "o:plan", "o:sos:using"])
async def test_with_storage_gone_a_press_for_help_is_answered_too(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, data: str
) -> None:
    """A call that could not be passed on is said to be none; an exercise needs nothing of ours."""
    clinic.expected = {"not_committed", "turn.failed", "sender.not_", "tick.failed"}
    await clinic.seed()
    [shown] = await clinic.say(clinic.sam, "/sos")
    mend = broken(clinic, monkeypatch, "refuses")
    clinic.sam.mark()
    clinic.sam.press_data(shown.message_id, data)
    said = await clinic.sam.wait(lambda m: "5-4-3-2-1" in m.text or "broken on my side" in m.text)
    assert ("5-4-3-2-1" in said.text) == (data == "o:ground")
    mend()


SCENES: dict[str, tuple[tuple[str, ...], str]] = {
    "a card": ((DANGER,), "o:"),
    "what /sos offers": (("/sos",), "o:"),
    "ASQ": (("I want to die",), ""),
    "its going on": (("I want to die", "/menu"), "o:resume"),
    "a question about abuse": ((BEATEN,), ""),
    "whether it may ring": ((BEATEN, "[o:call]"), "o:call"),
    "using right now": (("/sos", "[o:sos:using]"), ""),
    "after use": (("/sos", "[o:sos:used]"), ""),
    "its second question": (("/sos", "[o:sos:used]", "[okay]"), ""),
    "a craving": (("/sos", "[o:sos:craving]"), ""),
    "use in a check-in": (("/checkin", "[5]", "[3]", "[yes]"), ""),
    "going on with it": (("/checkin", "[5]", "[3]", "[yes]", "/menu"), "o:resume"),
    "the plan": (("/plan",), "o:"),
    "its question": (("/plan", "[o:plan:make]"), ""),
}
"""How somebody comes there, and how the buttons begin that they may press."""


@pytest.mark.parametrize("scene", SCENES)
async def test_with_storage_gone_no_button_is_silent_where_somebody_may_be_in_danger(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, scene: str
) -> None:
    """Behind an ordinary message that cannot be stored, and whichever they press: each brings help, once."""
    clinic.expected = {"not_committed", "turn.failed", "sender.not_", "tick.failed"}
    await clinic.seed()
    acts, begin = SCENES[scene]
    for act in acts:
        wanted = act[1:-1]
        if not act.startswith("["):
            await clinic.say(clinic.sam, act)
        elif wanted.startswith("o:"):
            await clinic.press(clinic.sam, wanted)
        else:
            await clinic.give(clinic.sam, act)
    shown = clinic.sam.last
    pressed = [str(b.data) for b in keys(shown) if b.data and b.data.startswith(begin) and b.data != "o:hide"]
    assert pressed
    mend = broken(clinic, monkeypatch, "refuses")
    clinic.sam.mark()
    clinic.sam.send("hello there")
    for data in pressed:
        clinic.sam.press_data(shown.message_id, data)

    def helped() -> list[str]:
        came = [m.text for m in clinic.sam.messages if not m.mine and m.message_id > shown.message_id]
        return [text for text in came if "broken on my side" in text or "5-4-3-2-1" in text]

    async with asyncio.timeout(10):
        while len(helped()) < len(pressed):
            await clinic.sam.changed()
    assert len(helped()) == len(pressed)
    assert all("911" in text or "5-4-3-2-1" in text for text in helped())
    mend()


async def test_with_storage_gone_the_look_in_after_use_brings_help(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.expected = {"not_committed", "turn.failed", "sender.not_", "tick.failed"}
    await clinic.seed()
    await clinic.say(clinic.sam, "/sos")
    await clinic.press(clinic.sam, "o:sos:using")
    await clinic.walk(clinic.sam)
    await clinic.pass_time(timedelta(minutes=20))
    opens = str(keys(clinic.sam.last)[0].data)
    mend = broken(clinic, monkeypatch, "refuses")
    refused = refusal(clinic, monkeypatch)
    clinic.sam.mark()
    clinic.sam.press(opens)
    card = await clinic.sam.wait(lambda m: LINES in m.text and "broken on my side" in m.text)
    await refused
    mend()
    await clinic.sam.wait(lambda m: asks(m) and m.message_id > card.message_id, timeout=20)


async def test_with_storage_gone_hide_takes_the_card_off_the_screen_and_writes_nothing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may have come into the room. The rest of the chat follows when it can be read which it is."""
    clinic.expected = {"not_committed", "turn.failed", "sender.not_", "tick.failed"}
    await clinic.seed()
    await clinic.say(clinic.sam, BEATEN)
    [card] = [m for m in clinic.sam.messages if "o:hide" in [b.data for b in keys(m)]]
    before = len(clinic.sam.messages)
    mend = broken(clinic, monkeypatch, "refuses")
    refused = refusal(clinic, monkeypatch)
    clinic.sam.press("o:hide", card.message_id)
    async with asyncio.timeout(10):
        while card.message_id in clinic.sam.chat.messages:
            await clinic.sam.changed()
    assert len(clinic.sam.messages) == before - 1
    await refused
    mend()
    async with asyncio.timeout(20):
        while clinic.sam.messages:
            await clinic.sam.changed()


async def test_with_storage_gone_hide_leaves_nothing_on_a_card_that_is_too_old_to_be_deleted(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.expected = {"not_committed", "turn.failed", "sender.not_", "tick.failed"}
    clinic.expected |= {"can't be deleted", "is not modified"}
    await clinic.seed()
    await clinic.say(clinic.sam, BEATEN)
    [card] = [m for m in clinic.sam.messages if "o:hide" in [b.data for b in keys(m)]]
    await clinic.pass_time(timedelta(days=12))
    mend = broken(clinic, monkeypatch, "refuses")
    clinic.sam.press("o:hide", card.message_id)
    async with asyncio.timeout(10):
        while clinic.sam.chat.messages[card.message_id].get("text") != "✓":
            await clinic.sam.changed()
    mend()
    await clinic.settle()


@pytest.mark.parametrize("asks", ["/sos", "/help"])
async def test_with_storage_gone_a_stranger_who_asks_for_help_finds_it(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, asks: str
) -> None:
    clinic.expected = {"not_committed", "turn.failed", "sender.not_", "tick.failed"}
    await clinic.seed()
    mend = broken(clinic, monkeypatch, "refuses")
    kim = clinic.phone(NEW)
    kim.send(asks)
    shown = await kim.wait(lambda m: LINES in m.text)
    assert "can't tell anyone" in shown.text
    mend()
    again = await kim.wait(lambda m: LINES in m.text and m.message_id > shown.message_id, timeout=20)
    assert "broken" not in again.text


async def test_with_storage_gone_an_ordinary_message_waits_and_is_answered_once(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.expected = {"not_committed", "turn.failed", "sender.not_", "tick.failed"}
    [code] = await clinic.seed()
    mend = broken(clinic, monkeypatch, "refuses")
    refused = refusal(clinic, monkeypatch)
    clinic.sam.send("hello there")
    await refused
    mend()
    await clinic.settle()
    assert len([m for m in clinic.sam.messages if not m.mine]) == 1
    assert [m["text"] for m in (await clinic.export(code))["messages"]] == ["hello there"]
