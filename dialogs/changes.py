"""Settings that a person may type: one or two questions each, opened from the settings screen.

`facts.last` holds what is set now: {"morning", "evening", "quiet_from", "quiet_to"}, each "HH:MM" or None,
and how the team reaches the person: {"phone", "location", "contact"}.
A reminder inside the quiet hours would never ring, so whoever sets one there says which of the two gives
way; how quiet hours make room is `dialogs.hours`' to know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from dialogs import places
from dialogs.enrolment import EmergencyContact, Relation
from dialogs.facts import Facts
from dialogs.hours import Quiet
from dialogs.prompts import Choice, Dialog, Offset, Place, Text, Time, YesNo, dialog


@dataclass(frozen=True, slots=True)
class NewTime:
    """For the reminder of this `kind`, "morning" or "evening". `at` is None when all stays as it was: the
    person kept their quiet hours free of it."""

    kind: str
    at: time | None

    @property
    def end(self) -> str:
        return "end" if self.at else "end_as_it_was"


@dataclass(frozen=True, slots=True)
class NewQuiet:
    """No quiet hours when they begin and end at one time.

    `reminders_first`: they make room for the reminders inside them; False: those are switched off; None:
    there are none.
    """

    start: time
    until: time
    reminders_first: bool | None = None


@dataclass(frozen=True, slots=True)
class NewZone:
    zone: str
    from_clock: bool = False


@dataclass(frozen=True, slots=True)
class NewName:
    name: str


@dataclass(frozen=True, slots=True)
class NewPhone:
    phone: str
    voicemail_safe: bool


@dataclass(frozen=True, slots=True)
class NewLocation:
    location: str


@dataclass(frozen=True, slots=True)
class NewContact:
    contact: EmergencyContact


@dialog("change_morning")
async def change_morning(facts: Facts) -> NewTime:
    at = await Time("morning", suggest=("07:00", "08:00", "09:00", "10:00"), part="morning")
    return await _outside_quiet(facts, "morning", at)


@dialog("change_evening")
async def change_evening(facts: Facts) -> NewTime:
    at = await Time("evening", suggest=("18:00", "19:00", "20:00", "21:00"), part="evening")
    return await _outside_quiet(facts, "evening", at)


@dialog("change_quiet")
async def change_quiet(facts: Facts) -> NewQuiet:
    start = await Time("quiet_from", suggest=("21:00", "22:00", "23:00"), part="night")
    end = await Time("quiet_to", suggest=("06:00", "07:00", "08:00"), part="morning")
    quiet = Quiet.between(start, end)
    set_now = [facts.last.get("morning"), facts.last.get("evening")]
    if quiet is None or not any(at and time.fromisoformat(at) in quiet for at in set_now):
        return NewQuiet(start, end)
    return NewQuiet(start, end, await YesNo("reminder_first", about=("quiet_from", "quiet_to")))


@dialog("change_zone")
async def change_zone(facts: Facts) -> NewZone:
    if (zone := await Place("zone").or_skip()) is not None:
        return NewZone(zone)
    return NewZone(places.from_clock(await Offset("clock"), facts.today) or facts.zone, from_clock=True)


@dialog("change_name")
async def change_name(facts: Facts) -> NewName:
    return NewName(await Text("name", limit=60))


@dialog("change_phone")
async def change_phone(facts: Facts) -> NewPhone:
    return NewPhone(await Text("phone", limit=40), await YesNo("voicemail"))


@dialog("change_location")
async def change_location(facts: Facts) -> NewLocation:
    return NewLocation(await Text("location", limit=300))


@dialog("change_contact")
async def change_contact(facts: Facts) -> NewContact:
    name = await Text("contact_name", limit=60)
    relation = await Choice("contact_relation", Relation)
    return NewContact(EmergencyContact(name, await Text("contact_phone", limit=40).or_skip(), relation))


CHANGES: Mapping[str, Dialog[Any]] = {
    d.name: d
    for d in (
        change_morning,
        change_evening,
        change_quiet,
        change_zone,
        change_name,
        change_phone,
        change_location,
        change_contact,
    )
}


async def _outside_quiet(facts: Facts, key: str, at: time) -> NewTime:
    start, end = facts.last.get("quiet_from") or "00:00", facts.last.get("quiet_to") or "00:00"
    quiet = Quiet.between(time.fromisoformat(start), time.fromisoformat(end))
    if quiet is None or at not in quiet or await YesNo("reminder_first", about=(key,)):
        return NewTime(key, at)
    return NewTime(key, None)
