"""Up the chain: whom an open flag rings next, and when. Whoever is away is skipped, never waited for.

    counselor → backup → supervisors → everyone on call → everyone again, until somebody answers

Each step has its minute, counted from the start of the round. Steps missed while nobody kept the time
(a stopped process, say) are made up for together, and the next one has its own minute again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from bot import rota
from bot.concerns import Level
from bot.program import Program, local_date
from bot.rows import Flag, Patient, Staff
from bot.unit import Unit

STEPS = 4
CONTACT_RULES = frozenset({"call_me"})
"""Rules below `urgent` for which reading is not enough: the person waits to be contacted."""
LOOK_AGAIN = timedelta(hours=24)
"""How soon an open flag that presses no longer is brought up again."""


class Stage(StrEnum):
    """What an open flag still waits for."""

    UNSEEN = "unseen"
    UNCONTACTED = "uncontacted"
    ASKED = "asked"
    """Below `urgent`, seen or not, and the person waits for a contact: it comes up in duty hours, from the
    day after with the supervisors."""
    QUIET = "quiet"
    """A `watch` flag that nobody has seen: it rings once in duty hours, then daily."""
    OPEN = "open"
    """In somebody's hands: brought up daily until it is closed."""

    @property
    def presses(self) -> bool:
        return self in (Stage.UNSEEN, Stage.UNCONTACTED)


def stage(flag: Flag) -> Stage:
    if Level(flag.level) >= Level.URGENT:
        if flag.seen_at is None:
            return Stage.UNSEEN
        return Stage.OPEN if flag.reached is True else Stage.UNCONTACTED
    if flag.rule in CONTACT_RULES and flag.reached is not True:
        return Stage.ASKED
    return Stage.QUIET if flag.seen_at is None else Stage.OPEN


def due(program: Program, flag: Flag, step: int) -> datetime:
    """The minute of a step of the present round."""
    minutes = program.emergency_minutes if Level(flag.level) is Level.EMERGENCY else program.urgent_minutes
    offsets = (0, *minutes)
    again = offsets[-1] - offsets[-2]
    beyond = max(0, step - STEPS + 1)
    return (flag.since or flag.at) + timedelta(minutes=offsets[min(step, STEPS - 1)] + beyond * again)


def next_due(program: Program, flag: Flag, step: int, now: datetime) -> datetime:
    """When the step after `step`, which rings now, is due: in its minute. Where `step` came before its own,
    because somebody was lost, it is sooner: nobody who comes and goes puts an alert off."""
    at = due(program, flag, step + 1)
    return min(at, now + (at - due(program, flag, step)))


def longest_pause(program: Program) -> timedelta:
    """No flag that presses is ever further from its next ring than this."""
    pauses = [
        timedelta(minutes=later - sooner)
        for minutes in (program.emergency_minutes, program.urgent_minutes)
        for sooner, later in pairwise((0, *minutes))
    ]
    return max(*pauses, program.contact_within)


def reached_step(program: Program, flag: Flag, now: datetime) -> int:
    """The last step whose minute has come; at least the one that is next."""
    step = flag.step
    while due(program, flag, step + 1) <= now:
        step += 1
    return step


def recipients(unit: Unit, program: Program, patient: Patient, step: int) -> Sequence[Staff]:
    """Whom a step reaches among those available; an empty step is skipped upwards."""
    return _first_filled(chain(unit, program, patient), step)


def in_hands_of(flag: Flag) -> int | None:
    """Who is at it: the last who tried to reach the person, else who has seen it."""
    return flag.contacted_by or flag.seen_by


def quietly(unit: Unit, program: Program, patient: Patient, flag: Flag) -> list[Staff]:
    """Whom what presses not is brought up with: the counselor alone, but for a wish that waits over a day."""
    on_turn = list(recipients(unit, program, patient, 0))
    since = local_date(flag.seen_at or flag.at, program.time_zone)
    if stage(flag) is Stage.ASKED and flag.rings and local_date(unit.now, program.time_zone) > since:
        on_turn += rota.supervisors(rota.available(unit, program))
    return list({one.id: one for one in on_turn}.values())


def whom(unit: Unit, program: Program, patient: Patient, flag: Flag, last: int) -> list[Staff]:
    """Everyone whose turn it is, from the flag's step to `last`, each once."""
    steps = chain(unit, program, patient)
    if stage(flag) is Stage.UNCONTACTED:
        seer = [one for one in steps[-1] if one.id == in_hands_of(flag)]
        steps = (seer, [*steps[0], *steps[1]], *steps[2:])
    turns = (
        one
        for step in range(flag.step, min(last, flag.step + STEPS) + 1)
        for one in _first_filled(steps, step)
    )
    return list({one.id: one for one in turns}.values())


def chain(unit: Unit, program: Program, patient: Patient) -> tuple[list[Staff], ...]:
    """The four steps, of those who are available at this moment."""
    on_call = rota.available(unit, program)
    return (
        [staff for staff in on_call if staff.id == patient.counselor_id],
        rota.backups(unit, program, patient, on_call),
        rota.supervisors(on_call),
        on_call,
    )


def skipped(unit: Unit, program: Program, patient: Patient, step: int) -> Staff | None:
    """The one whose own step this is, if they are not available: a gap that supervisors hear of."""
    own = {0: patient.counselor_id, 1: patient.backup_id}.get(step)
    staff = unit.get(Staff, own) if own is not None else None
    if staff is None or (rota.reachable(staff) and staff.id not in rota.away(unit, program)):
        return None
    return staff


def deadline(program: Program, flag: Flag) -> datetime | None:
    """Until when what can wait is to be looked at, and a call that was asked for made: the next working day.
    None where nothing is waited for, or where it cannot wait and rings until somebody answers."""
    if flag.closed_at is not None or stage(flag) not in (Stage.QUIET, Stage.ASKED):
        return None
    return later(program, flag.at)


def later(program: Program, now: datetime) -> datetime:
    """When an open flag that presses no longer is brought up again, in duty hours."""
    return program.duty_hours.next(now + LOOK_AGAIN, program.time_zone)


def _first_filled(steps: tuple[list[Staff], ...], step: int) -> list[Staff]:
    return next((some for some in steps[min(step, STEPS - 1) :] if some), [])
