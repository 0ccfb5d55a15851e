"""/sos: help at any time, each need its own short way, by buttons alone.

What a button here says ("thoughts of suicide", "overdose") is heard as plainly as words would be: the card
and the alert are committed before this turn (`crisis.pressed`), and what follows the card is asked here. The
buttons under a card are answered here too; none of them takes back what was set off.
"""

from collections.abc import Callable, Mapping, Sequence

from bot import (
    alerts,
    crisis,
    departures,
    hiding,
    menus,
    outbox,
    people,
    plans,
    preferences,
    rota,
    safety,
    sessions,
    typed,
    ways,
)
from bot.concerns import Category, Concern, Level
from bot.flags import Raised
from bot.host import Host
from bot.inbound import Edited, Event, Inbound, Medium, Pressed, Said, Showed
from bot.outbox import Button, Buttons
from bot.program import Program, local
from bot.rows import Flag, Outgoing, Patient, Staff, Standing
from bot.unit import Unit
from bot.ways import Way

Handler = Callable[[Unit, Host, Patient, Inbound, list[str]], str | None]
_CALLS = ("o:sos", "o:help", "o:plan", "o:ground", "o:call", "o:call:safe")
_IN_DANGER = (
    "o:sos:",
    "o:plan:",
    "o:safe",
    "o:misunderstood",
    "o:followup:",
    "o:resume:",
    f"a:{sessions.MARK}",
    f"n:{sessions.MARK}",
)
"""So begin the other buttons that somebody in danger may press."""
_HIDE = "o:hide"
_FITTING = {Way.CRAVING: Category.CRAVING, Way.USED: Category.LAPSE, Way.USING: Category.LAPSE}
_WAYS = (("craving",), ("suicide",), ("overdose", "withdrawal"), ("hurt",), ("used", "using"))


def is_call(program: Program, inbound: Inbound) -> bool:
    """Whether somebody asks for help outright, be it by the bare word, or may do so where nobody can hear it:
    in a voice note."""
    match inbound.event:
        case Said(command=None) | Edited():
            return is_word(program, inbound)
        case Said(command="sos" | "help" | "plan"):
            return True
        case Pressed(data=data):
            return data in _CALLS
        case Showed(medium=Medium.VOICE, caption=None):
            return True
        case _:
            return False


def is_word(program: Program, inbound: Inbound) -> bool:
    """Whether all that was typed is a word for help, whatever signs stand around it."""
    return _types(program, inbound, typed.HELP)


def is_way(inbound: Inbound) -> bool:
    """Whether a button of /sos is pressed that opens a dialog, so that help has no card of its own."""
    event = inbound.event
    return isinstance(event, Pressed) and event.data.startswith("o:sos:") and not crisis.pressed(event.data)


def wants_help(program: Program, inbound: Inbound) -> bool:
    """Whether somebody who may be in danger presses a button, or types what it says, and no card of its own
    answers that."""
    match inbound.event:
        case Pressed(data=data):
            return data.startswith(_IN_DANGER) and not crisis.pressed(data)
        case _:
            return _types(program, inbound, typed.ANSWERS)


def hides(inbound: Inbound) -> bool:
    """Whether somebody wants the chat gone from the screen, now."""
    return isinstance(inbound.event, Pressed) and inbound.event.data == _HIDE


