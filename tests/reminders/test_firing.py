"""What is due is sent once, when it may be; what may not be is dropped, and recorded."""

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import reminders, rounds
from bot.clock import SettableClock, StillClock
from bot.nudges import Kind, Outcome
from bot.outbox import Lane
from bot.rows import Nudge, Outgoing, Patient, Reminder
from bot.store.database import Store
from bot.unit import Unit
from tests.fakes import FakeStorage
from tests.reminders.clinic import DAY, HOUR, MINUTE, WENT_OUT, Clinic, local_day, shown, utc

NEW_YORK = "America/New_York"
SEVEN = utc("2026-03-03T00:00")
"""19:00 in New York on the Monday on which these tests begin."""


async def test_a_reminder_fires_at_its_time_with_a_button_that_opens_its_dialog(clinic: Clinic) -> None:
    sam = await clinic.enrol(morning="08:00", evening="19:00")
    clinic.clock.set(SEVEN - MINUTE)
    assert await clinic.tick() == 0
    clinic.clock.set(SEVEN)
    assert await clinic.tick() == 1
    assert "o:checkin" in (await clinic.buttons(sam)).values()
    (row,) = await clinic.queued()
    assert row.lane == Lane.NUDGE
    assert (await clinic.waiting(sam))["evening"] == SEVEN + DAY


async def test_two_clocks_fire_a_slot_once(clinic: Clinic, second_store: Store) -> None:
    """Law 5: firing twice is harmless, also at the very same moment."""
    for _ in range(20):
        await clinic.enrol(morning="19:00", evening="19:00")
    clinic.clock.set(SEVEN)
    beside = Clinic(second_store, clinic.clock)
    while sum(await asyncio.gather(*(c.tick(7) for c in (clinic, beside, clinic, beside)))):
        pass
    nudges = await clinic.went_out()
    assert len(nudges) == 40
    assert len({nudge.slot for nudge in nudges}) == 40
    assert len(await clinic.queued()) == 40


async def test_many_due_in_one_minute_are_sent_each_once_by_two_clocks(
    clinic: Clinic, second_store: Store
) -> None:
    """None missed, none twice: ten thousand in the benchmark, fewer here."""
    for _ in range(150):
        await clinic.enrol(evening="19:00")
    clinic.clock.set(SEVEN)
    beside = Clinic(second_store, clinic.clock)
    while sum(await asyncio.gather(clinic.tick(40), beside.tick(40))):
        pass
    rows = await clinic.queued()
    assert len(rows) == 150
    assert len({row.chat_hash for row in rows}) == 150


@pytest.mark.parametrize(
    ("zone", "local_time", "start", "expected"),
    [
        (NEW_YORK, "19:00", "2026-03-06T12:00", "19:00 19:00 19:00 19:00"),
        (NEW_YORK, "02:30", "2026-03-06T12:00", "02:30 03:00 02:30 02:30"),
        (NEW_YORK, "19:00", "2026-10-30T12:00", "19:00 19:00 19:00 19:00"),
        (NEW_YORK, "01:30", "2026-10-30T12:00", "01:30 01:30 01:30 01:30"),
        ("Australia/Lord_Howe", "02:15", "2026-10-02T12:00", "02:15 02:30 02:15 02:15"),
    ],
)
async def test_a_reminder_keeps_its_local_time_over_a_change_of_the_clocks(
    small_clinic: Clinic, zone: str, local_time: str, start: str, expected: str
) -> None:
    """Once a local day, at the time on the wall, though those days have 23 and 25 hours."""
    small_clinic.clock.set(utc(start))
    sam = await small_clinic.enrol(evening=local_time, zone=zone, quiet=("00:00", "00:00"))
    await small_clinic.walk(utc(start) + 4 * DAY, 15 * MINUTE)
    sent = await small_clinic.nudges(Outcome.SENT, patient_id=sam)
    assert " ".join(shown(nudge.at, zone)[6:] for nudge in sent) == expected
    assert len({local_day(nudge.at, zone) for nudge in sent}) == 4


