"""Whatever reaches an open question: a kind, exact answer or a gentle re-ask, and nothing that was said lost.

Each law is tried on every question of every dialog, on the routes below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot import turns
from bot.due import Due
from bot.sandbox.phones import Phone
from dialogs.prompts import Prompt, Scale, Text
from tests.journeys.clinic import PATIENTS, Clinic, Plan, asks, keys, ordinary, with_value

OTHER = PATIENTS + 1
LINES = "988"
USED: Plan = {"used": "[yes]", "lapse_when": "[hours]", "lapse_substances": "[alcohol|opioids|+done]"}


@dataclass(frozen=True)
class Route:
    """A way into a dialog (a command, or the data of a button) and through it."""

    way_in: str
    plan: Plan = field(default_factory=dict)
    begin: str | None = None
    """The first question to try; those before it are tried on another route."""


ROUTES = {
    "enrolment": Route("/start"),
    "enrolment by clock": Route("/start", {"zone": "[skip]", "evening": "22:30"}, "clock"),
    "check_in": Route("/checkin"),
    "check_in after use": Route("/checkin", USED, "lapse_body"),
    "thought_record": Route("/thought", {"thought/second": "[skip]"}),
    "trigger_log": Route("/trigger"),
    "trigger_followup": Route("o:followup:0"),
    "change_morning": Route("o:settings:morning", {"morning": "5 am"}),
    "change_evening": Route("o:settings:evening"),
    "change_quiet": Route("o:settings:quiet", {"quiet_from": "18:00"}),
    "change_zone": Route("o:settings:zone", {"zone": "[skip]"}),
    "change_name": Route("o:settings:name"),
    "change_phone": Route("o:settings:phone"),
    "change_location": Route("o:settings:location"),
    "change_contact": Route("o:settings:contact"),
}
WORDS = (
    "eight",
    "8/10",
    "idk",
    "11",
    "101",
    "-3",
    "7.5",
    "\u200b \u200b.",
    "🙂🌊",
    "<b>",
    "Tom & Jerry &amp; <i>me</b>",
    "\u202eمرحبا, أنا بخير",
    "w" * 4096,
)
NUMBERS: dict[str, dict[int, int | None]] = {
    "eight": {10: 8, 12: 8, 100: 8},
    "8/10": {10: 8},
    "idk": {10: None, 12: None, 100: None},
    "11": {10: None, 12: 11, 100: 11},
    "101": {10: None, 12: None, 100: None},
    "-3": {10: None, 12: None, 100: None},
    "7.5": {10: None, 12: None, 100: None},
    "🙂🌊": {10: None, 12: None, 100: None},
    "<b>": {10: None, 12: None, 100: None},
}
"""What typed words are on a scale that ends at 10, 12 or 100; None: the question is asked again."""


@dataclass
class Talk:
    """Somebody on their way through one dialog."""

    clinic: Clinic
    phone: Phone
    code: str
    route: Route

    async def open(self) -> None:
        if self.route.way_in == "/start":
            # Nobody enrols twice: each time it is somebody new.
            invited = await self.clinic.invite()
            self.code, self.phone = invited.code, self.clinic.phone(max(self.clinic.tg.people) + 1, "Kim")
            await self.clinic.say(self.phone, f"/start {invited.token}")
        elif self.route.way_in.startswith("/"):
            await self.clinic.say(self.phone, self.route.way_in)
        else:
            message = self.phone.send("hello")
            await self.clinic.settle()
            await self.clinic.push(self.phone, message + 1, self.route.way_in)

    async def prompt(self) -> Prompt[Any]:
        prompt = await self.clinic.prompt(self.phone)
        assert prompt is not None
        return prompt

    def act(self, prompt: Prompt[Any]) -> str:
        """What this route answers, as `give` takes it."""
        plan = self.route.plan
        return plan.get(f"{prompt.key}/{prompt.item}") or plan.get(prompt.key) or ordinary(prompt)

    async def forward(self) -> bool:
        """Answer the open question as the route says; False at the end."""
        prompt = await self.prompt()
        await self.clinic.give(self.phone, self.act(prompt))
        return await self.clinic.prompt(self.phone) is not None

    async def again(self, prompt: Prompt[Any]) -> None:
        """Be asked `prompt` again, after an answer to it has been taken."""
        if await self.clinic.prompt(self.phone) is None:
            await self.open()
            plan = dict(self.route.plan)
            await self.clinic.walk(self.phone, plan, to=prompt.key)
        else:
            await self.clinic.say(self.phone, "/back")
        assert (await self.prompt()).identity == prompt.identity

    async def asked_again(self, prompt: Prompt[Any], why: str) -> None:
        """The same question is open, and can be answered or left by a button right here."""
        assert (await self.prompt()).identity == prompt.identity, why
        assert asks(self.phone.last), f"{why}; the chat:\n{self.phone}"


@pytest.fixture(params=ROUTES)
async def talk(clinic: Clinic, request: pytest.FixtureRequest) -> Talk:
    code, _ = await clinic.seed(2, remind="19:00")
    talk = Talk(clinic, clinic.sam, code, ROUTES[request.param])
    await talk.open()
    if talk.route.begin:
        await clinic.walk(talk.phone, talk.route.plan, to=talk.route.begin)
    return talk


def stored(exported: dict[str, Any], prompt: Prompt[Any]) -> list[Any]:
    """What stands as the answer to a question, in the newest session that has one."""
    found = [
        answer["value"]
        for answer in exported["answers"]
        if (answer["key"], answer["item"]) == prompt.identity and not answer["superseded"]
    ]
    return found[-1:]


async def test_odd_words_are_an_exact_answer_or_asked_again_and_never_lost(talk: Talk) -> None:
    clinic = talk.clinic
    while True:
        prompt = await talk.prompt()
        for words in WORDS:
            phone = talk.phone
            why = f"{prompt.key}: {words[:30]!r}"
            came = await clinic.say(phone, words)
            assert came, f"silence after {why}"
            exported = await clinic.export(talk.code)
            now = await clinic.prompt(phone)
            taken = now is None or now.identity != prompt.identity
            if not taken:
                await talk.asked_again(prompt, why)
                kept = [message["text"] for message in exported["messages"]]
                assert words in kept, f"{why} is not kept"
                assert not isinstance(prompt, Text) or len(words) > prompt.limit, f"{why} is refused"
            elif isinstance(prompt, Text):
                assert stored(exported, prompt) == [words], why
            if isinstance(prompt, Scale) and not (prompt.optional and words == "idk"):
                expected = NUMBERS.get(words, {}).get(prompt.high, "any")
                if expected is None:
                    assert not taken, f"{why} is taken for {stored(exported, prompt)}"
                elif expected != "any":
                    assert stored(exported, prompt) == [expected], why
            if taken:
                await talk.again(prompt)
        if not await talk.forward():
            return


async def test_what_is_no_words_gets_help_and_the_question_again(talk: Talk) -> None:
    clinic, phone = talk.clinic, talk.phone
    things: tuple[Callable[[], object], ...] = (
        phone.voice,
        phone.sticker,
        lambda: phone.photo("a photo of my day"),
        phone.document,
        phone.location,
    )
    asked = 0
    while True:
        prompt = await talk.prompt()
        for thing in things:
            came = await clinic.heard(phone, thing)
            assert LINES in came[0].text, prompt.key
            await talk.asked_again(prompt, prompt.key)
        asked += 1
        kept = [message["text"] for message in (await clinic.export(talk.code))["messages"]]
        assert kept.count("a photo of my day") == asked
        came = await clinic.say(phone, "/nonsense")
        assert came, prompt.key
        assert (await talk.prompt()).identity == prompt.identity
        await clinic.open_prompt(phone)
        if not await talk.forward():
            return


async def test_an_edited_message_is_seen_and_kept(talk: Talk) -> None:
    """An edit of what was no answer is kept; one of a typed answer takes its place (`test_dialogs`)."""
    clinic, phone = talk.clinic, talk.phone
    before: int | None = None
    while True:
        prompt = await talk.prompt()
        if before is not None:
            words = f"edited at {prompt.key}"
            came = await clinic.heard(phone, partial(phone.edit, before, words))
            assert came, prompt.key
            assert words in str(await clinic.export(talk.code))
            assert (await talk.prompt()).identity == prompt.identity
            await clinic.open_prompt(phone)
        before = phone.photo("see this")
        await clinic.settle()
        if not await talk.forward():
            return


async def test_a_button_counts_once_for_its_own_person_and_its_own_question(talk: Talk) -> None:
    """Pressed twice, pressed later, pressed by somebody else."""
    clinic, phone = talk.clinic, talk.phone
    other = clinic.tg.phone(OTHER)
    _, code = await clinic.app.store.read(_codes)
    await clinic.say(other, "/checkin")
    theirs = await clinic.open_prompt(other)
    before = await clinic.export(code)
    while True:
        prompt = await talk.prompt()
        shown = await clinic.open_prompt(phone)
        act = talk.act(prompt)
        data = [str(button.data) for button in keys(shown)]
        # Somebody else's press of each of these buttons: told so, and nothing of it.
        for one in data:
            toast, came = await clinic.push(other, theirs.message_id, one)
            assert toast, (prompt.key, one)
            assert came == []
        assert await clinic.export(code) == before
        assert (await talk.prompt()).identity == prompt.identity
        if act.startswith("["):
            answers = [with_value(shown, pressed) for pressed in act[1:-1].split("|")]
            for one in answers[:-1]:
                await clinic.push(phone, shown.message_id, one)
            count = len((await clinic.export(talk.code))["answers"])
            twice = [phone.press_data(shown.message_id, answers[-1]) for _ in range(2)]
            await clinic.settle()
            assert len((await clinic.export(talk.code))["answers"]) == count + 1, prompt.key
            assert (await phone.answered(twice[1])).text, prompt.key
            again = await clinic.prompt(phone)
            toast, came = await clinic.push(phone, shown.message_id, answers[-1])
            assert toast, prompt.key
            assert came == []
            now = await clinic.prompt(phone)
            assert (now and now.identity) == (again and again.identity)
            if now is None:
                return
        elif not await talk.forward():
            return


def _codes(unit: Any) -> list[str]:
    from bot.rows import Patient, Standing

    return [patient.code for patient in unit.find(Patient, standing=Standing.ENROLLED)]


async def test_a_group_that_adds_the_bot_gets_a_line_and_is_left(clinic: Clinic) -> None:
    await clinic.seed()
    for supergroup in (False, True):
        group = clinic.tg.group("Our group", clinic.sam, supergroup=supergroup)
        await clinic.settle()
        assert group.left
        [line] = [m for m in group.messages if not m.mine]
        assert line.text


async def test_a_group_that_writes_on_is_left_alone(clinic: Clinic) -> None:
    await clinic.seed()
    group = clinic.tg.group("Our group", clinic.sam)
    group.send(clinic.sam, "/checkin@handrail_bot I want to kill myself")
    await clinic.settle()
    assert group.left
    assert len([m for m in group.messages if not m.mine]) == 1
    assert (await clinic.export((await clinic.app.store.read(_codes))[0]))["flags"] == []


async def test_a_message_whose_turn_failed_is_taken_up_at_a_later_tick(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await clinic.seed()
    clinic.expected = {"turn.failed"}
    take, fails = turns.take, [True]

    def falling(*given: Any) -> str | None:
        if fails:
            raise RuntimeError
        return take(*given)

    monkeypatch.setattr(turns, "take", falling)
    clinic.sam.send("My sister called.")
    await clinic.settle()
    before = len(clinic.sam.messages)
    fails.clear()
    clinic.clock.advance(timedelta(seconds=3))
    await clinic.app.tick()
    await clinic.app._beside[Due.KEPT]
    await clinic.quiet()
    assert len(clinic.sam.messages) == before + 1