def answer(unit: Unit, host: Host, inbound: Inbound) -> bool:
    """Help for a call, before its turn and once, whoever calls. False for staff who ask what they can do, or
    write a word that their work may need."""
    person = departures.writer(unit, host.program, inbound)
    program, event, to = host.program, inbound.event, people.address(person)
    with_a_team = isinstance(person, Patient) and person.standing in people.WITH_A_TEAM
    if isinstance(event, Showed):
        below: Buttons = ()
        if isinstance(person, Patient) and with_a_team:
            asked = sessions.asked(unit, program, person, inbound.at)  # then the question follows
            below = menus.main(unit, host, person) if asked is None else ()
        text = crisis.unheard(program, people.language(person), event.medium)
        outbox.card(unit, to, inbound.key.hex(), text, below)
        return True
    name, *args = _asked_for(event)
    if isinstance(person, Patient) and with_a_team:
        answers = _HELP if person.standing == Standing.ENROLLED else _BEFORE_CONSENT
        answers.get(name, sos)(unit, host, person, inbound, args)
    elif isinstance(person, Staff) and (name == "help" or not name):
        return False
    else:
        language, situation = people.language(person), crisis.alone(person)
        helps = name != "help"
        text = _sos_text(program, language, situation) if helps else menus.outside(program, person)
        outbox.card(unit, to, inbound.key.hex(), text)
    return True


def unsaved(program: Program, inbound: Inbound) -> str:
    """The same for when storage is gone: the lines, or the exercise, which needs nothing of ours. A press is
    told that it could not be kept, and that what was passed on before it stands."""
    language, event = inbound.language or "en", inbound.event
    if isinstance(event, Showed):
        return crisis.unheard(program, language, event.medium)
    asked = _asked_for(event)
    if wants_help(program, inbound) and asked[0] != "plan":
        way = asked[1] if asked[0] == "sos" else ""
        category = _FITTING[Way(way)] if way in set(Way) else Category.NONE
        return crisis.unsaved_card(program, language, Concern(Level.NONE, category, evidence=""), "pressed")
    block = "grounding" if asked == ["ground"] else "sos_unsaved"
    return program.words.text(language, "crisis", block, **crisis.context(program, language, "unsaved"))