async def test_after_three_days_down_nothing_bursts_out(clinic: Clinic) -> None:
    sam = await clinic.enrol(morning="09:00", evening="19:00")
    clinic.clock.set(utc("2026-03-06T02:00"))  # Thursday 21:00: both slots of four days have passed
    await clinic.tick()
    assert await clinic.queued() == []
    assert set(await clinic.outcomes()) == {Outcome.LATE}
    missed = [nudge.local_date.day for nudge in await clinic.nudges(kind="evening")]
    assert missed == [2, 3, 4, 5]
    assert await clinic.waiting(sam) == {
        "morning": utc("2026-03-06T14:00"),
        "evening": utc("2026-03-07T00:00"),
    }


async def test_after_downtime_the_slot_of_the_last_hour_is_still_sent(clinic: Clinic) -> None:
    await clinic.enrol(evening="19:00")
    clinic.clock.set(SEVEN + 3 * DAY + 20 * MINUTE)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.LATE] * 3 + [Outcome.SENT]
    assert len(await clinic.queued()) == 1


async def test_years_of_downtime_are_recorded_for_some_days_only(clinic: Clinic) -> None:
    await clinic.enrol(evening="19:00")
    clinic.clock.set(SEVEN + 900 * DAY)
    await clinic.tick()
    assert len(await clinic.outcomes()) <= 10


@pytest.mark.parametrize(("minutes", "outcome"), [(60, Outcome.SENT), (61, Outcome.LATE)])
async def test_a_nudge_is_sent_up_to_an_hour_late(clinic: Clinic, minutes: int, outcome: Outcome) -> None:
    await clinic.enrol(evening="19:00")
    clinic.clock.set(SEVEN + minutes * MINUTE)
    await clinic.tick()
    assert await clinic.outcomes() == [outcome]
    assert len(await clinic.queued()) == (outcome is Outcome.SENT)


async def test_a_slot_that_comes_late_into_the_quiet_hours_is_dropped(clinic: Clinic) -> None:
    await clinic.enrol(evening="21:50")
    clinic.clock.set(SEVEN + 2 * HOUR + 59 * MINUTE)
    await clinic.tick()
    clinic.clock.set(SEVEN + 3 * HOUR)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT]
    clinic.clock.set(SEVEN + DAY + 3 * HOUR)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT, Outcome.QUIET]
    assert len(await clinic.queued()) == 1


async def test_a_nudge_that_waited_to_be_sent_is_asked_about_again(clinic: Clinic) -> None:
    """Where Telegram was slow, quiet hours or a pause may have begun meanwhile."""
    sam = await clinic.enrol(evening="21:50")
    clinic.clock.set(SEVEN + 2 * HOUR + 50 * MINUTE)
    await clinic.tick()
    (row,) = await clinic.queued()
    assert await clinic.do(lambda unit: rounds.still_wanted(unit, [row]))
    clinic.clock.advance(10 * MINUTE)
    assert not await clinic.do(lambda unit: rounds.still_wanted(unit, [row]))
    clinic.clock.advance(-10 * MINUTE)
    await clinic.change(sam, paused_at=SEVEN)
    assert not await clinic.do(lambda unit: rounds.still_wanted(unit, [row]))


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"paused_at": SEVEN}, Outcome.PAUSED),
        ({"blocked_at": SEVEN}, Outcome.BLOCKED),
        ({"standing": "discharged"}, Outcome.ABSENT),
        ({"standing": "invited"}, Outcome.ABSENT),
    ],
)
async def test_nobody_is_nudged_who_paused_blocked_or_left(
    clinic: Clinic, fields: dict[str, object], outcome: Outcome
) -> None:
    sam = await clinic.enrol(evening="19:00")
    await clinic.change(sam, **fields)
    clinic.clock.set(SEVEN)
    await clinic.tick()
    assert await clinic.outcomes() == [outcome]
    assert await clinic.queued() == []


async def test_a_check_in_that_is_done_is_not_asked_for_again_that_local_day(clinic: Clinic) -> None:
    sam = await clinic.enrol(evening="19:00")
    clinic.clock.set(utc("2026-03-02T04:30"))  # 23:30 on the Sunday: of another day, though of this UTC day
    await clinic.check_in(sam)
    clinic.clock.set(SEVEN)
    await clinic.tick()
    clinic.clock.set(utc("2026-03-03T13:00"))
    await clinic.check_in(sam)
    clinic.clock.set(SEVEN + DAY)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT, Outcome.DONE]


