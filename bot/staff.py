"""What staff can do in their chat: their caseload, one patient, alerts, invitations.

Plain handlers, no dialogs. A press or a code that is not theirs to use changes nothing and shows
nothing; every look at a patient's details is written to the audit.
"""

from collections.abc import Callable, Mapping
from io import BytesIO

import segno

from bot import (
    alerts,
    caseload,
    departures,
    desk,
    drill,
    entries,
    invitations,
    menus,
    oncall,
    outbox,
    partings,
    people,
    plans,
)
from bot.host import Host
from bot.inbound import Inbound, Pressed, Said
from bot.invitations import Invitation
from bot.outbox import Buttons, Kind
from bot.program import local
from bot.rows import Flag, Patient, Staff, Standing
from bot.unit import Unit

Handler = Callable[[Unit, Host, Staff, str], str | None]
LANGUAGE = alerts.LANGUAGE
PAGE = 10
_QR_SCALE = 8


def take(unit: Unit, host: Host, staff: Staff, inbound: Inbound, *, helped: bool = False) -> str | None:
    """Answer a member of staff. `helped`: what they wrote about themselves has brought them a card."""
    match inbound.event:
        case Said(command="start", rest=token) if token:
            outcome, _ = invitations.redeem(unit, host.program, staff, token.split()[0])
            _say(unit, host, staff, f"token_{outcome}", file="menu", name="")
            return None
        case Said(command="start"):
            menus.set_menu(unit, host.program, people.address(staff), LANGUAGE, menus.STAFF)
            welcome(unit, host, staff)
            return None
        case Said(command=str() as command, rest=rest):
            return COMMANDS.get(command, _unknown)(unit, host, staff, rest)
        case Said(command=None, text=text) if desk.typed(unit, host, staff, text):
            return None
        case Pressed(data="s:wipe:"):
            return desk.wipe(unit, host, staff, inbound)
        case Pressed(data=data):
            kind, _, rest = data.partition(":")
            verb, _, argument = rest.partition(":")
            press = PRESSES.get(verb) if kind == "s" else None
            return press(unit, host, staff, argument) if press else _plain(host, "old_button")
        case _ if helped:
            return None
        case _:
            _say(unit, host, staff, "only_commands", buttons=_menu(host))
            return None


def welcome(unit: Unit, host: Host, staff: Staff) -> None:
    """The first words to somebody who has joined as staff."""
    _say(unit, host, staff, "welcome", buttons=_menu(host), name=staff.name, role=staff.role)


def show_caseload(unit: Unit, host: Host, staff: Staff, page: str) -> None:
    """Each patient in two lines, those with open flags first, ten to a message."""
    everyone = caseload.of(unit, staff)
    flagged = {flag.patient_id for flag in caseload.open_flags(unit, everyone)}
    everyone.sort(key=lambda patient: (patient.id not in flagged, patient.code))
    start = int(page) * PAGE if page.isdecimal() else 0
    shown = everyone[start : start + PAGE]
    glances = [caseload.glance(unit, patient) for patient in shown]
    rows = [
        [(patient.code, f"s:patient:{patient.code}") for patient in shown[at : at + 3]]
        for at in range(0, len(shown), 3)
    ]
    around = []
    if start:
        around.append((_plain(host, "button_before"), f"s:caseload:{start // PAGE - 1}"))
    if start + PAGE < len(everyone):
        around.append((_plain(host, "button_after"), f"s:caseload:{start // PAGE + 1}"))
    _say(
        unit,
        host,
        staff,
        "caseload",
        buttons=[*rows, around] if around else rows,
        glances=glances,
        first=start + 1,
        total=len(everyone),
    )


