"""Time is asked of an object, and the file that moves it may be changed, broken or taken away."""

from __future__ import annotations

import logging
import os
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from bot.clock import Clock, OffsetClock, SettableClock, StillClock, SystemClock

NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "offset"


@pytest.mark.parametrize("clock", [SystemClock(), StillClock(NOON), SettableClock()])
def test_every_clock_gives_aware_instants_in_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


def test_the_system_clock_is_the_machines() -> None:
    assert abs(SystemClock().now().timestamp() - time.time()) < 1


def test_a_still_clock_stands() -> None:
    clock = StillClock(NOON.astimezone(timezone(timedelta(hours=5))))
    assert clock.now() == clock.now() == NOON
    assert clock.now().tzinfo is UTC


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        StillClock(datetime(2026, 3, 8, 12))  # noqa: DTZ001 - this is what is refused


def test_a_settable_clock_is_moved_and_goes_on_from_there() -> None:
    beneath = SettableClock(StillClock(NOON))
    clock = SettableClock(beneath)
    clock.advance(timedelta(hours=2))
    assert clock.now() == NOON + timedelta(hours=2)
    clock.set(NOON + timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)
    beneath.advance(timedelta(seconds=5))
    assert clock.now() == NOON + timedelta(days=1, seconds=5)


def test_the_files_seconds_are_added_and_obeyed_at_the_next_call(file: Path) -> None:
    clock = OffsetClock(file, StillClock(NOON))
    for text, seconds in [("3600", 3600), ("7200", 7200), ("-60\n", -60), ("0.5", 0.5), (" 1e3 ", 1000)]:
        file.write_text(text)
        assert clock.now() == NOON + timedelta(seconds=seconds)


def test_two_writes_within_one_tick_of_the_file_system_are_both_seen(file: Path) -> None:
    clock = OffsetClock(file, StillClock(NOON))
    stamp = time.time_ns()
    for seconds in (3600, 7200):
        file.write_text(str(seconds))
        os.utime(file, ns=(stamp, stamp))
        assert clock.now() == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize("garbled", ["", "soon", "inf", "nan", "1e300", "3600 7200", "٣٦٠٠"])
def test_a_garbled_file_leaves_the_last_good_offset_and_one_line_in_the_log(
    file: Path, garbled: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text("3600")
    clock = OffsetClock(file, StillClock(NOON))
    clock.now()
    file.write_text(garbled)
    with caplog.at_level(logging.WARNING):
        assert clock.now() == clock.now() == NOON + timedelta(hours=1)
    assert len(caplog.records) == 1
    file.write_text("60")
    assert clock.now() == NOON + timedelta(minutes=1)


def test_a_file_that_is_not_there_moves_nothing_until_it_is(file: Path) -> None:
    clock = OffsetClock(file, StillClock(NOON))
    assert clock.now() == NOON
    file.write_text("60")
    assert clock.now() == NOON + timedelta(minutes=1)
    file.unlink()
    assert clock.now() == NOON + timedelta(minutes=1)


def test_a_file_that_rests_is_read_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("60")
    long_ago = time.time_ns() - 10**10
    os.utime(file, ns=(long_ago, long_ago))
    reads: list[Path] = []
    read = Path.read_text

    def counted(path: Path, *args: str) -> str:
        reads.append(path)
        return read(path, *args)

    monkeypatch.setattr(Path, "read_text", counted)
    clock = OffsetClock(file, StillClock(NOON))
    assert {clock.now() for _ in range(100)} == {NOON + timedelta(minutes=1)}
    assert len(reads) == 1
