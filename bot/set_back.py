"""The clock was set back: what was to come within minutes must not wait for the hours that come twice.

Seen by a pulse that lies in the future. What was said and not sent yet is due at once; what rings or watches
over somebody lies no further ahead than it ever can, or rings at once. Reminders by the day are left alone:
their slots are unique, so none comes twice. Looking twice changes nothing.
"""

from datetime import timedelta

from bot import crisis, escalation, vigils
from bot.journal import Log
from bot.nudges import Kind
from bot.program import Program
from bot.rows import Flag, Incoming, Outgoing, Pulse, Receipt, Reminder, Sending, Session, SessionState
from bot.unit import Unit

log = Log(__name__)

SLIP = timedelta(seconds=5)
"""Two machines' clocks may differ by so much."""
_RETRIED_WITHIN = timedelta(minutes=1)


def look(unit: Unit, program: Program) -> bool:
    """Put right what lies too far ahead, if the clock was set back; True if it was."""
    pulses = unit.find(Pulse, at__gt=unit.now + SLIP)
    for pulse in pulses:
        unit.change(pulse, at=unit.now)
    if pulses:
        log.warning("clock.set_back", seconds=(max(one.at for one in pulses) - unit.now).total_seconds())
        _send(unit)
        _ring(unit, program)
        _watch(unit)
    return bool(pulses)


def _send(unit: Unit) -> None:
    """What waits to be sent, or to be tried again."""
    for row in unit.find(Outgoing, state=Sending.QUEUED, at__gt=unit.now):
        unit.change(row, at=unit.now, due_at=unit.now + (row.due_at - row.at), lease_until=unit.lease)
    for row in unit.find(Outgoing, state=Sending.QUEUED, lease_until__gt=unit.lease):
        unit.change(row, lease_until=unit.lease)
    for letter in unit.find(Incoming, state=Receipt.WAITING, due_at__gt=unit.now + _RETRIED_WITHIN):
        unit.change(letter, due_at=unit.now)


def _ring(unit: Unit, program: Program) -> None:
    for flag in unit.find(Flag, ring_at__gt=unit.now):
        assert flag.ring_at is not None
        if not escalation.stage(flag).presses:
            unit.change(flag, ring_at=min(flag.ring_at, escalation.later(program, unit.now)))
        elif flag.ring_at - unit.now > escalation.longest_pause(program):
            # Seen a moment ago, there is the hour for a contact; else it rings at once, and on from there.
            seen = flag.seen_at is not None and flag.step == 0
            ring_at = unit.now + (program.contact_within if seen else timedelta())
            unit.change(flag, since=(flag.since or flag.at) - (flag.ring_at - ring_at), ring_at=ring_at)


def _watch(unit: Unit) -> None:
    """Whoever is watched over has been silent since now."""
    for session in unit.find(Session, state=(SessionState.OPEN, SessionState.ASIDE), touched_at__gt=unit.now):
        unit.change(session, touched_at=unit.now)
    within = {
        vigils.Vigil.REFUSAL: crisis.ANSWER_WITHIN,
        vigils.Vigil.SILENCE: vigils.LOOK_IN_AFTER + crisis.ANSWER_WITHIN,
        Kind.LOOK_IN: vigils.LOOK_IN_AFTER,
    }
    for kind, at_most in within.items():
        for row in unit.find(Reminder, kind=kind, next_at__gt=unit.now + at_most):
            unit.change(row, next_at=unit.now + at_most)
