"""The sender's book: what it asks of the outbox and writes there, each a plain function of a unit.

A queued row belongs to one process at a time: its `owner`, until `lease_until`. What a row's turn is, is
decided here: within a chat and lane rows leave in the order of their ids, so a row is anybody's only
when no earlier one is still queued elsewhere. A row whose time has not come holds nobody up.
"""

from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from bot.outbox import Lane
from bot.rows import Outgoing, Sending
from bot.unit import Unit

NUDGE_FRESH = timedelta(minutes=60)

Wanted = Callable[[Unit, Sequence[Outgoing]], Collection[int]]
OnBlocked = Callable[[Unit, bytes], None]
OnRefused = Callable[[Unit, Outgoing], None]


class Turn(Enum):
    """What the book says of a row that is about to leave."""

    GO = "it may leave now"
    WAIT = "an earlier row, or the one that it changes, is not settled yet"
    OVER = "it is somebody else's, or needs no sending any more"


@dataclass(frozen=True, slots=True)
class Proof:
    turn: Turn
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a row ends; `QUEUED` puts back a nudge that was marked too early."""

    row: Outgoing
    state: Sending
    at: datetime
    message_id: int | None = None
    attempts: int = 0
    blocked: bool = False


def left_behind(unit: Unit, lanes: tuple[Lane, ...], held: frozenset[int]) -> bool:
    """Whether there is anything for `claim`."""
    left = _left(unit, held)
    return any(unit.find(Outgoing, order="due_at", limit=1, lane=lanes, **where) for where in left)


def claim(
    unit: Unit, lanes: tuple[Lane, ...], most: int, held: frozenset[int], *, every: bool = False
) -> list[Outgoing]:
    """Take up to `most` due rows that were left behind: nobody's, or with their lease run out.

    `held` are the ids that this process has in hand; `every` takes rows whatever their lease says.
    """
    found: dict[int, Outgoing] = {}
    for where in _left(unit, held, every=every):
        for row in unit.find(Outgoing, order="lane id", limit=most, claim=True, lane=lanes, **where):
            found[row.id] = row
    rows = sorted(found.values(), key=lambda row: (row.lane, row.id))[:most]
    late = _behind(unit, rows, held | {row.id for row in rows})
    return [unit.change(row, owner=unit.owner, lease_until=unit.lease) for row in rows if row.id not in late]


def prove(
    unit: Unit, rows: Sequence[Outgoing], held: Container[int], *, shared: bool, wanted: Wanted
) -> dict[int, Proof]:
    """Ask whether these rows are still ours to send, and send-ready. A nudge that is gets marked at once.

    `shared`: other processes post and send too, so the order has to be looked up.
    """
    mine: dict[str, Any] = {"state": Sending.QUEUED, "owner": unit.owner}
    # Where another process may be taking the row at this moment, only one of us can have its lock.
    contested = tuple(row.id for row in rows if row.lane == Lane.NUDGE or _ends_soon(unit, row))
    safe = tuple({row.id for row in rows}.difference(contested))
    ours = [
        *(unit.find(Outgoing, id=contested, claim=True, **mine) if contested else ()),
        *(unit.find(Outgoing, id=safe, **mine) if safe else ()),
    ]
    proofs = {row.id: Proof(Turn.OVER) for row in rows}
    if missing := tuple(proofs.keys() - {row.id for row in ours}):
        for row in unit.find(Outgoing, id=missing, **mine):  # locked by someone: look again soon
            proofs[row.id] = Proof(Turn.WAIT)
    late = _behind(unit, ours, held) if shared else frozenset()
    proofs |= dict.fromkeys(late, Proof(Turn.WAIT))
    turns = [row for row in ours if row.id not in late]
    proofs |= _nudges(unit, [row for row in turns if row.lane == Lane.NUDGE], wanted)
    proofs |= {row.id: _proof(unit, row) for row in turns if row.lane != Lane.NUDGE}
    return proofs


def mark(unit: Unit, outcomes: Sequence[Outcome], on_blocked: OnBlocked, on_refused: OnRefused) -> None:
    """Write down how rows ended; where the bot is blocked, the chat's nudges end with them."""
    unit.change_all(
        [outcome.row for outcome in outcomes],
        state=[outcome.state for outcome in outcomes],
        sent_at=[outcome.at if outcome.state is Sending.SENT else None for outcome in outcomes],
        message_id=[outcome.message_id for outcome in outcomes],
        attempts=[outcome.attempts for outcome in outcomes],
        owner=[unit.owner] * len(outcomes),
        lease_until=[unit.lease] * len(outcomes),
        body=[outcome.row.body if outcome.state is Sending.QUEUED else None for outcome in outcomes],
    )
    for chat_hash in dict.fromkeys(outcome.row.chat_hash for outcome in outcomes if outcome.blocked):
        for nudge in unit.find(Outgoing, chat_hash=chat_hash, lane=Lane.NUDGE, state=Sending.QUEUED):
            unit.change(nudge, state=Sending.DROPPED, body=None)
        on_blocked(unit, chat_hash)
    for outcome in outcomes:
        if outcome.state is Sending.FAILED and not outcome.blocked:
            on_refused(unit, outcome.row)


