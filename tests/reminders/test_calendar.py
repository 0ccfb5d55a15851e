"""Local time, where clocks are changed: the written rules of bot/calendar.py, over every zone there is."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.calendar import EVERY_DAY, after_quiet, is_quiet, next_at, slot_day
from dialogs.hours import Quiet

ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("posix"))
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2037, 12, 31, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """Every instant from 1970 to 2037 at which the zone's clocks are changed, to the second."""
    return tuple(_changes(ZoneInfo(zone)))


def _changes(here: ZoneInfo) -> Iterator[datetime]:
    step = timedelta(days=7)
    at = FIRST
    while at < LAST:
        old, new = at.astimezone(here).utcoffset(), (at + step).astimezone(here).utcoffset()
        if old != new:
            low, high = at, at + step
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // timedelta(seconds=1) // 2 * timedelta(seconds=1)
                if middle.astimezone(here).utcoffset() == old:
                    low = middle
                else:
                    high = middle
            yield high
        at += step


times = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
some_days = st.integers(1, 127).map(lambda n: f"{n:07b}")


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone and an instant, most of them within days of a change of its clocks."""
    zone = draw(st.sampled_from(ZONES))
    near = draw(st.timedeltas(timedelta(days=-3), timedelta(days=3)))
    elsewhere = draw(st.integers(0, 9)) == 0
    if changes(zone) and not elsewhere:
        return zone, draw(st.sampled_from(changes(zone))) + near
    return zone, FIRST + draw(st.timedeltas(timedelta(days=30), LAST - FIRST - timedelta(days=60)))


@given(moments(), times, some_days)
@settings(max_examples=200, deadline=None)
def test_a_slot_shows_its_time_on_the_patients_clock_or_lies_where_the_clock_jumped(
    where: tuple[str, datetime], at: time, days: str
) -> None:
    zone, after = where
    slot = next_at(at.isoformat("minutes"), days, zone, after)
    shown = slot.astimezone(ZoneInfo(zone))
    assert slot > after
    day = slot_day(at.isoformat("minutes"), zone, slot)
    assert days[day.weekday()] == "1"
    if shown.time() == at:
        assert (shown.date(), shown.fold) == (day, 0)
        return
    # The gap that swallowed it ends here, and it is later on the clock than what was wanted.
    before = (slot - timedelta(microseconds=1)).astimezone(ZoneInfo(zone))
    wanted = datetime.combine(day, at)
    assert before.replace(tzinfo=None) < wanted < shown.replace(tzinfo=None)


@given(moments(), times)
@settings(max_examples=200, deadline=None)
def test_each_local_day_that_exists_has_exactly_one_slot(where: tuple[str, datetime], at: time) -> None:
    zone, start = where
    local_time, here = at.isoformat("minutes"), ZoneInfo(zone)
    slots, slot = [], next_at(local_time, EVERY_DAY, zone, start)
    for _ in range(6):
        slots.append(slot)
        slot = next_at(local_time, EVERY_DAY, zone, slot)
    found = [slot_day(local_time, zone, slot) for slot in slots]
    # Hour by hour, what dates the patient's calendar really showed meanwhile.
    shown: list[date] = []
    at_hour = slots[0] - 48 * HOUR
    while at_hour <= slots[-1] + 48 * HOUR:
        shown.append(at_hour.astimezone(here).date())
        at_hour += HOUR / 2
    real = sorted(day for day in set(shown) if found[0] <= day <= found[-1])
    assert found == real


@given(moments(), times, some_days, st.timedeltas(timedelta(0), timedelta(days=9)))
@settings(max_examples=200, deadline=None)
def test_asking_again_before_a_slot_gives_the_same_slot(
    where: tuple[str, datetime], at: time, days: str, later: timedelta
) -> None:
    """So it makes no difference how often, or when, the next slot is worked out."""
    zone, after = where
    local_time = at.isoformat("minutes")
    slot = next_at(local_time, days, zone, after)
    again = after + later
    if again < slot:
        assert next_at(local_time, days, zone, again) == slot
    else:
        assert next_at(local_time, days, zone, again) > again


@pytest.mark.parametrize(
    ("zone", "local_time", "after", "expected"),
    [
        # The hour that does not exist: at the first instant after the gap.
        ("America/New_York", "02:30", "2026-03-08T05:00", "2026-03-08T07:00"),
        ("America/New_York", "02:00", "2026-03-08T05:00", "2026-03-08T07:00"),
        ("America/New_York", "03:00", "2026-03-08T05:00", "2026-03-08T07:00"),
        # The hour that comes twice: the first time, and not again.
        ("America/New_York", "01:30", "2026-11-01T04:00", "2026-11-01T05:30"),
        ("America/New_York", "01:30", "2026-11-01T05:30", "2026-11-02T06:30"),
        ("America/New_York", "01:30", "2026-11-01T06:29", "2026-11-02T06:30"),
        # An evening at 19:00 stays at 19:00: 23 and 25 hours apart.
        ("America/New_York", "19:00", "2026-03-08T00:00", "2026-03-08T23:00"),
        ("America/New_York", "19:00", "2026-10-31T23:00", "2026-11-02T00:00"),
        # Half an hour of summer time.
        ("Australia/Lord_Howe", "02:15", "2026-10-03T14:00", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "01:45", "2026-04-04T14:00", "2026-04-04T14:45"),
        ("Australia/Lord_Howe", "01:45", "2026-04-04T14:45", "2026-04-05T15:15"),
        # Summer time all year but in Ramadan.
        ("Africa/Casablanca", "02:30", "2026-02-15T00:30", "2026-02-15T01:30"),
        ("Africa/Casablanca", "02:30", "2026-02-15T01:30", "2026-02-16T02:30"),
        ("Africa/Casablanca", "02:30", "2026-03-22T00:30", "2026-03-22T02:00"),
        # A gap that ends at midnight carries its slot into the next day, which keeps its own.
        ("America/Nuuk", "23:30", "2024-03-30T12:00", "2024-03-31T01:00"),
        ("America/Nuuk", "23:30", "2024-03-31T01:00", "2024-04-01T00:30"),
        # A gap that begins at midnight.
        ("Africa/Cairo", "00:15", "2026-04-23T12:00", "2026-04-23T22:00"),
        # 30 December 2011 never came to Samoa.
        ("Pacific/Apia", "09:00", "2011-12-29T19:00", "2011-12-30T19:00"),
        ("Pacific/Kiritimati", "09:00", "1994-12-30T19:40", "1994-12-31T19:00"),
    ],
)
def test_the_written_rules_for_changed_clocks(zone: str, local_time: str, after: str, expected: str) -> None:
    assert next_at(local_time, EVERY_DAY, zone, utc(after)) == utc(expected)


def test_a_weekday_that_the_date_line_took_comes_a_week_later() -> None:
    friday = next_at("09:00", "0000100", "Pacific/Apia", utc("2011-12-24T00:00"))
    assert friday.astimezone(ZoneInfo("Pacific/Apia")).date() == date(2012, 1, 6)


@given(moments(), times, times)
@settings(max_examples=200, deadline=None)
@example(("America/New_York", utc("2026-11-01T06:15")), time(22), time(1, 30))
@example(("America/New_York", utc("2026-03-08T06:30")), time(3), time(2, 30))
def test_quiet_hours_end_outside_quiet_hours(where: tuple[str, datetime], start: time, end: time) -> None:
    zone, at = where
    quiet = Quiet.between(start, end)
    over = after_quiet(quiet, zone, at)
    assert not is_quiet(quiet, zone, over)
    assert over >= at
    assert (over == at) == (not is_quiet(quiet, zone, at))
    assert over - at <= timedelta(hours=49)


def test_a_slot_belongs_to_the_day_that_wanted_it_where_the_gap_carried_it_into_the_next() -> None:
    carried = next_at("23:30", EVERY_DAY, "America/Nuuk", utc("2024-03-30T12:00"))
    assert carried.astimezone(ZoneInfo("America/Nuuk")).date() == date(2024, 3, 31)
    assert slot_day("23:30", "America/Nuuk", carried) == date(2024, 3, 30)


def test_quiet_hours_lie_over_midnight_in_local_time() -> None:
    quiet = Quiet(time(22), time(7))
    shown = {
        hour: is_quiet(quiet, "America/Denver", utc("2026-07-01T06:00") + hour * HOUR) for hour in range(24)
    }  # 06:00 UTC is midnight there
    assert [hour for hour, still in shown.items() if still] == [0, 1, 2, 3, 4, 5, 6, 22, 23]
    assert after_quiet(quiet, "America/Denver", utc("2026-07-01T06:00")) == utc("2026-07-01T13:00")


@pytest.mark.parametrize("days", ["", "111111", "0000000", "11111112"])
def test_days_that_are_none_are_refused(days: str) -> None:
    with pytest.raises(ValueError, match="days"):
        next_at("09:00", days, "UTC", FIRST)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        next_at("09:00", EVERY_DAY, "UTC", datetime(2026, 1, 1))  # noqa: DTZ001
