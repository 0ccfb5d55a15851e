"""When a member of staff goes: access ends at once, and their patients have somebody the same moment."""

from bot import alerts, menus, outbox, people
from bot.program import Program
from bot.rows import Role, Staff
from bot.unit import Unit


def leave(unit: Unit, program: Program, leaving: Staff, taking: Staff | None, actor: str) -> int:
    """End somebody's access and give their caseload to `taking`; the number of patients handed over.

    What was still to be sent to them is dropped, their chat gets a stranger's commands, and whoever takes
    over is told. Without anybody to take over, alerts go to whoever is left.
    """
    moved = people.hand_over(unit, leaving, taking, actor) if taking is not None else 0
    to = outbox.to_staff(leaving)
    if to is not None:
        house = outbox.Address(to.chat, to.chat_hash)
        menus.set_menu(unit, program, house, "en", menus.STRANGER)
    alerts.lost(unit, program, people.remove_staff(unit, leaving, actor))
    if taking is not None and moved:
        menus.notify(unit, program, taking, "handed_over", count=moved, name=leaving.name)
    return moved


def successor(unit: Unit, leaving: Staff) -> Staff | None:
    """Who takes over when nobody is named: a supervisor, else any colleague."""
    others = [staff for staff in unit.find(Staff, removed_at=None) if staff.id != leaving.id]
    return min(others, key=lambda staff: (staff.role == Role.COUNSELOR, staff.id), default=None)
