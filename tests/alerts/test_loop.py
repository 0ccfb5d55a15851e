"""From the first ring to the closing: who is rung when, and what each press means."""

from __future__ import annotations

from datetime import timedelta

from bot.clock import SettableClock
from bot.concerns import Level
from bot.hours import DutyHours
from bot.rows import Outgoing, Sending
from tests.alerts.ward import HOUR, MINUTE, SAM, Ward
from tests.fakes import FakeStorage


async def test_an_emergency_goes_up_at_5_10_and_15_minutes_then_around_again(ward: Ward) -> None:
    await ward.flag(Level.EMERGENCY)
    await ward.pass_time(20 * MINUTE)
    assert ward.rings("dana") == [0, 15, 20]
    assert ward.rings("ben") == [5, 15, 20]
    assert ward.rings("ruth") == [10, 15, 20]


async def test_an_urgent_alert_goes_up_at_15_30_and_60_minutes(ward: Ward) -> None:
    await ward.flag(Level.URGENT)
    await ward.pass_time(90 * MINUTE, step=5 * MINUTE)
    assert ward.rings("dana") == [0, 60, 90]
    assert ward.rings("ben") == [15, 60, 90]
    assert ward.rings("ruth") == [30, 60, 90]


async def test_a_watch_flag_rings_the_counselor_alone_and_at_once(ward: Ward) -> None:
    await ward.flag(Level.WATCH, rule="craving")
    await ward.pass_time(12 * HOUR, step=HOUR)
    assert (ward.rings("dana"), ward.rings("ben"), ward.rings("ruth")) == ([0], [], [])


async def test_watch_flags_in_duty_hours_come_at_once_with_one_sound_a_quarter_of_an_hour(
    ward: Ward,
) -> None:
    """Nothing is held back, and a counselor at table is called to the phone once for all of it."""
    for _ in range(3):
        await ward.flag(Level.WATCH, rule="craving")
    assert ward.rings("dana") == [0, 0, 0]
    await ward.pass_time(14 * MINUTE)
    await ward.flag(Level.WATCH, rule="hopeless")
    await ward.pass_time(MINUTE)
    await ward.flag(Level.WATCH, rule="lapse")
    await ward.flag(Level.WATCH, rule="craving")
    sounds = [not heard.body.get("silent") for heard in ward.heard if heard.who == 901]
    assert sounds == [True, False, False, False, True, False]


async def test_a_clock_that_is_set_back_takes_nobodys_sound_away(ward: Ward) -> None:
    await ward.flag(Level.WATCH, rule="craving")
    ward.clock.advance(-5 * HOUR)
    await ward.flag(Level.WATCH, rule="hopeless")
    assert [bool(heard.body.get("silent")) for heard in ward.heard if heard.who == 901] == [False, False]


async def test_an_alert_of_danger_always_sounds(ward: Ward) -> None:
    await ward.flag(Level.WATCH, rule="craving")
    for level in (Level.URGENT, Level.EMERGENCY, Level.URGENT):
        await ward.flag(level)
    assert [bool(heard.body.get("silent")) for heard in ward.heard if heard.who == 901] == [False] * 4


async def test_what_can_wait_says_until_when_and_that_it_is_overdue(clock: SettableClock) -> None:
    """The next working day: raised on a Friday at noon, it is due on Monday as the duty hours begin."""
    ward = Ward(FakeStorage(clock), clock, {"duty_hours": DutyHours.read("mon-fri 09:00-13:00")})
    await ward.opens()
    ward.clock.advance(4 * 24 * HOUR)
    flag = await ward.flag(Level.WATCH, rule="craving")
    assert flag is not None
    assert "by Mon, Mar 9, 9 am" in ward.last("dana")
    await ward.says("dana", "/alerts")
    assert "by Mon, Mar 9, 9 am" in ward.last("dana")
    await ward.flag(Level.WATCH, rule="hopeless")
    await ward.pass_time(70 * HOUR, step=HOUR)
    assert ward.last("dana").count("<b>was due</b> Mon, Mar 9, 9 am") == 2
    await ward.press("dana", f"s:seen:{flag.id:x}")
    await ward.press("dana", f"s:flag:{flag.id:x}")
    assert "due" not in ward.last("dana")
    await ward.flag(Level.URGENT)
    assert "by Tue" not in ward.last("dana")


