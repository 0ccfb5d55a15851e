"""A whole clinic for a test: the real app and store, a local Telegram over real HTTP, people with phones.

Time stands still but for a second with each thing that somebody does. `settle` waits for what really ends:
Telegram has every update confirmed, the sender has nothing in hand, every button is answered.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from bot import app as wiring
from bot import export, invitations, seeding
from bot.app import App, Mode
from bot.clock import SettableClock, StillClock
from bot.rows import Answer, Patient, Role, Session, SessionState, Staff
from bot.sandbox import LocalTelegram, serve
from bot.sandbox.phones import Phone
from bot.sandbox.screens import Btn, Shown
from bot.settings import load
from bot.understanding import Screen
from bot.unit import Unit
from bot.wording import Wording
from dialogs import engine
from dialogs.prompts import DONE, Facts, Many, Offset, Prompt, Scale, Text, YesNo

T = TypeVar("T")
Plan = Mapping[str, str]
ZONE = ZoneInfo("America/New_York")
AFTERNOON = datetime(2026, 3, 3, 15, 30, tzinfo=ZONE)
"""A Tuesday, five days before the clocks go forward there."""
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
PATIENCE = 10.0
PATIENTS = 5001
"""The first patient's Telegram id; the counselor's is one less, then backup and supervisor."""


@cache
def _words(folder: Any, region: str) -> Wording:
    return Wording(folder, region)


@cache
def _screen(folder: Any) -> Screen:
    return Screen(folder)


@pytest.fixture(autouse=True)
def built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words and screen are values that are built once a process, as in a process that runs."""
    monkeypatch.setattr(wiring, "Wording", _words)
    monkeypatch.setattr(wiring, "Screen", _screen)