def renew(unit: Unit, attempts: dict[int, int]) -> frozenset[int]:
    """Keep these rows (id → attempts so far) so far as they still are ours; the ids of those."""
    rows = unit.find(Outgoing, id=tuple(attempts), state=Sending.QUEUED, owner=unit.owner)
    unit.change_all(rows, lease_until=[unit.lease] * len(rows), attempts=[attempts[row.id] for row in rows])
    return frozenset(row.id for row in rows)


def release(unit: Unit, rows: Sequence[Outgoing], marked: Container[int]) -> None:
    """Let go of rows that we shall not send; `marked` nudges never left, so they are queued again."""
    for row in rows:
        if row.id in marked:
            unit.change(row, state=Sending.QUEUED, sent_at=None, body=row.body)
        unit.change(row, owner=None, lease_until=None)


def _left(unit: Unit, held: frozenset[int], *, every: bool = False) -> list[dict[str, Any]]:
    """What is due, and nobody's or with its lease run out: as two looks, each with an index to follow."""
    where: dict[str, Any] = {"state": Sending.QUEUED, "due_at__le": unit.now}
    if held:
        where["id__not"] = tuple(held)
    whose: list[dict[str, Any]] = [{}] if every else [{"owner": None}, {"lease_until__lt": unit.now}]
    return [where | further for further in whose]


def _behind(unit: Unit, rows: Sequence[Outgoing], held: Container[int]) -> frozenset[int]:
    """Those of `rows` that have an earlier queued row of their chat and lane outside `held`."""
    if not rows:
        return frozenset()
    queued = unit.find(
        Outgoing,
        chat_hash=tuple({row.chat_hash for row in rows}),
        lane=tuple({row.lane for row in rows}),
        state=Sending.QUEUED,
        due_at__le=unit.now,
    )
    first: dict[tuple[bytes, int], int] = {}
    for row in queued:
        if row.id not in held:
            first.setdefault((row.chat_hash, row.lane), row.id)
    return frozenset(row.id for row in rows if first.get((row.chat_hash, row.lane), row.id) < row.id)


def _nudges(unit: Unit, rows: Sequence[Outgoing], wanted: Wanted) -> dict[int, Proof]:
    """Those that still may go, marked as sent; the others are dropped."""
    fresh = [row for row in rows if unit.now - row.due_at <= NUDGE_FRESH]
    going = wanted(unit, fresh) if fresh else ()
    unit.change_all(
        rows,
        state=[Sending.SENT if row.id in going else Sending.DROPPED for row in rows],
        sent_at=[unit.now if row.id in going else None for row in rows],
        body=[None] * len(rows),
    )
    return {row.id: Proof(Turn.GO if row.id in going else Turn.OVER) for row in rows}


def _proof(unit: Unit, row: Outgoing) -> Proof:
    message_id = None
    if row.edits is not None:
        target = unit.get(Outgoing, row.edits)
        if target is not None and (target.state == Sending.QUEUED or _in_the_air(unit, target)):
            return Proof(Turn.WAIT)
        if target is None or target.message_id is None:
            return _dropped(unit, row)
        message_id = target.message_id
    if _ends_soon(unit, row):
        unit.change(row, lease_until=unit.lease)
    return Proof(Turn.GO, message_id)


def _in_the_air(unit: Unit, row: Outgoing) -> bool:
    """Whether a dropped row may have left before: who has it in hand says so, while its lease lasts."""
    unheard = row.state == Sending.DROPPED and row.message_id is None and row.owner is not None
    return unheard and row.lease_until is not None and row.lease_until > unit.now


def _ends_soon(unit: Unit, row: Outgoing) -> bool:
    return row.lease_until is None or row.lease_until - unit.now < (unit.lease - unit.now) * 2 / 3


def _dropped(unit: Unit, row: Outgoing) -> Proof:
    unit.change(row, state=Sending.DROPPED, body=None)
    return Proof(Turn.OVER)
