"""Joining: what Handrail is, consent item by item, then what the person wants us to know.

Consent comes before any personal detail. What cannot be refused ends kindly, with how care goes on without
Handrail. The written consent holds what 42 CFR 2.31 asks for: who, what, to whom, why, until when, the right
to take it back, what refusing means, the notice on passing on, a signature and a date.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from dialogs import places
from dialogs.facts import Facts
from dialogs.hours import Quiet, without
from dialogs.prompts import Choice, Offset, Place, Say, Text, Time, YesNo, dialog


class Consent(StrEnum):
    """The items that each need a yes. Their order is the order of asking."""

    PROGRAM = "program"
    TELEGRAM = "telegram"
    VOLUNTARY = "voluntary"
    ALWAYS_TOLD = "always_told"
    LIMITS = "limits"
    MANDATED = "mandated"
    OTHERS = "others"
    PART_2 = "part_2"


class Outcome(StrEnum):
    ENROLLED = "enrolled"
    UNDER_AGE = "under_age"
    DECLINED = "declined"


class Relation(StrEnum):
    PARTNER = "partner"
    PARENT = "parent"
    SIBLING = "sibling"
    CHILD = "child"
    FRIEND = "friend"
    SPONSOR = "sponsor"
    OTHER = "other"


class Stop(StrEnum):
    """The only button beside Back, so that one wrong press does not end an invitation."""

    STOP = "stop"


@dataclass(frozen=True, slots=True)
class EmergencyContact:
    name: str
    phone: str | None
    relation: Relation


@dataclass(frozen=True, slots=True)
class Enrolment:
    """`consents` holds each item that was answered, to the first no; `declined` is that item.

    `share_words` may be refused: then the counselor sees numbers, choices and what always reaches the team,
    and no other words. `zone` is an IANA name; `zone_from_clock` says that it was guessed from the person's
    clock. `morning` and `evening` are local, None when not wanted, and lie outside `quiet`; `quiet` is None
    when there are no quiet hours. `takes_medication` None is unknown.
    """

    outcome: Outcome
    on: date
    consents: Mapping[Consent, bool] = field(default_factory=dict)
    declined: Consent | None = None
    signature: str | None = None
    share_words: bool | None = None
    name: str | None = None
    phone: str | None = None
    voicemail_safe: bool | None = None
    location: str | None = None
    contact: EmergencyContact | None = None
    zone: str | None = None
    zone_from_clock: bool = False
    morning: time | None = None
    evening: time | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    discreet: bool = False
    takes_medication: bool | None = None

    @property
    def end(self) -> str:
        match self.outcome:
            case Outcome.ENROLLED:
                return "end"
            case Outcome.UNDER_AGE:
                return "end_under_age"
            case Outcome.DECLINED:
                return "end_declined"


@dialog("enrolment")
async def enrolment(facts: Facts) -> Enrolment:
    await Say("welcome")
    consents: dict[Consent, bool] = {}
    for item in Consent:
        consents[item] = await YesNo(item.value, usual=True)
        if not consents[item]:
            await Choice("stop", Stop, item=item)
            return Enrolment(Outcome.DECLINED, facts.today, consents, declined=item)
        if item is Consent.PROGRAM and not await YesNo("adult", usual=True):
            return Enrolment(Outcome.UNDER_AGE, facts.today, consents)
    signature = await Text("signature", limit=120)
    share_words = await YesNo("share_words")
    name = await Text("name", limit=60)
    phone = await Text("phone", limit=40).or_skip()
    voicemail_safe = await YesNo("voicemail") if phone else None
    location = await Text("location", limit=300).or_skip()
    contact = await _contact()
    zone, from_clock = await _zone(facts)
    quiet, morning, evening = await _hours()
    return Enrolment(
        outcome=Outcome.ENROLLED,
        on=facts.today,
        consents=consents,
        signature=signature,
        share_words=share_words,
        name=name,
        phone=phone,
        voicemail_safe=voicemail_safe,
        location=location,
        contact=contact,
        zone=zone,
        zone_from_clock=from_clock,
        morning=morning,
        evening=evening,
        quiet_from=quiet.start if quiet else None,
        quiet_to=quiet.end if quiet else None,
        discreet=await YesNo("discreet"),
        takes_medication=await YesNo("medication").or_skip(),
    )


async def _contact() -> EmergencyContact | None:
    name = await Text("contact_name", limit=60).or_skip()
    if name is None:
        return None
    relation = await Choice("contact_relation", Relation)
    return EmergencyContact(name, await Text("contact_phone", limit=40).or_skip(), relation)


async def _zone(facts: Facts) -> tuple[str, bool]:
    """By town; else by what the person's clock shows; else the program's own."""
    if (zone := await Place("zone").or_skip()) is not None:
        return zone, False
    return places.from_clock(await Offset("clock"), facts.today) or facts.zone, True


async def _hours() -> tuple[Quiet | None, time | None, time | None]:
    """A reminder inside the quiet hours would never ring, so the person says which of the two gives way."""
    morning = await Time("morning", suggest=("07:00", "08:00", "09:00", "10:00"), part="morning").or_skip()
    evening = await Time("evening", suggest=("18:00", "19:00", "20:00", "21:00"), part="evening").or_skip()
    start = await Time("quiet_from", suggest=("21:00", "22:00", "23:00"), part="night")
    end = await Time("quiet_to", suggest=("06:00", "07:00", "08:00"), part="morning")
    quiet = Quiet.between(start, end)
    held = [wanted for wanted in (evening, morning) if wanted and quiet and wanted in quiet]
    if not held:
        return quiet, morning, evening
    if await YesNo("reminder_first", about=("morning", "evening", "quiet_from", "quiet_to")):
        return without(quiet, held), morning, evening
    return quiet, None if morning in held else morning, None if evening in held else evening