async def test_at_most_three_messages_a_local_day_that_nobody_asked_for(
    clinic: Clinic, second_store: Store
) -> None:
    """However many reminders there are, at one moment or at several, and however many clocks."""
    sam = await clinic.enrol(evening=None)

    def more(unit: Unit, at: str) -> None:
        due = SEVEN + timedelta(hours=int(at[:2]) - 19)
        unit.add(Reminder(id=unit.new_id(), patient_id=sam, kind=Kind.MORNING, local_time=at, next_at=due))

    for at in ("17:00", "19:00", "19:00", "19:00", "20:00"):
        await clinic.do(lambda unit, at=at: more(unit, at))  # type: ignore[misc]
    beside = Clinic(second_store, clinic.clock)
    for hours in (-2, 0, 1):
        clinic.clock.set(SEVEN + hours * HOUR)
        while sum(await asyncio.gather(clinic.tick(1), beside.tick(1), clinic.tick(1), beside.tick(1))):
            pass
    outcomes = await clinic.outcomes()
    assert sorted(outcomes) == [Outcome.ENOUGH] * 2 + [Outcome.SENT] * 3
    assert len(await clinic.queued()) == 3


async def test_a_slot_and_its_message_are_one_commit(clinic: Clinic) -> None:
    """If the words fail, the slot is not spent."""
    await clinic.enrol(evening="19:00")
    clinic.clock.set(SEVEN)

    def fails(unit: Unit) -> None:
        rounds.fire(unit, clinic.program)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await clinic.do(fails)
    assert await clinic.nudges() == []
    assert await clinic.tick() == 1
    assert len(await clinic.queued()) == 1


async def test_a_slot_written_down_before_is_never_sent_again(clinic: Clinic) -> None:
    """Not even when the clock, or a row, is set back."""
    await clinic.enrol(evening="19:00")
    clinic.clock.set(SEVEN)
    await clinic.tick()
    (reminder,) = await clinic.do(lambda unit: unit.find(Reminder))
    await clinic.do(lambda unit: unit.change(reminder, next_at=SEVEN))
    assert await clinic.tick() == 1
    assert len(await clinic.queued()) == 1


async def test_a_new_time_zone_moves_every_reminder_to_its_local_time_there(clinic: Clinic) -> None:
    sam = await clinic.enrol(morning="09:00", evening="19:00")

    async def fly(zone: str) -> dict[str, datetime | None]:
        patient = await clinic.patient(sam)
        await clinic.do(lambda unit: reminders.set_zone(unit, patient, zone))
        return await clinic.waiting(sam)

    assert await fly("America/Los_Angeles") == {
        "morning": utc("2026-03-03T17:00"),  # 9 am has gone by there as well
        "evening": utc("2026-03-03T03:00"),
    }
    assert await fly("Pacific/Honolulu") == {
        "morning": utc("2026-03-02T19:00"),  # where it is still 7 am
        "evening": utc("2026-03-03T05:00"),
    }


async def test_who_flies_west_after_a_reminder_does_not_get_it_twice_that_day(clinic: Clinic) -> None:
    sam = await clinic.enrol(evening="19:00")
    clinic.clock.set(SEVEN)
    await clinic.tick()
    patient = await clinic.patient(sam)
    await clinic.do(lambda unit: reminders.set_zone(unit, patient, "America/Los_Angeles"))
    clinic.clock.set(SEVEN + 3 * HOUR)
    assert await clinic.tick() == 1
    assert len(await clinic.queued()) == 1
    clinic.clock.set(SEVEN + 3 * HOUR + DAY)
    await clinic.tick()
    assert len(await clinic.queued()) == 2


async def test_the_words_vary_from_day_to_day(small_clinic: Clinic) -> None:
    await small_clinic.enrol(morning="08:00", evening="19:00")
    await small_clinic.walk(SEVEN + 7 * DAY, HOUR)
    texts = await small_clinic.nudged()
    assert len(texts) == 15
    assert len(set(texts)) == 15


