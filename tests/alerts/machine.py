"""The alert loop as a state machine: whatever comes in whatever order, each of `LAWS` holds after each step.

Everything that a person does goes through the real intake: words through triage and turn, presses through the
turn, each with its redelivery key, so that an update can come late, out of order, or again. What leaves is
played by the ward, where a send can fail, or arrive without our hearing of it. A restart is another process
on the same rows; the clock jumps forward and back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot import alerts, crisis, escalation, housekeeping, set_back
from bot.channels import KINDS
from bot.clock import SettableClock, StillClock
from bot.concerns import Category, Concern, Level
from bot.direct import Direct
from bot.inbound import Event, Inbound, Left, Pressed, Said
from bot.intake import Intake
from bot.rows import Flag, Incoming, Outgoing, Receipt, Sending, Staff
from bot.triage import Triage
from bot.unit import Unit
from tests.alerts.ward import SAM, TEAM, Fate, Ward
from tests.fixtures.machines import Opener, of_dictionaries

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
STRANGER = 5555
CHATS = {**TEAM, "sam": SAM, "stranger": STRANGER}
NAMES = sorted(TEAM)
SECRET = "xyzzy"
"""Stands in all that the patient writes, and may stand in nobody's chat."""
LEVELS = [Level.EMERGENCY, Level.URGENT, Level.WATCH]
CATEGORIES = [Category.SUICIDE, Category.OVERDOSE, Category.ABUSE]
OF_A_PATIENT = ("o:safe", "o:misunderstood", "o:call", "o:ground", "o:hide")
VERBS = ("seen", "reached", "missed", "end", "flag", "note")
PICK = st.integers(0, 10_000)


@dataclass(frozen=True, slots=True)
class Now:
    """What is stored, as the laws look at it."""

    flags: dict[int, Flag]
    staff: dict[int, Staff]
    rings: list[tuple[int, int | None, str, str]]
    """Of each message about a flag that is no edit: flag, staff (None: a second channel), state, cause."""
    unanswered: int
    """Updates whose turn failed."""

    @classmethod
    def of(cls, unit: Unit) -> Now:
        return cls(
            {flag.id: flag for flag in unit.find(Flag)},
            {one.id: one for one in unit.find(Staff)},
            [
                (flag_id, staff_id, state, cause or "")
                for flag_id, staff_id, state, cause in unit.values(
                    Outgoing, "flag_id", "staff_id", "state", "cause", flag_id__not=None, edits=None
                )
            ],
            unit.count(Incoming, state=Receipt.WAITING) + unit.count(Incoming, state=Receipt.DEAD),
        )

    @property
    def open(self) -> list[Flag]:
        return [flag for flag in self.flags.values() if flag.closed_at is None]

    def is_live(self, staff_id: int | None) -> bool:
        one = self.staff.get(staff_id or 0)
        return one is not None and one.chat is not None and one.blocked_at is None and one.removed_at is None

    def rung(self, flag: Flag) -> bool:
        """Whether it was sent, or waits to be sent, to somebody who can be reached."""
        return any(of == flag.id and self.is_live(whom) for of, whom, _, _ in self.rings)


