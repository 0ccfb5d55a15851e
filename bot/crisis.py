"""Danger goes first: the card at once, the team at once, before the turn that the message belongs to.

`hear` runs in a unit of its own, outside the patient's order, and is harmless to repeat: flag, card and
alert hang on the redelivery key. What `bot.understanding` makes of words comes in as a `Concern`; the
words themselves stay in the patient's own sealed rows. For a stranger nothing is stored at all.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot import alerts, causes, danger, departures, desk, hiding, menus, outbox, people
from bot.concerns import Category, Concern, Level
from bot.flags import Raised
from bot.host import Host
from bot.inbound import Inbound, Medium
from bot.outbox import Buttons
from bot.people import Person
from bot.program import Program, local
from bot.rows import Flag, Patient, Record, Staff, Standing
from bot.unit import Unit

CRISIS = "crisis"
ANSWER_WITHIN = timedelta(minutes=15)
"""Nothing answered for so long counts as a refusal, and as silence after a look-in (our clinical brief)."""
RULES = (CRISIS, "asq", "asq_now", "safety", "no_answer", "silent", "lapse_body", "lapse_thoughts")
"""The flags of danger: more of the same within one that nobody has seen adds to it."""
SAID_TWICE = ("lapse", "craving")
"""Flags of answers about what words may have told before, or tell after: one event makes one flag."""
FOR_ASQ = (Category.SUICIDE, Category.SELF_HARM, Category.HOPELESSNESS)
_PRESSED = {
    "suicide": (Level.URGENT, Category.SUICIDE),
    "overdose": (Level.EMERGENCY, Category.OVERDOSE),
    "withdrawal": (Level.URGENT, Category.WITHDRAWAL),
    "hurt": (Level.URGENT, Category.ABUSE),
}


def hear(unit: Unit, host: Host, inbound: Inbound, concern: Concern) -> None:
    """Commit a concern: flag and alert for the team, the card for the person."""
    cause = inbound.key.hex()
    if outbox.has_card(unit, cause):
        return
    program = host.program
    person = departures.writer(unit, program, inbound)
    to = people.address(person)
    level, grave = Level(concern.level), needs_help_first(concern)
    if isinstance(person, Staff) and desk.awaits_note(unit, person):
        return
    if not isinstance(person, Patient) or person.standing not in people.WITH_A_TEAM:
        if grave:
            outbox.card(unit, to, cause, _card(program, people.language(person), alone(person), concern))
        return
    if person.standing == Standing.INVITED and not grave:
        return  # They have agreed to nothing yet: short of danger, nobody is told.
    said = f"heard:{cause}"
    if causes.known(unit, person, said):
        return
    flag, added = _add_to_open(unit, person, concern, said), True
    if flag is None:
        raised = Raised(CRISIS, level, Category(concern.category))
        body = {"evidence": [concern.evidence] if concern.evidence else [], "ask": concern.ask}
        flag, added = alerts.raise_flag(unit, program, person, raised, said, body), False
    if flag is None or not grave:
        return  # It was heard before; or nothing presses, and its turn says what the team was told.
    situation = reached(unit, program, person)
    news = None  # what is left to say where storage was gone, and help was sent past it
    if added and _is_more(flag, concern):
        lines = program.lines_in(person.language, concern.category)
        text = program.words.text(
            person.language, "crisis", "more_of_the_same", lines=lines, situation=situation
        )
    else:
        text = _card_of(unit, program, person, concern, flag, added=added)
        if situation != "unreached" and not (added or concern.ask):
            news = program.words.text(person.language, "crisis", "told_now")
    below = buttons(unit, program, person, hide=concern.category == Category.ABUSE)
    outbox.card(unit, to, cause, text, below, news=news)


def reached(unit: Unit, program: Program, patient: Patient) -> str:
    """The situation of a patient's words: who on the team hears of them now, if anybody can be reached."""
    if not alerts.recipients(unit, program, patient, 0):
        return "unreached"
    return "enrolled" if patient.standing == Standing.ENROLLED else "enrolling"


def in_emergency(unit: Unit, patient: Patient) -> bool:
    """Whether help is on its way to be called: then nothing more is asked."""
    return _unanswered(unit, patient) is not None


