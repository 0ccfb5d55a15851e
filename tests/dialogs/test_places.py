"""A town becomes a time zone that exists, and nothing else does."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest

from dialogs import places, towns


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("NYC", "America/New_York"),
        (" austin, tx ", "America/Chicago"),
        ("Portland", "America/Los_Angeles"),
        ("Portland, Maine", "America/New_York"),
        ("Pensacola, FL", "America/Chicago"),
        ("A small town, FL", "America/New_York"),
        ("St. Louis", "America/Chicago"),
        ("Saint Louis", "America/Chicago"),
        ("são paulo", "America/Sao_Paulo"),
        ("Lyon, France", "Europe/Paris"),
        ("america/boise", "America/Boise"),
        ("Eastern time", "America/New_York"),
        ("Washington, DC", "America/New_York"),
        ("Ohio", "America/New_York"),
    ],
)
def test_a_town_as_people_type_it_is_found(typed: str, zone: str) -> None:
    assert places.find(typed) == zone


@pytest.mark.parametrize(
    "typed",
    ["", "idk", "hi", "ok", "me", "or", "in", "I am not ok", "Texas", "Tennessee", "the moon", "🙂", "8"],
)
def test_what_names_no_one_zone_is_not_guessed(typed: str) -> None:
    """A state in two zones needs a town, and English words that are also codes of states are just words."""
    assert places.find(typed) is None


def test_every_zone_of_the_table_exists_and_answers_for_itself() -> None:
    zones = {*towns.TOWNS, *(z for state in towns.STATES.values() for z in state), *places.COMMON}
    zones |= {f"{area}/{name}" for area, names in towns.OTHERS.items() for name in names.split()}
    assert zones <= available_timezones()
    assert all(places.known(zone) and places.find(zone) == zone for zone in zones)


def test_no_town_stands_in_two_zones() -> None:
    listed = [town.strip() for names in towns.TOWNS.values() for town in names.split(",")]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("day", [date(2026, 1, 15), date(2026, 3, 7), date(2026, 7, 15), date(2026, 11, 1)])
def test_a_zone_found_by_the_clock_shows_that_clock_on_that_day(day: date) -> None:
    noon = datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001  (local time of whichever zone is asked)
    for offset in range(-720, 841, 15):
        zone = places.from_clock(offset, day)
        if zone is not None and zone.startswith("America"):
            off = noon.replace(tzinfo=ZoneInfo(zone)).utcoffset()
            assert off is not None
            assert off.total_seconds() == offset * 60, zone
