"""Nudges: the few messages that Handrail sends first, each with buttons to open it or to put it off.

What is kept of one is its slot, written before it is sent and unique, and what became of it. Discreet
ones name nothing: no recovery, no craving, no name.
"""

from enum import StrEnum

from bot import outbox
from bot.outbox import Address, Button, Lane
from bot.program import Program
from bot.rows import Nudge, Outgoing, Patient
from bot.unit import Unit


class Kind(StrEnum):
    """`FOLLOWUP` looks back on a craving some hours later; `LOOK_IN` is promised by the minute to somebody
    who is using or just did."""

    MORNING = "morning"
    EVENING = "evening"
    FOLLOWUP = "followup"
    LOOK_IN = "look_in"
    LEFT = "left"


class Outcome(StrEnum):
    """What became of a slot. `SENT` counts among the messages of a day that nobody asked for; `ASKED` does
    not: the person chose it when they put it off, or was promised it. All others were dropped; `RESTORED`
    came between a backup and its restore, so that nobody knows whether it was sent."""

    SENT = "sent"
    ASKED = "asked"
    LATE = "late"
    QUIET = "quiet"
    PAUSED = "paused"
    BLOCKED = "blocked"
    ABSENT = "absent"
    ENOUGH = "enough"
    DONE = "done"
    RESTORED = "restored"


CHOICES = ("30", "120", "today")
"""Minutes by which a nudge can be put off, or for today altogether."""
_CAUSE = "nudge:"


def row(unit: Unit, program: Program, patient: Patient, to: Address, nudge: Nudge, text: str) -> Outgoing:
    """What is to be queued for a nudge that is already written down."""
    body = outbox.worded(text, buttons(program, patient, nudge))
    return outbox.a_row(unit, to, body, lane=Lane.NUDGE, cause=cause(nudge))


def cause(nudge: Nudge) -> str:
    """By which its row in the outbox is known."""
    return f"{_CAUSE}{nudge.slot}"


def slot_of(row: Outgoing) -> str:
    """Of a row in the outbox, the slot that it is about; empty if it is no nudge's."""
    return (row.cause or "").removeprefix(_CAUSE)


def words(program: Program, patient: Patient, nudge: Nudge) -> str:
    """What it says; `day` is a number that grows by one each local day, so that the words can vary."""
    return program.words.text(
        patient.language,
        "reminders",
        _block(patient, nudge),
        day=nudge.local_date.toordinal(),
        name=patient.name or "",
    )


def buttons(program: Program, patient: Patient, nudge: Nudge) -> list[list[Button]]:
    """Open it, or put it off."""
    labels = [(_plain(program, patient, f"snooze_{choice}"), choice) for choice in CHOICES]
    return [
        [opening(program, patient, nudge)],
        [(label, f"o:snooze:{choice}:{nudge.id:x}") for label, choice in labels],
    ]


def opening(program: Program, patient: Patient, nudge: Nudge) -> Button:
    """The button that opens what a nudge is about."""
    label = _plain(program, patient, f"open_{_block(patient, nudge)}")
    if nudge.kind in (Kind.FOLLOWUP, Kind.LOOK_IN):
        return label, f"o:followup:{nudge.session_id or 0:x}"
    if nudge.kind == Kind.LEFT:
        return label, f"o:resume:{nudge.session_id or 0:x}"
    return label, "o:checkin"


def _block(patient: Patient, nudge: Nudge) -> str:
    return f"{nudge.kind}_discreet" if patient.discreet else nudge.kind


def _plain(program: Program, patient: Patient, block: str) -> str:
    return program.words.plain(patient.language, "reminders", block)