async def test_watch_flags_between_duty_hours_are_gathered_into_one_message(clock: SettableClock) -> None:
    ward = Ward(FakeStorage(clock), clock, {"duty_hours": DutyHours.read("mon-fri 09:00-17:00")})
    await ward.opens()
    ward.clock.advance(6 * HOUR)
    for _ in range(3):
        assert await ward.flag(Level.WATCH, rule="craving") is not None
    assert ward.heard == []
    await ward.pass_time(15 * HOUR, step=HOUR)
    [message] = ward.heard
    assert message.at.hour == 9
    assert str(message.body["buttons"]).count("s:seen:") == 3


async def test_a_wish_for_a_call_comes_up_in_duty_hours_and_with_supervisors_from_the_day_after(
    clock: SettableClock,
) -> None:
    """It is no danger: it rings nobody at night, and not everyone; but it is not forgotten either."""
    ward = Ward(FakeStorage(clock), clock, {"duty_hours": DutyHours.read("mon-fri 09:00-13:00")})
    await ward.opens()
    flag = await ward.flag(Level.WATCH, rule="call_me")
    assert flag is not None
    assert ward.rings("dana") == [0]
    await ward.press("dana", f"s:seen:{flag.id:x}")
    assert "It rings again Tue, Mar 3, 9 am" in ward.last("dana")
    await ward.pass_time(3 * 24 * HOUR, step=15 * MINUTE)
    # Seen on Monday at noon; its hour ends with the duty hours.
    tuesday, wednesday, thursday = (21 * 60 + day * 24 * 60 for day in range(3))
    assert ward.rings("dana") == [0, tuesday, wednesday, thursday]
    assert ward.rings("ruth") == [tuesday, wednesday, thursday]
    assert ward.rings("ben") == []
    await ward.press("dana", f"s:reached:{flag.id:x}")
    ward.heard.clear()
    await ward.pass_time(2 * HOUR)
    assert ward.heard == []


async def test_a_wish_of_the_evening_goes_to_the_counselor_alone_first(clock: SettableClock) -> None:
    ward = Ward(FakeStorage(clock), clock, {"duty_hours": DutyHours.read("mon-fri 09:00-13:00")})
    await ward.opens()
    ward.clock.advance(8 * HOUR)
    await ward.flag(Level.WATCH, rule="call_me")
    assert ward.heard == []
    await ward.pass_time(14 * HOUR, step=HOUR)
    assert [(heard.who, heard.at.hour) for heard in ward.heard] == [(901, 9)]
    await ward.pass_time(24 * HOUR, step=HOUR)
    assert [heard.who for heard in ward.heard] == [901, 901, 903]


async def test_a_wish_for_a_call_that_was_seen_comes_up_with_the_counselor_an_hour_later(ward: Ward) -> None:
    flag = await ward.flag(Level.WATCH, rule="call_me")
    assert flag is not None
    await ward.press("dana", f"s:seen:{flag.id:x}")
    await ward.pass_time(3 * HOUR, step=5 * MINUTE)
    assert (ward.rings("dana"), ward.rings("ben"), ward.rings("ruth")) == ([0, 60], [], [])
    assert "s:reached" in str(ward.phones[901][-1].body), "with its buttons"
    await ward.press("dana", f"s:missed:{flag.id:x}")
    await ward.pass_time(HOUR, step=5 * MINUTE)
    assert ward.rings("dana") == [0, 60, 240]


async def test_a_wish_for_a_call_that_nobody_saw_reaches_the_supervisors_the_day_after(ward: Ward) -> None:
    await ward.flag(Level.WATCH, rule="call_me")
    await ward.pass_time(25 * HOUR, step=HOUR)
    assert (ward.rings("dana"), ward.rings("ben"), ward.rings("ruth")) == ([0, 24 * 60], [], [24 * 60])


async def test_duty_hours_never_hold_back_an_emergency(clock: SettableClock) -> None:
    ward = Ward(FakeStorage(clock), clock, {"duty_hours": DutyHours.read("mon-fri 09:00-10:00")})
    await ward.opens()
    await ward.flag(Level.EMERGENCY)
    await ward.flag(Level.URGENT)
    assert ward.rings("dana") == [0, 0]


