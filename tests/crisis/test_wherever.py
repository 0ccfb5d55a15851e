"""Wherever somebody says it, and in whatever kind of message: help comes first, and somebody is told.

The messages are Telegram's, as they come over the wire; the screen and the model are the real ones.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from telegram import Bot, User

from bot import conversations, sessions
from bot.app import CONTENT
from bot.concerns import Concern, Level
from bot.listening import Listening
from bot.rows import Answer, Message, Outgoing, Patient, Session, SessionState, Standing
from bot.telegram.updates import translate
from bot.understanding import Hearing, Screen
from bot.unit import Unit
from dialogs import CATALOGUE
from dialogs.prompts import Input
from tests.crisis.clinic import Ward
from tests.journeys.clinic import ordinary

BOT = Bot("123456:a-token-that-nobody-gave")
BOT._bot_user = User(123456, "Handrail", is_bot=True)
LINES = "A line: 1-800"
NOW = "I want to kill myself tonight"
"""Meant for now: heard also where a dialog asks for such words by design."""
EXPLICIT = {
    NOW: Level.EMERGENCY,
    "me quiero matar esta noche": Level.EMERGENCY,
    "i took all my pills": Level.EMERGENCY,
    "my husband is hitting me right now": Level.EMERGENCY,
    "voices tell me to stab him": Level.EMERGENCY,
    "k1ll myself": Level.URGENT,
    "no quiero seguir viviendo": Level.URGENT,
}
INDIRECT = (
    "I dont think i will be here next week",
    "i have what i need and sunday is the day",
    "ya dejé todo arreglado para el domingo",
)
LONG = "We had pasta and it was fine. " * 20
numbers = count(1)
Raw = dict[str, Any]


# How it is said


def text(words: str) -> Raw:
    return {"message": {"text": words}}


def captioned(kind: str, words: str) -> Raw:
    part = {"file_id": "f", "file_unique_id": "u", "duration": 3, "width": 1, "height": 1}
    return {"message": {kind: [part] if kind == "photo" else part, "caption": words}}


def more(raw: Raw, **fields: Any) -> Raw:
    return {kind: {**message, **fields} for kind, message in raw.items()}


def edited(raw: Raw) -> Raw:
    return {"edited_message": {**raw["message"], "edit_date": 1}}


FORWARD = {"type": "hidden_user", "sender_user_name": "Me", "date": 1}
REPLY = {"message_id": 3, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "How was your day?"}
SAID: dict[str, Callable[[str], Raw]] = {
    "plain words": text,
    "forwarded": lambda words: more(text(words), forward_origin=FORWARD),
    "a reply": lambda words: more(text(words), reply_to_message=REPLY),
    "a reply with a quote": lambda words: more(text(words), quote={"text": "day", "position": 9}),
    "edited": lambda words: edited(text(words)),
    "a caption": lambda words: captioned("photo", words),
    "a caption that was edited": lambda words: edited(captioned("photo", words)),
    "the caption of a voice note": lambda words: captioned("voice", words),
    "the caption of a file": lambda words: captioned("document", words),
    "a forwarded caption": lambda words: more(captioned("photo", words), forward_origin=FORWARD),
    "with bold letters": lambda words: more(
        text(words), entities=[{"type": "bold", "offset": 0, "length": 4}]
    ),
    "in a long message": lambda words: text(f"{LONG}{words}. Then I slept."),
    "in its own line": lambda words: text(f"hi\n\n{words}\n\nbye"),
}


def behind(command: str) -> Callable[[str], Raw]:
    return lambda words: text(f"/{command} {words}")


COMMANDS = ("start", "sos", "help", "checkin", "cancel", "back", "stop", "plan", "mydata", "hello")
SAID |= {f"behind /{name}": behind(name) for name in COMMANDS}


# Where it is said


async def enrolled(ward: Ward) -> int:
    return await ward.enrol(evening=None)


def after(*acts: str) -> Callable[[Ward], Awaitable[int]]:
    """Once somebody who is enrolled has said or pressed (`o:…`) these."""

    async def there(ward: Ward) -> int:
        sam = await enrolled(ward)
        for act in acts:
            await (ward.presses_data(sam, act) if act[:2] == "o:" else ward.says(sam, act))
        return sam

    return there


async def at_night(ward: Ward) -> int:
    sam = await enrolled(ward)
    ward.clock.advance(timedelta(hours=14, minutes=30))
    return sam


async def discreet(ward: Ward) -> int:
    return await ward.enrol(evening=None, discreet=True)


async def invited(ward: Ward) -> int:
    sam = await ward.enrol(evening=None, standing=Standing.INVITED)
    await ward.says(sam, "/start")
    return sam


async def stopped(ward: Ward) -> int:
    sam = await invited(ward)
    await ward.says(sam, "/cancel")
    return sam


WITH_A_TEAM: dict[str, Callable[[Ward], Awaitable[int]]] = {
    "with nothing open": enrolled,
    "in a check-in": after("/checkin"),
    "in a thought record": after("/thought"),
    "in a trigger log": after("/trigger"),
    "in a safety plan": after("o:plan:make"),
    "in ASQ": after("k1ll myself"),
    "in a safety question": after("o:sos:withdrawal"),
    "riding out a craving": after("o:sos:craving"),
    "after using": after("o:sos:used"),
    "while using": after("o:sos:using"),
    "while a setting is changed": after("o:settings:name"),
    "while paused": after("/stop"),
    "while the phone may be watched": after("my boyfriend hits me", "o:hide"),
    "at night": at_night,
    "with plain reminders": discreet,
    "in mid-enrolment": invited,
    "with enrolment stopped": stopped,
}


async def stranger(ward: Ward) -> int:
    return 7777


def ended(standing: Standing) -> Callable[[Ward], Awaitable[int]]:
    async def there(ward: Ward) -> int:
        patient = await ward.patient(await ward.enrol(evening=None, standing=standing))
        assert patient.chat is not None
        return patient.chat

    return there


OUTSIDE = {
    "a stranger": stranger,
    "discharged": ended(Standing.DISCHARGED),
    "who declined": ended(Standing.DECLINED),
}


class Ready:
    """The model, loaded once."""

    problem: str | None = None

    def __init__(self, hearing: Hearing) -> None:
        self.hearing = hearing

    def load(self) -> bool:
        return True

    def listen(self, texts: Sequence[str]) -> list[Concern | None]:
        return self.hearing.listen(texts)


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(CONTENT)


@pytest.fixture(scope="module")
def model(screen: Screen) -> Ready:
    hearing = Hearing(CONTENT, screen)
    assert hearing.load()
    return Ready(hearing)


@pytest.fixture
def here(small_ward: Ward, screen: Screen) -> Ward:
    small_ward.hearing = screen
    return small_ward


async def arrives(ward: Ward, chat: int, raw: Raw) -> list[str]:
    """What they read in answer to this message, in order."""
    number = next(numbers)
    person = {"id": chat, "is_bot": False, "first_name": "Sam", "language_code": "en"}
    about = {"message_id": 90_000 + number, "from": person, "chat": {"id": chat, "type": "private"}}
    [(kind, message)] = raw.items()
    date = int(ward.now.timestamp())
    whole = {**about, "date": date, **message}
    if "edit_date" in whole:
        whole["edit_date"] = date
    inbound = translate({"update_id": number, kind: whole}, BOT, ward.now)
    assert inbound is not None
    before = await ward._newest()
    await ward.intake().receive([replace(inbound, at=ward.now)])

    def read(unit: Unit) -> list[Outgoing]:
        return unit.find(Outgoing, order="id", chat_hash=unit.digest(chat), id__gt=before)

    return [row.body["text"] for row in await ward.storage.read(read) if row.body and "text" in row.body]


async def kept(ward: Ward, id: int, words: str) -> int:
    """In how many places their words lie."""
    rows = await ward.storage.read(
        lambda unit: [*unit.find(Message, patient_id=id), *unit.find(Answer, patient_id=id)]
    )
    return sum(words in str(row) for row in rows)


async def chat_of(ward: Ward, id: int) -> int:
    chat = (await ward.patient(id)).chat
    assert chat is not None
    return chat


@pytest.mark.parametrize("place", WITH_A_TEAM)
async def test_a_cry_brings_its_card_first_wherever_it_is_said(here: Ward, place: str) -> None:
    """In every kind of message: the card alone, an emergency, and the words kept once, by consent."""
    for way, raw in SAID.items():
        sam = await WITH_A_TEAM[place](here)
        said = await arrives(here, await chat_of(here, sam), raw(NOW))
        assert said[0].startswith(f"<b>{LINES}"), (way, said)
        assert len(said) == 1, (way, said)
        assert max(Level(flag.level).rank for flag in await here.flags(sam)) == Level.EMERGENCY.rank, way
        assert await kept(here, sam, NOW) == (place != "with enrolment stopped"), way
        await here.do(lambda unit: [unit.change(row, chat_hash=None) for row in unit.find(Patient)])


@pytest.mark.parametrize("place", OUTSIDE)
async def test_whoever_no_program_knows_sees_it_too_and_nothing_is_kept(here: Ward, place: str) -> None:
    chat = await OUTSIDE[place](here)
    for way, raw in SAID.items():
        said = await arrives(here, chat, raw(NOW))
        assert said[0].startswith(f"<b>{LINES}"), (way, said)
        assert "telling no one" in said[0], way
        assert len(said) == 1, (way, said)
    assert await here.storage.read(lambda unit: [*unit.find(Message), *unit.find(Answer)]) == []


@pytest.mark.parametrize("words", EXPLICIT)
async def test_whatever_the_danger_is_called_it_is_heard_in_the_middle_of_things(
    here: Ward, words: str
) -> None:
    for place in (
        "with nothing open",
        "in a check-in",
        "in a thought record",
        "in mid-enrolment",
        "at night",
    ):
        sam = await WITH_A_TEAM[place](here)
        said = await arrives(here, await chat_of(here, sam), text(words))
        assert LINES in said[0], place
        assert EXPLICIT[words].rank <= max(Level(flag.level).rank for flag in await here.flags(sam)), place


@pytest.mark.parametrize("words", INDIRECT)
async def test_what_is_only_meant_is_heard_or_asked_about_there_too(
    here: Ward, model: Ready, words: str
) -> None:
    here.listening = Listening(model)
    await here.listening.hear("")
    places = ("with nothing open", "in a check-in", "in a thought record", "in mid-enrolment", "while paused")
    for place in places:
        for raw in (SAID["plain words"], SAID["edited"], SAID["a caption"], SAID["behind /hello"]):
            sam = await WITH_A_TEAM[place](here)
            said = await arrives(here, await chat_of(here, sam), raw(words))
            assert LINES in said[0], (place, said)
            assert await here.flags(sam), place
    said = await arrives(here, 7777, text(words))
    assert LINES in said[0]
    assert "telling no one" in said[0]


@pytest.mark.parametrize("dialog", CATALOGUE)
async def test_at_every_question_of_every_dialog(here: Ward, dialog: str) -> None:
    """No question takes a cry for a name, a time or a signature: the card alone, and the words kept once."""
    steps = 0
    while True:
        sam = await enrolled(here)
        if not await _walked(here, sam, dialog, steps):
            break
        said = await arrives(here, await chat_of(here, sam), text(NOW))
        assert LINES in said[0], (steps, said)
        assert len(said) == 1, (steps, said)
        assert await kept(here, sam, NOW) == 1, steps
        steps += 1
    assert steps


async def _walked(ward: Ward, id: int, dialog: str, steps: int) -> bool:
    """Open it and give so many ordinary answers; False where it has ended by then."""
    if dialog == "enrolment":
        await ward.change(id, standing=Standing.INVITED)
    topic = {"safety": "withdrawal", "plan_line": "people"}.get(dialog, "")
    patient = await ward.patient(id)
    await ward.do(lambda unit: conversations.begin(unit, ward.host, patient, dialog, topic=topic))

    def answer(unit: Unit) -> bool:
        session = unit.one(Session, patient_id=id, dialog=dialog, state=SessionState.OPEN)
        if session is None:
            return False
        prompt = sessions.load(unit, ward.program, session).turn.prompt
        assert prompt is not None
        act = ordinary(prompt)
        for value in act[1:-1].split("|") if act[0] == "[" else [None]:
            words = act if value is None else None
            given = Input(at=unit.now, text=words, data=value)
            current = unit.one(Session, id=session.id) or session
            conversations.answer(unit, ward.host, patient, current, given, None)
        return True

    for _ in range(steps):
        if not await ward.do(answer):
            return False
    return bool(
        await ward.do(lambda unit: unit.count(Session, patient_id=id, dialog=dialog, state=SessionState.OPEN))
    )


@pytest.mark.parametrize("way", SAID)
async def test_before_consent_a_question_follows_where_it_was_promised(here: Ward, way: str) -> None:
    sam = await invited(here)
    card, question = await arrives(here, await chat_of(here, sam), SAID[way]("no quiero seguir viviendo"))
    assert card.startswith(f"<b>{LINES}")
    assert "Are you safe right now?" in question
