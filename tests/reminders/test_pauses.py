"""Putting off, following up, pausing and coming back."""

from datetime import timedelta

import pytest

from bot import reminders
from bot.nudges import Outcome
from bot.outbox import Lane
from tests.reminders.clinic import DANA, DAY, HOUR, MINUTE, Clinic, utc

SEVEN = utc("2026-03-03T00:00")
"""19:00 in New York."""


async def nudged(clinic: Clinic, **more: str | None) -> tuple[int, dict[str, str]]:
    """Somebody who has just been nudged in the evening: who, and the data of their snooze buttons."""
    sam = await clinic.enrol(**more)  # type: ignore[arg-type]
    clinic.clock.set(SEVEN)
    await clinic.tick()
    data = {d.split(":")[2]: d for d in (await clinic.buttons(sam)).values() if d.startswith("o:snooze")}
    assert list(data) == ["30", "120", "today"]
    return sam, data


@pytest.mark.parametrize(("choice", "minutes"), [("30", 30), ("120", 120)])
async def test_a_snoozed_nudge_comes_back_once_so_much_later(
    clinic: Clinic, choice: str, minutes: int
) -> None:
    sam, buttons = await nudged(clinic)
    assert await clinic.press(sam, buttons[choice])
    clinic.clock.set(SEVEN + (minutes - 1) * MINUTE)
    assert await clinic.tick() == 0
    clinic.clock.set(SEVEN + minutes * MINUTE)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT, Outcome.ASKED]
    assert "o:checkin" in (await clinic.buttons(sam)).values()
    clinic.clock.set(SEVEN + 5 * HOUR)
    assert await clinic.tick() == 0


async def test_the_last_choice_counts(clinic: Clinic) -> None:
    """Pressed twice, or another one after it: one nudge comes."""
    sam, buttons = await nudged(clinic)
    for choice in ("120", "30", "30"):
        await clinic.press(sam, buttons[choice])
    clinic.clock.set(SEVEN + 30 * MINUTE)
    await clinic.tick()
    clinic.clock.set(SEVEN + 2 * HOUR)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT, Outcome.ASKED]


async def test_not_today_means_not_today(clinic: Clinic) -> None:
    sam, buttons = await nudged(clinic)
    await clinic.press(sam, buttons["30"])
    await clinic.press(sam, buttons["today"])
    clinic.clock.set(SEVEN + DAY - MINUTE)
    assert await clinic.tick() == 0
    clinic.clock.set(SEVEN + DAY)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT, Outcome.SENT]


async def test_the_message_shows_what_was_chosen_and_lets_it_be_changed(clinic: Clinic) -> None:
    sam, buttons = await nudged(clinic)
    await clinic.press(sam, buttons["30"])
    shown = await clinic.buttons(sam)
    again = next(data for data in shown.values() if data.startswith("o:snooze:again:"))
    assert "o:checkin" in shown.values()
    assert await clinic.press(sam, again) is None
    assert set(buttons.values()) <= set((await clinic.buttons(sam)).values())


async def test_a_snooze_into_the_quiet_hours_says_so_and_never_comes(clinic: Clinic) -> None:
    sam, buttons = await nudged(clinic, evening="19:00")
    clinic.clock.set(SEVEN + 2 * HOUR)  # 21:00, quiet from 22:00
    toast = await clinic.press(sam, buttons["120"])
    assert toast is not None
    assert "quiet hours" in toast
    clinic.clock.set(SEVEN + 4 * HOUR)
    assert await clinic.tick() == 0


async def test_a_snooze_that_quiet_hours_overtook_is_dropped(clinic: Clinic) -> None:
    sam, buttons = await nudged(clinic)
    await clinic.press(sam, buttons["120"])
    await clinic.change(sam, quiet_from="20:00")
    clinic.clock.set(SEVEN + 2 * HOUR)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT, Outcome.QUIET]


async def test_snoozed_nudges_stand_outside_the_limit_of_three(clinic: Clinic) -> None:
    sam, buttons = await nudged(clinic, quiet=("00:00", "00:00"))  # type: ignore[arg-type]
    for n in range(1, 5):
        await clinic.press(sam, buttons["30"])
        clinic.clock.set(SEVEN + n * 30 * MINUTE)
        await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT] + [Outcome.ASKED] * 4


async def test_a_snooze_after_the_check_in_has_nothing_to_come_back_for(clinic: Clinic) -> None:
    sam, buttons = await nudged(clinic)
    await clinic.press(sam, buttons["30"])
    await clinic.check_in(sam)
    assert "already" in (await clinic.press(sam, buttons["30"]) or "")
    clinic.clock.set(SEVEN + 30 * MINUTE)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT, Outcome.DONE]


async def test_nobody_can_put_off_another_persons_nudge(clinic: Clinic) -> None:
    _, buttons = await nudged(clinic)
    ann = await clinic.enrol(evening=None)
    for data in (*buttons.values(), "o:snooze:30:zz", "o:snooze:30", "o:snooze", "o:snooze:30:" + "f" * 40):
        assert await clinic.press(ann, data)
    assert await clinic.waiting(ann) == {}