async def test_seen_stops_the_ringing_and_only_then_the_person_is_told_so(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    await ward.pass_time(4 * MINUTE)
    assert not ward.said(SAM, "read it at")
    await ward.press("dana", f"s:seen:{flag.id:x}")
    assert ward.said(SAM, "Dana read it at")
    before = len(ward.heard)
    await ward.pass_time(30 * MINUTE)
    assert len(ward.heard) == before
    [kept] = await ward.flags()
    assert (kept.seen_by, kept.closed_at) == ((await ward.staff("dana")).id, None)


async def test_a_ring_that_still_waits_for_telegram_is_dropped_when_somebody_has_seen_it(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    ward.telegram_down = True
    await ward.pass_time(15 * MINUTE)
    await ward.press("dana", f"s:seen:{flag.id:x}")
    ward.telegram_down = False
    ward.heard.clear()
    await ward.tick()
    assert [heard.who for heard in ward.heard if heard.who != SAM] == []


async def test_a_copy_that_was_on_its_way_when_somebody_saw_the_alert_is_brought_up_to_date_too(
    ward: Ward,
) -> None:
    """Whoever presses Seen under an older copy is not left with one that asks for it still."""
    flag = await ward.flag()
    assert flag is not None
    ward.telegram_down = True
    await ward.pass_time(15 * MINUTE)
    await ward.press("dana", f"s:seen:{flag.id:x}")
    rows = await ward.do(lambda unit: unit.find(Outgoing, flag_id=flag.id, staff_id__not=None))
    dana = (await ward.staff("dana")).id
    mine = [row for row in rows if row.staff_id == dana and row.edits is None]
    assert [row.state for row in mine] == [Sending.SENT, Sending.DROPPED]
    edited = await ward.do(lambda unit: unit.find(Outgoing, edits=tuple(row.id for row in mine)))
    assert {row.edits for row in edited} == {row.id for row in mine}
    assert all("s:reached:" in str(row.body) for row in edited)


async def test_seen_without_a_contact_within_the_hour_rings_again_and_up(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    await ward.press("dana", f"s:seen:{flag.id:x}")
    ward.heard.clear()
    await ward.pass_time(59 * MINUTE)
    assert ward.heard == []
    await ward.pass_time(MINUTE)
    assert [heard.who for heard in ward.heard] == [901]
    assert "Nobody has noted contact yet" in ward.last("dana")
    await ward.pass_time(15 * MINUTE)
    assert {heard.who for heard in ward.heard} >= {901, 902, 903}


async def test_an_urgent_alert_not_reached_rings_again_after_the_hour_and_reached_does_not(
    ward: Ward,
) -> None:
    flag = await ward.flag(Level.URGENT)
    assert flag is not None
    await ward.press("dana", f"s:seen:{flag.id:x}")
    await ward.press("dana", f"s:missed:{flag.id:x}")
    ward.heard.clear()
    await ward.pass_time(61 * MINUTE)
    assert [heard.who for heard in ward.heard] == [901]
    await ward.press("dana", f"s:reached:{flag.id:x}")
    ward.heard.clear()
    await ward.pass_time(3 * HOUR)
    assert ward.heard == []
    [kept] = await ward.flags()
    assert (kept.reached, kept.closed_at) == (True, None)


async def test_an_emergency_not_reached_presses_again_within_a_quarter_of_an_hour_and_up(ward: Ward) -> None:
    """Nobody knows how they are: there is no quiet hour."""
    flag = await ward.flag(Level.EMERGENCY)
    assert flag is not None
    await ward.press("dana", f"s:missed:{flag.id:x}")
    assert "Not reached yet.</b> Tried by Dana" in ward.last("dana")
    assert "It rings again Mon, Mar 2, 12:15 pm" in ward.last("dana")
    await ward.pass_time(30 * MINUTE)
    assert (ward.rings("dana"), ward.rings("ben"), ward.rings("ruth")) == (
        [0, 15, 20, 30],
        [20, 30],
        [25, 30],
    )


async def test_only_a_disposition_closes_and_a_note_is_kept_sealed(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    await ward.press("dana", f"s:done:{flag.id:x}")
    assert (await ward.flags())[0].closed_at is None
    await ward.press("dana", f"s:end:{flag.id:x}:safe")
    await ward.press("dana", f"s:note:{flag.id:x}")
    await ward.says("dana", "Talked for 20 minutes; will call tomorrow.")
    [kept] = await ward.flags()
    assert (kept.disposition, kept.ring_at) == ("safe", None)
    assert kept.body is not None
    assert kept.body["notes"][0]["text"].startswith("Talked")
    await ward.says("dana", "and this is no note any more")
    assert len(((await ward.flags())[0].body or {})["notes"]) == 1
    assert [row.action for row in await ward.audited("flag_closed")] == ["flag_closed"]


async def test_nothing_closes_by_itself(small_ward: Ward) -> None:
    ward = small_ward
    for level in (Level.EMERGENCY, Level.URGENT, Level.WATCH):
        await ward.flag(level)
    await ward.pass_time(timedelta(days=10), step=HOUR)
    assert [flag.closed_at for flag in await ward.flags()] == [None] * 3
    assert all(flag.ring_at and flag.ring_at > ward.now for flag in await ward.flags())


async def test_a_cause_makes_one_flag_however_often_it_comes(ward: Ward) -> None:
    assert await ward.flag(cause="heard:1") is not None
    assert await ward.flag(cause="heard:1") is None
    assert len(await ward.flags()) == 1
    assert ward.rings("dana") == [0]


async def test_an_alert_carries_code_and_reason_and_never_words_or_a_name(ward: Ward) -> None:
    await ward.flag()
    await ward.pass_time(40 * MINUTE)
    said = " ".join(str(heard.body) for heard in ward.heard if heard.who != SAM)
    assert "P-SAM" in said
    assert "die" not in said
    assert "Sam" not in said.replace("P-SAM", "")


async def test_show_needs_the_setting_and_the_one_responsible_and_is_audited(clock: SettableClock) -> None:
    ward = Ward(FakeStorage(clock), clock, {"alert_details": True})
    await ward.opens()
    flag = await ward.flag(evidence=("<b>&" + "x" * 9000,))
    assert flag is not None
    await ward.press("ruth", f"s:show:{flag.id:x}")
    assert await ward.audited("words_shown") == []
    await ward.press("dana", f"s:show:{flag.id:x}")
    shown = ward.phones[901][-1].body
    assert shown["protect"] is True
    assert "&lt;b&gt;&amp;" in shown["text"]
    assert len(shown["text"]) < 4000
    assert len(await ward.audited("words_shown")) == 1
    await ward.press("dana", "s:wipe:", message_id=5)
    assert ward.phones[901][-1].body["message_ids"] == [5]


async def test_without_the_setting_there_are_no_words_to_show(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    assert "s:show" not in str(ward.phones[901][-1].body)
    before = len(ward.phones[901])
    await ward.press("dana", f"s:show:{flag.id:x}")
    assert len(ward.phones[901]) == before


async def test_the_supervisor_sees_the_programs_figures_and_a_counselor_does_not(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    await ward.pass_time(4 * MINUTE)
    await ward.press("dana", f"s:seen:{flag.id:x}")
    await ward.pass_time(3 * MINUTE)
    await ward.press("dana", f"s:reached:{flag.id:x}")
    await ward.says("ruth", "/alerts")
    assert "to Seen: median 4 min, worst 4 min" in ward.last("ruth")
    assert "to contact: median 7 min, worst 7 min" in ward.last("ruth")
    await ward.says("dana", "/alerts")
    assert "median" not in ward.last("dana")


async def test_the_worst_time_counts_on_while_somebody_waits(ward: Ward) -> None:
    """An alert that nobody answers is the worst of all, and not one that is left out."""
    first = await ward.flag()
    assert first is not None
    await ward.pass_time(4 * MINUTE)
    await ward.press("dana", f"s:reached:{first.id:x}")
    ward.telegram_down = True
    await ward.flag()
    await ward.pass_time(3 * HOUR, step=HOUR)
    ward.telegram_down = False
    await ward.says("ruth", "/alerts")
    assert "emergency: 2, 2 open" in ward.last("ruth")
    assert "to Seen: median 4 min, worst 3 h, <b>1 still waiting</b>" in ward.last("ruth")
    assert "to contact: median 4 min, worst 3 h, <b>1 still waiting</b>" in ward.last("ruth")


async def test_what_has_been_open_for_months_stays_in_the_figures(ward: Ward) -> None:
    await ward.flag(Level.WATCH, rule="craving")
    ward.clock.advance(timedelta(days=60))
    await ward.says("ruth", "/alerts")
    assert "watch: 1, 1 open" in ward.last("ruth")
    assert "to Seen: worst 60 days, <b>1 still waiting</b>" in ward.last("ruth")
    assert "to contact" not in ward.last("ruth")


async def test_open_alerts_are_listed_by_urgency_then_age(ward: Ward) -> None:
    await ward.flag(Level.WATCH, rule="craving")
    await ward.pass_time(3 * MINUTE)
    await ward.flag(Level.URGENT)
    await ward.pass_time(2 * MINUTE)
    await ward.flag(Level.EMERGENCY)
    await ward.says("dana", "/alerts")
    text = ward.last("dana")
    assert text.index("🚨") < text.index("🔴") < text.index("🟡")
    assert "5 min" in text


async def test_of_two_who_press_seen_one_has_it(ward: Ward) -> None:
    flag = await ward.flag()
    assert flag is not None
    await ward.pass_time(5 * MINUTE)
    assert "can see that you read it" in str(await ward.press("ben", f"s:seen:{flag.id:x}"))
    assert "Someone else has done that" in str(await ward.press("dana", f"s:seen:{flag.id:x}"))
    assert (await ward.flags())[0].seen_by == (await ward.staff("ben")).id
