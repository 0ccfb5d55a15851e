"""What a patient said opens in its own place, under its own key, with the master key; and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.clock import SettableClock
from bot.rows import Message, Patient
from bot.store.database import NotOpen, Store
from bot.store.vault import HOUSE, Sealless, Vault, WrongMasterKey
from bot.unit import Unit
from tests.store.conftest import KEY
from tests.store.test_units import a_patient

PLACE = b"message.text:1"


@pytest.fixture
def kept() -> dict[int, bytes]:
    return {}


@pytest.fixture
def vault(kept: dict[int, bytes]) -> Vault:
    vault = Vault([KEY], kept.get)
    for owner in (HOUSE, 1, 2):
        kept[owner] = vault.new_key(owner)
    return vault


def test_only_so_many_keys_are_kept_open_and_all_can_still_be_used(
    vault: Vault, kept: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes memory; ten thousand people who are reminded at once must not stay."""
    monkeypatch.setattr("bot.store.vault._HELD", 3)
    for owner in range(1, 9):
        kept[owner] = vault.new_key(owner)
    sealed = [vault.seal(owner, PLACE, owner) for owner in range(1, 9)]
    assert len(vault.missing(range(1, 9))) == 5
    assert [vault.open(owner, PLACE, value) for owner, value in enumerate(sealed, 1)] == list(range(1, 9))


@pytest.mark.parametrize("value", ["", "I am tired 😀", 0, 1001, [], ["a", None], {"a": {"b": [1.5, True]}}])
def test_what_is_sealed_opens_and_does_not_show(vault: Vault, value: Any) -> None:
    sealed = vault.seal(1, PLACE, value)
    assert vault.open(1, PLACE, sealed) == value
    assert str(value).encode() not in sealed or len(str(value)) < 3


def test_the_same_words_never_look_the_same(vault: Vault) -> None:
    assert vault.seal(1, PLACE, "yes") != vault.seal(1, PLACE, "yes")


