"""The inbox: an update's redelivery key for eight days, and the update itself only while it waits.

Plain functions of a unit, under the chat's lock. Whose turn it is, is decided here: a chat's turns are taken
in the order in which its updates came, whichever process has them in hand.

Of whoever no program knows, or not any more, no word is kept (our clinical brief, "Crisis"): what waits of a
stranger is that something came. A card that is due is committed by then; else the lines are their answer.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from bot import invitations, outbox, people
from bot.inbound import Inbound, Said
from bot.journal import Log
from bot.rows import Incoming, Patient, Receipt, Staff
from bot.unit import Unit

log = Log(__name__)

TRIES = 5
_BACKOFF = timedelta(seconds=2)

Turn = Callable[[Unit], str | None]
"""Takes the turn; the toast for a pressed button, if there is one."""


class Behind(Exception):
    """An earlier update of its chat waits: its turn has not come."""


def first(unit: Unit, inbound: Inbound, turn: Turn) -> str | None:
    """The turn of an update just come, unless it came before; behind others of its chat, it is kept."""
    chat_hash = unit.digest(inbound.chat)
    unit.lock(chat_hash)
    waits = unit.one(Incoming, chat_hash=chat_hash, state=Receipt.WAITING) is not None
    return turn(unit) if _note(unit, inbound, waits=waits) and not waits else None


def keep(unit: Unit, inbounds: Sequence[Inbound], *, ours: bool = False) -> list[Inbound]:
    """Keep these for later, each behind what waits of its chat; those that had not come before.

    With `ours` other processes leave them alone for the time of a lease.
    """
    chats = sorted({unit.digest(inbound.chat) for inbound in inbounds})
    for chat_hash in chats:
        unit.lock(chat_hash)
    whole = _have_a_team(unit, chats)
    return [inbound for inbound in inbounds if _note(unit, inbound, waits=True, ours=ours, whole=whole)]


def again(unit: Unit, inbound: Inbound, turn: Turn) -> str | None:
    """The turn of an update that was kept, unless somebody has taken it. Raises `Behind`."""
    chat_hash = unit.digest(inbound.chat)
    unit.lock(chat_hash)
    row = unit.one(Incoming, chat_hash=chat_hash, state=Receipt.WAITING)
    if row is None or row.key != inbound.key:
        if unit.one(Incoming, key=inbound.key, state=Receipt.WAITING) is not None:
            raise Behind
        return None
    toast = turn(unit)
    unit.change(row, state=Receipt.DONE, body=None, due_at=None)
    return toast


def failed(unit: Unit, inbound: Inbound, give_up: Callable[[Unit], None], *, presses: bool = False) -> bool:
    """Its turn failed: it is kept, to be tried again later, and at last given up as a dead letter.

    `presses`: the first time it is tried again at once. False while those behind it must wait.
    """
    row = unit.one(Incoming, key=inbound.key)
    if row is None:
        _note(unit, inbound, waits=True)
        row = unit.one(Incoming, key=inbound.key)
        assert row is not None
    if row.state != Receipt.WAITING:
        return True
    attempts = row.attempts + 1
    if attempts >= TRIES:
        unit.change(row, state=Receipt.DEAD, attempts=attempts, due_at=None)
        give_up(unit)
        log.error("letter.dead", letter=row.id, attempt=attempts)
        return True
    later = _BACKOFF * 2 ** (attempts - 1)
    unit.change(row, attempts=attempts, due_at=unit.now if presses and attempts == 1 else unit.now + later)
    return False


def bury(unit: Unit, key: bytes, body: dict[str, Any]) -> None:
    """Keep an update that cannot be read."""
    unit.add_once(
        Incoming(id=unit.new_id(), key=key, chat_hash=None, at=unit.now, state=Receipt.DEAD, body=body)
    )


def due(unit: Unit, most: int) -> list[Inbound]:
    """What was kept and may be tried again, each chat's in order, and nothing of one whose first has to wait.

    Chat by chat, which is how the index of what waits has them: of all that was done, nothing is read.
    """
    rows = unit.find(Incoming, order="chat_hash id", state=Receipt.WAITING, due_at__le=unit.now, limit=most)
    heads: dict[bytes | None, bool] = {}
    for row in rows:
        if row.chat_hash not in heads:
            head = unit.one(Incoming, chat_hash=row.chat_hash, state=Receipt.WAITING)
            heads[row.chat_hash] = head is not None and head.id == row.id
    return [Inbound.from_json(row.body) for row in rows if heads[row.chat_hash] and row.body is not None]


def knows(unit: Unit, chat: int) -> bool:
    """Whether somebody writes there whose words may be stored until they are read."""
    chat_hash = unit.digest(chat)
    return _have_a_team(unit, [chat_hash]) or _on_the_team(unit, chat_hash)


def _note(
    unit: Unit, inbound: Inbound, *, waits: bool, ours: bool = False, whole: bool | None = None
) -> bool:
    """Its redelivery key, and what may be kept of it while it waits; False if it came before.

    `whole`: it is known that its words may be kept.
    """
    due_at = unit.lease if ours else unit.now
    kept = inbound if whole or not waits or _may_keep(unit, inbound) else inbound.without_words()
    row = Incoming(
        id=unit.new_id(),
        key=inbound.key,
        chat_hash=unit.digest(inbound.chat),
        at=unit.now,
        state=Receipt.WAITING if waits else Receipt.DONE,
        due_at=due_at if waits else None,
        message_id=inbound.message_id,
        body=kept.to_json() if waits else None,
    )
    return unit.add_once(row)


def _may_keep(unit: Unit, inbound: Inbound) -> bool:
    """Whether its words may be stored: a patient's, an invitation and what comes behind one; of the team what
    is its work, and not what brought its writer a card."""
    chat_hash = unit.digest(inbound.chat)
    if inbound.words is None or _have_a_team(unit, [chat_hash]) or _joins(unit, inbound):
        return True
    if _on_the_team(unit, chat_hash):
        return not outbox.has_card(unit, inbound.key.hex())
    ahead = unit.find(Incoming, chat_hash=chat_hash, state=Receipt.WAITING)
    return any(_joins(unit, Inbound.from_json(row.body)) for row in ahead if row.body is not None)


def _have_a_team(unit: Unit, chat_hashes: Sequence[bytes]) -> bool:
    """Whether each of these different chats is one of a patient about whom a program can be told."""
    ours = unit.count(Patient, chat_hash=tuple(chat_hashes), standing=people.WITH_A_TEAM)
    return ours == len(chat_hashes)


def _on_the_team(unit: Unit, chat_hash: bytes) -> bool:
    return unit.count(Staff, chat_hash=chat_hash, removed_at=None) > 0


def _joins(unit: Unit, inbound: Inbound) -> bool:
    event = inbound.event
    return isinstance(event, Said) and event.command == "start" and invitations.invites(unit, event.rest)