class Machine(RuleBasedStateMachine):
    opener: Opener = staticmethod(of_dictionaries)
    tried = 0
    """Examples begun."""

    def __init__(self) -> None:
        super().__init__()
        type(self).tried += 1
        self.loop = asyncio.new_event_loop()
        self.clock = SettableClock(StillClock(BEGIN))
        self.open = self.opener(self.clock)
        self.ward = Ward(self.open(), self.clock)
        self.run(self.ward.opens())
        self._intake()
        self.meaning: dict[str, Concern] = {}
        self.on_their_way: list[Inbound] = []
        self.came: list[Inbound] = []
        self.triggers: set[str] = set()
        self.acted_on: set[int] = set()
        self.removed: dict[str, int] = {}
        self.ended = False
        self.before, self.heard_before = Now({}, {}, [], 0), 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.ward.storage.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    # What comes in

    @rule(level=st.sampled_from(LEVELS), category=st.sampled_from(CATEGORIES), late=st.booleans())
    def cry(self, level: Level, category: Category, late: bool) -> None:
        number = next(self.ward.numbers)
        words = f"I cannot go on {SECRET} {number}"
        self.meaning[words] = Concern(level, category, words)
        self._happens(SAM, Said(words), number + 1000, late=late)

    @rule(number=st.integers(0, 3), level=st.sampled_from(LEVELS))
    def answer(self, number: int, level: Level) -> None:
        """An answer that needs a person. The same number again is the same answer, whatever it says now."""
        cause = f"session:{number}:asq"
        self.run(self.ward.flag(level, cause=cause, evidence=(SECRET,)))
        self.triggers.add(cause)

    @rule(who=st.sampled_from(sorted(CHATS)), pick=PICK, late=st.booleans())
    def press_any_old_button(self, who: str, pick: int, late: bool) -> None:
        flags = self.before.flags
        shown = {
            data
            for phone in self.ward.phones.values()
            for heard in phone
            for row in heard.body.get("buttons") or []
            for _, data in row
            if data.startswith(("s:", *OF_A_PATIENT)) and not data.startswith(("s:leave", "s:alerts"))
        }
        shown |= {f"s:{verb}:{one:x}" for one in flags for verb in VERBS}
        shown |= {f"s:end:{one:x}:safe" for one in flags}
        if shown:
            data = sorted(shown)[pick % len(shown)]
            self._happens(CHATS[who], Pressed(data, f"c{next(self.ward.numbers)}"), 77, late=late)

    @rule(who=st.sampled_from(NAMES), pick=PICK)
    def press_seen(self, who: str, pick: int) -> None:
        unseen = sorted(flag.id for flag in self.before.open if flag.seen_at is None)
        if unseen:
            data = f"s:seen:{unseen[pick % len(unseen)]:x}"
            self._happens(TEAM[who], Pressed(data, f"c{next(self.ward.numbers)}"), 77)

    @rule(pick=PICK)
    def what_was_on_its_way_comes(self, pick: int) -> None:
        """In whatever order."""
        if self.on_their_way:
            self._comes(self.on_their_way.pop(pick % len(self.on_their_way)))

    @rule(pick=PICK)
    def what_came_comes_again(self, pick: int) -> None:
        if self.came:
            self._comes(self.came[pick % len(self.came)])

    @rule(who=st.sampled_from([*NAMES, "sam"]), how=st.sampled_from(["told", "untold", "back"]))
    def block_or_come_back(self, who: str, how: str) -> None:
        """`untold`: it shows only when something is sent."""
        if how == "untold":
            self.ward.shut.add(CHATS[who])
        else:
            self.ward.shut.discard(CHATS[who])
            self._happens(CHATS[who], Left(gone=how == "told"), None)

    @rule(who=st.sampled_from(NAMES))
    def remove(self, who: str) -> None:
        if who not in self.removed:
            self.run(self.ward.removed(who))
            self.removed[who] = len(self.ward.phones[TEAM[who]])

    @rule(who=st.sampled_from(NAMES), which=st.sampled_from(["today", "back"]))
    def leave(self, who: str, which: str) -> None:
        self._happens(TEAM[who], Pressed(f"s:leave:{which}", f"c{next(self.ward.numbers)}"), 77)

    @rule(who=st.sampled_from(NAMES))
    def discharge(self, who: str) -> None:
        if who not in self.removed and not self.ended:
            self._happens(TEAM[who], Pressed("s:discharge_yes:P-SAM", f"c{next(self.ward.numbers)}"), 77)
            self.ended = self.run(self.ward.sam()).ended_at is not None

    # What becomes of the process, of the time and of what is sent

    @rule()
    def restart(self) -> None:
        """The process dies while it rings, and another opens the same rows."""

        def dies(unit: Unit) -> None:
            alerts.ring_due(unit, self.ward.program)
            raise ConnectionError

        with suppress(ConnectionError):
            self.run(self.ward.do(dies))
        self.run(self.ward.storage.close())
        self.ward.storage = self.open()
        self._intake()

    @rule()
    def two_clocks_look(self) -> None:
        async def both() -> None:
            looks = (self.ward.do(lambda unit: alerts.ring_due(unit, self.ward.program)) for _ in range(2))
            await asyncio.gather(*looks)

        self.run(both())

    @rule(minutes=st.sampled_from([1, 5, 14, 60, 61, 600, 4000]))
    def jump_the_clock(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule(minutes=st.sampled_from([1, 61, 600]))
    def set_the_clock_back(self, minutes: int) -> None:
        self.run(self.ward.do(lambda unit: housekeeping.beat(unit, "clock")))
        self.clock.advance(-timedelta(minutes=minutes))
        assert self.run(self.ward.do(lambda unit: set_back.look(unit, self.ward.program)))

    @rule(fates=st.lists(st.sampled_from(Fate), min_size=1, max_size=6))
    def sends_go_wrong(self, fates: list[Fate]) -> None:
        self.ward.fates.extend(fates)

    @rule(down=st.booleans())
    def telegram(self, down: bool) -> None:
        self.ward.telegram_down = down

    @rule()
    def the_air_clears(self) -> None:
        """Nothing that was to be said is lost: it was sent, or was not to be sent any more."""
        self.ward.telegram_down = False
        self.ward.fates.clear()
        for _ in range(3):
            self.run(self.ward.tick())
        assert not self.run(self.ward.do(lambda unit: unit.count(Outgoing, state=Sending.QUEUED)))

    @invariant()
    def every_law_holds(self) -> None:
        now = self._rung()
        for law in LAWS:
            law(self, now)
        self.before, self.heard_before = now, len(self.ward.heard)

    def _rung(self) -> Now:
        """After the clock has ticked; again where it was only then that somebody turned out to be lost."""
        for _ in range(len(TEAM) + 1):
            self.run(self.ward.tick())
            now: Now = self.run(self.ward.do(Now.of))
            if not any(flag.ring_at and flag.ring_at <= self.clock.now() for flag in now.open):
                break
        return now

    def _intake(self) -> None:
        storage, host = self.ward.storage, self.ward.host
        triage = Triage(storage, host, self._hears, Direct(_Nowhere()), None)
        self.intake = Intake(storage, host, triage, lambda callback_id, toast=None: None)

    def _hears(self, text: str, *, planning: bool = False) -> Concern | None:
        return self.meaning.get(text)

    def _happens(self, chat: int, event: Event, message_id: int | None, *, late: bool = False) -> None:
        key = next(self.ward.numbers).to_bytes(8, "big")
        inbound = Inbound(key, chat, chat, self.clock.now(), event, message_id)
        if late:
            self.on_their_way.append(inbound)
        else:
            self._comes(inbound)

    def _comes(self, inbound: Inbound) -> None:
        may = {name: chat for name, chat in TEAM.items() if name not in self.removed}.values()
        match inbound.event:
            case Pressed(data=data) if inbound.chat in may and data.startswith("s:"):
                self.acted_on.add(_named(data))
                touches = True
            case Pressed(data=data):
                touches = inbound.chat == SAM and data.startswith("o:")
            case _:
                touches = True
        if inbound.words in self.meaning and inbound not in self.came and not self.ended:
            self.triggers.add(f"heard:{inbound.key.hex()}")
        self.run(self.intake.receive([inbound]))
        self.came.append(inbound)
        if not touches:
            nobody_without_the_right_changes_a_flag(self, self.run(self.ward.do(Now.of)))


class _Nowhere:
    """Where a card would go past the storage, which is never in trouble here."""

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        raise AssertionError(body)


def a_trigger_makes_exactly_one_flag(machine: Machine, now: Now) -> None:
    held = [
        cause for flag in now.flags.values() for cause in (flag.cause, *(flag.body or {}).get("also", ()))
    ]
    assert len(held) == len(set(held))
    assert machine.triggers <= set(held)
    told = {flag.cause for flag in now.flags.values() if flag.rule == crisis.CRISIS}
    assert told <= machine.triggers
    assert not now.unanswered


def an_open_flag_has_a_live_recipient_and_a_future_deadline_or_an_open_gap(
    machine: Machine, now: Now
) -> None:
    for flag in now.open:
        presses = escalation.stage(flag).presses
        pause = escalation.longest_pause(machine.ward.program) if presses else escalation.LOOK_AGAIN
        assert flag.ring_at is not None
        assert machine.clock.now() < flag.ring_at <= machine.clock.now() + pause
        if flag.gap_at is not None:
            alarms = [cause for of, whom, _, cause in now.rings if of == flag.id and whom is None]
            assert any(f":nobody:{flag.id}:" in cause for cause in alarms)
        elif flag.rings and flag.seen_at is None:
            assert now.rung(flag) or not presses


def severity_never_falls_by_itself(machine: Machine, now: Now) -> None:
    """Nor is what was seen unseen, or what was closed opened."""
    for flag_id, before in machine.before.flags.items():
        flag = now.flags[flag_id]
        assert Level(flag.level) >= Level(before.level)
        assert before.seen_at in (None, flag.seen_at)
        assert before.closed_at in (None, flag.closed_at)


def seen_is_said_only_after_seen(machine: Machine, now: Now) -> None:
    for flag in now.flags.values():
        assert flag.seen_at is None or flag.id in machine.acted_on
    for heard in machine.ward.phones[SAM]:
        of, _, flag_id = (heard.cause or "").partition(":")
        if of == "seen" or "read it at" in heard.body.get("text", ""):
            assert of == "seen"
            assert now.flags[int(flag_id)].seen_at is not None


def nothing_reaches_a_chat_without_the_right_to_it(machine: Machine, now: Now) -> None:
    for heard in machine.ward.heard:
        body = str(heard.body)
        assert SECRET not in body
        if "P-SAM" in body or "s:" in str(heard.body.get("buttons")):
            assert heard.who in {*TEAM.values(), *KINDS}
    for who, before in machine.removed.items():
        later = machine.ward.phones[TEAM[who]][before:]
        assert not any("P-SAM" in str(heard.body) for heard in later)


def nobody_without_the_right_changes_a_flag(machine: Machine, now: Now) -> None:
    assert now.flags == machine.before.flags


def what_is_answered_has_nothing_left_to_ring(machine: Machine, now: Now) -> None:
    """What waited when somebody answered neither waits on nor leaves."""
    answered = {flag.id for flag in now.flags.values() if flag.closed_at is not None}
    for flag_id, before in machine.before.flags.items():
        if before.seen_at is None and now.flags[flag_id].seen_at is not None:
            answered.add(flag_id)
    waiting = [cause for of, _, state, cause in now.rings if of in answered and state == Sending.QUEUED]
    left = [
        heard.cause or "" for heard in machine.ward.heard[machine.heard_before :] if heard.flag in answered
    ]
    assert not [cause for cause in (*waiting, *left) if cause.startswith("ring:")]


Law = Callable[[Machine, Now], None]
LAWS: tuple[Law, ...] = (
    a_trigger_makes_exactly_one_flag,
    an_open_flag_has_a_live_recipient_and_a_future_deadline_or_an_open_gap,
    severity_never_falls_by_itself,
    seen_is_said_only_after_seen,
    nothing_reaches_a_chat_without_the_right_to_it,
    what_is_answered_has_nothing_left_to_ring,
)


def over(opener: Opener) -> type[Machine]:
    """The machine over this kind of storage."""
    return type("Opened", (Machine,), {"opener": staticmethod(opener), "tried": 0})


def _named(data: str) -> int:
    """The flag that a button names; 0 if none."""
    try:
        return int(data.split(":")[2], 16)
    except (IndexError, ValueError):
        return 0
