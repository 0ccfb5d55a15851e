"""A team and its patients for the laws of alerts, over any storage, with time that is moved by hand.

The sender is played by `deliver`: it takes what the outbox holds in its order, as the real one does, to
phones that are lists. Presses go through `turns.take`, the tick through what `App.tick` calls.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from bot import alerts, channels, departures, drill, endings, gaps, ledger
from bot.clock import SettableClock
from bot.concerns import Category, Level
from bot.flags import Raised
from bot.inbound import Event, Inbound, Left, Pressed, Said
from bot.program import Program
from bot.rows import Audit, Flag, Outgoing, Patient, Role, Sending, Staff, Standing
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
SAM = 1001
TEAM = {"dana": 901, "ben": 902, "ruth": 903}
ROLES = {"dana": Role.COUNSELOR, "ben": Role.COUNSELOR, "ruth": Role.SUPERVISOR}


@dataclass
class Heard:
    """One message that reached somebody: a Telegram chat, or a second channel by its kind."""

    at: datetime
    who: int | str
    flag: int | None
    body: dict[str, Any]
    cause: str | None = None


class Fate(StrEnum):
    """What becomes of a message on its way."""

    SENT = "sent"
    NOT_SENT = "not sent"
    UNSURE = "arrived, and we do not know: it is sent again"


@dataclass
class Ward:
    storage: Store | FakeStorage
    clock: SettableClock
    options: dict[str, Any] = field(default_factory=dict)
    telegram_down: bool = False
    fates: deque[Fate] = field(default_factory=deque)
    """Of the next messages; then all are sent."""
    shut: set[int] = field(default_factory=set)
    """Chats that have blocked the bot, which nobody has told us."""
    heard: list[Heard] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))
    phones: dict[int, list[Heard]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.program = Program(
            name="Riverside",
            region="US",
            time_zone="UTC",
            username="handrail_bot",
            words=WORDS,
            dialogs=CATALOGUE,
            lines={"en": ("Call or text 988",)},
            **{"channels": (channels.EMAIL, channels.WEBHOOK), **self.options},
        )
        self.host = endings.host(self.program)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def do(self, work: Callable[[Unit], S]) -> S:
        return await self.storage.write(work)

    async def opens(self, *, backup: bool = True) -> None:
        def work(unit: Unit) -> None:
            ids = {}
            for name, chat in TEAM.items():
                staff = Staff(
                    id=unit.new_id(),
                    code=f"S-{name.upper()}",
                    role=ROLES[name],
                    created_at=unit.now,
                    name=name.capitalize(),
                    chat=chat,
                    chat_hash=unit.digest(chat),
                )
                unit.add(staff)
                ids[name] = staff.id
            unit.add(
                Patient(
                    id=unit.new_id(),
                    code="P-SAM",
                    standing=Standing.ENROLLED,
                    counselor_id=ids["dana"],
                    backup_id=ids["ben"] if backup else None,
                    created_at=unit.now,
                    enrolled_at=unit.now,
                    time_zone="UTC",
                    name="Sam",
                    chat=SAM,
                    chat_hash=unit.digest(SAM),
                    profile={"share_words": True},
                )
            )

        await self.do(work)

    async def staff(self, name: str) -> Staff:
        found = await self.do(lambda unit: unit.one(Staff, code=f"S-{name.upper()}"))
        assert found is not None
        return found

    async def sam(self) -> Patient:
        found = await self.do(lambda unit: unit.one(Patient, code="P-SAM"))
        assert found is not None
        return found

    async def flag(
        self,
        level: Level = Level.EMERGENCY,
        cause: str | None = None,
        rule: str = "crisis",
        evidence: tuple[str, ...] = ("I want to <b>die</b>",),
    ) -> Flag | None:
        raised = Raised(rule, level, Category.SUICIDE, 9 if rule == "craving" else None)
        sam = await self.sam()
        named = cause or f"cause:{next(self.numbers)}"
        made = await self.do(
            lambda unit: alerts.raise_flag(
                unit, self.program, sam, raised, named, {"evidence": list(evidence)}
            )
        )
        await self.deliver()
        return made

    async def flags(self, **where: Any) -> list[Flag]:
        return await self.do(lambda unit: unit.find(Flag, **where))

    async def tick(self) -> None:
        while await self.do(lambda unit: alerts.ring_due(unit, self.program)):
            pass
        await self.do(lambda unit: channels.tell_late(unit, self.program))
        await self.do(lambda unit: drill.end_due(unit, self.program))
        await self.deliver()

    async def pass_time(self, by: timedelta, step: timedelta = MINUTE) -> None:
        end = self.now + by
        while self.now < end:
            self.clock.advance(min(step, end - self.now))
            await self.tick()

    async def deliver(self) -> None:
        """What is queued, as the sender has it leave: each to its fate, and none past one of its chat and
        lane that has to wait."""

        def work(unit: Unit) -> list[Outgoing]:
            arrived, waits = [], set()
            for number, row in enumerate(unit.find(Outgoing, state=Sending.QUEUED, order="lane id")):
                second = (row.body or {}).get("kind") in channels.KINDS
                if (self.telegram_down and not second) or (row.chat_hash, row.lane) in waits:
                    continue
                target = unit.get(Outgoing, row.edits) if row.edits is not None else None
                if target is not None and target.state == Sending.QUEUED:
                    continue
                if (row.body or {}).get("chat") in self.shut:
                    _blocked(unit, self.program, row)
                    continue
                fate = self.fates.popleft() if self.fates else Fate.SENT
                if fate is not Fate.SENT:
                    waits.add((row.chat_hash, row.lane))
                if fate is not Fate.NOT_SENT:
                    arrived.append(row)
                if fate is Fate.SENT:
                    message_id = row.edits or number + 1
                    unit.change(row, state=Sending.SENT, sent_at=unit.now, message_id=message_id, body=None)
            return arrived

        for row in await self.do(work):
            body = row.body or {}
            who = body["kind"] if body["kind"] in channels.KINDS else body["chat"]
            heard = Heard(self.now, who, row.flag_id, body, row.cause)
            if row.edits is None:
                self.heard.append(heard)
            self.phones[body["chat"]].append(heard)

    def rings(self, who: str) -> list[float]:
        """At which minutes after the first message of all somebody was rung with a button to press Seen."""
        begin = self.heard[0].at
        return [
            (heard.at - begin) / MINUTE
            for heard in self.heard
            if heard.who == TEAM.get(who, who)
            and (who in channels.KINDS or "s:" in str(heard.body["buttons"]))
        ]

    async def press(self, who: str | int, data: str, message_id: int = 77) -> str | None:
        chat = TEAM[who] if isinstance(who, str) else who
        return await self._takes(chat, Pressed(data, f"c{next(self.numbers)}"), message_id)

    async def says(self, who: str | int, text: str) -> None:
        chat = TEAM[who] if isinstance(who, str) else who
        command, _, rest = text[1:].partition(" ") if text.startswith("/") else (None, "", "")
        await self._takes(chat, Said(text, command=command, rest=rest), next(self.numbers) + 1000)

    async def blocks(self, who: str | int, *, gone: bool = True) -> None:
        await self._takes(TEAM[who] if isinstance(who, str) else who, Left(gone=gone), None)

    async def removed(self, who: str) -> None:
        staff = await self.staff(who)
        await self.do(
            lambda unit: gaps.lost(unit, self.program, departures.remove_staff(unit, staff, "admin"))
        )
        await self.deliver()

    async def _takes(self, chat: int, event: Event, message_id: int | None) -> str | None:
        inbound = Inbound(
            key=next(self.numbers).to_bytes(8, "big"),
            chat=chat,
            user=chat,
            at=self.now,
            event=event,
            message_id=message_id,
        )
        said = await self.do(lambda unit: take(unit, self.host, inbound, None))
        await self.deliver()
        return said

    def last(self, who: str | int) -> str:
        chat = TEAM.get(who, who) if isinstance(who, str) else who
        texts = [heard.body.get("text", "") for heard in self.phones[chat]]  # type: ignore[index]
        return str(texts[-1]) if texts else ""

    def said(self, who: str | int, words: str) -> bool:
        chat = TEAM[who] if isinstance(who, str) else who
        return any(words in str(heard.body.get("text", "")) for heard in self.phones[chat])

    async def audited(self, action: str) -> list[Audit]:
        return await self.do(lambda unit: unit.find(Audit, action=action))


def _blocked(unit: Unit, program: Program, row: Outgoing) -> None:
    """Telegram refuses it, because its chat has blocked the bot."""
    ledger.mark(
        unit,
        [ledger.Outcome(row, Sending.FAILED, unit.now, blocked=True)],
        lambda unit, chat_hash: departures.out_of_reach(unit, program, chat_hash),
        lambda unit, row: gaps.tell_refused(unit, program, row),
    )
