"""Any units in any order, on each storage and through two processes: what is committed is there, whole, and
nothing else is.

A model of plain dictionaries does the same beside it. Within a unit everything that is read must be what the
model has; after it, all that is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.clock import SettableClock, StillClock
from bot.outbox import Address, say
from bot.rows import Flag, Outgoing, Patient, Pulse
from bot.unit import Undone, Unit
from tests.fixtures.effort import tried
from tests.fixtures.machines import AnyStorage, Opener, of_dictionaries
from tests.store.test_units import a_flag, a_patient

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
COUNTER = b"c" * 16
SMALL = st.integers(0, 4)
LEVELS = st.sampled_from(["watch", "urgent"])


class Refused(Exception):
    """The unit, or a part of it, is to be undone."""


@dataclass
class Model:
    flags: dict[int, Flag] = field(default_factory=dict)
    patients: dict[int, Patient] = field(default_factory=dict)
    forgotten: set[int] = field(default_factory=set)
    said: list[int] = field(default_factory=list)
    causes: set[str] = field(default_factory=set)

    def copy(self) -> Model:
        return Model(
            dict(self.flags), dict(self.patients), set(self.forgotten), list(self.said), set(self.causes)
        )

    def become(self, other: Model) -> None:
        self.__dict__.update(other.copy().__dict__)

    def readable(self) -> list[Flag]:
        """Flags, the oldest id first, whose patient's key is there."""
        return [flag for _, flag in sorted(self.flags.items()) if flag.patient_id not in self.forgotten]


Step = Callable[[Unit, Model], None]


def add(key: int, level: str, pick: int) -> Step:
    def step(unit: Unit, model: Model) -> None:
        whose = sorted(model.patients.keys() - model.forgotten)
        if not whose:
            return
        patient_id = whose[pick % len(whose)]
        body = {"said": f"words <b>{key}</b> 😀"}
        flag = a_flag(unit, f"cause {key}", patient_id=patient_id, level=level, body=body)
        taken = any(other.cause == flag.cause for other in model.flags.values())
        assert unit.add_once(flag) is not taken
        if not taken:
            model.flags[flag.id] = flag

    return step


def add_what_may_be_there(key: int) -> Step:
    def step(unit: Unit, model: Model) -> None:
        taken = any(patient.code == f"P-{key}" for patient in model.patients.values())
        try:
            made = unit.apart(lambda: a_patient(unit, f"P-{key}", chat=None, name=f"Sam {key}"))
        except Undone:
            assert taken
        else:
            assert not taken
            model.patients[made.id] = made

    return step


def change(pick: int, level: str) -> Step:
    def step(unit: Unit, model: Model) -> None:
        if there := model.readable():
            flag = there[pick % len(there)]
            fields: dict[str, Any] = {"level": level, "rings": flag.rings + 1, "body": {"again": level}}
            assert unit.change(flag, **fields) == replace(flag, **fields)
            model.flags[flag.id] = replace(flag, **fields)

    return step


def change_all(level: str) -> Step:
    def step(unit: Unit, model: Model) -> None:
        there = model.readable()
        unit.change_all(there, level=[level] * len(there), seen_at=[unit.now] * len(there))
        for flag in there:
            model.flags[flag.id] = replace(flag, level=level, seen_at=unit.now)

    return step


def remove(key: int) -> Step:
    def step(unit: Unit, model: Model) -> None:
        gone = [one for one, flag in model.flags.items() if flag.cause == f"cause {key}"]
        assert unit.remove(Flag, cause=f"cause {key}") == len(gone)
        for one in gone:
            del model.flags[one]

    return step


def forget(pick: int) -> Step:
    def step(unit: Unit, model: Model) -> None:
        if pick == 0 and (whose := sorted(model.patients.keys() - model.forgotten)):
            unit.forget(whose[0])
            model.forgotten.add(whose[0])

    return step


def speak(key: int) -> Step:
    """Said once a cause; without one (0), as often as it is said."""

    def step(unit: Unit, model: Model) -> None:
        cause = f"said {key}" if key else None
        row = say(unit, Address(1001, unit.digest(1001)), "hi", cause=cause)
        assert (row is None) is (cause in model.causes)
        if row is not None:
            model.said.append(row.id)
            model.causes |= {cause} if cause else set()

    return step


def look(level: str, most: int) -> Step:
    def step(unit: Unit, model: Model) -> None:
        whose = tuple(model.patients.keys() - model.forgotten)
        there = [flag for flag in model.readable() if flag.level == level]
        there.sort(key=lambda flag: (-flag.rings, flag.id))
        where: dict[str, Any] = {"level": level, "patient_id": whose}
        assert unit.find(Flag, order="-rings id", limit=most, **where) == there[:most]
        assert unit.count(Flag, level__not=level) == sum(flag.level != level for flag in model.flags.values())
        assert unit.values(Flag, "cause", "seen_at", seen_at=None) == [
            (flag.cause, None) for _, flag in sorted(model.flags.items()) if flag.seen_at is None
        ]

    return step


