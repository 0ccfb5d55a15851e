"""A backup holds all of one instant, sealed; what was taken on one engine can be put back on the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import outbox, seeding
from bot.clock import SettableClock
from bot.outbox import Address
from bot.rows import KINDS, Answer, Drill, Message, Patient, Session
from bot.store import backup, schema
from bot.store.database import Store
from bot.store.vault import WrongMasterKey
from bot.unit import Unit
from tests.store.conftest import KEY, opened

SECRET = "the blue door by the river"
Everything = dict[str, list[dict[str, Any]]]


def settle(unit: Unit, before: backup.Before) -> backup.Before:
    return before


def some_of_all(unit: Unit) -> None:
    """Every kind of column: words, bytes, instants, dates, floats, booleans, numbers of 64 bits, nothing."""
    staff = seeding.seed_staff(unit, 7_000_000_000, 1, 1)
    seeding.seed_patients(unit, range(7_000_000_000, 7_000_000_003), staff[0].code, None, "UTC", "20:00")
    patient = unit.find(Patient)[0]
    session = Session(
        id=unit.new_id(), patient_id=patient.id, dialog="check_in", state="open", turn=3,
        opened_at=unit.now, touched_at=unit.now, facts={"name": SECRET},
    )  # fmt: skip
    unit.add(session)
    unit.add(
        Answer(
            id=unit.new_id(), session_id=session.id, patient_id=patient.id, key="mood", at=unit.now,
            body={"item": None, "value": 3, "mark": None},
        )
    )  # fmt: skip
    unit.add(Message(id=unit.new_id(), patient_id=patient.id, at=unit.now, text=SECRET))
    unit.add(Drill(id=unit.new_id(), staff_id=1, at=unit.now, body={"seen": {}}))
    outbox.say(unit, Address(7_000_000_000, b"h" * 16, patient_id=patient.id), SECRET, cause="once")


def everything(unit: Unit) -> Everything:
    return {kind.__name__: [asdict(row) for row in unit.find(kind)] for kind in KINDS}


async def filled(url: str, clock: SettableClock) -> Everything:
    async with opened(url, clock) as store:
        await store.write(some_of_all)
        return await store.read(everything)


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another database than the first, empty: of SQLite there is not even a file."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'other.sqlite3'}"
        return
    server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield server.url(name)


async def test_all_of_it_is_put_back_on_either_engine(
    database_url: str, other_url: str, tmp_path: Path, clock: SettableClock
) -> None:
    before = await filled(database_url, clock)
    file = tmp_path / "backup"
    at = clock.now()
    backup.take(database_url, file, at)
    clock.advance(timedelta(hours=5))
    assert backup.restore(other_url, file, [KEY], clock, settle) == backup.Before(at, {})
    async with opened(other_url, clock) as store:
        assert await store.read(everything) == before
    assert schema.is_current(other_url)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_backup_is_sealed_and_its_owner_s_alone(
    database_url: str, tmp_path: Path, clock: SettableClock
) -> None:
    await filled(database_url, clock)
    file = tmp_path / "backup"
    backup.take(database_url, file, clock.now())
    assert SECRET.encode() not in file.read_bytes()
    assert b"7000000000" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "backup.part" not in names(tmp_path)
    kept = file.read_bytes()
    with pytest.raises(FileExistsError):
        backup.take(database_url, file, clock.now())
    assert file.read_bytes() == kept


async def test_it_is_one_instant_of_a_database_that_is_written_to(
    database_url: str, other_url: str, tmp_path: Path, clock: SettableClock
) -> None:
    """Two rows that are always written together are both in it, or neither is."""
    await filled(database_url, clock)
    over = asyncio.Event()

    def pair(unit: Unit) -> None:
        for text in ("one", "other"):
            unit.add(Message(id=unit.new_id(), patient_id=unit.find(Patient)[0].id, at=unit.now, text=text))

    async def writing(store: Store) -> int:
        pairs = 0
        while not over.is_set():
            await store.write(pair)
            pairs += 1
        return pairs

    async with opened(database_url, clock) as store:
        task = asyncio.create_task(writing(store))
        await asyncio.to_thread(backup.take, database_url, tmp_path / "backup", clock.now())
        over.set()
        assert await task
    backup.restore(other_url, tmp_path / "backup", [KEY], clock, settle)
    async with opened(other_url, clock) as store:
        texts = [row.text for row in await store.read(lambda unit: unit.find(Message)) if row.text != SECRET]
    assert texts == ["one", "other"] * (len(texts) // 2)


async def test_a_database_with_rows_is_overwritten_only_when_somebody_says_so(
    database_url: str, tmp_path: Path, clock: SettableClock
) -> None:
    """Who had ended by then is handed on, so that a backup brings back nobody who asked to be forgotten."""
    before = await filled(database_url, clock)
    file, at = tmp_path / "backup", clock.now()
    backup.take(database_url, file, at)
    gone = before["Patient"][0]["id"]

    def erase(unit: Unit) -> None:
        patient = unit.get(Patient, gone)
        assert patient is not None
        unit.change(patient, standing="erased", ended_at=unit.now)

    async with opened(database_url, clock) as store:
        await store.write(erase)
        after = await store.read(everything)
    with pytest.raises(backup.NotEmpty):
        backup.restore(database_url, file, [KEY], clock, settle)
    async with opened(database_url, clock) as store:
        assert await store.read(everything) == after
    told = backup.restore(database_url, file, [KEY], clock, settle, overwrite=True)
    assert told == backup.Before(at, {gone: "erased"})
    async with opened(database_url, clock) as store:
        assert await store.read(everything) == before


async def test_what_fails_on_the_way_leaves_the_database_as_it_was(
    database_url: str, tmp_path: Path, clock: SettableClock
) -> None:
    before = await filled(database_url, clock)
    backup.take(database_url, tmp_path / "backup", clock.now())

    def fails(unit: Unit, _: backup.Before) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        backup.restore(database_url, tmp_path / "backup", [KEY], clock, fails, overwrite=True)
    async with opened(database_url, clock) as store:
        assert await store.read(everything) == before


async def test_nothing_is_touched_under_a_wrong_key_or_from_a_file_that_is_no_backup(
    other_url: str, sqlite_url: str, tmp_path: Path, clock: SettableClock
) -> None:
    """Damage and strange files are seen before the database is looked at; so is a newer schema."""
    await filled(sqlite_url, clock)
    file = tmp_path / "backup"
    backup.take(sqlite_url, file, clock.now())
    with pytest.raises(WrongMasterKey):
        backup.restore(other_url, file, [b"x" * 32], clock, settle)
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"CREATE TABLE backup", b"CREATE TABLE elsewh"))
    spoilt: list[Callable[[], object]] = [
        lambda: file.write_bytes(whole[: len(whole) // 2]),
        lambda: file.write_bytes(b"words"),
        lambda: file.write_bytes(b""),
        lambda: file.write_bytes(whole.replace(schema.HEAD.encode(), b"9999")),
        lambda: file.unlink(),
    ]
    for spoil in spoilt:
        spoil()
        with pytest.raises(backup.NotABackup):
            backup.restore(other_url, file, [KEY], clock, settle)
    with pytest.raises(backup.NotABackup):
        backup.restore(other_url, Path(sqlite_url.removeprefix("sqlite:///")), [KEY], clock, settle)
    assert not schema.revision(other_url)


async def test_a_database_in_use_is_not_replaced(
    database_url: str, tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that runs would go on with keys that are not those of the backup."""
    monkeypatch.setattr(backup, "_LET_GO", 0.0)
    await filled(database_url, clock)
    backup.take(database_url, tmp_path / "backup", clock.now())
    async with opened(database_url, clock) as store:
        assert store.is_alone()
        await store.read(everything)
        with pytest.raises(backup.InUse):
            backup.restore(database_url, tmp_path / "backup", [KEY], clock, settle, overwrite=True)


def test_without_a_database_there_is_nothing_to_back_up(other_url: str, tmp_path: Path) -> None:
    clock = SettableClock()
    with pytest.raises(backup.NoDatabase):
        backup.take(other_url, tmp_path / "backup", clock.now())
    assert not [name for name in names(tmp_path) if name.startswith("backup")]
