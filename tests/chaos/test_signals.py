"""How Handrail ends when it is told to, and when it refuses to begin."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from bot.settings import new_key
from tests.chaos.clinic import Clinic, clinic
from tests.chaos.crawl import Crowd
from tests.chaos.judge import judge
from tests.chaos.processes import fresh, nursery


@asynccontextmanager
async def small(tmp_path: Path, patients: int = 3) -> AsyncIterator[Clinic]:
    url = f"sqlite:///{tmp_path / 'handrail.sqlite3'}"
    async with nursery() as born, clinic(born, url, tmp_path, patients=patients, chance=Random(1)) as made:
        yield made


async def test_told_to_stop_it_commits_sends_and_ends_with_zero(tmp_path: Path) -> None:
    """In the middle of everything, again and again; whoever comes next goes on, and nothing is lost."""
    async with small(tmp_path, patients=6) as made:
        crowd = Crowd(made, Random(2))
        crowd.begin()
        codes = []
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            process = await made.start()
            await crowd.stepped(30)
            process.signal(number)
            codes.append(await process.ended())
            made.tg.polling.end(ConnectionResetError())
        await made.start()
        await crowd.stepped(20)
        await crowd.end()
        codes.append(await made.stop())
        found = judge(made, crowd.diaries, await made.exports())
    assert codes == [0, 0, 0, 0]
    assert not [str(finding) for finding in found]


async def test_it_sends_for_ten_seconds_at_most_and_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Telegram holds its answers back; what was not said then is said by whoever comes next."""
    async with small(tmp_path) as made:
        phone = made.tg.phone(made.patients[0].telegram_id)
        took = []
        for impatient in (False, True):
            process = await made.start()
            await made.up()
            held = made.tg.faults.add("sendMessage", kind="timeout_before", times=1000)
            calls = len(made.tg.calls)
            phone.send("/help")
            await held_back(made, calls)
            began = time.monotonic()
            process.signal(signal.SIGTERM)
            if impatient:
                await stops_taking(made)
                process.signal(signal.SIGTERM)
            code = await process.ended()
            took.append(time.monotonic() - began)
            assert (code == 0) is not impatient
            made.tg.faults.planned.remove(held)
            made.tg.polling.end(ConnectionResetError())
        assert 9 < took[0] < 16
        assert took[1] < took[0] / 2
        phone.mark()
        await made.start()
        await made.up()
        await made.drained()
        await made.stop()
        assert len([shown for shown in phone.messages if not shown.mine]) >= 2


async def held_back(made: Clinic, since: int) -> None:
    """Until a message to somebody hangs in the air."""
    async with asyncio.timeout(20):
        while not any(call.method == "sendMessage" and call.fault for call in made.tg.calls[since:]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def stops_taking(made: Clinic) -> None:
    """Until it has let go of the port: then it is ending."""
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", int(made.environment["PORT"]))
            except OSError:
                return
            writer.close()
            await asyncio.sleep(0.02)


async def test_with_a_wrong_master_key_nothing_is_touched(tmp_path: Path) -> None:
    """Exit code 3 and one sentence, and the database's bytes are what they were."""
    async with small(tmp_path) as made:
        before = digests(tmp_path)
        wrong = made.environment | {"MASTER_KEYS": new_key()}
        for command in (["run"], ["export", made.patients[0].code], ["migrate"]):
            code, out, err = await made.nursery.run(command, environment=wrong, folder=tmp_path)
            assert (code, out) == (3, "")
            assert "MASTER_KEYS" in err
        assert digests(tmp_path) == before


def digests(folder: Path) -> dict[str, str]:
    """What the database holds; SQLite's index of a log that is empty is no content."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("handrail.sqlite3*")
        if path.suffix != ".sqlite3-shm" and path.stat().st_size
    }


async def test_what_is_missing_is_named_in_one_sentence(tmp_path: Path) -> None:
    """Exit code 2; several processes on SQLite are refused the same way."""
    async with small(tmp_path) as made:
        whole = made.environment | {"WEBHOOK_URL": "http://127.0.0.1:9/hook", "WEBHOOK_SECRET": "s3cret"}
        tries = [
            (["run"], whole.keys() - {"BOT_TOKEN"}, "BOT_TOKEN"),
            (["run"], whole.keys() - {"MASTER_KEYS"}, "MASTER_KEYS"),
            (["run"], whole.keys() - {"WEBHOOK_SECRET"}, "WEBHOOK_SECRET"),
            (["web"], whole.keys(), "SQLite"),
            (["worker"], whole.keys(), "SQLite"),
        ]
        for command, kept, named in tries:
            environment = {name: whole[name] for name in kept}
            code, out, err = await made.nursery.run(command, environment=environment, folder=tmp_path)
            assert (code, out, len(err.splitlines())) == (2, "", 1), (command, named, err)
            assert named in err
        code, _, err = await fresh(["web"], whole, tmp_path)
        assert (code, len(err.splitlines())) == (2, 1), "the same when it is run as anybody would"


async def test_an_old_schema_is_refused_until_it_is_migrated(
    tmp_path: Path, postgresql_url: str, postgres: object
) -> None:
    """On PostgreSQL nothing migrates by itself: exit code 3, and the sentence says what to do."""
    from tests.fixtures.databases import Server

    assert isinstance(postgres, Server)
    async with small(tmp_path) as made:
        with postgres.database() as name:
            environment = made.environment | {"DATABASE_URL": postgres.url(name)}
            for command in (["run"], ["seed", "--patients", "1", "--telegram-id-from", "9000"]):
                code, _, err = await made.nursery.run(command, environment=environment, folder=tmp_path)
                assert code == 3
                assert "migrate" in err
