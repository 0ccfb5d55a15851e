"""What is kept and who sees it, as the person can read and change it at any time.

The consent by which somebody joined (42 CFR 2.31) can be taken back in two presses: from that commit on
nothing more is told to the team but what may save a life, and Handrail's work with this person ends. What
was told before cannot be called back, and that is said first. Words of one's own are shared or not by a
switch that changes nothing else.
"""

from collections.abc import Callable, Mapping

from bot import consents, departures, history, menus, outbox, partings, people, plans
from bot.host import Host
from bot.inbound import Inbound
from bot.outbox import Button
from bot.program import Program, local
from bot.rows import Consent, Patient
from bot.unit import Unit

Handler = Callable[[Unit, Host, Patient, Inbound, list[str]], str | None]
SHARE_WORDS = consents.SHARE_WORDS


def privacy(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`/privacy` and its buttons: `o:privacy:agreed[:words]`, `o:privacy:words[:on|off]`,
    `o:privacy:withdraw`, and then with the code."""
    match args:
        case ["agreed"]:
            _show_agreed(unit, host, patient)
        case ["agreed", "words"]:
            _show_wording(unit, host, patient)
        case ["words"]:
            text = host.program.words.text(
                patient.language, "privacy", "words_ask", counselor=_counselor(unit, patient)
            )
            buttons = [
                [(_plain(host, patient, "button_words_yes"), "o:privacy:words:on")],
                [(_plain(host, patient, "button_words_no"), "o:privacy")],
            ]
            outbox.say(unit, people.address(patient), text, buttons)
        case ["words", ("on" | "off") as to]:
            changed = _share_words(unit, host.program, patient, to == "on")
            if inbound.message_id is not None and changed != patient:
                outbox.edit(unit, people.address(patient), inbound.message_id, *_screen(unit, host, changed))
            return _plain(host, patient, f"toast_words_{to}")
        case ["withdraw"]:
            text = host.program.words.text(
                patient.language, "privacy", "withdraw", counselor=_counselor(unit, patient)
            )
            buttons = [
                [(_plain(host, patient, "button_keep"), "o:privacy")],
                [(_plain(host, patient, "button_erase"), "o:mydata:erase")],
                [(_plain(host, patient, "button_withdraw_yes"), f"o:privacy:withdraw:{patient.code}")],
            ]
            outbox.say(unit, people.address(patient), text, buttons)
        case ["withdraw", code] if code == patient.code:
            withdraw(unit, host, patient)
        case _:
            outbox.say(unit, people.address(patient), *_screen(unit, host, patient))
    return None


def withdraw(unit: Unit, host: Host, patient: Patient) -> Patient:
    """Take every consent back, stop what waits to be told, and end; the counselor is told that it ended.

    What reports danger to life is not stopped (42 CFR 2.51).
    """
    for consent in unit.find(Consent, patient_id=patient.id, given=True, revoked_at=None):
        unit.change(consent, revoked_at=unit.now)
    partings.let_go(unit, host.program, patient)
    people.note(unit, "patient", "consent_withdrawn", patient_id=patient.id)
    partings.tell(unit, host.program, patient, "patient_withdrew")
    text = host.program.words.text(
        patient.language,
        "privacy",
        "withdrawn",
        counselor=_counselor(unit, patient),
        lines=host.program.lines_in(patient.language),
    )
    outbox.say(unit, people.address(patient), text)
    menus.set_menu(unit, host.program, people.address(patient), patient.language, menus.STRANGER)
    return departures.discharge(unit, patient, "patient")


def _share_words(unit: Unit, program: Program, patient: Patient, on: bool) -> Patient:
    """The switch as it stands is one consent; the one it replaces stays on file."""
    if people.profile(patient).get(SHARE_WORDS) is on:
        return patient
    consents.give(unit, program, patient, SHARE_WORDS, on)
    people.note(unit, "patient", "words_shared" if on else "words_unshared", patient_id=patient.id)
    return unit.change(patient, profile={**people.profile(patient), SHARE_WORDS: on})


def _show_agreed(unit: Unit, host: Host, patient: Patient) -> None:
    """Each item: what, yes or no, when, under which version; and what of it can be changed by itself."""
    rows = [
        {
            "item": consent.item,
            "given": consent.given,
            "version": consent.version,
            "at": local(consent.at, patient.time_zone),
            "revoked_at": consent.revoked_at and local(consent.revoked_at, patient.time_zone),
        }
        for consent in unit.find(Consent, patient_id=patient.id, order="at id")
    ]
    text = host.program.words.text(patient.language, "privacy", "agreed", rows=rows)
    unshare = host.program.words.plain(patient.language, "plans", "button_unshare")
    buttons = [
        [(_plain(host, patient, "button_wording"), "o:privacy:agreed:words")],
        [_words_button(host, patient)],
        *([[(unshare, "o:plan:unshare")]] if plans.is_shared(unit, patient) else []),
        [(_plain(host, patient, "button_withdraw"), "o:privacy:withdraw")],
        [(_plain(host, patient, "button_back"), "o:privacy")],
    ]
    outbox.say(unit, people.address(patient), text, buttons)


def _show_wording(unit: Unit, host: Host, patient: Patient) -> None:
    """The words as they were shown and agreed to, with the signature."""
    kept = consents.wording_of(unit, patient)
    words, back = host.program.words, [[(_plain(host, patient, "button_back"), "o:privacy:agreed")]]
    signature = people.profile(patient).get("signature") or ""
    text = words.text(
        patient.language,
        "privacy",
        "wording_end" if kept else "no_wording",
        signature=signature,
        at=patient.enrolled_at and local(patient.enrolled_at, patient.time_zone),
        program=host.program.name,
    )
    parts = list(history.parts([*kept.values(), text]))
    for place, part in enumerate(parts, 1):
        outbox.say(unit, people.address(patient), part, back if place == len(parts) else ())


def _words_button(host: Host, patient: Patient) -> Button:
    """Giving shows first what is given; taking back is one press."""
    shared = people.profile(patient).get(SHARE_WORDS) is True
    to, data = ("off", "o:privacy:words:off") if shared else ("on", "o:privacy:words")
    return _plain(host, patient, f"button_words_{to}"), data


def _screen(unit: Unit, host: Host, patient: Patient) -> tuple[str, list[list[Button]]]:
    shared = people.profile(patient).get(SHARE_WORDS) is True
    text = host.program.words.text(
        patient.language,
        "privacy",
        "screen",
        program=host.program.name,
        counselor=_counselor(unit, patient),
        share_words=shared,
        rules=people.thresholds(host.program, patient),
    )
    rows = [
        [(_plain(host, patient, "button_agreed"), "o:privacy:agreed")],
        [_words_button(host, patient)],
        [(_plain(host, patient, "button_mydata"), "o:mydata")],
        [(_plain(host, patient, "button_withdraw"), "o:privacy:withdraw")],
        [(host.program.words.plain(patient.language, "navigation", "menu"), "o:menu")],
    ]
    return text, rows


def _counselor(unit: Unit, patient: Patient) -> str:
    counselor = people.counselor_of(unit, patient)
    return counselor.name if counselor else ""


def _plain(host: Host, patient: Patient, block: str) -> str:
    return host.program.words.plain(patient.language, "privacy", block)


COMMANDS: Mapping[str, Handler] = {"privacy": privacy}
OPENS: Mapping[str, Handler] = {"privacy": privacy}
