"""Menus: what can be opened from here, by button and by command."""

from typing import Any

from bot import danger, hiding, outbox, people
from bot.host import Host
from bot.outbox import Address, Buttons, Lane
from bot.people import Person
from bot.program import Program
from bot.rows import Patient, Session, SessionState, Staff, Standing
from bot.unit import Unit

PATIENT = (
    "checkin",
    "thought",
    "trigger",
    "sos",
    "plan",
    "history",
    "progress",
    "settings",
    "mydata",
    "privacy",
    "stop",
    "help",
    "back",
    "cancel",
)
STAFF = ("caseload", "alerts", "patient", "invite", "oncall", "drill", "help")
STRANGER = ("start", "help")
_MAIN = (("checkin",), ("thought", "trigger"), ("history", "settings"), ("plan", "sos"))


def main(unit: Unit, host: Host, patient: Patient) -> Buttons:
    """The main menu; what was left unfinished leads it, and is all there is before consent."""
    return _menu(unit, host.program, patient)


def after(unit: Unit, program: Program, patient: Patient) -> Buttons:
    """What can be pressed below the last words of a dialog; nothing by somebody who has declined."""
    return [] if patient.standing == Standing.DECLINED else _menu(unit, program, patient)


def notify(unit: Unit, program: Program, staff: Staff, block: str, **context: Any) -> None:
    """A line to a member of staff that can wait its turn."""
    to = outbox.to_staff(staff)
    if to is not None:
        text = program.words.text("en", "staff", block, **context)
        outbox.say(unit, to, text, lane=Lane.NOTICE)


def _menu(unit: Unit, program: Program, patient: Patient) -> Buttons:
    words, language = program.words, patient.language
    rows = [[(words.plain(language, "menu", f"open_{name}"), f"o:{name}") for name in row] for row in _MAIN]
    if patient.standing != Standing.ENROLLED:
        rows = []
    return [*left(unit, program, patient), *rows]


def left(unit: Unit, program: Program, patient: Patient) -> Buttons:
    """The button that goes on with what was left unfinished, if anything was."""
    words, language = program.words, patient.language
    session = unit.one(
        Session,
        patient_id=patient.id,
        state=(SessionState.OPEN, SessionState.ASIDE),
        order="-touched_at",
    )
    if session is None or (session.dialog in danger.ASKING and hiding.is_hidden(unit, patient)):
        return []
    go_on = words.plain(language, "menu", "go_on", title=words.plain(language, session.dialog, "title"))
    return [[(go_on, f"o:resume:{session.id:x}")]]


def greet(unit: Unit, host: Host, patient: Patient, block: str) -> None:
    """A short kind line and the menu."""
    text = host.program.words.text(patient.language, "menu", block, name=patient.name or "")
    outbox.say(unit, people.address(patient), text, main(unit, host, patient))


def tell_outsider(unit: Unit, host: Host, person: Person, block: str) -> None:
    """A line for who is nobody's patient here, with the crisis lines."""
    outbox.say(unit, people.address(person), outside(host.program, person, block))


def outside(program: Program, person: Person, block: str = "") -> str:
    """That line; without a block, what this is and how to be invited."""
    if not block:
        declined = isinstance(person, Patient) and person.standing == Standing.DECLINED
        block = "declined" if declined else "discharged" if isinstance(person, Patient) else "stranger"
    language = people.language(person)
    return program.words.text(
        language, "menu", block, name="", program=program.name, lines=program.lines_in(language)
    )


def commands(program: Program, language: str, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """A command menu, as Telegram shows it."""
    return [(name, program.words.plain(language, "menu", f"command_{name}")) for name in names]


def set_menu(unit: Unit, program: Program, to: Address, language: str, names: tuple[str, ...]) -> None:
    """Give one chat the commands of its role."""
    outbox.set_menu(unit, to, commands(program, language, names))
