"""What made a flag, and what was added to it since. An event that is told again, because Telegram delivers
again or a dialog goes on, changes nothing, whatever has become of its flag.
"""

from bot import alerts
from bot.rows import Flag, Patient
from bot.unit import Unit

_ALSO = "also"


def known(unit: Unit, patient: Patient, cause: str) -> bool:
    """Whether this event has raised a flag, or was added to one, seen or closed though it may be.

    Until the unit ends, no other asks this about the patient.
    """
    unit.lock(unit.digest(f"causes:{patient.id}"))
    flags = unit.find(Flag, patient_id=patient.id)
    return any(cause == flag.cause or cause in (flag.body or {}).get(_ALSO, ()) for flag in flags)


def add(unit: Unit, flag: Flag, cause: str, evidence: str = "") -> Flag | None:
    """Add an event to an alert that nobody has answered; None if somebody has, at this very moment."""
    flag = alerts.held(unit, flag)
    if flag.seen_at is not None or flag.closed_at is not None:
        return None
    body = flag.body or {}
    said = [*body.get("evidence", []), evidence] if evidence else body.get("evidence", [])
    return unit.change(flag, body={**body, "evidence": said, _ALSO: [*body.get(_ALSO, []), cause]})
