"""`python -m bot COMMAND`, as whoever runs Handrail types it: results alone on standard output, exit codes.

Most commands run in this process, since a hundred interpreters take a minute to start; what only a process
of its own can show (signals, a clean standard output from first to last) has one.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import __main__ as command_line
from bot import journal
from bot.clock import SettableClock
from bot.sandbox import LocalTelegram, serve
from bot.settings import Settings
from tests.journeys.clinic import KEY, asks, keys

ROOT = Path(__file__).parents[2]
OTHER_KEY = "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
DONE, FAILED, USAGE, DATABASE = 0, 1, 2, 3


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """A command line with the settings of one Handrail."""

    tg: LocalTelegram
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    async def start(self, *words: str, **settings: str | None) -> asyncio.subprocess.Process:
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "HANDRAIL_TEST_OF", "LANG")}
        changed = {**self.environment, **settings}
        environment = {**kept, **{name: value for name, value in changed.items() if value is not None}}
        environment["PYTHONPATH"] = str(ROOT)
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-m", "bot", *words,
            cwd=self.folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe,
        )  # fmt: skip

    async def bot(self, *words: str, stdin: str = "", **settings: str | None) -> Ran:
        changed = {**self.environment, **settings}
        out, err = StringIO(), StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name in Settings.model_fields:
                patch.delenv(name.upper(), raising=False)
            for name, value in changed.items():
                if value is not None:
                    patch.setenv(name, value)
            patch.setattr(sys, "stdin", StringIO(stdin))
            patch.setattr(journal, "configure", lambda *given: None)  # it would take this process's log
            patch.chdir(self.folder)
            with redirect_stdout(out), redirect_stderr(err):
                code = await asyncio.to_thread(_main, list(words))
        return Ran(code, out.getvalue(), err.getvalue())


def _main(words: list[str]) -> int:
    try:
        return command_line.main(words)
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    clock = SettableClock()
    tg = LocalTelegram(now=clock.now)
    async with serve(tg, 0) as url:
        environment = {
            "BOT_TOKEN": tg.token,
            "TELEGRAM_API_URL": url,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'handrail.sqlite3'}",
            "MASTER_KEYS": KEY,
            "TIME_ZONE": "America/New_York",
            "SEND_RATE": "0",
            "MODEL": "no",
        }
        yield Shell(tg, tmp_path, environment)


def one_sentence(ran: Ran, *, naming: str) -> None:
    """A refusal: nothing on standard output, one sentence on standard error that names what is wrong."""
    assert ran.out == ""
    lines = ran.err.strip().splitlines()
    assert len(lines) == 1, ran.err
    assert naming in lines[0]


async def test_staff_and_patients_are_invited_exported_and_handed_over(shell: Shell) -> None:
    dana = await shell.bot("staff", "add", "Dana", "--role", "counselor", "--json")
    assert dana.code == DONE
    assert set(dana.json) == {"code", "token", "link"}
    assert dana.json["code"].startswith("S-")
    assert dana.json["link"] == f"https://t.me/handrail_bot?start={dana.json['token']}"
    ruth = (await shell.bot("staff", "add", "Ruth", "--role", "supervisor", "--json")).json["code"]
    picture = shell.folder / "link.png"
    sam = await shell.bot("invite", "--counselor", dana.json["code"], "--qr", str(picture), "--json")
    assert sam.code == DONE
    assert set(sam.json) == {"code", "token", "link"}
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = await shell.bot("invite", "--patient", sam.json["code"])
    assert again.code == DONE
    assert sam.json["code"] in again.out
    assert sam.json["token"] not in again.out
    exported = await shell.bot("export", sam.json["code"])
    assert exported.code == DONE
    assert set(exported.json) >= {
        "patient", "answers", "records", "messages", "flags", "reminders", "consents", "audit"
    }  # fmt: skip
    assert exported.json["patient"]["counselor"] == dana.json["code"]
    assert (await shell.bot("staff", "remove", dana.json["code"])).code == DONE
    assert (await shell.bot("export", sam.json["code"])).json["patient"]["counselor"] == ruth
    gone = await shell.bot("staff", "remove", dana.json["code"])
    assert gone.code == FAILED
    one_sentence(gone, naming=dana.json["code"])


@pytest.mark.parametrize(
    ("words", "code", "naming"),
    [
        (("export", "P-XXXXX"), FAILED, "P-XXXXX"),
        (("invite", "--counselor", "S-XXXXX"), FAILED, "S-XXXXX"),
        (("invite", "--patient", "P-XXXXX"), FAILED, "P-XXXXX"),
        (("invite",), USAGE, "--counselor"),
        (("content", "preview", "nonsense"), USAGE, "check_in"),
        (("web",), USAGE, "DATABASE_URL"),
        (("worker",), USAGE, "DATABASE_URL"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_sentence(
    shell: Shell, words: tuple[str, ...], code: int, naming: str
) -> None:
    ran = await shell.bot(*words)
    assert ran.code == code
    one_sentence(ran, naming=naming)


@pytest.mark.parametrize(
    ("words", "settings", "naming"),
    [
        (("run",), {"BOT_TOKEN": None}, "BOT_TOKEN"),
        (("run",), {"BOT_TOKEN": "nonsense"}, "BOT_TOKEN"),
        (("run",), {"MASTER_KEYS": None}, "MASTER_KEYS"),
        (("export", "P-X"), {"MASTER_KEYS": "short"}, "MASTER_KEYS"),
        (("run",), {"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL"),
        (("run",), {"PORT": "many"}, "PORT"),
        (("run",), {"TIME_ZONE": "Moon/Base"}, "TIME_ZONE"),
        (("run",), {"TELEGRAM_API_URL": None}, "SEND_RATE"),
        (("seed", "--patients", "1", "--telegram-id-from", "10"),
         {"TELEGRAM_API_URL": None, "SEND_RATE": None}, "TELEGRAM_API_URL"),
    ],
)  # fmt: skip
async def test_a_missing_or_malformed_setting_is_named_in_one_sentence(
    shell: Shell, words: tuple[str, ...], settings: dict[str, str | None], naming: str
) -> None:
    ran = await shell.bot(*words, **settings)  # type: ignore[arg-type]
    assert ran.code == USAGE
    one_sentence(ran, naming=naming)
    assert not list(shell.folder.glob("*.sqlite3")), "something was touched"


async def test_a_wrong_master_key_touches_nothing(shell: Shell) -> None:
    dana = await shell.bot("staff", "add", "Dana", "--role", "counselor", "--json")
    kept = (shell.folder / "handrail.sqlite3").read_bytes()
    for words in (("run",), ("export", "P-X"), ("staff", "remove", dana.json["code"])):
        ran = await shell.bot(*words, MASTER_KEYS=OTHER_KEY, PORT="0")
        assert ran.code == DATABASE
        one_sentence(ran, naming="MASTER_KEYS")
    assert (shell.folder / "handrail.sqlite3").read_bytes() == kept
    # A new key in front of the old one: everything is wrapped anew, and the old one can go.
    both = f"{OTHER_KEY},{KEY}"
    assert (await shell.bot("key", "--rewrap", MASTER_KEYS=both)).code == DONE
    assert (await shell.bot("staff", "remove", dana.json["code"], MASTER_KEYS=OTHER_KEY)).code == DONE


async def test_postgresql_waits_for_migrate(shell: Shell, postgres: Any) -> None:
    with postgres.database() as name:
        url = postgres.url(name).replace("postgresql+psycopg://", "postgres://")
        refused = await shell.bot("export", "P-X", DATABASE_URL=url)
        assert refused.code == DATABASE
        one_sentence(refused, naming="migrate")
        migrated = await shell.bot("migrate", DATABASE_URL=url)
        assert (migrated.code, migrated.out) == (DONE, "")
        assert (await shell.bot("export", "P-X", DATABASE_URL=url)).code == FAILED


async def test_a_new_key_is_one_line_and_serves(shell: Shell) -> None:
    process = await shell.start("key", MASTER_KEYS=None, BOT_TOKEN=None)
    out, err = await process.communicate()
    assert (process.returncode, err) == (DONE, b"")
    assert out.count(b"\n") == 1
    process = await shell.start("migrate", MASTER_KEYS=out.decode().strip())
    assert await process.communicate() == (b"", b"")
    assert process.returncode == DONE


async def test_words_are_screened_one_line_for_each(shell: Shell) -> None:
    lines = ["I want to kill myself", "", "had pasta", "  ", "I want to kill my boss in chess"]
    ran = await shell.bot("screen", stdin="\n".join(lines) + "\n", MASTER_KEYS=None, BOT_TOKEN=None)
    assert ran.code == DONE
    found = ran.out.split("\n")
    assert found.pop() == ""
    assert len(found) == len(lines)
    assert found[0] == "emergency\tsuicide" or found[0] == "urgent\tsuicide"
    assert found[1:4] == ["none\tnone"] * 3


async def test_a_line_that_is_no_utf_8_is_read_as_far_as_it_goes(shell: Shell) -> None:
    process = await shell.start("screen", MASTER_KEYS=None, BOT_TOKEN=None, PYTHONIOENCODING="utf-8:strict")
    out, _ = await process.communicate(b"caf\xe9, I want to kill myself\n\xff\nI want to kill myself\n")
    assert process.returncode == DONE
    assert [line.split("\t")[1] for line in out.decode().splitlines()] == ["suicide", "none", "suicide"]


async def test_without_the_model_the_screen_says_so_and_works_on(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.understanding.hearing.MODEL", "gone.npz")
    ran = await shell.bot("screen", "--explain", stdin="I want to die\n", MASTER_KEYS=None)
    assert ran.code == DONE
    assert ran.out.startswith("urgent\tsuicide\n    heard")
    assert "gone.npz" in ran.err
    assert len(ran.err.splitlines()) == 1
    ill = [line for line in (await shell.bot("doctor", MODEL="yes")).out.splitlines() if "gone.npz" in line]
    assert len(ill) == 1
    assert ill[0].startswith("LOOK")


async def test_the_words_are_checked_and_previewed(shell: Shell) -> None:
    checked = await shell.bot("content", "check", MASTER_KEYS=None, BOT_TOKEN=None)
    assert checked.code == DONE, checked.out
    assert "to be verified by a person before release" in checked.out
    clock = shell.folder / "years"
    clock.write_text(str(10 * 366 * 86400))
    late = await shell.bot("content", "check", CLOCK_FILE=str(clock), MASTER_KEYS=None, BOT_TOKEN=None)
    assert late.code == FAILED
    assert "set a new date" in late.out
    shown = await shell.bot("content", "preview", "check_in", "--lang", "en")
    assert shown.code == DONE
    assert "mood" in shown.out.lower()


async def test_seed_writes_people_and_says_who_they_are(shell: Shell) -> None:
    file = shell.folder / "people.json"
    words = ("seed", "--patients", "3", "--telegram-id-from", "5001", "--backups", "1", "--supervisors", "1")
    ran = await shell.bot(*words, "--remind", "19:30", "--json", str(file))
    assert ran.code == DONE, ran.err
    made = json.loads(file.read_text())
    assert [set(one) for one in made["patients"]] == [{"code", "telegram_id"}] * 3
    assert [one["telegram_id"] for one in made["patients"]] == [5001, 5002, 5003]
    assert [(one["role"], one["telegram_id"]) for one in made["staff"]] == [
        ("counselor", 5000),
        ("counselor", 4999),
        ("supervisor", 4998),
    ]
    assert [call.method for call in shell.tg.calls if call.method.startswith("send")] == []
    again = await shell.bot(*words)
    assert again.code == FAILED
    one_sentence(again, naming="belongs to somebody")
    exported = (await shell.bot("export", made["patients"][0]["code"])).json
    assert exported["patient"]["standing"] == "enrolled"
    assert [one["local_time"] for one in exported["reminders"]] == ["19:30"]
    assert len(exported["consents"]) >= 8
    wrong = await shell.bot(*words[:4], "7001", "--remind", "25:00")
    assert wrong.code == USAGE


async def test_the_doctor_says_in_plain_words_what_needs_somebody(shell: Shell) -> None:
    ill = await shell.bot("doctor")
    assert ill.code == FAILED
    assert "LOOK" in ill.out
    await shell.bot("seed", "--patients", "1", "--telegram-id-from", "5001")
    well = await shell.bot("doctor")
    assert well.code == DONE, well.out
    assert "LOOK" not in well.out
    assert "note There is no second channel" in well.out
    for secret in (KEY, shell.tg.token, "5001"):
        assert secret not in well.out + well.err
    shell.tg.faults.outage(True)
    assert "Telegram" in "".join(
        line for line in (await shell.bot("doctor")).out.splitlines() if line.startswith("LOOK")
    )


async def test_a_process_that_runs_answers_and_ends_when_it_is_told(shell: Shell) -> None:
    """`run` on SQLite by command line: healthy, a check-in, time moved by a file, SIGTERM, exit code 0."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    people = shell.folder / "people.json"
    clock = shell.folder / "clock"
    clock.write_text("0")
    await shell.bot("seed", "--patients", "1", "--telegram-id-from", "5001", "--json", str(people))
    code = json.loads(people.read_text())["patients"][0]["code"]
    sam = shell.tg.phone(5001, "Sam")
    sam.chat.started = True
    process = await shell.start("run", PORT=str(port), CLOCK_FILE=str(clock), MODEL="yes")
    try:
        await asyncio.wait_for(shell.tg.polled(), 20)
        sam.send("/checkin")
        asked = await sam.wait(asks)
        sam.mark()
        query = sam.press_data(asked.message_id, str(keys(asked)[5].data))
        await sam.wait(lambda shown: shown.message_id > asked.message_id and asks(shown))
        await sam.answered(query)
        health = f"http://127.0.0.1:{port}/healthz"
        async with aiohttp.ClientSession() as browser, browser.get(health) as answer:
            assert answer.status == 200
        clock.write_text(str(timedelta(hours=3).total_seconds()))
        sam.mark()
        sam.send("words after hours")
        told = await sam.wait()
        assert (keys(told)[0].data or "").startswith("o:resume")
        # A second one on the same file is refused, and the first goes on.
        second = await shell.bot("run", PORT="0")
        assert second.code != DONE
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), 15)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == DONE, err.decode()
    assert out == b""
    for secret in (b"words after", b"Alex", b"5001", shell.tg.token.encode()):
        assert secret not in err
    rehearsed = await shell.bot("rehearse")
    assert (rehearsed.code, rehearsed.out) == (DONE, "")
    exported = (await shell.bot("export", code)).json
    assert [a["key"] for a in exported["answers"]] == ["mood"]
    assert [m["text"] for m in exported["messages"]] == ["words after hours"]