def sos(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """`/sos`; `o:sos:NEED` goes its way."""
    need = args[0] if args else ""
    concern = crisis.pressed(f"o:sos:{need}")
    if concern is not None:
        safety.follow(unit, host, patient, concern)
    elif need in set(Way) and patient.standing == Standing.ENROLLED:
        ways.go(unit, host, patient, Way(need))
    else:
        _show_ways(unit, host, patient, inbound)
    return None


def ground(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    text = host.program.words.text(patient.language, "crisis", "grounding")
    below = crisis.buttons(unit, host.program, patient)
    outbox.card(unit, people.address(patient), inbound.key.hex(), text, below)
    return None


def safe(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """ "I'm safe for now": heard and thanked; it closes nothing. What was left open is offered again."""
    _thank(unit, host, patient, "safe", "safe_thanks")
    return None


def misunderstood(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """ "You misunderstood": heard, thanked, told to the team; a person closes the alert."""
    _thank(unit, host, patient, "misunderstood", "misunderstood")
    return None


def call(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """A wish for a call, told to the team. Where somebody may read along it is asked first whether the phone
    may ring, and whoever calls knows who may pick up."""
    watched = hiding.is_watched(unit, patient)
    if watched and args != ["safe"]:
        words, language = host.program.words, patient.language
        below = [
            [(words.plain(language, "crisis", "button_call_safe"), "o:call:safe")],
            [hiding.button(host.program, patient)],
        ]
        text = words.text(language, "crisis", "call_watched")
        outbox.card(unit, people.address(patient), inbound.key.hex(), text, below)
        return None
    raised = Raised("call_me", Level.WATCH, Category.NONE)
    cause, body = f"call:{inbound.key.hex()}", {"watched": True} if watched else None
    flag = alerts.raise_flag(unit, host.program, patient, raised, cause, body)
    if flag is not None:
        line = alerts.told(unit, host.program, patient, flag)
        hide = [[hiding.button(host.program, patient)]] if watched else []
        outbox.say(unit, people.address(patient), line, [*hide, *menus.main(unit, host, patient)])
    return None


def hide(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    hiding.hide(unit, host.program, patient, inbound.message_id)
    return None


def _show_ways(unit: Unit, host: Host, patient: Patient, inbound: Inbound) -> None:
    situation = crisis.reached(unit, host.program, patient)
    text = _sos_text(host.program, patient.language, situation)
    outbox.card(unit, people.address(patient), inbound.key.hex(), text, _ways(unit, host, patient))


def _sos_text(program: Program, language: str, situation: str) -> str:
    return program.words.text(language, "crisis", "sos", **crisis.context(program, language, situation))


def _ways(unit: Unit, host: Host, patient: Patient) -> Buttons:
    rows = [[_button(host, patient, f"way_{need}", f"o:sos:{need}") for need in row] for row in _WAYS]
    if patient.standing != Standing.ENROLLED:
        rows = [
            [button for button in row if crisis.pressed(button[1]) is not None]
            for row in rows
            if any(crisis.pressed(data) for _, data in row)
        ]
        return [
            *rows,
            [
                _button(host, patient, "button_call", "o:call"),
                _button(host, patient, "button_ground", "o:ground"),
            ],
        ]
    return [*rows, *crisis.buttons(unit, host.program, patient, about_it=False)]


def _types(program: Program, inbound: Inbound, what: str) -> bool:
    match inbound.event:
        case Said(text=text, command=None) | Edited(text=text):
            return typed.means(program, inbound.language, what, text)
        case _:
            return False


def _asked_for(event: Event) -> list[str]:
    """What was asked for, by command or by button, and what more the button says."""
    match event:
        case Said(command=str() as command):
            return [command]
        case Pressed(data=data):
            return data.split(":")[1:]
        case _:
            return [""]


def _thank(unit: Unit, host: Host, patient: Patient, what: str, block: str) -> None:
    """Keep with the newest open alert what its person says of it, and tell those who have it, once."""
    flag = unit.one(Flag, patient_id=patient.id, rule=crisis.RULES, closed_at=None, order="-at")
    holders = _holders(unit, host, patient, flag) if flag is not None else []
    if flag is not None and what not in (flag.body or {}).get("said", {}):
        body = flag.body or {}
        unit.change(flag, body={**body, "said": {**body.get("said", {}), what: unit.now.isoformat()}})
        people.note(unit, "patient", f"said_{what}", patient_id=patient.id, detail=flag.rule)
        at = local(flag.at, host.program.time_zone)
        for staff in holders:
            menus.notify(unit, host.program, staff, f"patient_said_{what}", code=patient.code, at=at)
    text = host.program.words.text(
        patient.language,
        "crisis",
        block,
        situation="enrolled" if flag is not None else "nothing_open",
        passed_on=bool(holders),
    )
    outbox.say(unit, people.address(patient), text, menus.main(unit, host, patient))


def _holders(unit: Unit, host: Host, patient: Patient, flag: Flag) -> Sequence[Staff]:
    """Who has an alert in hand: who has read it, else all whom it rang, else who would be rung now."""
    here = {staff.id: staff for staff in rota.available(unit, host.program)}
    rang = {row.staff_id for row in unit.find(Outgoing, flag_id=flag.id, staff_id__not=None)}
    for ids in ([flag.seen_by], sorted(one for one in rang if one is not None)):
        found = [here[one] for one in ids if one in here]
        if found:
            return found
    return alerts.recipients(unit, host.program, patient, 0)


def _button(host: Host, patient: Patient, block: str, data: str) -> Button:
    return host.program.words.plain(patient.language, "crisis", block), data


COMMANDS: Mapping[str, Handler] = {"sos": sos, **plans.COMMANDS}
OPENS: Mapping[str, Handler] = {
    "sos": sos,
    "ground": ground,
    "safe": safe,
    "misunderstood": misunderstood,
    "call": call,
    "hide": hide,
    **plans.OPENS,
}
_BEFORE_CONSENT: Mapping[str, Handler] = {"ground": ground, "call": call}
_HELP: Mapping[str, Handler] = {**_BEFORE_CONSENT, **COMMANDS, "help": preferences.help_}
"""What answers a call; anything else opens the ways of /sos."""