class Complaints(logging.Handler):
    """Every entry of the log that says something went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.entries: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        told = f" ({record.exc_info[1]!r})" if record.exc_info else ""
        self.entries.append(f"{record.name}: {record.getMessage()}{told}")


@contextmanager
def listening() -> Iterator[Complaints]:
    complaints = Complaints()
    root = logging.getLogger()
    root.addHandler(complaints)
    try:
        yield complaints
    finally:
        root.removeHandler(complaints)


@dataclass
class Clinic:
    tg: LocalTelegram
    clock: SettableClock
    app: App
    complaints: Complaints
    environment: dict[str, str]
    expected: set[str] = field(default_factory=set)
    """Words of the log and of refusals that a test brings about on purpose."""

    # People

    async def seed(
        self,
        patients: int = 1,
        *,
        backups: int = 0,
        supervisors: int = 0,
        remind: str | None = None,
        first: int = PATIENTS,
    ) -> list[str]:
        """Enrolled patients from `first` on and their counselor on `first` - 1; the patients' codes."""

        def seed(unit: Unit) -> list[str]:
            staff = seeding.seed_staff(unit, first, backups, supervisors)
            backup = staff[1].code if backups else None
            ids = range(first, first + patients)
            zone = str(ZONE)
            made = seeding.seed_patients(unit, ids, staff[0].code, backup, zone, remind)
            return [one.code for one in made]

        codes = await self.app.store.write(seed)
        names = ("Dana", "Ben", "Ruth")
        for place in range(1 + backups + supervisors):
            self.phone(first - 1 - place, names[min(place, 2)])
        for place in range(patients):
            self.phone(first + place, f"Sam{place}")
        return codes

    def phone(self, user_id: int, name: str = "Sam") -> Phone:
        """Somebody's phone, with which they have written to the bot before."""
        phone = self.tg.phone(user_id, name)
        phone.chat.started = True
        return phone

    @property
    def sam(self) -> Phone:
        return self.tg.phone(PATIENTS)

    @property
    def dana(self) -> Phone:
        return self.tg.phone(PATIENTS - 1)

    async def invite(self, counselor: int = PATIENTS - 1) -> invitations.Invitation:
        def invite(unit: Unit) -> invitations.Invitation:
            staff = unit.one(Staff, chat_hash=unit.digest(counselor))
            assert staff is not None
            return invitations.invite_patient(unit, self.app.program, staff, "test")

        return await self.app.store.write(invite)

    async def invite_again(self, code: str) -> invitations.Invitation:
        def invite(unit: Unit) -> invitations.Invitation:
            patient = unit.one(Patient, code=code)
            assert patient is not None
            return invitations.invite_again(unit, self.app.program, patient, "test")

        return await self.app.store.write(invite)

    async def add_staff(self, name: str, role: Role = Role.COUNSELOR) -> invitations.Invitation:
        return await self.app.store.write(
            lambda unit: invitations.add_staff(unit, self.app.program, name, role, "test")
        )

    # Doing and waiting

    async def settle(self) -> None:
        """Until the bot has answered all that it was told."""
        async with asyncio.timeout(PATIENCE):
            await self.tg.settled()
            await self.quiet()
        self.clock.advance(timedelta(seconds=1))

    async def quiet(self) -> None:
        """Until nothing more is on its way to anybody."""
        await self.app.sender.idle()
        await self.app.outbound.settled()

    async def say(self, phone: Phone, text: str) -> list[Shown]:
        """Send words; what the bot wrote back."""
        return await self.heard(phone, lambda: phone.send(text))

    async def press(self, phone: Phone, wanted: str, message_id: int | None = None) -> list[Shown]:
        """Press a button by label or data; what the bot wrote back."""
        return await self.heard(phone, lambda: phone.press(wanted, message_id))

    async def push(self, phone: Phone, message_id: int, data: str) -> tuple[str, list[Shown]]:
        """Press what may no longer be there; the toast, and what the bot wrote back."""
        pressed: list[str] = []
        came = await self.heard(phone, lambda: pressed.append(phone.press_data(message_id, data)))
        return (await phone.answered(pressed[0])).text, came

    async def heard(self, phone: Phone, act: Callable[[], object]) -> list[Shown]:
        """Do something; the messages that came to this phone from it."""
        newest = max(phone.chat.messages, default=0)
        act()
        await self.settle()
        return [m for m in phone.messages if m.message_id > newest and not m.mine]

    async def pass_time(self, by: timedelta) -> None:
        """Move on, and let the bot look at what has come due."""
        self.clock.advance(by)
        await self.tick()

    async def until(self, at: datetime) -> None:
        self.clock.set(at)
        await self.tick()

    async def tick(self) -> None:
        await self.app.tick()
        await self.quiet()

    async def open_prompt(self, phone: Phone) -> Shown:
        """The message that holds the open question: the newest with a button of its turn."""
        shown = next(
            (m for m in reversed(phone.messages) if not m.mine and asks(m) and not _answered(m)), None
        )
        assert shown is not None, f"no question is open; the chat:\n{phone}"
        return shown

    async def give(self, phone: Phone, act: str) -> list[Shown]:
        """Answer the open question: `[value]` presses that button under it, anything else is typed."""
        if not (act.startswith("[") and act.endswith("]")):
            return await self.say(phone, act)
        came: list[Shown] = []
        shown = await self.open_prompt(phone)
        for pressed in act[1:-1].split("|"):
            came += await self.press(phone, with_value(shown, pressed), shown.message_id)
        return came

    async def walk(self, phone: Phone, plan: Plan | None = None, to: str | None = None) -> Shown:
        """Answer what is asked until the dialog ends, or until `to` is asked; the bot's last message.

        `plan` says how, by key or by `key/item`; what it does not name gets an ordinary answer.
        """
        plan = plan or {}
        for _ in range(80):
            prompt = await self.prompt(phone)
            if prompt is None or prompt.key == to:
                return phone.last
            default = plan.get(prompt.key) or ordinary(prompt)
            came = await self.give(phone, plan.get(f"{prompt.key}/{prompt.item}", default))
            assert came, f"silence after {prompt.key}; the chat:\n{phone}"
        raise AssertionError(f"the dialog does not end; the chat:\n{phone}")

    async def enrol(self, phone: Phone, plan: Plan | None = None) -> invitations.Invitation:
        """Invite somebody and go through enrolment with them."""
        invited = await self.invite()
        await self.say(phone, f"/start {invited.token}")
        await self.walk(phone, plan)
        return invited

    # Looking

    async def export(self, code: str) -> dict[str, Any]:
        """What `python -m bot export` prints, by way of JSON."""

        def read(unit: Unit) -> dict[str, Any]:
            patient = unit.one(Patient, code=code)
            assert patient is not None
            return export.document(unit, patient)

        made: dict[str, Any] = json.loads(json.dumps(await self.app.store.read(read)))
        return made

    async def prompt(self, phone: Phone) -> Prompt[Any] | None:
        """The question that is open for somebody, by replaying what is stored."""

        def read(unit: Unit) -> Prompt[Any] | None:
            patient = unit.one(Patient, chat_hash=unit.digest(phone.id))
            if patient is None:
                return None
            session = unit.one(Session, patient_id=patient.id, state=SessionState.OPEN)
            if session is None:
                return None
            rows = unit.find(Answer, session_id=session.id, superseded_at=None)
            answers = {
                (row.key, row.body["item"]): engine.Answer(
                    row.key, row.body["item"], row.body["value"], row.body["mark"]
                )
                for row in rows
            }
            dialog = self.app.program.dialogs[session.dialog]
            return engine.replay(dialog, Facts.from_json(session.facts), answers).prompt

        return await self.app.store.read(read)

    async def row(self, kind: type[T], **where: Any) -> T:
        found = await self.app.store.read(lambda unit: unit.one(kind, **where))  # type: ignore[type-var]
        assert found is not None, f"no {kind.__name__} with {where}"
        return found

    # Coming and going

    async def restart(self) -> None:
        """The process ends as on SIGTERM, and another begins."""
        await self.app.stop()
        self.app = App.build(load(env_file=None), Mode.RUN, self.clock)
        await self.app.start()

    def blameless(self) -> None:
        """No call was refused, no button left spinning, nothing went wrong."""
        # A bot that ends confirms its last batch while its long poll may still hang: Telegram ends that one.
        refused = [
            (call.method, call.params, call.result)
            for call in self.tg.refused
            if not (call.method == "getUpdates" and call.status == 409)
            and not any(word in str(call.result) for word in self.expected)
        ]
        assert not refused, f"Telegram refused: {refused}"
        spinning = [query for query in self.tg.queries.values() if query.answer is None]
        assert not spinning, f"buttons that still spin: {spinning}"
        complaints = [
            entry for entry in self.complaints.entries if not any(word in entry for word in self.expected)
        ]
        assert not complaints, f"the log complains: {complaints}"


