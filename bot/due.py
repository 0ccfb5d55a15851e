"""What waits for the clock, asked in one cheap read: a clock with nothing to do costs next to nothing.

Each part that acts on time says here what it looks for; the part itself looks again when it acts.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from bot import channels, set_back
from bot.outbox import Lane
from bot.rows import Drill, Flag, Incoming, Outgoing, Pulse, Receipt, Reminder, Row, Sending
from bot.unit import Unit


class Due(Enum):
    CLOCK = auto()
    """It was set back (`bot.set_back`)."""
    ALERT = auto()
    LATE = auto()
    DRILL = auto()
    REMINDER = auto()
    """A reminder or a vigil."""
    KEPT = auto()
    """A message whose turn was put off."""


def now(unit: Unit) -> frozenset[Due]:
    """What is due now; nothing is claimed."""
    late = {"lane": Lane.ALERT, "state": Sending.QUEUED, "at__le": unit.now - channels.LATE}
    looks: Mapping[Due, tuple[type[Row], str, dict[str, Any]]] = {
        Due.CLOCK: (Pulse, "at", {"at__gt": unit.now + set_back.SLIP}),
        Due.ALERT: (Flag, "ring_at", {"ring_at__le": unit.now}),
        Due.LATE: (Outgoing, "due_at", late),
        Due.DRILL: (Drill, "due_at", {"due_at__le": unit.now}),
        Due.REMINDER: (Reminder, "next_at", {"next_at__le": unit.now}),
        Due.KEPT: (Incoming, "chat_hash id", {"state": Receipt.WAITING, "due_at__le": unit.now}),
    }
    return frozenset(
        due for due, (kind, order, where) in looks.items() if unit.find(kind, order=order, limit=1, **where)
    )
