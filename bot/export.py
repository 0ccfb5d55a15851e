"""Everything about one patient as one JSON document: for themselves, and for the one who hosts Handrail."""

from datetime import datetime
from typing import Any

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
    older: dict[str, Any] = mine if until is None else mine | {"at__lt": until}
    touched: dict[str, Any] = mine if until is None else mine | {"touched_at__lt": until}
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
        "flags": [
            {
                "id": f"{row.id:x}",
                "rule": row.rule,
                "level": row.level,
                "category": row.category,
                "at": _iso(row.at),
                "seen_at": _iso(row.seen_at),
                "seen_by": codes.get(row.seen_by or 0),
                "closed_at": _iso(row.closed_at),
                "closed_by": codes.get(row.closed_by or 0),
                **{name: value for name, value in (row.body or {}).items() if value is not None},
            }
            for row in unit.find(Flag, **older)
        ],
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


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