def stand_by(unit: Unit, program: Program, patient: Patient, *, kept: bool) -> bool:
    """What comes next in an emergency that nobody has answered yet is no moment for a greeting and a menu:
    say whom to turn to now, and how things stand. True if that was said.

    Where somebody else may read along, nothing of it is. `kept`: words came, and are kept.
    """
    flag = _unanswered(unit, patient)
    if flag is None or hiding.is_watched(unit, patient) or hiding.is_hidden(unit, patient):
        return False
    text = program.words.text(
        patient.language,
        "crisis",
        "still_here",
        lines=program.lines_in(patient.language, flag.category),
        situation=reached(unit, program, patient),
        kept=kept,
    )
    below = [*buttons(unit, program, patient, about_it=False), *menus.left(unit, program, patient)]
    outbox.say(unit, people.address(patient), text, below)
    return True


def _unanswered(unit: Unit, patient: Patient) -> Flag | None:
    """The newest emergency that nobody on the team has answered."""
    return unit.one(
        Flag, patient_id=patient.id, level=Level.EMERGENCY, seen_at=None, closed_at=None, order="-at"
    )


def needs_help_first(concern: Concern | None) -> bool:
    """Whether the person sees a card now, so that no other question is asked in the same breath."""
    if concern is None or concern.expected:
        return False
    return concern.ask or Level(concern.level) >= Level.URGENT


def unsaved_card(program: Program, language: str, concern: Concern, situation: str = "unsaved") -> str:
    """The card for when storage is gone: help, and the truth that the team could not be told of this yet."""
    return _card(program, language, situation, concern)


def unheard(program: Program, language: str, medium: Medium) -> str:
    """What is said to a voice note, a photo, a sticker: with the lines, since it may have been a cry."""
    block = "voice" if medium is Medium.VOICE else "unseen"
    return program.words.text(language, "crisis", block, **context(program, language, "enrolled"))


def buttons(
    unit: Unit, program: Program, patient: Patient, *, hide: bool = False, about_it: bool = True
) -> Buttons:
    """What a person can do from a card, with one press each. What was set off is taken back by none.

    `about_it`: what they can say of the alert, too. With `hide`, and while the phone may be watched, all can
    be hidden. A call stays a wish that anybody may have: there it is asked first whether the phone may ring
    (`bot.sos.call`).
    """
    hide = hide or hiding.is_watched(unit, patient)
    words, language = program.words, patient.language
    call = (words.plain(language, "crisis", "button_call"), "o:call")
    has_plan = unit.count(Record, patient_id=patient.id, dialog=danger.PLAN) > 0
    rows = [[hiding.button(program, patient)]] if hide else []
    if patient.standing == Standing.ENROLLED:
        plan = "button_plan" if has_plan else "button_make_plan"
        rows.append([(words.plain(language, "crisis", plan), "o:plan")])
    rows.append([call, (words.plain(language, "crisis", "button_ground"), "o:ground")])
    said = [
        (words.plain(language, "crisis", "button_safe"), "o:safe"),
        (words.plain(language, "crisis", "button_misunderstood"), "o:misunderstood"),
    ]
    return [*rows, said] if about_it else rows


def pressed(data: str) -> Concern | None:
    """What a button of /sos says, as plainly as words would: heard like them, before its turn."""
    kind, _, topic = data.removeprefix("o:").partition(":")
    found = _PRESSED.get(topic) if kind == "sos" else None
    return None if found is None else Concern(*found, evidence="")


def raise_or_add(unit: Unit, program: Program, patient: Patient, raised: Raised, cause: str) -> Flag | None:
    """Raise a flag, unless an alert that rings already says as much: then it is added to that one.

    What is no danger is added only to words about the same: within an emergency it is another matter.
    The flag that now holds it; None when this cause has been raised or added before.
    """
    if causes.known(unit, patient, cause):
        return None
    for flag in unit.find(Flag, patient_id=patient.id, rule=RULES, closed_at=None, seen_at=None):
        if _stands_alone(flag, raised.level, raised.category):
            continue
        alike = _alike(flag, raised.category) and Level(flag.level) >= raised.level
        if alike or Level(flag.level) > raised.level >= Level.URGENT:
            added = causes.add(unit, flag, cause)
            if added is not None:
                return added
    return alerts.raise_flag(unit, program, patient, raised, cause)


