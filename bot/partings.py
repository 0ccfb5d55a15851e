"""When somebody's time here ends while something is open about them: by discharge, by taking the consent
back, by erasing everything.

What may save a life stays open until a person has answered (42 CFR 2.51), and is named to whoever answers
for it; what can wait is let go with the consent that it was told under.
"""

from bot import alerts, channels, copies, outbox, people
from bot.concerns import Level
from bot.outbox import Lane
from bot.program import Program
from bot.rows import Flag, Json, Outgoing, Patient, Sending
from bot.unit import Unit

ENDED = "ended"
"""How an alert closes that its person has ended."""


def still_open(unit: Unit, program: Program, patient: Patient) -> list[dict[str, Json]]:
    """What is open about them, the gravest first, in words."""
    found = sorted(unit.find(Flag, patient_id=patient.id, closed_at=None), key=channels.urgency)
    return [
        {
            "level": flag.level,
            "reason": channels.reason(program, copies.LANGUAGE, flag),
            "seen": flag.seen_at is not None,
            "reached": flag.reached is True,
        }
        for flag in found
    ]


def in_danger(unit: Unit, patient: Patient) -> bool:
    """Whether the team was told that they may be in danger, and nobody has reached them yet."""
    found = unit.find(Flag, patient_id=patient.id, closed_at=None)
    return any(Level(flag.level) >= Level.URGENT and flag.reached is not True for flag in found)


def let_go(unit: Unit, program: Program, patient: Patient) -> None:
    """Close, at the person's own wish, what is no danger: nothing more is told of it."""
    for flag in unit.find(Flag, patient_id=patient.id, closed_at=None):
        if Level(flag.level) >= Level.URGENT:
            continue
        waiting = unit.find(Outgoing, flag_id=flag.id, state=Sending.QUEUED)
        for row in waiting:
            unit.change(row, state=Sending.DROPPED, body=None)
        closed = unit.change(flag, closed_at=unit.now, disposition=ENDED, ring_at=None, gap_at=None)
        people.note(unit, "patient", "flag_closed", patient_id=patient.id, detail=f"{flag.rule}:{ENDED}")
        if not waiting:
            copies.refresh(unit, program, patient, closed)


def tell(unit: Unit, program: Program, patient: Patient, block: str, *, last_words: bool = False) -> None:
    """Tell the counselor that it ended; in danger at once, and whoever stands in for them too.

    `last_words`: how to reach the person is about to be erased, so in danger it is handed over once more.
    """
    danger = in_danger(unit, patient)
    counselor = people.counselor_of(unit, patient)
    told = [counselor] if counselor is not None else []
    if danger:
        told = list({one.id: one for one in (*told, *alerts.recipients(unit, program, patient, 0))}.values())
    reach = people.profile(patient) if danger and last_words else {}
    text = program.words.text(
        copies.LANGUAGE,
        "staff",
        block,
        code=patient.code,
        open=still_open(unit, program, patient) if danger else [],
        name=patient.name if reach else "",
        profile=reach,
    )
    for staff in told:
        to = outbox.to_staff(staff)
        if to is not None:
            outbox.say(unit, to, text, lane=Lane.ALERT if danger else Lane.NOTICE, protect=bool(reach))
            if reach:
                people.note(
                    unit,
                    "handrail",
                    "reach_told",
                    patient_id=patient.id,
                    staff_id=staff.id,
                    detail="erased:2.51",
                )
