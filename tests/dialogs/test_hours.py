"""Quiet hours hold across midnight, and make room for a reminder that the person wants."""

from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from dialogs.hours import Quiet, without

MOMENTS = st.times().map(lambda t: t.replace(second=0, microsecond=0))


def test_quiet_hours_reach_across_midnight() -> None:
    night = Quiet(time(22), time(7))
    assert time(22) in night
    assert time(3) in night
    assert time(7) not in night
    assert time(12) not in night


def test_no_stretch_is_no_quiet_hours() -> None:
    assert Quiet.between(time(22), time(22)) is None


def test_a_late_reminder_has_an_hour_before_quiet_starts() -> None:
    assert without(Quiet(time(22), time(8)), [time(22, 30)]) == Quiet(time(23, 30), time(8))


def test_an_early_reminder_ends_the_quiet() -> None:
    assert without(Quiet(time(22), time(8)), [time(7)]) == Quiet(time(22), time(7))


@given(MOMENTS, MOMENTS, st.lists(MOMENTS, max_size=2))
def test_no_reminder_is_left_inside_and_quiet_only_shrinks(
    start: time, end: time, wanted: list[time]
) -> None:
    before = Quiet.between(start, end)
    after = without(before, wanted)
    if after is not None:
        assert before is not None
        assert after.length <= before.length
        assert not any(moment in after for moment in wanted)