async def test_stop_silences_everything_and_one_press_brings_it_back(clinic: Clinic) -> None:
    sam, buttons = await nudged(clinic)
    await clinic.press(sam, buttons["30"])
    await clinic.send(sam, "/stop")
    asked = await clinic.buttons(sam)
    assert set(asked.values()) == {"o:pause:tell", "o:pause:quiet", "o:resume_all"}
    assert await clinic.queued(lane=Lane.NUDGE, state="queued") == []
    for n in (1, 24, 48):
        clinic.clock.set(SEVEN + n * HOUR)
        await clinic.tick()
    assert await clinic.outcomes() == [Outcome.SENT] + [Outcome.PAUSED] * 3
    await clinic.press(sam, "o:resume_all")
    clinic.clock.set(SEVEN + 71 * HOUR)
    assert await clinic.tick() == 0  # what fell into the pause does not come now
    clinic.clock.set(SEVEN + 72 * HOUR)
    await clinic.tick()
    assert (await clinic.outcomes())[-1] == Outcome.SENT


async def test_the_counselor_is_told_of_a_pause_only_if_the_person_says_so_and_once(clinic: Clinic) -> None:
    sam = await clinic.enrol()
    assert clinic.dana is not None
    await clinic.send(sam, "/stop")
    await clinic.press(sam, "o:pause:quiet")
    assert await clinic.queued(staff_id=clinic.dana.id) == []
    await clinic.press(sam, "o:pause:tell")
    await clinic.press(sam, "o:pause:tell")
    (notice,) = await clinic.queued(staff_id=clinic.dana.id)
    patient = await clinic.patient(sam)
    assert notice.body is not None
    assert notice.body["chat"] == DANA
    assert patient.code in notice.body["text"]
    assert patient.name not in notice.body["text"]
    await clinic.press(sam, "o:resume_all")
    clinic.clock.advance(HOUR)
    assert await clinic.press(sam, "o:pause:tell")  # an old button: a toast, and nothing is sent
    assert len(await clinic.queued(staff_id=clinic.dana.id)) == 1


async def test_it_is_said_when_the_counselor_cannot_be_told(clinic: Clinic) -> None:
    sam = await clinic.enrol()
    assert clinic.dana is not None
    dana = clinic.dana
    await clinic.send(sam, "/stop")
    await clinic.do(lambda unit: unit.change(dana, blocked_at=unit.now))
    await clinic.press(sam, "o:pause:tell")
    assert "couldn't" in (await clinic.last(sam))["text"]


async def test_stop_and_coming_back_can_be_pressed_twice(clinic: Clinic) -> None:
    sam = await clinic.enrol()
    await clinic.send(sam, "/stop")
    first = (await clinic.patient(sam)).paused_at
    clinic.clock.advance(MINUTE)
    await clinic.send(sam, "/stop")
    assert (await clinic.patient(sam)).paused_at == first
    assert list((await clinic.buttons(sam)).values()) == ["o:resume_all"]
    assert await clinic.press(sam, "o:resume_all") is None
    assert await clinic.press(sam, "o:resume_all")
    assert (await clinic.patient(sam)).paused_at is None


async def test_a_follow_up_is_asked_for_so_it_comes_beside_the_three(clinic: Clinic) -> None:
    sam = await clinic.enrol(evening=None)
    session = await clinic.a_session(sam)
    patient = await clinic.patient(sam)
    await clinic.do(lambda unit: reminders.follow_up(unit, patient, session, 3 * HOUR))
    clinic.clock.advance(3 * HOUR)
    await clinic.tick()
    (nudge,) = await clinic.nudges()
    assert (nudge.outcome, nudge.session_id) == (Outcome.ASKED, session.id)
    assert f"o:followup:{session.id:x}" in (await clinic.buttons(sam)).values()
    assert await clinic.waiting(sam) == {}


async def test_a_follow_up_out_of_quiet_hours_comes_at_their_end(clinic: Clinic) -> None:
    """Where it was due in them from the start, and where they came to lie around it."""
    sam = await clinic.enrol(evening=None)
    session = await clinic.a_session(sam)
    clinic.clock.set(SEVEN + HOUR)
    patient = await clinic.patient(sam)
    await clinic.do(lambda unit: reminders.follow_up(unit, patient, session, 3 * HOUR))
    assert await clinic.waiting(sam) == {"followup once": utc("2026-03-03T12:00")}
    await clinic.change(sam, quiet_to="09:00")
    clinic.clock.set(utc("2026-03-03T12:00"))
    await clinic.tick()
    assert await clinic.waiting(sam) == {"followup once": utc("2026-03-03T14:00")}
    clinic.clock.set(utc("2026-03-03T14:00"))
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.ASKED]


@pytest.mark.parametrize("paused", [False, True])
async def test_a_look_in_that_was_promised_by_the_minute_comes_at_night_too(
    clinic: Clinic, paused: bool
) -> None:
    """ "I will look in again in about 20 minutes", after use: the person is awake, and silence would lie."""
    sam = await clinic.enrol(evening=None)
    if paused:
        await clinic.send(sam, "/stop")
    session = await clinic.a_session(sam)
    clinic.clock.set(SEVEN + 5 * HOUR)
    patient = await clinic.patient(sam)
    await clinic.do(lambda unit: reminders.follow_up(unit, patient, session, timedelta(minutes=20)))
    clinic.clock.advance(20 * MINUTE)
    await clinic.tick()
    assert await clinic.outcomes() == [Outcome.ASKED]
