"""What somebody else may read on the phone: the chat taken back, and less said while it may be watched.

Where abuse is in question, a message that comes unasked may be read by whoever is feared. While such an alert
is open, what comes later names nothing and can be hidden with one press, or it is not said at all. What was
taken back does not come up again on a press of /history either, until the time for it is over.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot import outbox, people, sessions
from bot.concerns import Category
from bot.outbox import Button, Kind
from bot.program import Program
from bot.rows import Flag, Incoming, Outgoing, Patient, Sending
from bot.unit import Unit

TAKEN_BACK = timedelta(hours=48)
"""How far back a bot may delete messages of both sides in a private chat (Bot API, deleteMessages)."""
_SHOWN = (Kind.TEXT, Kind.EDIT, Kind.BUTTONS, Kind.DOCUMENT, Kind.PHOTO)


def is_watched(unit: Unit, patient: Patient) -> bool:
    """Whether somebody else may read along: an alert about abuse is open."""
    return unit.count(Flag, patient_id=patient.id, category=Category.ABUSE, closed_at=None) > 0


def guarded(unit: Unit, patients: Mapping[int, Patient]) -> dict[int, Patient]:
    """These patients, by id, as somebody who writes to them first sees them: plain words where a phone may be
    watched, whatever they chose."""
    flags = unit.find(Flag, patient_id=tuple(patients), category=Category.ABUSE, closed_at=None)
    watched = {flag.patient_id for flag in flags}
    return {key: replace(one, discreet=True) if key in watched else one for key, one in patients.items()}


def left_out_from(unit: Unit, patient: Patient) -> datetime | None:
    """From when on the chat lists nothing of what was said, as far back as Hide reaches; None: it lists all.

    So it is while the phone may be watched, and for 48 hours after Hide.
    """
    open_now = unit.find(Flag, patient_id=patient.id, category=Category.ABUSE, closed_at=None)
    hidden = _hidden_at(unit, patient)
    since = [flag.at for flag in open_now] + ([hidden] if hidden else [])
    return min(since) - TAKEN_BACK if since else None


def said_before(until: datetime | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """How words, and how dialogs, are found that nobody has added to from then on; None: all of them."""
    return ({}, {}) if until is None else ({"at__lt": until}, {"touched_at__lt": until})


def is_hidden(unit: Unit, patient: Patient) -> bool:
    """Whether the chat was taken back within the last 48 hours."""
    return _hidden_at(unit, patient) is not None


def hide(unit: Unit, program: Program, patient: Patient, pressed: int | None) -> None:
    """Take back what both sides wrote, as far as Telegram lets it, and what waits to be sent. The open
    question waits: words that are typed next, by whomever, are no answer to what nobody can see.

    What holds the button that was `pressed` says nothing any more, where it is too old to be taken back.
    """
    since = unit.now - TAKEN_BACK
    for row in unit.find(Outgoing, patient_id=patient.id, state=Sending.QUEUED):
        if row.body is not None and row.body["kind"] in _SHOWN:
            unit.change(row, state=Sending.DROPPED, body=None)
    here: dict[str, Any] = {"chat_hash": patient.chat_hash, "message_id__not": None}
    ours = {row.message_id for row in unit.find(Outgoing, patient_id=patient.id, sent_at__gt=since, **here)}
    theirs = {row.message_id for row in unit.find(Incoming, at__gt=since, **here)}
    outbox.delete(unit, people.address(patient), sorted(one for one in ours | theirs if one is not None))
    if pressed is not None and pressed not in ours:
        sign = program.words.text(patient.language, "crisis", "hidden")
        outbox.edit(unit, people.address(patient), pressed, sign)
    session = sessions.current(unit, patient)
    if session is not None:
        sessions.wait(unit, session)
    unit.change(patient, hidden_at=unit.now)


def _hidden_at(unit: Unit, patient: Patient) -> datetime | None:
    at = patient.hidden_at
    return at if at is not None and unit.now < at + TAKEN_BACK else None


def button(program: Program, patient: Patient) -> Button:
    return program.words.plain(patient.language, "crisis", "button_hide"), "o:hide"