@asynccontextmanager
async def opened(url: str, monkeypatch: pytest.MonkeyPatch, **settings: str) -> AsyncIterator[Clinic]:
    """A clinic on this database. Leaving it proves that all went well, and ends it."""
    clock = SettableClock(StillClock(datetime(2026, 1, 1, tzinfo=UTC)))
    clock.set(AFTERNOON)
    tg = LocalTelegram(now=clock.now)
    async with serve(tg, 0) as telegram:
        environment = {
            "BOT_TOKEN": tg.token,
            "TELEGRAM_API_URL": telegram,
            "DATABASE_URL": url,
            "MASTER_KEYS": KEY,
            "PROGRAM_NAME": "Riverside IOP",
            "TIME_ZONE": str(ZONE),
            "SEND_RATE": "0",
            "PORT": "0",
            "MODEL": "no",
            **settings,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with listening() as complaints:
            app = App.build(load(env_file=None), Mode.RUN, clock)
            clinic = Clinic(tg, clock, app, complaints, environment)
            await app.start()
            try:
                yield clinic
                await clinic.settle()
            finally:
                await clinic.app.stop()
            clinic.blameless()


def ordinary(prompt: Prompt[Any]) -> str:
    """What most people would answer, as `give` takes it."""
    match prompt:
        case Text():
            return f"My words for {prompt.key}"
        case Many():
            return f"[{prompt.options[0]}|{DONE}]"
        case YesNo():
            return "[yes]" if prompt.usual else "[no]"
        case Scale():
            return f"[{prompt.options[len(prompt.options) // 3]}]"
        case Offset():
            return "3:30 pm"
        case _:
            return f"[{prompt.options[0]}]"


# What a phone shows


def _answered(shown: Shown) -> bool:
    """Whether a question has only its ✓ button left."""
    return [value(button) for button in keys(shown)] == ["change"]


def keys(shown: Shown) -> list[Btn]:
    return [button for row in shown.buttons for button in row if button.data is not None]


def asks(shown: Shown) -> bool:
    """Whether this message is an open prompt: it carries a button that answers or navigates."""
    return any((button.data or "")[:2] in ("a:", "n:") for button in keys(shown))


def answering(shown: Shown) -> list[Btn]:
    return [button for button in keys(shown) if (button.data or "").startswith("a:")]


def value(button: Btn) -> str:
    """The last part of a button's data."""
    return (button.data or "").split(":", 3)[-1]


def with_value(shown: Shown, wanted: str) -> str:
    """The data of the button under a prompt that answers with this value, or goes this way."""
    found = [b.data for b in keys(shown) if value(b) == wanted and (b.data or "")[:2] in ("a:", "n:")]
    assert found, f"no button for {wanted!r} under {shown.text!r}: {shown.labels}"
    return str(found[0])