@pytest.mark.parametrize(
    ("owner", "place", "alter"),
    [
        (2, PLACE, lambda sealed: sealed),
        (1, b"message.text:2", lambda sealed: sealed),
        (1, PLACE, lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (1, PLACE, lambda sealed: sealed[:13]),
    ],
    ids=["another owner", "another place", "another byte", "nothing left"],
)
def test_what_was_moved_or_altered_does_not_open(
    vault: Vault, owner: int, place: bytes, alter: Callable[[bytes], bytes]
) -> None:
    sealed = alter(vault.seal(1, PLACE, "yes"))
    with pytest.raises(Sealless):
        vault.open(owner, place, sealed)


def test_a_wrapped_key_is_of_no_use_to_another_owner(vault: Vault, kept: dict[int, bytes]) -> None:
    sealed = vault.seal(1, PLACE, "yes")
    thief = Vault([KEY], {2: kept[1]}.get)
    with pytest.raises(WrongMasterKey):
        thief.open(2, PLACE, sealed)


def test_without_its_key_nothing_opens(vault: Vault, kept: dict[int, bytes]) -> None:
    sealed = vault.seal(1, PLACE, "yes")
    del kept[1]
    vault.forget(1)
    with pytest.raises(Sealless):
        vault.open(1, PLACE, sealed)


def _message(message_id: int, unit: Unit) -> Message | None:
    return unit.get(Message, message_id)


async def said(store: Store) -> tuple[int, bytes]:
    """A patient with a message in the database; the message's id, and a digest."""

    def work(unit: Unit) -> tuple[int, bytes]:
        patient = a_patient(unit)
        message = Message(id=unit.new_id(), patient_id=patient.id, at=unit.now, text="my very own words")
        unit.add(message)
        return message.id, unit.digest(1001)

    return await store.write(work)


async def test_values_that_change_places_in_the_database_do_not_open(store: Store) -> None:
    await said(store)

    def another(unit: Unit) -> None:
        patient = a_patient(unit, "P-2")
        unit.add(Message(id=unit.new_id(), patient_id=patient.id, at=unit.now, text="another's"))

    await store.write(another)
    with store._engine.begin() as connection:
        one, two = connection.execute(text("SELECT id, text FROM message ORDER BY id")).all()
        swap = text("UPDATE message SET text = :text WHERE id = :id")
        connection.execute(swap, [{"id": one.id, "text": two.text}, {"id": two.id, "text": one.text}])
    for row in (one, two):
        with pytest.raises(Sealless):
            await store.read(partial(_message, row.id))


async def test_the_keys_of_many_people_are_looked_up_together(store: Store, clock: SettableClock) -> None:
    await store.write(lambda unit: [a_patient(unit, f"P-{place}") for place in range(300)] and None)
    another = Store(store.url, [KEY], clock)
    another.unlock()
    alone: list[int] = []
    another.vault._load = lambda owner: alone.append(owner)
    patients = await another.read(lambda unit: unit.find(Patient))
    await another.close()
    assert {patient.name for patient in patients} == {"Sam"}
    assert len(patients) == 300
    assert alone == []


async def test_with_a_wrong_master_key_nothing_is_touched(store: Store, clock: SettableClock) -> None:
    await said(store)
    with store._engine.connect() as connection:
        before = connection.execute(text("SELECT owner, wrapped FROM data_key ORDER BY owner")).all()
    wrong = Store(store.url, [os.urandom(32)], clock)
    with pytest.raises(WrongMasterKey):
        wrong.unlock()
    with pytest.raises(NotOpen):
        await wrong.read(lambda unit: unit.find(Message))
    wrong.is_open = True
    with pytest.raises(WrongMasterKey):
        await wrong.read(lambda unit: unit.find(Message))
    await wrong.close()
    with store._engine.connect() as connection:
        assert connection.execute(text("SELECT owner, wrapped FROM data_key ORDER BY owner")).all() == before


async def test_a_new_master_key_takes_over_step_by_step_and_nothing_is_lost(
    store: Store, clock: SettableClock
) -> None:
    """Rotation can be stopped at any key and taken up again; hashes stay what they were."""
    message_id, digest = await said(store)
    await store.write(lambda unit: [a_patient(unit, f"P-{count}") for count in range(10, 20)])
    new = os.urandom(32)
    both = Store(store.url, [new, KEY], clock)
    both.unlock()
    assert both.rewrap(most=4) == 4
    await both.close()

    async def whole(masters: list[bytes]) -> None:
        opened = Store(store.url, masters, clock)
        opened.unlock()
        message = await opened.read(lambda unit: unit.get(Message, message_id))
        assert message is not None
        assert message.text == "my very own words"
        assert len(await opened.read(lambda unit: unit.find(Patient))) == 11
        assert await opened.read(lambda unit: unit.digest(1001)) == digest
        await opened.close()

    await whole([new, KEY])
    again = Store(store.url, [new, KEY], clock)
    done = [again.rewrap(most=5), again.rewrap(most=5), again.rewrap(most=5)]
    assert done == [5, 4, 0]
    await again.close()
    await whole([new])
    old = Store(store.url, [KEY], clock)
    with pytest.raises(WrongMasterKey):
        old.unlock()
    await old.close()


async def test_the_file_shows_neither_words_nor_names_nor_ids(store: Store) -> None:
    await said(store)
    if not store.on_sqlite:
        with store._engine.connect() as connection:
            raw = str(connection.execute(text("SELECT * FROM message")).all()).encode()
            raw += str(connection.execute(text("SELECT * FROM patient")).all()).encode()
    else:
        path = store.url.removeprefix("sqlite:///")
        raw = b"".join(Path(path + end).read_bytes() for end in ("", "-wal"))  # noqa: ASYNC240
    assert b"P-1" in raw
    for secret in (b"my very own words", b"Sam", KEY):
        assert secret not in raw
