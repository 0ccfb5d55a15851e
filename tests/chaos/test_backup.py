"""The drill of a lost database: back up while people talk, lose it all, restore, and see who hears what."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import create_engine, text

from tests.chaos.clinic import Clinic, clinic
from tests.chaos.crawl import Crowd
from tests.chaos.judge import delivered, presses
from tests.chaos.processes import nursery


async def test_what_is_restored_sends_nothing_again_and_every_open_alert_still_rings(
    database_url: str, tmp_path: Path
) -> None:
    """Backed up in the middle of a crawl; then people go on, the evening's reminders leave, and the database
    is lost. After the restore no patient hears a word before they say one; the team hears of the gap and of
    every alert that was open; and who was in a dialog goes on from there."""
    chance = Random(31)
    async with nursery() as born, clinic(born, database_url, tmp_path, patients=4, chance=chance) as made:
        await made.start()
        crowd = Crowd(made, chance)
        crowd.begin()
        await crowd.stepped(40)
        await made.done(["backup", "kept"])
        await crowd.stepped(15)
        await crowd.rest()
        made.move_to(made.next(20, 0))
        await made.drained()
        await crowd.end()
        assert await made.stop() == 0
        lose(made)
        made.move(timedelta(minutes=2))
        await made.done(["restore", "kept", "--overwrite"])
        exports = await made.exports()
        still_open = {
            flag["id"] for export in exports.values() for flag in export["flags"] if not flag["seen_at"]
        }
        assert still_open
        since = len([*delivered(made.tg)])
        await made.start()
        async with asyncio.timeout(30):
            while not still_open <= rang(made, since):  # noqa: ASYNC110 (what rings may come in one message)
                await asyncio.sleep(0.05)
        await made.drained()
        heard = [*delivered(made.tg)][since:]
        patients = {person.telegram_id for person in made.patients}
        assert not [call for call in heard if call.params["chat_id"] in patients]
        assert any("restored from a backup" in call.params["text"] for call in heard)

        phone = made.tg.phone(made.patients[0].telegram_id)
        phone.send("/checkin")
        await phone.wait(lambda shown: any("n:" in (b.data or "") for row in shown.buttons for b in row))
        assert await made.stop() == 0


def rang(made: Clinic, since: int) -> set[str]:
    """Whatever can be pressed under the messages that came after so many."""
    heard = [*delivered(made.tg)][since:]
    return {data.rpartition(":")[2] for call in heard for data in presses(call)}


def lose(made: Clinic) -> None:
    """Of SQLite nothing is left; on PostgreSQL somebody has emptied a table."""
    for path in made.folder.glob("handrail.sqlite3*"):
        path.unlink()
    if made.environment["DATABASE_URL"].startswith("postgresql"):
        engine = create_engine(made.environment["DATABASE_URL"])
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM answer"))
        engine.dispose()


async def test_a_backup_of_nothing_and_a_file_that_is_none_are_refused_in_one_sentence(
    tmp_path: Path,
) -> None:
    """Exit code 1, 3 under another master key, and no file is left behind or overwritten."""
    from bot.settings import new_key

    (tmp_path / "words").write_text("words")
    async with nursery() as born:
        url = f"sqlite:///{tmp_path / 'handrail.sqlite3'}"
        async with clinic(born, url, tmp_path, patients=1, chance=Random(2)) as made:
            await made.done(["backup", "kept"])
            nowhere = {"DATABASE_URL": f"sqlite:///{tmp_path / 'no.sqlite3'}"}
            tries = [
                (["backup", "kept"], {}, 1, "kept"),
                (["backup", "no/folder"], {}, 1, "folder"),
                (["backup", "none"], nowhere, 1, "DATABASE_URL"),
                (["restore", "words"], {}, 1, "words"),
                (["restore", "kept"], {}, 1, "--overwrite"),
                (["restore", "kept"], {"MASTER_KEYS": new_key()}, 3, "MASTER_KEYS"),
                (["restore"], {}, 2, "FILE"),
            ]  # fmt: skip
            for command, settings, expected, naming in tries:
                code, out, err = await born.run(
                    command, environment=made.environment | settings, folder=tmp_path
                )
                assert (code, out) == (expected, ""), (command, err)
                assert naming in err.splitlines()[-1]
                assert "Traceback" not in err
            assert (tmp_path / "words").read_text() == "words"
            assert not (tmp_path / "none").exists()
