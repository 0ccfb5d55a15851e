"""Putting off and pausing: what a person does when a nudge, or Handrail altogether, comes at a bad time.

Nothing here asks why. A nudge can wait 30 minutes, 2 hours or for today; `/stop` silences everything
until one press brings it back. Whether the counselor is told of a pause is the person's to say.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from bot import alerts, calendar, menus, nudges, outbox, people, reminders
from bot.host import Host
from bot.inbound import Inbound
from bot.nudges import Kind, Outcome
from bot.outbox import Button, Lane
from bot.program import local
from bot.rows import Nudge, Outgoing, Patient, Sending
from bot.unit import Unit

Handler = Callable[[Unit, Host, Patient, Inbound, list[str]], str | None]
_AGAIN = "again"
_GONE_OUT: tuple[str, ...] = (Outcome.SENT, Outcome.ASKED)


def snooze(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`o:snooze:CHOICE:NUDGE`: come back later, or not today. The message shows what was chosen; pressing
    that offers the choices again."""
    choice, nudge = _read(unit, patient, args)
    if nudge is None:
        return _toast(host, patient, "toast_old")
    if choice == _AGAIN:
        _show(unit, inbound, patient, nudges.buttons(host.program, patient, nudge))
        return None
    if patient.paused_at is not None:
        return _toast(host, patient, "toast_paused")
    if nudge.kind == Kind.EVENING and reminders.checked_in(unit, patient):
        return _toast(host, patient, "toast_done")
    opening = nudges.opening(host.program, patient, nudge)
    if choice == "today":
        reminders.not_any_more(unit, patient, nudge.kind)
        _show(unit, inbound, patient, [[opening], [_chosen(host, patient, nudge, "snoozed_today")]])
        return _toast(host, patient, "toast_today", kind=nudge.kind)
    at = unit.now + timedelta(minutes=int(choice))
    shown = local(at, patient.time_zone)
    if calendar.is_quiet(reminders.quiet_of(patient), patient.time_zone, at):
        reminders.not_any_more(unit, patient, nudge.kind)
        _show(unit, inbound, patient, [[opening], [_chosen(host, patient, nudge, "snoozed_today")]])
        return _toast(host, patient, "toast_quiet", at=shown)
    reminders.once(unit, patient, nudge.kind, at, nudge.session_id)
    _show(unit, inbound, patient, [[opening], [_chosen(host, patient, nudge, "snoozed_until", at=shown)]])
    return _toast(host, patient, "toast_until", at=shown)


def stop(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`/stop`: nothing unasked any more, from this commit on; then ask whether the counselor is to know."""
    if patient.paused_at is not None:
        _say(unit, host, patient, "still_stopped", [[_back(host, patient)]])
        return None
    patient = unit.change(patient, paused_at=unit.now)
    for row in unit.find(Outgoing, patient_id=patient.id, state=Sending.QUEUED, lane=Lane.NUDGE):
        unit.change(row, state=Sending.DROPPED, body=None)
    people.note(unit, "patient", "paused", patient_id=patient.id)
    counselor = people.counselor_of(unit, patient)
    buttons = [[_back(host, patient)]]
    if counselor is not None:
        tell = [
            (_toast(host, patient, "button_tell"), "o:pause:tell"),
            (_toast(host, patient, "button_quiet"), "o:pause:quiet"),
        ]
        buttons.insert(0, tell)
    _say(unit, host, patient, "stopped", buttons, counselor=counselor.name if counselor else "")
    return None


def pause(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`o:pause:tell` and `o:pause:quiet`, the two answers to that question; `o:pause` pauses."""
    if not args:
        return stop(unit, host, patient, inbound, args)
    if patient.paused_at is None:
        return _toast(host, patient, "toast_not_paused")
    told = args[0] == "tell" and _tell(unit, host, patient)
    block = "stopped_told" if told else "stopped_alone" if args[0] == "tell" else "stopped_quiet"
    counselor = people.counselor_of(unit, patient)
    text = host.program.words.text(
        patient.language, "reminders", block, counselor=counselor.name if counselor else ""
    )
    buttons = [[_back(host, patient)]]
    if inbound.message_id is None:
        outbox.say(unit, people.address(patient), text, buttons)
    else:
        outbox.edit(unit, people.address(patient), inbound.message_id, text, buttons)
    return None


def resume_all(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`o:resume_all`: back with one press. What fell into the pause stays there."""
    if patient.paused_at is None:
        return _toast(host, patient, "toast_not_paused")
    patient = unit.change(patient, paused_at=None)
    people.note(unit, "patient", "resumed", patient_id=patient.id)
    _show(unit, inbound, patient, [])
    ahead = reminders.next_of(unit, patient)
    _say(
        unit,
        host,
        patient,
        "resumed",
        menus.main(unit, host, patient),
        ahead=ahead and local(ahead, patient.time_zone),
        today=local(unit.now, patient.time_zone).date(),
    )
    return None


def _tell(unit: Unit, host: Host, patient: Patient) -> bool:
    """Let the counselor know, once for each pause; False when there is nobody who could be told."""
    counselor = people.counselor_of(unit, patient)
    to = outbox.to_staff(counselor) if counselor else None
    if counselor is None or to is None or counselor.blocked_at is not None or patient.paused_at is None:
        return False
    text = host.program.words.text(alerts.LANGUAGE, "staff", "patient_paused", code=patient.code)
    cause = f"paused:{patient.id:x}:{patient.paused_at:%Y-%m-%dT%H:%M:%S}"
    if outbox.say(unit, to, text, lane=Lane.NOTICE, cause=cause) is not None:
        people.note(unit, "patient", "pause_told", patient_id=patient.id, staff_id=counselor.id)
    return True


def _read(unit: Unit, patient: Patient, args: list[str]) -> tuple[str, Nudge | None]:
    """The choice and the nudge that a button names; None for a nudge that is not this person's."""
    match args:
        case [choice, code] if choice in (*nudges.CHOICES, _AGAIN):
            try:
                nudge = unit.get(Nudge, int(code, 16))
            except ValueError:
                return choice, None
            if nudge is None or nudge.patient_id != patient.id or nudge.outcome not in _GONE_OUT:
                return choice, None
            return choice, nudge
        case _:
            return "", None


def _chosen(host: Host, patient: Patient, nudge: Nudge, block: str, **context: object) -> Button:
    return _toast(host, patient, block, **context), f"o:snooze:{_AGAIN}:{nudge.id:x}"


def _back(host: Host, patient: Patient) -> Button:
    return _toast(host, patient, "button_resume"), "o:resume_all"


def _show(unit: Unit, inbound: Inbound, patient: Patient, buttons: outbox.Buttons) -> None:
    if inbound.message_id is not None:
        outbox.set_buttons(unit, people.address(patient), inbound.message_id, buttons)


def _say(
    unit: Unit, host: Host, patient: Patient, block: str, buttons: outbox.Buttons, **context: object
) -> None:
    text = host.program.words.text(patient.language, "reminders", block, **context)
    outbox.say(unit, people.address(patient), text, buttons)


def _toast(host: Host, patient: Patient, block: str, **context: object) -> str:
    return host.program.words.plain(patient.language, "reminders", block, **context)


COMMANDS: Mapping[str, Handler] = {"stop": stop}
OPENS: Mapping[str, Handler] = {"stop": stop, "snooze": snooze, "pause": pause, "resume_all": resume_all}
