"""What keeps the house in order: a pulse that says a part lives, and rows whose time is over."""

from datetime import timedelta

from bot import menus
from bot.program import Program
from bot.rows import Guess, Incoming, Outgoing, Pulse, Receipt, Sending, Staff
from bot.unit import Unit

REDELIVERY = timedelta(days=8)
"""How long Telegram's updates are remembered by key, and sent rows by their message."""
TELEGRAM_KEEPS = timedelta(hours=24)
"""How long Telegram keeps an update that nobody fetched (Bot API, getUpdates)."""
STANDSTILL = timedelta(minutes=2)


def beat(unit: Unit, name: str) -> None:
    """Note that a part of some process lives."""
    pulse = unit.one(Pulse, name=name)
    if pulse is None:
        unit.add_once(Pulse(id=unit.new_id(), name=name, at=unit.now))
    else:
        unit.change(pulse, at=unit.now)


def hear(unit: Unit, program: Program, deaf: timedelta) -> bool:
    """Note that Telegram's updates reach us; whether staff were told of a gap before.

    `deaf`: for how long this process heard nothing, by its own reckoning: a clock that was moved is no gap.
    """
    told = deaf > TELEGRAM_KEEPS and tell_gap(unit, program)
    beat(unit, "intake")
    return told


def tell_gap(unit: Unit, program: Program) -> bool:
    """Tell staff when nobody listened for longer than Telegram keeps messages."""
    pulse = unit.one(Pulse, name="intake")
    if pulse is None or unit.now - pulse.at <= TELEGRAM_KEEPS:
        return False
    hours = int((unit.now - pulse.at).total_seconds() // 3600)
    for staff in unit.find(Staff, removed_at=None):
        menus.notify(unit, program, staff, "gap", hours=hours)
    return True


def tidy(unit: Unit) -> int:
    """Forget what nobody needs any more; the number of rows. Dead letters and unsent rows stay."""
    old = unit.now - REDELIVERY
    settled = (Sending.SENT, Sending.REPLACED, Sending.DROPPED)
    return (
        unit.remove(Incoming, at__lt=old, state=Receipt.DONE)
        + unit.remove(Outgoing, sent_at__lt=old, state=Sending.SENT)
        + unit.remove(Outgoing, at__lt=old, state=settled[1:])
        + unit.remove(Guess, at__lt=unit.now - timedelta(hours=1))
    )


def is_reachable(unit: Unit) -> bool:
    """Whether anybody at all would be told of an alert now."""
    return any(
        staff.chat is not None and staff.blocked_at is None for staff in unit.find(Staff, removed_at=None)
    )
