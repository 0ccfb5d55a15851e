"""A clinic of invented people for the tests of what Handrail says first, over any storage.

What it does goes through the same doors as in the running bot: `turns.take` for what a person sends or
presses, `rounds.fire` for the tick of a clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot import calendar, endings, reminders, rounds
from bot.clock import SettableClock
from bot.inbound import Event, Inbound, Pressed, Said
from bot.nudges import Outcome
from bot.outbox import Lane
from bot.program import Program
from bot.rows import Nudge, Outgoing, Patient, Record, Reminder, Role, Session, Staff, Standing
from bot.store.database import Store
from bot.turns import take
from bot.unit import Unit
from bot.wording import Wording
from dialogs import CATALOGUE
from tests.fakes import FakeStorage

S = TypeVar("S")
WORDS = Wording(Path(__file__).parents[2] / "content")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WENT_OUT = (Outcome.SENT, Outcome.ASKED)
DANA = 900


@dataclass
class Clinic:
    storage: Store | FakeStorage
    clock: SettableClock
    chats: Any = field(default_factory=lambda: count(1001))
    messages: Any = field(default_factory=lambda: count(1))
    dana: Staff | None = None

    def __post_init__(self) -> None:
        self.program = Program(
            name="Riverside",
            region="US",
            time_zone="America/New_York",
            username="handrail_bot",
            words=WORDS,
            dialogs=CATALOGUE,
            lines={"en": ("A line: 1-800",)},
        )
        self.host = endings.host(self.program)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def do(self, work: Callable[[Unit], S]) -> S:
        return await self.storage.write(work)

    async def opens(self) -> Staff:
        """Dana, the counselor, is there."""

        def work(unit: Unit) -> Staff:
            staff = Staff(
                id=unit.new_id(),
                code="S-DANA",
                role=Role.COUNSELOR,
                created_at=unit.now,
                name="Dana",
                chat=DANA,
                chat_hash=unit.digest(DANA),
            )
            unit.add(staff)
            return staff

        self.dana = await self.do(work)
        return self.dana

    async def enrol(
        self,
        *,
        morning: str | None = None,
        evening: str | None = "19:00",
        zone: str = "America/New_York",
        quiet: tuple[str, str] = ("22:00", "07:00"),
        **more: Any,
    ) -> int:
        """A patient with these reminders; their id."""
        chat = next(self.chats)

        def work(unit: Unit) -> int:
            patient = Patient(
                id=unit.new_id(),
                code=f"P-{chat}",
                standing=Standing.ENROLLED,
                counselor_id=self.dana.id if self.dana else None,
                created_at=unit.now,
                enrolled_at=unit.now,
                time_zone=zone,
                quiet_from=quiet[0],
                quiet_to=quiet[1],
                name="Sam",
                chat=chat,
                chat_hash=unit.digest(chat),
            )
            patient = replace(patient, **more)
            unit.add(patient)
            reminders.set_times(unit, patient, morning, evening)
            return patient.id

        return await self.do(work)

    async def enrol_many(self, count: int) -> list[int]:
        """Patients who are all reminded at 19:00 in New York."""
        due = calendar.next_at("19:00", calendar.EVERY_DAY, "America/New_York", self.now)

        def work(unit: Unit) -> list[int]:
            ids = []
            for chat in range(100_001, 100_001 + count):
                patient = Patient(
                    id=unit.new_id(),
                    code=f"P-{chat}",
                    standing=Standing.ENROLLED,
                    counselor_id=None,
                    created_at=unit.now,
                    time_zone="America/New_York",
                    name=f"Sam {chat}",
                    chat=chat,
                    chat_hash=unit.digest(chat),
                )
                unit.add(patient)
                ids.append(patient.id)
            unit.add_all(
                [
                    Reminder(
                        id=unit.new_id(), patient_id=one, kind="evening", local_time="19:00", next_at=due
                    )
                    for one in ids
                ]
            )
            return ids

        return await self.do(work)

    async def remind_once(self, id: int, kind: str, at: datetime) -> None:
        patient = await self.patient(id)
        await self.do(lambda unit: reminders.once(unit, patient, kind, at))

    async def patient(self, id: int) -> Patient:
        found = await self.do(lambda unit: unit.get(Patient, id))
        assert found is not None
        return found

    async def change(self, id: int, **fields: Any) -> None:
        patient = await self.patient(id)
        await self.do(lambda unit: unit.change(patient, **fields))

    async def tick(self, limit: int = 100) -> int:
        """All that is due, as the clock asks for it."""
        fired = 0
        while done := await self.do(lambda unit: rounds.fire(unit, self.program, limit)):
            fired += done
        return fired

    async def walk(self, until: datetime, step: timedelta) -> None:
        """Let time pass, with a tick at each step."""
        while self.now < until:
            self.clock.advance(step)
            await self.tick()

    async def nudges(self, *outcomes: Outcome, **where: Any) -> list[Nudge]:
        kept = await self.do(lambda unit: unit.find(Nudge, **where))
        return [nudge for nudge in kept if not outcomes or nudge.outcome in outcomes]

    async def outcomes(self) -> list[str]:
        return [nudge.outcome for nudge in await self.nudges()]

    async def went_out(self) -> list[Nudge]:
        return await self.nudges(*WENT_OUT)

    async def queued(self, **where: Any) -> list[Outgoing]:
        return await self.do(lambda unit: unit.find(Outgoing, **where))

    async def nudged(self) -> list[str]:
        """The words of the nudges that wait to be sent."""
        rows = await self.queued(lane=Lane.NUDGE, state="queued")
        return [row.body["text"] for row in rows if row.body]

    async def waiting(self, id: int) -> dict[str, datetime | None]:
        rows = await self.do(lambda unit: unit.find(Reminder, patient_id=id))
        return {row.kind + (" once" if not row.days else ""): row.next_at for row in rows}

    async def check_in(self, id: int) -> None:
        """As if they had just finished a check-in."""
        patient = await self.patient(id)

        def work(unit: Unit) -> None:
            session = unit.new_id()
            here = unit.now.astimezone(ZoneInfo(patient.time_zone)).date()
            record = Record(
                id=unit.new_id(),
                session_id=session,
                patient_id=id,
                dialog="check_in",
                at=unit.now,
                local_date=here,
                body={},
            )
            unit.add(record)

        await self.do(work)

    async def a_session(self, id: int, dialog: str = "trigger_log") -> Session:
        def work(unit: Unit) -> Session:
            session = Session(
                id=unit.new_id(),
                patient_id=id,
                dialog=dialog,
                state="done",
                opened_at=unit.now,
                touched_at=unit.now,
                facts={},
            )
            unit.add(session)
            return session

        return await self.do(work)

    async def press(self, id: int, data: str, message_id: int | None = 77) -> str | None:
        return await self._takes(id, Pressed(data, f"c{next(self.messages)}"), message_id)

    async def send(self, id: int, text: str) -> str | None:
        command = text[1:].split()[0] if text.startswith("/") else None
        return await self._takes(id, Said(text, command=command), next(self.messages) + 1000)

    async def _takes(self, id: int, event: Event, message_id: int | None) -> str | None:
        patient = await self.patient(id)
        assert patient.chat is not None
        number = next(self.messages)
        inbound = Inbound(
            key=number.to_bytes(8, "big"),
            chat=patient.chat,
            user=patient.chat,
            at=self.now,
            event=event,
            message_id=message_id,
        )
        return await self.do(lambda unit: take(unit, self.host, inbound, None))

    async def last(self, id: int) -> dict[str, Any]:
        """The newest thing said to this patient: text and buttons."""
        rows = await self.queued(patient_id=id)
        body = rows[-1].body
        assert body is not None
        return body

    async def buttons(self, id: int) -> dict[str, str]:
        """Data by label, of the newest message."""
        return {label: data for row in (await self.last(id))["buttons"] for label, data in row}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(at: datetime, zone: str) -> str:
    """Local day and time."""
    return f"{at.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
