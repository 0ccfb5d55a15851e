"""What waits for the clock, asked in one cheap read: a clock with nothing to do costs next to nothing.

Each part that acts on time says here what it looks for; the part itself looks again when it acts.
"""

from collections.abc import Sequence
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
    LEFT = auto()
    """A row of the outbox that nobody has in hand, or had for too long."""


def now(unit: Unit) -> frozenset[Due]:
    """What is due now; nothing is claimed."""
    late = {"lane": Lane.ALERT, "state": Sending.QUEUED, "at__le": unit.now - channels.LATE}
    left = {"state": Sending.QUEUED, "due_at__le": unit.now}
    looks: Sequence[tuple[Due, type[Row], dict[str, Any]]] = (
        (Due.CLOCK, Pulse, {"at__gt": unit.now + set_back.SLIP}),
        (Due.ALERT, Flag, {"ring_at__le": unit.now}),
        (Due.LATE, Outgoing, late),
        (Due.DRILL, Drill, {"due_at__le": unit.now}),
        (Due.REMINDER, Reminder, {"next_at__le": unit.now}),
        (Due.KEPT, Incoming, {"state": Receipt.WAITING, "due_at__le": unit.now}),
        (Due.LEFT, Outgoing, left | {"owner": None}),
        (Due.LEFT, Outgoing, left | {"lease_until__lt": unit.now}),
    )
    found = unit.holds(*((kind, where) for _, kind, where in looks))
    return frozenset(due for (due, _, _), there in zip(looks, found, strict=True) if there)