STEPS = st.one_of(
    st.builds(add, SMALL, LEVELS, SMALL),
    st.builds(add_what_may_be_there, SMALL),
    st.builds(change, SMALL, LEVELS),
    st.builds(change_all, LEVELS),
    st.builds(remove, SMALL),
    st.builds(forget, SMALL),
    st.builds(speak, SMALL),
    st.builds(look, LEVELS, SMALL),
)
PARTS = st.lists(
    st.tuples(st.lists(STEPS, min_size=1, max_size=4), st.sampled_from(["", "", "apart", "undone"]))
)
"""Steps of a unit; `apart`: by themselves; `undone`: by themselves, and then undone."""


class Machine(RuleBasedStateMachine):
    opener: Opener = staticmethod(of_dictionaries)

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = SettableClock(StillClock(AT))
        self.open = self.opener(self.clock)
        self.told: list[int] = []
        self.processes = [self._opened(), self._opened()]
        self.truth = Model()
        self.counted = 0
        self.run(self.processes[0].write(lambda unit: unit.add(Pulse(id=unit.new_id(), name="count", at=AT))))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        for process in self.processes:
            self.run(process.close())
        self.run(self.loop.shutdown_default_executor())
        self.loop.close()

    @rule(parts=PARTS, fails=st.booleans(), which=st.integers(0, 1), urgent=st.booleans())
    def unit(self, parts: Any, fails: bool, which: int, urgent: bool) -> None:
        after = self.truth.copy()

        def work(unit: Unit) -> None:
            for steps, how in parts:
                _part(unit, after, steps, how)
            if fails:
                raise Refused

        try:
            self.run(self.processes[which].write(work, urgent=urgent))
        except Refused:
            assert fails
        else:
            assert not fails
            self.truth = after

    @rule(many=st.integers(2, 6))
    def many_count_at_once(self, many: int) -> None:
        """Through both processes: no count is lost."""

        def work(unit: Unit) -> None:
            unit.lock(COUNTER)
            pulse = unit.one(Pulse, name="count")
            assert pulse is not None
            unit.change(pulse, at=pulse.at + timedelta(seconds=1))

        async def all_of_them() -> None:
            await asyncio.gather(*(self.processes[number % 2].write(work) for number in range(many)))

        self.run(all_of_them())
        self.counted += many

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        self.run(self.processes[which].close())
        self.processes[which] = self._opened()

    @rule(minutes=st.sampled_from([-90, -1, 1, 90]))
    def jump_the_clock(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @invariant()
    def all_is_there_and_nothing_else(self) -> None:
        for process in self.processes:
            self.run(process.read(self._compare))

    @invariant()
    def what_was_committed_was_told_of_and_nothing_else(self) -> None:
        assert self.told == self.truth.said

    def _compare(self, unit: Unit) -> None:
        whose = tuple(self.truth.patients.keys() - self.truth.forgotten)
        assert unit.find(Flag, patient_id=whose) == self.truth.readable()
        plain = [
            (flag.id, flag.cause, flag.level, flag.rings) for _, flag in sorted(self.truth.flags.items())
        ]
        assert unit.values(Flag, "id", "cause", "level", "rings") == plain
        assert unit.find(Patient, id=whose) == [self.truth.patients[one] for one in sorted(whose)]
        assert unit.count(Patient) == len(self.truth.patients)
        assert sorted(self.truth.said) == [row for (row,) in unit.values(Outgoing, "id")]
        assert unit.values(Pulse, "at", name="count") == [(AT + timedelta(seconds=self.counted),)]

    def _opened(self) -> AnyStorage:
        made = self.open()
        made.on_posted(lambda rows: self.told.extend(row.id for row in rows))
        return made


def _part(unit: Unit, model: Model, steps: list[Step], how: str) -> None:
    before = model.copy()

    def all_steps() -> None:
        for step in steps:
            step(unit, model)
        if how == "undone":
            raise Refused

    if not how:
        all_steps()
        return
    try:
        unit.apart(all_steps)
    except Undone as undone:
        if how != "undone" or not isinstance(undone.__cause__, Refused):
            raise
        model.become(before)


def test_whatever_units_come_the_storage_holds_what_they_committed(opener: Opener) -> None:
    made = type("Opened", (Machine,), {"opener": staticmethod(opener)})
    run_state_machine_as_test(made, settings=tried(5, 12))
