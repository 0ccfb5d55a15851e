"""The composition root: the only place that knows every part and puts them together.

A process has up to three parts: intake (Telegram's updates in), the sender (the outbox out) and the
clock (what is due). `run` has all three; on PostgreSQL `web` has the first two and `worker` the last
two, any number of each.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot import (
    consents,
    departures,
    due,
    endings,
    gaps,
    housekeeping,
    inbox,
    lines,
    menus,
    rounds,
    second_channel,
)
from bot.clock import Clock, OffsetClock, SystemClock, awake
from bot.clockwork import Clockwork
from bot.direct import Direct
from bot.due import Due
from bot.flags import Thresholds
from bot.hours import DutyHours, read_minutes
from bot.intake import Intake
from bot.journal import Log
from bot.listening import Listening
from bot.lookout import CLOCK, SENDER, Lookout
from bot.program import Program
from bot.schedule import Schedule
from bot.sender import Sender
from bot.settings import Settings
from bot.store.database import Store
from bot.store.opening import Unavailable, prove
from bot.telegram.outbound import Outbound
from bot.telegram.receiving import Door, Hook, NotReady, Polling, site
from bot.telegram.request import Bot, insist
from bot.telegram.request import bot as telegram_bot
from bot.telegram.updates import ALLOWED
from bot.triage import Triage
from bot.understanding import Hearing, Screen
from bot.web import Web
from bot.wording import Wording
from dialogs import CATALOGUE

log = Log(__name__)

CONTENT = Path(__file__).resolve().parent.parent / "content"
GRACE = 10.0
"""Seconds for which a stopping process goes on sending."""
_OPENS = 2.0
"""Seconds between two tries to open a database that does not answer."""
_DUE = 2.0
_AT_ONCE = 100
_PULSE = 30.0
_TIDY = 3600.0
_NOTICE = 10.0
_HEARTBEAT = 60.0


class Mode(StrEnum):
    RUN = "run"
    WEB = "web"
    WORKER = "worker"

    @property
    def takes_in(self) -> bool:
        return self is not Mode.WORKER

    @property
    def keeps_time(self) -> bool:
        return self is not Mode.WEB


def clock_of(settings: Settings) -> Clock:
    return OffsetClock(settings.clock_file) if settings.clock_file else SystemClock()


def program_of(settings: Settings, words: Wording, username: str) -> Program:
    return Program(
        name=settings.program_name,
        region=settings.crisis_region,
        time_zone=settings.time_zone,
        username=username,
        words=words,
        dialogs=CATALOGUE,
        lines=lines.read(CONTENT / "lines.toml").spoken(settings.crisis_region),
        consent_version=consents.version(CONTENT),
        duty_hours=DutyHours.read(settings.duty_hours),
        emergency_minutes=read_minutes(settings.emergency_minutes),
        urgent_minutes=read_minutes(settings.urgent_minutes),
        contact_within=timedelta(minutes=settings.contact_minutes),
        thresholds=Thresholds(
            craving=settings.flag_craving,
            mood=settings.flag_mood,
            sleep=settings.flag_sleep,
            days=settings.flag_days,
        ),
        alert_details=settings.alert_details,
        channels=tuple(second_channel.couriers(settings)),
    )


@dataclass
class App:
    """One running process of Handrail. `start`, wait, `stop`."""

    settings: Settings
    mode: Mode
    clock: Clock
    store: Store
    bot: Bot
    words: Wording
    screen: Screen

    @classmethod
    def build(cls, settings: Settings, mode: Mode, clock: Clock | None = None) -> "App":
        """Everything that can fail before the network is touched. On SQLite the schema migrates itself; a
        database that does not answer is opened later (`start`)."""
        at = clock or clock_of(settings)
        store = Store(settings.database, list(settings.keys), at)
        try:
            prove(store, migrate=settings.on_sqlite, alone=True)
        except Unavailable as error:
            log.error("storage.unavailable", error=error)
        return cls(
            settings=settings,
            mode=mode,
            clock=at,
            store=store,
            bot=telegram_bot(settings.token, settings.telegram_api_url),
            words=Wording(CONTENT, settings.crisis_region).compile(),
            screen=Screen(CONTENT),
        )

    def __post_init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []
        self._beside: dict[Due, asyncio.Task[None]] = {}
        self._ready = self._taking = False
        self._schedule = Schedule()
        self.listening: Listening | None = None

    async def start(self) -> None:
        """Begin to listen, to send and to look at the clock."""
        if self.settings.model:
            self.listening = Listening(Hearing(CONTENT, self.screen))
        self._begin_web_early()
        await insist(self.bot.initialize)
        self.outbound = Outbound(self.bot)
        direct = Direct(self.outbound)
        self.program = program_of(self.settings, self.words, self.bot.username)
        self.host = endings.host(self.program)
        self.clockwork = Clockwork(self.store, self.program, time.thread_time)
        self.sender = Sender(
            self.store,
            second_channel.Couriers(direct, second_channel.couriers(self.settings)),
            rate=self.settings.send_rate,
            shared=not self.store.on_sqlite,
            chance=random.Random(),  # noqa: S311
            on_blocked=lambda unit, chat_hash: departures.out_of_reach(unit, self.program, chat_hash),
            on_refused=lambda unit, row: gaps.tell_refused(unit, self.program, row),
            wanted=rounds.still_wanted,
        )
        self.intake = Intake(
            self.store,
            self.host,
            Triage(self.store, self.host, self.screen, direct, self.listening),
            self.outbound.answer_callback,
            shared=not self.store.on_sqlite,
        )
        self._door = Door(self.bot, self.clock, self.intake.receive, self._bury)
        self._polling = Polling(self.bot, self._door)
        self._hook = Hook(self.bot, self._door, self.settings.webhook_url or "")
        self.lookout = self._a_lookout()
        if not self.store.is_open:
            await self._stand_by()
        await self._safely(self.lookout.mind_the_clock)
        await self.sender.start()
        if self.mode.takes_in:
            await self._begin_intake()
        if self.mode.keeps_time:
            self._begin_clock()
        self._ready = True
        log.info("app.started", mode=self.mode)

    async def stop(self) -> None:
        """Take nothing more, commit what is in hand, send for at most `GRACE` seconds, let go."""
        self._ready = self._taking = False
        self._schedule.stop()
        tasks = [*self._tasks, *self._beside.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.mode.takes_in and not self.settings.webhook_url:
            await self._polling.confirm()
        await self.web.stop()
        await self.intake.stop()
        if self.listening is not None:
            self.listening.stop()
        await self.sender.stop(GRACE)
        await self.outbound.settled()
        await self.bot.shutdown()
        await self.store.close()
        log.info("app.stopped", mode=self.mode)

    def healthy(self) -> bool:
        """Ready, and neither the clock nor the sender has stood still."""
        return self._ready and self.lookout.well()

    async def tick(self) -> None:
        """Everything that is due, now; beside it what was kept or left behind, for which no alert waits."""
        waiting = await self.store.read(due.now)
        for part, work in ((Due.KEPT, self._catch_up), (Due.LEFT, self._sweep)):
            if part in waiting and (part not in self._beside or self._beside[part].done()):
                self._beside[part] = asyncio.create_task(self._safely(work))
        await self.clockwork.tick(waiting)

    async def _catch_up(self) -> None:
        """The turns of what was kept for later."""
        while await self.intake.retry(_AT_ONCE) == _AT_ONCE:
            pass

    async def _stand_by(self) -> None:
        """Until the storage opens: Telegram keeps every update, and who is in danger is helped directly."""
        log.error("app.standing_by", mode=self.mode)
        if self.mode.takes_in:
            await self._take_updates()
        while not self.store.is_open:
            await asyncio.sleep(_OPENS)
            try:
                await asyncio.to_thread(prove, self.store, migrate=self.settings.on_sqlite, alone=True)
            except Unavailable as error:
                log.error("storage.unavailable", error=error)

    async def _begin_intake(self) -> None:
        if not self._taking:
            await self._take_updates()
        await self._safely(self.lookout.heard)
        if not self.mode.keeps_time:
            self._schedule.every(_DUE, self._catch_up)
            self._keep_watch()
            self._schedule.start()

    async def _take_updates(self) -> None:
        if self.settings.webhook_url:
            url, secret = self.settings.webhook
            await insist(partial(self.bot.set_webhook, url, secret_token=secret, allowed_updates=ALLOWED))
        else:
            await insist(partial(self.bot.delete_webhook, drop_pending_updates=False))
        await self._set_menus()
        self._taking = True
        if not self.settings.webhook_url:
            self._tasks.append(asyncio.create_task(self._polling.run(), name="polling"))

    async def _set_menus(self) -> None:
        """The commands of whoever has none of their own; a start does not hang on them."""
        try:
            await self.outbound.default_menus(
                {
                    "" if language == "en" else language: menus.commands(
                        self.program, language, menus.STRANGER
                    )
                    for language in self.words.languages
                }
            )
        except Exception as error:
            log.warning("menus.not_set", error=error)

    def _begin_clock(self) -> None:
        self._schedule.every(_DUE, self.tick)
        self._schedule.every(_TIDY, self._tidy)
        self._keep_watch()
        self._schedule.start()

    def _a_lookout(self) -> Lookout:
        moving: dict[str, Callable[[], object]] = {SENDER: lambda: self.sender.alive_at}
        if self.mode.keeps_time:
            moving[CLOCK] = lambda: self.clockwork.ticks
        ear = self._hook if self.settings.webhook_url else self._polling
        monitor = self.settings.heartbeat_url
        return Lookout(
            self.store,
            self.program,
            moving,
            ear if self.mode.takes_in else None,
            monitor.get_secret_value() if monitor else None,
            time.monotonic,
            awake,
        )

    def _keep_watch(self) -> None:
        self._schedule.every(_PULSE, self.lookout.beat)
        self._schedule.every(_NOTICE, self.lookout.look)
        if self.lookout.calls:
            self._schedule.every(_HEARTBEAT, self.lookout.call)

    async def _sweep(self) -> None:
        """Send what another process left behind."""
        await self.sender.sweep()

    async def _safely(self, part: Callable[[], Awaitable[None]]) -> None:
        """A failure is written down: at a start whoever writes must be heard, and a tick comes again."""
        try:
            await part()
        except Exception as error:
            log.error("app.part_failed", part=part.__name__, error=error)

    async def _tidy(self) -> None:
        await self.store.write(housekeeping.tidy)

    async def _bury(self, key: bytes, body: dict[str, Any]) -> None:
        await self.store.write(lambda unit: inbox.bury(unit, key, body))

    def _begin_web_early(self) -> None:
        """Listen first: `/healthz` says 503 until all is ready, and a webhook finds somebody home."""
        url = self.settings.webhook_url if self.mode.takes_in else None
        secret = self.settings.webhook[1] if url else ""
        path = (urlsplit(url).path or "/") if url else None
        self.web = Web(
            site(self.healthy, path, secret, self._hand_over), self.settings.host, self.settings.port
        )
        self.web.start()

    async def _hand_over(self, raw: list[dict[str, Any]]) -> None:
        if not self._taking:
            raise NotReady
        await self._hook.hand_over(raw)