def show_patient(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    """Who a code is and how to reach them: for those who answer for them, and written to the audit."""
    patient = _patient(unit, staff, code)
    if patient is None:
        _say(unit, host, staff, "no_patient", code=code.strip()[:16])
        return None
    people.note(unit, staff.code, "patient_viewed", patient_id=patient.id, staff_id=staff.id)
    counselor = people.counselor_of(unit, patient)
    here = patient.standing == Standing.ENROLLED
    reachable = here or partings.in_danger(unit, patient)
    _say(
        unit,
        host,
        staff,
        "patient",
        buttons=[
            *entries.buttons(unit, host.program, staff, patient),
            *plans.staff_buttons(unit, host.program, patient),
            *_patient_buttons(host, patient),
        ],
        protect=True,
        patient=patient,
        profile=people.profile(patient) if reachable else {},
        counselor=counselor.name if counselor else None,
        glance=caseload.glance(unit, patient),
        now=local(unit.now, patient.time_zone),
        notes=[
            (local(note.at, patient.time_zone), note.text) for note in caseload.notes(unit, patient) if here
        ],
        reasons=[
            alerts.reason(host.program, LANGUAGE, flag)
            for flag in unit.find(Flag, patient_id=patient.id, closed_at=None)
        ],
    )
    return None


def invite(unit: Unit, host: Host, staff: Staff, _: str) -> None:
    """A new patient of this counselor's: their code, a link, and a picture of the link."""
    _hand_out(unit, host, staff, invitations.invite_patient(unit, host.program, staff, staff.code))


def invite_again(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    patient = _patient(unit, staff, code)
    if patient is None or patient.standing == Standing.ERASED:
        return _plain(host, "not_yours")
    _hand_out(
        unit, host, staff, invitations.invite_again(unit, host.program, patient, staff.code), again=True
    )
    return None


def ask_discharge(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    patient = _patient(unit, staff, code)
    if patient is None or patient.standing not in (Standing.ENROLLED, Standing.INVITED):
        return _plain(host, "not_yours")
    buttons = [
        [(_plain(host, "button_discharge_yes"), f"s:discharge_yes:{patient.code}")],
        [(_plain(host, "button_discharge_no"), f"s:patient:{patient.code}")],
    ]
    still = partings.still_open(unit, host.program, patient)
    _say(unit, host, staff, "discharge_ask", buttons=buttons, code=patient.code, open=still)
    return None


def discharge(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    patient = _patient(unit, staff, code)
    if patient is None or patient.standing not in (Standing.ENROLLED, Standing.INVITED):
        return _plain(host, "not_yours")
    gone = departures.discharge(unit, patient, staff.code)
    _say(unit, host, staff, "discharged", code=gone.code)
    to = outbox.to_patient(gone)
    if to is not None:
        text = host.program.words.text(
            gone.language,
            "staff",
            "discharged_patient",
            name=gone.name or "",
            program=host.program.name,
            lines=host.program.lines_in(gone.language),
        )
        outbox.say(unit, to, text)
        menus.set_menu(unit, host.program, to, gone.language, menus.STRANGER)
    return None


def show_help(unit: Unit, host: Host, staff: Staff, _: str) -> None:
    _say(unit, host, staff, "help", buttons=_menu(host))


def _hand_out(unit: Unit, host: Host, staff: Staff, made: Invitation, *, again: bool = False) -> None:
    to = outbox.to_staff(staff)
    if to is not None:
        text = host.program.words.text(
            LANGUAGE,
            "staff",
            "invitation",
            code=made.code,
            link=made.link,
            again=again,
            days=host.program.invitation.days,
        )
        outbox.send_file(unit, to, Kind.PHOTO, f"{made.code}.png", qr_picture(made.link), text)


def qr_picture(link: str) -> bytes:
    """A PNG of the link, to be scanned off a screen or off paper."""
    picture = BytesIO()
    segno.make(link, micro=False).save(picture, kind="png", scale=_QR_SCALE, border=4)
    return picture.getvalue()


def _patient(unit: Unit, staff: Staff, code: str) -> Patient | None:
    wanted = code.strip().upper()
    patient = unit.one(Patient, code=wanted if wanted.startswith("P-") else f"P-{wanted}")
    return patient if patient is not None and people.answers_for(staff, patient) else None


def _patient_buttons(host: Host, patient: Patient) -> Buttons:
    if patient.standing == Standing.ERASED:
        return []
    rows = [[(_plain(host, "button_new_link"), f"s:invite:{patient.code}")]]
    if patient.standing in (Standing.ENROLLED, Standing.INVITED):
        rows.append([(_plain(host, "button_discharge"), f"s:discharge:{patient.code}")])
    return rows


def _menu(host: Host) -> Buttons:
    return [
        [(_plain(host, "button_caseload"), "s:caseload:0"), (_plain(host, "button_alerts"), "s:alerts:")],
        [(_plain(host, "button_invite"), "s:new:")],
    ]


def _unknown(unit: Unit, host: Host, staff: Staff, _: str) -> None:
    _say(unit, host, staff, "unknown_command", buttons=_menu(host))


def _say(
    unit: Unit,
    host: Host,
    staff: Staff,
    block: str,
    *,
    buttons: Buttons = (),
    protect: bool = False,
    file: str = "staff",
    **context: object,
) -> None:
    to = outbox.to_staff(staff)
    if to is not None:
        text = host.program.words.text(LANGUAGE, file, block, **context)
        outbox.say(unit, to, text, buttons, protect=protect)


def _plain(host: Host, block: str, **context: object) -> str:
    return host.program.words.plain(LANGUAGE, "staff", block, **context)


COMMANDS: Mapping[str, Handler] = {
    "caseload": show_caseload,
    "patient": show_patient,
    "invite": invite,
    **desk.COMMANDS,
    **oncall.COMMANDS,
    **drill.COMMANDS,
    "help": show_help,
}
PRESSES: Mapping[str, Handler] = {
    "caseload": show_caseload,
    "patient": show_patient,
    "new": invite,
    "plan": plans.show_to_staff,
    **entries.PRESSES,
    "invite": invite_again,
    "discharge": ask_discharge,
    "discharge_yes": discharge,
    **desk.PRESSES,
    **oncall.PRESSES,
    **drill.PRESSES,
}
