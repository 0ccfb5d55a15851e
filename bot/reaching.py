"""How a patient's team reaches them: shown, changed and taken away by the patient, and seen under /patient.

What is kept stands in the sealed profile; that something was changed, never what, is written to the audit.
"""

from typing import Any

from bot import outbox, people
from bot.host import Host
from bot.inbound import Inbound
from bot.outbox import Button
from bot.program import Program
from bot.rows import Json, Patient
from bot.unit import Unit
from dialogs.changes import NewContact, NewLocation, NewPhone
from dialogs.engine import freeze

_EMPTY: dict[str, dict[str, Json]] = {
    "phone": {"phone": None, "voicemail_safe": None},
    "location": {"location": None},
    "contact": {"contact": None},
}
"""What can be known, and what stands in the profile once it is taken away."""


def reach(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`o:settings:reach` shows it; `o:settings:reach:WHAT:off` takes one away."""
    match args:
        case [what, "off"] if what in _EMPTY:
            changed = _keep(unit, patient, what, _EMPTY[what])
            if inbound.message_id is None:
                outbox.say(unit, people.address(patient), *screen(host.program, changed))
            elif changed != patient:
                outbox.edit(unit, people.address(patient), inbound.message_id, *screen(host.program, changed))
            return _plain(host.program, patient, "toast_set")
        case _:
            outbox.say(unit, people.address(patient), *screen(host.program, patient))
    return None


def known(patient: Patient) -> dict[str, Json]:
    """What the dialogs that change it are to know."""
    return {what: people.profile(patient).get(what) for what in _EMPTY}


def apply(unit: Unit, patient: Patient, result: NewPhone | NewLocation | NewContact) -> Patient:
    match result:
        case NewPhone():
            return _keep(unit, patient, "phone", freeze(result))
        case NewLocation():
            return _keep(unit, patient, "location", freeze(result))
        case NewContact():
            return _keep(unit, patient, "contact", freeze(result))


def screen(program: Program, patient: Patient) -> tuple[str, list[list[Button]]]:
    """How things stand, above a button to change each, and one to take away what is there."""
    profile = people.profile(patient)
    contact: dict[str, Any] = profile.get("contact") or {}
    relation = contact.get("relation")
    text = program.words.text(
        patient.language,
        "settings",
        "reach",
        phone=profile.get("phone"),
        voicemail=profile.get("voicemail_safe"),
        location=profile.get("location"),
        contact=contact,
        relation=program.words.plain(patient.language, "choices", f"relation__{relation}")
        if relation
        else "",
    )
    rows = []
    for what in _EMPTY:
        row = [(_plain(program, patient, f"button_{what}"), f"o:settings:{what}")]
        if profile.get(what):
            row.append((_plain(program, patient, f"button_{what}_off"), f"o:settings:reach:{what}:off"))
        rows.append(row)
    rows.append([(_plain(program, patient, "button_settings"), "o:settings")])
    return text, rows


def _keep(unit: Unit, patient: Patient, what: str, fields: dict[str, Json]) -> Patient:
    profile = people.profile(patient)
    if profile | fields == profile:
        return patient
    people.note(unit, "patient", "contact_changed", patient_id=patient.id, detail=what)
    return unit.change(patient, profile=profile | fields)


def _plain(program: Program, patient: Patient, block: str) -> str:
    return program.words.plain(patient.language, "settings", block)
