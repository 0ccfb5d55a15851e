"""Machines that cannot fail are worth nothing: each mistake built into the store or the sender on purpose
must be found by its machine. `make chaos` runs this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bot import ledger, sender
from bot.ledger import Proof, Turn
from bot.patience import Patience
from bot.rows import Sending
from bot.store import database
from bot.store.units import SqlUnit
from bot.unit import Undone
from tests.fixtures.effort import tried
from tests.fixtures.machines import Opener
from tests.sender.test_machine import Machine as OfTheSender
from tests.store.test_machine import Machine as OfTheStore
from tests.store.test_machine import Refused as OfTheStoreRefused

Patch = pytest.MonkeyPatch


# The store


def everything_is_added(patch: Patch) -> None:
    original = SqlUnit.add_once
    patch.setattr(SqlUnit, "add_once", lambda unit, row: original(unit, row) or True)


def what_is_undone_is_told_of(patch: Patch) -> None:
    original = SqlUnit.apart

    def wrong(unit: SqlUnit, work: Callable[[], Any]) -> Any:
        before = len(unit.posted)
        kept: list[Any] = []

        def noted() -> Any:
            try:
                return work()
            finally:
                kept.extend(unit.posted[before:])

        try:
            return original(unit, noted)
        except Exception:
            unit.posted.extend(kept)
            raise

    patch.setattr(SqlUnit, "apart", wrong)


def nothing_is_undone_apart(patch: Patch) -> None:
    def wrong(unit: SqlUnit, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as error:
            raise Undone from error

    patch.setattr(SqlUnit, "apart", wrong)


def what_fails_is_committed(patch: Patch) -> None:
    def wrong(store: database.Store, work: Callable[[Any], Any]) -> Any:
        failed, result = None, None
        with store._engine.begin() as connection:
            unit = store._unit(connection)
            try:
                result = work(unit)
            except OfTheStoreRefused as error:
                failed = error
        if failed is not None:
            raise failed
        return result, unit.posted

    patch.setattr(database.Store, "_alone", wrong)


def nobody_waits_for_anybody(patch: Patch) -> None:
    """Two turns of one chat at the same time, on PostgreSQL: what one writes the other never saw."""
    patch.setattr(SqlUnit, "lock", lambda unit, chat_hash: None)


OF_THE_STORE = {
    everything_is_added: "sqlite",
    what_is_undone_is_told_of: "sqlite",
    nothing_is_undone_apart: "sqlite",
    what_fails_is_committed: "postgresql",
    nobody_waits_for_anybody: "postgresql",
}


# The sender


def a_nudge_is_marked_afterwards(patch: Patch) -> None:
    original = ledger._nudges

    def wrong(unit: Any, rows: Any, wanted: Any) -> dict[int, Proof]:
        found = original(unit, rows, wanted)
        for row in rows:
            if found[row.id].turn is Turn.GO:
                unit.change(row, state="queued", body=row.body, sent_at=None)
        return found

    patch.setattr(ledger, "_nudges", wrong)


def what_may_have_arrived_is_given_up(patch: Patch) -> None:
    patch.setattr(sender.Sender, "_retry", lambda sending, queue: sending._finish(queue, Sending.DROPPED))


def a_lease_is_not_minded(patch: Patch) -> None:
    original = ledger.claim
    patch.setattr(ledger, "claim", lambda *given, **named: original(*given, **{**named, "every": True}))
    patch.setattr(ledger, "left_behind", lambda unit, lanes, held: True)


def order_is_not_looked_up(patch: Patch) -> None:
    patch.setattr(ledger, "_behind", lambda unit, rows, held: frozenset())


def a_429_is_forgotten(patch: Patch) -> None:
    patch.setattr(Patience, "slow_down", lambda patience, now, chat, seconds: True)


def the_dead_leave_nothing_behind(patch: Patch) -> None:
    patch.setattr(ledger, "left_behind", lambda unit, lanes, held: False)


OF_THE_SENDER = (
    a_nudge_is_marked_afterwards,
    what_may_have_arrived_is_given_up,
    a_lease_is_not_minded,
    order_is_not_looked_up,
    a_429_is_forgotten,
    the_dead_leave_nothing_behind,
)


def sought(machine: type[Any], opener: Opener, name: str) -> None:
    """It must be found; prints after how many examples."""
    begun = []

    def counted(clock: Any) -> Any:
        begun.append(clock)
        return opener(clock)

    made = type("Opened", (machine,), {"opener": staticmethod(counted)})
    enough = settings(
        tried(1, 20), max_examples=300, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(made, settings=enough)
    print(f"{name}: {len(begun)} examples")  # noqa: T201


@pytest.mark.parametrize(
    ("opener", "mistake"),
    [(engine, mistake) for mistake, engine in OF_THE_STORE.items()],
    indirect=["opener"],
    ids=[mistake.__name__ for mistake in OF_THE_STORE],
)
def test_the_machine_of_the_store_finds_every_mistake(
    opener: Opener, mistake: Callable[[Patch], None], monkeypatch: Patch
) -> None:
    mistake(monkeypatch)
    sought(OfTheStore, opener, mistake.__name__)


@pytest.mark.parametrize("opener", ["fake"], indirect=True)
@pytest.mark.parametrize("mistake", OF_THE_SENDER, ids=lambda mistake: mistake.__name__)
def test_the_machine_of_the_sender_finds_every_mistake(
    opener: Opener, mistake: Callable[[Patch], None], monkeypatch: Patch
) -> None:
    mistake(monkeypatch)
    sought(OfTheSender, opener, mistake.__name__)
