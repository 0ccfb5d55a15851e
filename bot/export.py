"""Everything about one patient as one JSON document: for themselves, and for the one who hosts Handrail."""

from datetime import datetime
from typing import Any

from bot import hiding
from bot.rows import (
    Answer,
    Audit,
    Consent,
    Flag,
    Message,
    Nudge,
    Patient,
    Record,
    Reminder,
    Session,
    Staff,
)
from bot.unit import Unit


def document(unit: Unit, patient: Patient, until: datetime | None = None) -> dict[str, Any]:
    """The patient's own export. Ids are hexadecimal, instants ISO 8601 in UTC, unknown is null.

    `until`: nothing from then on that may tell what was said, and `newest_later` says that there may be more.
    """
    mine: dict[str, Any] = {"patient_id": patient.id}
    older, touched = (mine | where for where in hiding.said_before(until))
    lasting: dict[str, Any] = mine if until is None else mine | {"days__not": ""}
    sessions = {session.id: session for session in unit.find(Session, **touched)}
    codes = {staff.id: staff.code for staff in unit.find(Staff)}
    return {
        "patient": {
            "code": patient.code,
            "standing": patient.standing,
            "language": patient.language,
            "time_zone": patient.time_zone,
            "phase": patient.phase,
            "counselor": codes.get(patient.counselor_id or 0),
            "invited_at": _iso(patient.created_at),
            "enrolled_at": _iso(patient.enrolled_at),
            "ended_at": _iso(patient.ended_at),
            "paused_at": _iso(patient.paused_at),
            "quiet_from": patient.quiet_from,
            "quiet_to": patient.quiet_to,
            "discreet": patient.discreet,
            "name": patient.name,
            **(patient.profile or {}),
        },
        "answers": [
            {
                "session": f"{row.session_id:x}",
                "dialog": sessions[row.session_id].dialog,
                "key": row.key,
                "item": row.body["item"],
                "value": row.body["value"],
                "at": _iso(row.at),
                "superseded": row.superseded_at is not None,
            }
            for row in unit.find(Answer, **mine)
            if row.session_id in sessions
        ],
        "records": [
            {
                "session": f"{row.session_id:x}",
                "dialog": row.dialog,
                "at": _iso(row.at),
                "local_date": row.local_date.isoformat(),
                "values": row.body,
            }
            for row in unit.find(Record, **mine)
            if row.session_id in sessions
        ],
        "messages": [{"at": _iso(row.at), "text": row.text} for row in unit.find(Message, **older)],
        "flags": [_flag(row, codes, until) for row in unit.find(Flag, **older)],
        "reminders": [
            {
                "kind": row.kind,
                "local_time": row.local_time,
                "days": row.days,
                "next_at": _iso(row.next_at),
            }
            for row in unit.find(Reminder, **lasting)
        ],
        "nudges": [
            {
                "kind": row.kind,
                "local_date": row.local_date.isoformat(),
                "at": _iso(row.at),
                "outcome": row.outcome,
            }
            for row in unit.find(Nudge, **older)
        ],
        "consents": [
            {
                "item": row.item,
                "given": row.given,
                "version": row.version,
                "at": _iso(row.at),
                "revoked_at": _iso(row.revoked_at),
            }
            for row in unit.find(Consent, **mine)
        ],
        "audit": [
            {
                "at": _iso(row.at),
                "actor": row.actor,
                "action": row.action,
                "detail": row.detail,
            }
            for row in unit.find(Audit, **older)
        ],
        **({} if until is None else {"newest_later": True}),
    }


def _flag(flag: Flag, codes: dict[int, str], until: datetime | None) -> dict[str, Any]:
    """A flag, and what became of it before `until`. Its body is left out then: new words are added to an old
    alert while nobody has seen it."""
    seen = flag.seen_at if until is None or (flag.seen_at and flag.seen_at < until) else None
    closed = flag.closed_at if until is None or (flag.closed_at and flag.closed_at < until) else None
    body = (flag.body or {}) if until is None else {}
    return {
        "id": f"{flag.id:x}",
        "rule": flag.rule,
        "level": flag.level,
        "category": flag.category,
        "at": _iso(flag.at),
        "seen_at": _iso(seen),
        "seen_by": codes.get(flag.seen_by or 0) if seen else None,
        "closed_at": _iso(closed),
        "closed_by": codes.get(flag.closed_by or 0) if closed else None,
        **{name: value for name, value in body.items() if value is not None},
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
