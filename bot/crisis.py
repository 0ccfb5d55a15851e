"""Danger goes first: the card at once, the team at once, before the turn that the message belongs to.

`hear` runs in a unit of its own, outside the patient's order, and is harmless to repeat: flag, card and
alert hang on the redelivery key. What `bot.understanding` makes of words comes in as a `Concern`; the
words themselves stay in the patient's own sealed rows. For a stranger nothing is stored at all.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot import alerts, menus, outbox, people
from bot.concerns import Category, Concern, Level
from bot.conversations import Host
from bot.flags import Raised
from bot.inbound import Inbound, Medium
from bot.outbox import Buttons, Lane
from bot.people import Person
from bot.program import Program
from bot.rows import Flag, Outgoing, Patient, Standing
from bot.unit import Unit

CRISIS = "crisis"
TAKEN_BACK = timedelta(hours=48)
"""How far back a bot may delete its messages in a private chat (Bot API, deleteMessages)."""
_AT_ONCE = 100
"""Messages that one deleteMessages call takes."""


def hear(unit: Unit, host: Host, inbound: Inbound, concern: Concern, *, told_directly: bool = False) -> None:
    """Commit a concern: flag and alert for the team, the card for the person.

    `told_directly` says that the card went out while storage was gone: then only the news is told.
    """
    person = people.who(unit, inbound.chat, inbound.language)
    program = host.program
    to = people.address(person)
    cause = inbound.key.hex()
    level = Level(concern.level)
    if not isinstance(person, Patient) or person.standing not in (Standing.ENROLLED, Standing.INVITED):
        if concern.ask or level >= Level.URGENT:
            text = _card(program, _language(person), concern, person)
            outbox.say(unit, to, text, lane=Lane.ALERT, cause=f"card:{cause}")
        return
    raised = Raised(CRISIS, level, Category(concern.category))
    flag = _add_to_open(unit, program, person, concern, cause)
    if flag is not None:
        lines = program.lines_in(person.language, concern.category)
        line = program.words.text(person.language, "crisis", "more_of_the_same", lines=lines)
        outbox.say(unit, to, line, buttons(program, person), lane=Lane.ALERT, cause=f"card:{cause}")
        return
    flag = alerts.raise_flag(
        unit, program, person, raised, f"heard:{cause}", {"evidence": [concern.evidence]}
    )
    if flag is None or (level < Level.URGENT and not concern.ask):
        return
    if told_directly:
        text = program.words.text(person.language, "crisis", "told_now")
    else:
        text = _card(program, person.language, concern, person)
    below = buttons(program, person, hide=concern.category == Category.ABUSE)
    outbox.say(unit, to, text, below, lane=Lane.ALERT, cause=f"card:{cause}")


def needs_help_first(concern: Concern | None) -> bool:
    """Whether the person sees a card now, so that no other question is asked in the same breath."""
    return concern is not None and (concern.ask or Level(concern.level) >= Level.URGENT)


def unsaved_card(program: Program, language: str, concern: Concern) -> str:
    """The card for when storage is gone: help, and the truth that the team could not be told yet."""
    return program.words.text(
        language,
        "crisis",
        f"card_{Category(concern.category).value}",
        **_context(program, language, "unsaved", concern),
    )


def unheard(program: Program, language: str, medium: Medium) -> str:
    """What is said to a voice note, a photo, a sticker: with the lines, since it may have been a cry."""
    block = "voice" if medium is Medium.VOICE else "unseen"
    return program.words.text(language, "crisis", block, **_context(program, language, "enrolled"))


def buttons(program: Program, patient: Patient, *, hide: bool = False) -> Buttons:
    """What a person can do from a card, with one press."""
    words, language = program.words, patient.language
    rows = [[(words.plain(language, "crisis", "button_hide"), "o:hide")]] if hide else []
    return [
        *rows,
        [(words.plain(language, "crisis", "button_call"), "o:call")],
        [
            (words.plain(language, "crisis", "button_ground"), "o:ground"),
            (words.plain(language, "crisis", "button_safe"), "o:safe"),
        ],
    ]


def sos(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """Help, any time: the lines, a grounding exercise, a call from the team."""
    text = host.program.words.text(
        patient.language, "crisis", "sos", **_context(host.program, patient.language, "enrolled")
    )
    outbox.say(unit, people.address(patient), text, buttons(host.program, patient), lane=Lane.ALERT)
    return None


def ground(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    text = host.program.words.text(patient.language, "crisis", "grounding")
    outbox.say(unit, people.address(patient), text, buttons(host.program, patient))
    return None


def safe(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """ "I'm safe for now": heard and thanked; it closes nothing. What was left open is offered again."""
    text = host.program.words.text(patient.language, "crisis", "safe_thanks")
    outbox.say(unit, people.address(patient), text, menus.main(unit, host, patient))
    return None


def call(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    raised = Raised("call_me", Level.WATCH, Category.NONE)
    flag = alerts.raise_flag(unit, host.program, patient, raised, f"call:{inbound.key.hex()}")
    if flag is not None:
        line = alerts.told(unit, host.program, patient, flag)
        outbox.say(unit, people.address(patient), line, menus.main(unit, host, patient))
    return None


def hide(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """Take back what the bot wrote in the last 48 hours, as far as Telegram lets it."""
    since = unit.now - TAKEN_BACK
    rows = unit.find(Outgoing, patient_id=patient.id, sent_at__gt=since, message_id__not=None)
    ids = sorted({row.message_id for row in rows if row.message_id and row.chat_hash == patient.chat_hash})
    for start in range(0, len(ids), _AT_ONCE):
        outbox.delete(unit, people.address(patient), ids[start : start + _AT_ONCE])
    return None


COMMANDS = {"sos": sos}
OPENS = {"sos": sos, "ground": ground, "safe": safe, "call": call, "hide": hide}


def _add_to_open(unit: Unit, program: Program, patient: Patient, concern: Concern, cause: str) -> Flag | None:
    """More of the same, or less, within an alert that nobody has seen yet adds to it."""
    for flag in unit.find(Flag, patient_id=patient.id, rule=CRISIS, closed_at=None, seen_at=None):
        if Level(flag.level) >= Level(concern.level) and flag.cause != f"heard:{cause}":
            body = flag.body or {}
            evidence = [*body.get("evidence", []), concern.evidence]
            return unit.change(flag, body={**body, "evidence": evidence})
    return None


def _card(program: Program, language: str, concern: Concern, person: Person) -> str:
    match person:
        case Patient(standing=Standing.ENROLLED):
            situation = "enrolled"
        case Patient(standing=Standing.INVITED):
            situation = "enrolling"
        case Patient():
            situation = "discharged"
        case _:
            situation = "stranger"
    return program.words.text(
        language,
        "crisis",
        "card_ask" if concern.ask else f"card_{Category(concern.category).value}",
        **_context(program, language, situation, concern),
    )


def _context(
    program: Program, language: str, situation: str, concern: Concern | None = None
) -> Mapping[str, Any]:
    category = concern.category if concern else ""
    return {
        "lines": program.lines_in(language, category),
        "program": program.name,
        "situation": situation,
        "hide": category == Category.ABUSE and situation == "enrolled",
    }


def _language(person: Person) -> str:
    return person.language if isinstance(person, Patient) else "en"
