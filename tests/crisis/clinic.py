"""A clinic whose messages go through intake, so that danger is heard before its turn, as in life."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot import alerts, contacts, vigils
from bot.concerns import Category, Concern, Hearer, Level
from bot.direct import Direct
from bot.hours import DutyHours
from bot.inbound import Event, Inbound, Medium, Pressed, Said, Showed
from bot.intake import Intake
from bot.listening import Deaf, Listening
from bot.outbox import Lane
from bot.rows import Flag, Outgoing, Role, Sending, Session, Staff
from bot.triage import Triage
from bot.unit import Unit
from tests.reminders.clinic import MINUTE, WORDS, Clinic

DIE = "I want to die"
HURT = "I cut myself when it gets bad"
NOW = "I have the pills in my hand"
BURDEN = "they would not miss me"
PULL = "the pull is terrible"
SHAKES = "I quit drinking on Monday, cold turkey"
LAPSED = "I relapsed last night"
HIGH = "I'm high right now"
MISSED = "I missed my methadone dose"
HEARD = {
    DIE: Concern(Level.URGENT, Category.SUICIDE, DIE),
    HURT: Concern(Level.URGENT, Category.SELF_HARM, HURT),
    NOW: Concern(Level.EMERGENCY, Category.SUICIDE, NOW),
    BURDEN: Concern(Level.WATCH, Category.SUICIDE, BURDEN, ask=True),
    PULL: Concern(Level.WATCH, Category.CRAVING, PULL),
    SHAKES: Concern(Level.URGENT, Category.WITHDRAWAL, SHAKES),
    LAPSED: Concern(Level.WATCH, Category.LAPSE, LAPSED),
    HIGH: Concern(Level.WATCH, Category.LAPSE, HIGH, now=True),
    MISSED: Concern(Level.WATCH, Category.DROPOUT, MISSED),
}


def hear(text: str, *, planning: bool = False) -> Concern | None:
    """A hearer of a few sentences. In a plan only what is meant for right now is heard."""
    return None if planning and text != NOW else HEARD.get(text)


def everything(text: str, *, planning: bool = False) -> Concern | None:
    return HEARD.get(text)


VEILED = "it is all arranged for sunday"
HINT = "i gave him my guitar"
MORE = {
    VEILED: Concern(Level.EMERGENCY, Category.SUICIDE, VEILED),
    HINT: Concern(Level.WATCH, Category.SUICIDE, HINT, ask=True),
}


class Model:
    """Knows what the phrases of these tests know, and two sentences more."""

    def __init__(self, *, loads: bool = True, breaks: bool = False) -> None:
        self.problem: str | None = None
        self.loads, self.breaks = loads, breaks
        self.texts: list[str] = []
        self.open = threading.Event()
        self.open.set()

    def load(self) -> bool:
        return self.loads

    def listen(self, texts: Sequence[str]) -> list[Concern | None]:
        self.open.wait()
        self.texts += texts
        if self.breaks:
            self.problem = "broke"
            return [hear(text) for text in texts]
        return [None if text == PULL else MORE.get(text) or hear(text) for text in texts]


@dataclass
class Ward(Clinic):
    """`says` and `presses` give the texts that the patient got for it, in order."""

    hearing: Hearer = hear
    listening: Listening | None = None
    direct: Direct = field(default_factory=lambda: Direct(None))  # type: ignore[arg-type]
    answered: list[str] = field(default_factory=list)
    shared: bool = False

    def set_hours(self, hours: DutyHours) -> None:
        self.program = replace(self.program, duty_hours=hours)
        self.host = replace(self.host, program=self.program)

    def intake(self) -> Intake:
        return Intake(
            self.storage,
            self.host,
            Triage(self.storage, self.host, self.hearing, self.direct, self.listening),
            lambda press, toast=None: self.answered.append(press),
            shared=self.shared,
        )

    async def says(self, id: int, text: str) -> list[str]:
        command, _, rest = text[1:].partition(" ") if text.startswith("/") else (None, "", "")
        return await self.hands_in(id, Said(text, command=command, rest=rest))

    async def shows(self, id: int, caption: str) -> list[str]:
        return await self.hands_in(id, Showed(Medium.PHOTO, caption))

    async def presses(self, id: int, label: str) -> list[str]:
        """The newest button whose label or data begins so."""
        rows = await self.storage.read(lambda unit: unit.find(Outgoing, patient_id=id, order="-id"))
        for row in rows:
            for line in (row.body or {}).get("buttons", ()):
                for shown, data in line:
                    if shown.startswith(label) or data == label:
                        return await self.hands_in(id, Pressed(data, f"c{next(self.messages)}"))
        raise AssertionError(f"no button {label!r}")

    async def presses_data(self, id: int, data: str) -> list[str]:
        """A button that may be gone from the chat by now."""
        return await self.hands_in(id, Pressed(data, f"c{next(self.messages)}"))

    async def hands_in(self, id: int, event: Event) -> list[str]:
        before = await self._newest()
        await self.intake().receive([await self.inbound(id, event)])
        return await self.said_since(id, before)

    async def inbound(self, id: int, event: Event) -> Inbound:
        patient = await self.patient(id)
        assert patient.chat is not None
        number = next(self.messages)
        return Inbound(
            key=number.to_bytes(8, "big"),
            chat=patient.chat,
            user=patient.chat,
            at=self.now,
            event=event,
            message_id=number + 1000,
        )

    async def presses_plan(self, id: int) -> None:
        """The first question of a new safety plan is open."""
        await self.says(id, "/plan")
        await self.presses(id, "🛟 Make my safety plan")

    async def passes(self, id: int, minutes: int) -> list[str]:
        """Time goes by; what the clock then says to this patient."""
        before = await self._newest()
        self.clock.advance(minutes * MINUTE)
        await self.ticks()
        return await self.said_since(id, before)

    async def ticks(self) -> None:
        """All that is due, in the order of `App.tick`."""
        await self.do(lambda unit: alerts.ring_due(unit, self.program))
        while await self.do(lambda unit: vigils.fire(unit, self.program)):
            pass
        await self.tick()

    async def said_since(self, id: int, newest: int) -> list[str]:
        rows = await self.storage.read(lambda unit: unit.find(Outgoing, patient_id=id, id__gt=newest))
        return [row.body["text"] for row in rows if row.body and "text" in row.body]

    async def flags(self, id: int) -> list[Flag]:
        return await self.storage.read(lambda unit: unit.find(Flag, patient_id=id))

    async def rules(self, id: int) -> list[tuple[str, str]]:
        return [(flag.rule, flag.level) for flag in await self.flags(id)]

    async def rung(self, id: int) -> int:
        """Alerts that went to staff about this patient."""
        mine = {flag.id for flag in await self.flags(id)}
        rows = await self.storage.read(lambda unit: unit.find(Outgoing, staff_id__not=None))
        return len([row for row in rows if row.flag_id in mine and row.edits is None])

    async def joins(self, name: str, role: Role) -> Staff:
        """Somebody more on the team."""
        chat = next(self.chats)

        def work(unit: Unit) -> Staff:
            staff = Staff(
                id=unit.new_id(),
                code=f"S-{name.upper()}",
                role=role,
                created_at=unit.now,
                name=name,
                chat=chat,
                chat_hash=unit.digest(chat),
            )
            unit.add(staff)
            return staff

        return await self.do(work)

    async def noticed(self, block: str) -> set[str]:
        """The names of those who got the words of this block of staff.jinja about anybody."""
        sign = WORDS.text("en", "staff", block, code="CODE", at=self.now).partition("CODE")[2][:20]
        rows = await self.queued(staff_id__not=None, lane=Lane.NOTICE)
        ids = {row.staff_id for row in rows if row.body and sign in row.body["text"]}
        staff = await self.do(lambda unit: unit.find(Staff))
        return {one.name for one in staff if one.id in ids}

    async def sees(self, id: int, staff: Staff | None = None) -> None:
        """Dana, or who is named, presses Seen on all that is open."""
        seer = staff or self.dana
        assert seer is not None

        def work(unit: Unit) -> None:
            for flag in unit.find(Flag, patient_id=id, seen_at=None):
                contacts.see(unit, self.program, seer, flag)

        await self.do(work)

    async def closes(self, id: int) -> None:
        """Dana closes all that is open."""
        dana = self.dana
        assert dana is not None

        def work(unit: Unit) -> None:
            for flag in unit.find(Flag, patient_id=id, closed_at=None):
                contacts.close(unit, self.program, dana, flag, contacts.Disposition.SAFE)

        await self.do(work)

    async def delivers(self, id: int) -> None:
        """What waits for this patient arrives, as the sender would mark it."""

        def work(unit: Unit) -> None:
            for row in unit.find(Outgoing, patient_id=id, state=Sending.QUEUED):
                number = next(self.messages) + 5000
                unit.change(row, state=Sending.SENT, sent_at=unit.now, message_id=number, body=None)

        await self.do(work)

    async def sessions(self, id: int, dialog: str) -> list[Session]:
        return await self.storage.read(lambda unit: unit.find(Session, patient_id=id, dialog=dialog))

    async def _newest(self) -> int:
        rows = await self.storage.read(lambda unit: unit.find(Outgoing, order="-id", limit=1))
        return rows[0].id if rows else 0


async def listen(ward: Ward, model: Model) -> Listening:
    """A model that is ready: it has read something."""
    ward.listening = Listening(model)
    shut, texts = not model.open.is_set(), list(model.texts)
    model.open.set()
    with suppress(Deaf):
        await ward.listening.hear("")
    if shut:
        model.open.clear()
    model.texts[:] = texts
    return ward.listening
