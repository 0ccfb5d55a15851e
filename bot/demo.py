"""`demo`: all of Handrail on one page: a local Telegram, a new SQLite file, a small invented clinic.

Nothing outlives it and nothing leaves the machine. Time can be moved on: the bot, its Telegram and the
page share one clock.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal import get_localzone_name

from bot import invitations, journal, people
from bot.app import App, Mode
from bot.clock import SettableClock
from bot.rows import Reminder, Role
from bot.sandbox import LocalTelegram, control, pages, serve
from bot.settings import Settings, load, new_key
from bot.unit import Unit

TOKEN = "100001:DEMO-local-telegram"  # noqa: S105 (of no real bot)
SAM, DANA, RUTH = 1001, 2001, 3001


class DemoClock(SettableClock):
    """The clock of the demo, moved from the page. After a move the bot looks at what is due at once."""

    def __init__(self) -> None:
        super().__init__()
        self.app: App | None = None

    async def move(self, by: timedelta) -> None:
        self.advance(by)
        if self.app is not None:
            await self.app.tick()
            await self.app.sender.idle()

    async def next_reminder(self) -> datetime | None:
        if self.app is None:
            return None
        found = await self.app.store.read(
            lambda unit: unit.one(Reminder, next_at__gt=unit.now, order="next_at")
        )
        return found.next_at if found else None


def main(port: int) -> None:
    """Serve the page until Ctrl-C."""
    journal.configure("WARNING")
    with tempfile.TemporaryDirectory(prefix="handrail-demo-") as folder:
        asyncio.run(_demo(port, Path(folder)))


async def _demo(port: int, folder: Path) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    clock = DemoClock()
    clock.set(afternoon(clock.now()))
    telegram = LocalTelegram(TOKEN, now=clock.now)
    routes = [*pages.routes(), *control.routes(telegram, clock)]
    async with serve(telegram, port, routes=routes) as url, _clinic(telegram, clock, url, folder):
        print(f"Handrail's demo is at {url}/ (Ctrl-C ends it)", file=sys.stderr, flush=True)  # noqa: T201
        await stopping.wait()


@contextlib.asynccontextmanager
async def _clinic(telegram: LocalTelegram, clock: DemoClock, url: str, folder: Path) -> AsyncIterator[App]:
    app = App.build(_settings(url, folder), Mode.RUN, clock)
    clock.app = app
    await app.start()
    try:
        invitations = await app.store.write(lambda unit: _invite(unit, app))
        for (user_id, name, role), token in zip(_CAST, invitations, strict=True):
            phone = telegram.phone(user_id, name)
            phone.role = role
            phone.start_words = f"/start {token}"
            if role != "patient":
                phone.start(token)
        yield app
    finally:
        await app.stop()


_CAST = ((SAM, "Sam", "patient"), (DANA, "Dana", "counselor"), (RUTH, "Ruth", "supervisor"))


def _invite(unit: Unit, app: App) -> list[str]:
    dana = invitations.add_staff(unit, app.program, "Dana", Role.COUNSELOR, "demo")
    ruth = invitations.add_staff(unit, app.program, "Ruth", Role.SUPERVISOR, "demo")
    counselor = people.staff_by_code(unit, dana.code)
    assert counselor is not None
    sam = invitations.invite_patient(unit, app.program, counselor, "demo")
    return [sam.token, dana.token, ruth.token]


def _settings(url: str, folder: Path) -> Settings:
    """Settings of the demo's own: nothing that the environment says about a real bot counts here."""
    ours = {
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": url,
        "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
        "MASTER_KEYS": new_key(),
        "PROGRAM_NAME": "Riverside IOP",
        "TIME_ZONE": zone(),
        "PORT": "0",
        "LOG_LEVEL": "WARNING",
    }
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    os.environ.update(ours)
    return load(env_file=None)


def zone() -> str:
    """The zone of this machine, so that the clinic's clock and the browser's agree."""
    try:
        return str(get_localzone_name())
    except ZoneInfoNotFoundError:
        return "UTC"


def afternoon(now: datetime) -> datetime:
    """Half past three this afternoon, where the clinic is: the evening check-in lies ahead."""
    return now.astimezone(ZoneInfo(zone())).replace(hour=15, minute=30, second=0, microsecond=0)