def _add_to_open(unit: Unit, patient: Patient, concern: Concern, cause: str) -> Flag | None:
    """More of the same, or less, within an alert that nobody has seen yet adds to it."""
    level = Level(concern.level)
    rules = (*RULES, *SAID_TWICE)
    for flag in unit.find(Flag, patient_id=patient.id, rule=rules, closed_at=None, seen_at=None):
        if _stands_alone(flag, level, concern.category):
            continue
        if Level(flag.level) > level or (Level(flag.level) == level and _alike(flag, concern.category)):
            added = causes.add(unit, flag, cause, concern.evidence)
            if added is not None:
                return added
    return None


def _stands_alone(flag: Flag, level: Level, category: str) -> bool:
    """Abuse is added to no alert about something else: whoever calls back must know who may pick up."""
    return category == Category.ABUSE != flag.category and level >= Level.URGENT


def _alike(flag: Flag, category: str) -> bool:
    """Whether both are about the same danger; what ASQ asks about is one, and who names none adds to any."""
    return category in (flag.category, Category.NONE) or {flag.category, category} <= set(FOR_ASQ)


def _is_more(flag: Flag, concern: Concern) -> bool:
    """Whether what was added is more of what an alert rings about, so that one line will do. A first doubt
    is not, unless nothing can be asked because help is called already."""
    if concern.ask and not (flag.body or {}).get("ask"):
        return Level(flag.level) is Level.EMERGENCY
    return _alike(flag, concern.category)


def _card_of(
    unit: Unit, program: Program, patient: Patient, concern: Concern, flag: Flag, *, added: bool
) -> str:
    """The card of somebody whose team is told: with what it can do, whether the team is on duty, and how soon
    the next of them is rung, or the only one again. Hours are named only where the program has set some."""
    hours, now = program.duty_hours, unit.now
    on = hours.on(now, program.time_zone) if hours.spans else None
    emergency = Level(concern.level) is Level.EMERGENCY
    minutes = program.emergency_minutes if emergency else program.urgent_minutes
    back = local(hours.next(now, program.time_zone), patient.time_zone) if on is False else None
    first, then = (alerts.recipients(unit, program, patient, step) for step in (0, 1))
    again = {one.id for one in then} <= {one.id for one in first}
    return _card(
        program,
        patient.language,
        reached(unit, program, patient),
        concern,
        again=again,
        duty=program.words.text(
            patient.language, "crisis", "duty", on=on, back=back, minutes=minutes[0], again=again
        ),
        below="plan" if patient.standing == Standing.ENROLLED else "exercise",
        news="added" if added else "now" if flag.rings else "later",
    )


def _card(program: Program, language: str, situation: str, concern: Concern, **known: Any) -> str:
    block = (
        "card_ask" if concern.ask and situation != "unsaved" else f"card_{Category(concern.category).value}"
    )
    return program.words.text(
        language, "crisis", block, **context(program, language, situation, concern, **known)
    )


def alone(person: Person) -> str:
    """The situation of somebody about whom nobody is told."""
    match person:
        case Patient(standing=Standing.DECLINED):
            return "declined"
        case Patient():
            return "discharged"
        case Staff():
            return "staff"
        case _:
            return "stranger"


def context(
    program: Program,
    language: str,
    situation: str,
    concern: Concern | None = None,
    *,
    below: str = "",
    duty: str = "",
    news: str = "",
    again: bool = False,
) -> Mapping[str, Any]:
    """What the words of a card may name (the top of content/en/crisis.jinja says what each means)."""
    category = concern.category if concern else ""
    return {
        "lines": program.lines_in(language, category),
        "program": program.name,
        "situation": situation,
        "below": below,
        "duty": duty,
        "news": news,
        "again": again,
        "answer_minutes": ANSWER_WITHIN // timedelta(minutes=1),
        "hide": category == Category.ABUSE and below != "",
    }
