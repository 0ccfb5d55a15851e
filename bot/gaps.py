"""Gaps: somebody on the team whose turn it is, or would be, can be rung no longer. Those who oversee hear of
it, and what was in their hands rings on with the others. With nobody left, it is an alarm.
"""

from collections.abc import Iterable, Sequence

from bot import channels, copies, escalation, outbox, rota
from bot.channels import Why
from bot.escalation import Stage
from bot.outbox import Lane
from bot.program import Program
from bot.rows import Flag, Outgoing, Patient, Staff
from bot.unit import Unit

LANGUAGE = copies.LANGUAGE


def lost(unit: Unit, program: Program, staff: Staff) -> None:
    """Somebody on the team can be reached no longer, or is away from now on."""
    dropped = [flag for flag in _open(unit) if _in_hands_of(unit, staff, flag)]
    on_call = [one for one in rota.available(unit, program) if one.id != staff.id]
    if not on_call:
        channels.alarm(unit, program, Why.UNSTAFFED, f"{staff.id}:{int(unit.now.timestamp())}")
    text = program.words.text(
        LANGUAGE,
        "oncall",
        "gap",
        name=staff.name,
        code=staff.code,
        why=why_away(unit, program, staff),
        dropped=_codes(unit, [flag for flag in dropped if flag.seen_at is not None]),
    )
    for one in _overseers(on_call):
        _say(unit, one, text)
    for flag in dropped:
        at = unit.now
        if not escalation.stage(flag).presses:
            at = program.duty_hours.next(at, program.time_zone)
        if flag.seen_at is None:
            unit.change(flag, ring_at=at)
        else:
            unit.change(flag, ring_at=at, since=unit.now, step=0)


def tell_skipped(unit: Unit, program: Program, patient: Patient, flag: Flag, step: int) -> None:
    """Tell, once a flag, that the one whose turn it was has been skipped, and why."""
    staff = escalation.skipped(unit, program, patient, step)
    if staff is None:
        return
    text = program.words.text(
        LANGUAGE,
        "oncall",
        "gap_in_alert",
        patient=patient.code,
        name=staff.name,
        code=staff.code,
        why=why_away(unit, program, staff),
    )
    for one in _overseers(rota.available(unit, program)):
        _say(unit, one, text, f"gap:{flag.id}:{staff.id}:{one.id}")


def tell_refused(unit: Unit, program: Program, row: Outgoing) -> None:
    """Something will never be sent. Where it was an alarm, by e-mail or webhook, the team hears in Telegram
    that this channel does not take it: once an hour, since it may refuse all of them."""
    kind = (row.body or {}).get("kind")
    if kind not in channels.KINDS:
        return
    text = program.words.text(LANGUAGE, "oncall", "channel_refused", kind=kind)
    hour = int(unit.now.timestamp() // 3600)
    for one in _overseers(rota.available(unit, program)):
        _say(unit, one, text, f"refused:{kind}:{hour}:{one.id}")


def why_away(unit: Unit, program: Program, staff: Staff) -> str:
    """A word for why somebody is skipped."""
    if staff.removed_at is not None:
        return "removed"
    if staff.chat is None:
        return "no_chat"
    return "blocked" if staff.blocked_at is not None else "leave"


def open_in(unit: Unit, patients: Iterable[Patient]) -> list[str]:
    """The codes of those about whom an alert of danger is open that nobody has reached them about."""
    whose = {patient.id for patient in patients}
    pressing = [flag for flag in _open(unit) if flag.patient_id in whose and escalation.stage(flag).presses]
    return _codes(unit, pressing)


def _in_hands_of(unit: Unit, staff: Staff, flag: Flag) -> bool:
    """Whether this open alert rang them and waits for an answer, or they have seen it and reached nobody."""
    if flag.seen_at is not None:
        waits = escalation.stage(flag) in (Stage.UNCONTACTED, Stage.ASKED)
        return waits and escalation.in_hands_of(flag) == staff.id
    if unit.count(Outgoing, staff_id=staff.id, flag_id=flag.id):
        return True
    patient = unit.get(Patient, flag.patient_id)
    return patient is not None and patient.counselor_id == staff.id and flag.rings > 0


def _open(unit: Unit) -> list[Flag]:
    found = unit.find(Flag, order="ring_at", ring_at__not=None, closed_at=None)
    return sorted(found, key=channels.urgency)


def _codes(unit: Unit, flags: Iterable[Flag]) -> list[str]:
    patients = (unit.get(Patient, flag.patient_id) for flag in flags)
    return list(dict.fromkeys(patient.code for patient in patients if patient is not None))


def _overseers(on_call: Sequence[Staff]) -> Sequence[Staff]:
    """Supervisors; where none is on call, everyone who is."""
    return rota.supervisors(on_call) or on_call


def _say(unit: Unit, staff: Staff, text: str, cause: str | None = None) -> None:
    to = outbox.to_staff(staff)
    if to is not None:
        outbox.say(unit, to, text, lane=Lane.ALERT, cause=cause)
