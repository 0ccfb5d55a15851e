"""Whatever comes in whatever order, on both databases: a flag is one, is held on to, and never softens.

Steps: send, deliver again, press any button ever shown from any chat, block, come back, remove, leave,
restart (a second process on the same rows), jump the clock forward and back, Telegram down and up.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot import escalation, housekeeping, rota, set_back
from bot.clock import SettableClock, StillClock
from bot.concerns import Level
from bot.rows import Flag, Outgoing, Sending, Staff
from bot.store.database import Store
from bot.store.schema import migrate
from bot.unit import Unit
from tests.alerts.ward import SAM, TEAM, Ward
from tests.fakes import FakeStorage
from tests.fixtures.databases import Shared

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEVELS = st.sampled_from([Level.EMERGENCY, Level.URGENT, Level.WATCH])
WHO = st.sampled_from(sorted(TEAM))
STRANGER = 5555
Opener = Callable[[SettableClock], Store | FakeStorage]


class Machine(RuleBasedStateMachine):
    opener: Opener = staticmethod(lambda clock: FakeStorage(clock))

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = SettableClock(StillClock(BEGIN))
        self.ward = Ward(self.opener(self.clock), self.clock)
        self.run(self.ward.opens())
        self.causes: set[str] = set()
        self.levels: dict[int, Level] = {}
        self.removed: dict[str, int] = {}

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.ward.storage.close())
        self.loop.close()

    @rule(level=LEVELS, number=st.integers(0, 5))
    def send(self, level: Level, number: int) -> None:
        """The same number again is the same event delivered again, whatever it says now."""
        cause = f"heard:{number}"
        made = self.run(self.ward.flag(level, cause=cause))
        assert (made is None) is (cause in self.causes)
        self.causes.add(cause)

    @rule(who=st.sampled_from([*sorted(TEAM), "stranger", "sam"]), pick=st.integers(0, 10_000))
    def press_any_old_button(self, who: str, pick: int) -> None:
        shown = sorted(
            {
                data
                for heard in self.ward.heard
                for row in heard.body.get("buttons") or []
                for _, data in row
                if data.startswith("s:") and not data.startswith(("s:leave", "s:alerts"))
            }
        )
        ids = [f"{flag.id:x}" for flag in self.run(self.ward.flags())]
        shown += [f"s:{verb}:{one}" for one in ids for verb in ("seen", "reached", "missed", "end", "flag")]
        shown += [f"s:end:{one}:safe" for one in ids]
        if not shown:
            return
        before = {flag.id: flag for flag in self.run(self.ward.flags())}
        chat = {"stranger": STRANGER, "sam": SAM, **TEAM}[who]
        self.run(self.ward.press(chat, shown[pick % len(shown)]))
        if who in ("stranger", "sam", *self.removed):
            assert {flag.id: flag for flag in self.run(self.ward.flags())} == before

    @rule(who=WHO, gone=st.booleans())
    def block_or_come_back(self, who: str, gone: bool) -> None:
        self.run(self.ward.blocks(who, gone=gone))

    @rule(who=WHO)
    def remove(self, who: str) -> None:
        if who not in self.removed:
            self.run(self.ward.removed(who))
            self.removed[who] = len(self.ward.phones[TEAM[who]])

    @rule(who=WHO, which=st.sampled_from(["today", "back"]))
    def leave(self, who: str, which: str) -> None:
        self.run(self.ward.press(who, f"s:leave:{which}"))

    @rule(minutes=st.sampled_from([1, 5, 14, 60, 61, 600, 4000]))
    def jump_the_clock(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        self.run(self.ward.tick())

    @rule(minutes=st.sampled_from([1, 61, 600]))
    def set_the_clock_back(self, minutes: int) -> None:
        self.run(self.ward.do(lambda unit: housekeeping.beat(unit, "clock")))
        self.clock.advance(-timedelta(minutes=minutes))
        assert self.run(self.ward.do(lambda unit: set_back.look(unit, self.ward.program)))
        for flag in self.run(self.ward.flags(closed_at=None)):
            pause = escalation.longest_pause(self.ward.program)
            assert not escalation.stage(flag).presses or flag.ring_at - self.ward.now <= pause
        self.run(self.ward.tick())

    @rule(down=st.booleans())
    def telegram(self, down: bool) -> None:
        self.ward.telegram_down = down
        self.run(self.ward.tick())

    @rule()
    def look(self) -> None:
        self.run(self.ward.tick())

    @invariant()
    def a_trigger_makes_exactly_one_flag(self) -> None:
        flags = self.run(self.ward.flags())
        assert sorted(flag.cause for flag in flags) == sorted(self.causes)

    @invariant()
    def an_open_flag_has_a_live_recipient_and_a_future_deadline_or_an_open_gap(self) -> None:
        self.run(self.ward.tick())
        staff = self.run(self.ward.do(lambda unit: {one.id: one for one in unit.find(Staff)}))
        for flag in self.run(self.ward.flags(closed_at=None)):
            assert flag.ring_at is not None
            assert flag.ring_at > self.ward.now
            urgent = Level(flag.level) >= Level.URGENT
            if urgent and flag.gap_at is None and flag.seen_at is None:
                rows = self.run(self.ward.do(partial(_rung, flag=flag)))
                assert any(rota.reachable(staff[row.staff_id]) for row in rows if row.staff_id)

    @invariant()
    def severity_never_falls_by_itself(self) -> None:
        for flag in self.run(self.ward.flags()):
            assert Level(flag.level) >= self.levels.get(flag.id, Level.NONE)
            self.levels[flag.id] = Level(flag.level)

    @invariant()
    def seen_is_said_only_after_seen(self) -> None:
        said = sum("read it at" in str(heard.body.get("text")) for heard in self.ward.phones[SAM])
        seen = sum(flag.seen_at is not None for flag in self.run(self.ward.flags()))
        assert said <= seen

    @invariant()
    def nothing_reaches_a_chat_without_the_right_to_it(self) -> None:
        for heard in self.ward.heard:
            words = re.sub(r"s:[a-z]+:\S+", "", str(heard.body))
            if "P-SAM" in words or "s:seen" in str(heard.body):
                assert heard.who in {*TEAM.values(), "email", "webhook"}
            assert "die" not in words
        for who, before in self.removed.items():
            later = self.ward.phones[TEAM[who]][before:]
            assert not any("P-SAM" in str(heard.body) for heard in later)

    @invariant()
    def what_is_answered_has_nothing_left_to_ring(self) -> None:
        answered = {flag.id for flag in self.run(self.ward.flags()) if flag.closed_at is not None}
        rows = self.run(self.ward.do(lambda unit: unit.find(Outgoing, state=Sending.QUEUED, edits=None)))
        assert not answered & {row.flag_id for row in rows if "ring:" in (row.cause or "")}


def _machine(opener: Opener) -> type[Machine]:
    return type("Opened", (Machine,), {"opener": staticmethod(opener)})


def test_over_rows_of_dictionaries_many_ways() -> None:
    run_state_machine_as_test(
        _machine(lambda clock: FakeStorage(clock)),
        settings=settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True),
    )


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_over_each_database(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> None:
    folders: list[str] = []

    def sqlite(clock: SettableClock) -> Store:
        folders.append(mkdtemp(dir=tmp_path))
        template = tmp_path / "template.sqlite3"
        if not template.exists():
            migrate(f"sqlite:///{template}")
        path = Path(folders[-1]) / "handrail.sqlite3"
        shutil.copy(template, path)
        return _store(f"sqlite:///{path}", clock)

    def postgresql(clock: SettableClock) -> Store:
        shared: Shared = request.getfixturevalue("shared_postgres")
        shared.clean()
        return _store(shared.url, clock)

    if engine == "postgresql":
        request.addfinalizer(request.getfixturevalue("shared_postgres").clean)
    run_state_machine_as_test(
        _machine(sqlite if engine == "sqlite" else postgresql),
        settings=settings(
            max_examples=6,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _rung(unit: Unit, flag: Flag) -> list[Outgoing]:
    return unit.find(Outgoing, flag_id=flag.id, edits=None)


def _store(url: str, clock: SettableClock) -> Store:
    store = Store(url, [b"k" * 32], clock)
    store.unlock()
    return store