async def test_discreet_nudges_name_nothing(small_clinic: Clinic) -> None:
    sam = await small_clinic.enrol(morning="08:00", evening="19:00", discreet=True)
    session = await small_clinic.a_session(sam)
    patient = await small_clinic.patient(sam)
    await small_clinic.do(lambda unit: reminders.follow_up(unit, patient, session, 3 * HOUR))
    await small_clinic.walk(SEVEN + 2 * DAY, HOUR)
    rows = await small_clinic.queued(lane=Lane.NUDGE)
    shown_words = [
        str([row.body["text"], [b[0] for line in row.body["buttons"] for b in line]])
        for row in rows
        if row.body
    ]
    assert len(shown_words) == 6
    telling = ("sam", "recover", "craving", "check", "urge", "sober", "handrail", "counsel", "use")
    assert [word for word in telling for text in shown_words if word in text.lower()] == []


@given(
    zone=st.sampled_from(
        [NEW_YORK, "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "Africa/Cairo"]
    ),
    start=st.sampled_from(
        ["2026-03-05", "2026-03-18", "2026-04-02", "2026-04-21", "2026-10-01", "2026-10-29"]
    ),
    morning=st.sampled_from(["00:15", "02:30", "07:00", "08:45"]),
    evening=st.sampled_from(["01:30", "18:00", "21:55", "23:45"]),
    quiet=st.sampled_from([("22:00", "07:00"), ("00:00", "00:00"), ("01:00", "05:30"), ("20:00", "10:00")]),
    gaps=st.lists(st.sampled_from([1, 7, 30, 59, 61, 200, 3000]), min_size=20, max_size=60),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_the_clock_does_nobody_is_disturbed(
    zone: str, start: str, morning: str, evening: str, quiet: tuple[str, str], gaps: list[int]
) -> None:
    """Ticks come as they may, minutes or days apart: at most one a slot and three a day, none in quiet
    hours, none over an hour late; and no reminder is silenced for ever."""
    clock = SettableClock(StillClock(utc(f"{start}T00:00")))
    clinic = Clinic(FakeStorage(clock), clock)
    sam = await clinic.enrol(morning=morning, evening=evening, quiet=quiet, zone=zone)
    patient = await clinic.patient(sam)
    hours = reminders.quiet_of(patient)
    for at in (morning, evening):
        assert not reminders.lies_in(hours, at)
    for gap in gaps:
        clock.advance(gap * MINUTE)
        before = await clinic.waiting(sam)
        await clinic.tick()
        after = await clinic.waiting(sam)
        assert all(at is not None and at > clock.now() for at in after.values())
        for nudge in await clinic.nudges(*WENT_OUT, at=clock.now()):
            due = before[nudge.kind]
            assert due is not None
            assert not reminders.lies_in(hours, shown(nudge.at, zone)[6:])
            assert int(nudge.slot[-5:-3]) * 60 + int(nudge.slot[-2:]) in _minutes(morning, evening)
    sent = await clinic.went_out()
    assert len({nudge.slot for nudge in sent}) == len(sent) == len(await clinic.queued())
    by_day = [local_day(nudge.at, zone) for nudge in sent]
    assert all(by_day.count(day) <= 3 for day in by_day)


def _minutes(*times: str) -> set[int]:
    return {int(at[:2]) * 60 + int(at[3:]) for at in times}


async def test_what_becomes_of_a_slot_is_kept(clinic: Clinic) -> None:
    sam = await clinic.enrol(evening="19:00")
    clinic.clock.set(SEVEN)
    await clinic.tick()
    (nudge,) = await clinic.nudges()
    assert (nudge.patient_id, nudge.kind, nudge.at) == (sam, "evening", SEVEN)
    assert str(nudge.local_date) == "2026-03-02"
    assert (await clinic.do(lambda unit: unit.count(Nudge))) == 1
    assert (await clinic.do(lambda unit: unit.one(Outgoing, cause=f"nudge:{nudge.slot}"))) is not None
    assert (await clinic.do(lambda unit: unit.get(Patient, sam))) is not None
