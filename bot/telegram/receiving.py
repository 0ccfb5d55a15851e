"""The two ways in: asking Telegram for updates, or being called by it. Both acknowledge after commit."""

import asyncio
import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from telegram import Bot
from telegram.error import Conflict, RetryAfter, TelegramError

from bot.clock import Clock, SystemClock
from bot.housekeeping import TELEGRAM_KEEPS
from bot.inbound import Inbound
from bot.journal import Log
from bot.telegram.updates import ALLOWED, redelivery_key, translate

log = Log(__name__)

BODY_AT_MOST = 1_000_000
"""Bytes of one webhook call; Telegram's own are a few thousand."""
_BATCH = 100
_POLL_SECONDS = 25
_GET_UPDATES = "get__updates"
"""Named so that python-telegram-bot passes it on raw: its own method parses a batch whole or not at all."""
_WAIT_AT_MOST = 5.0
_STORAGE_WAIT = 1.0
"""Seconds until Telegram is asked again when what it gave was not committed: somebody may cry meanwhile."""
_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105

LATE = timedelta(seconds=1.5)
"""From when on a message has waited too long for turns to be taken first. Telegram dates to the second."""

Receive = Callable[[list[Inbound], bool, bool], Awaitable[None]]
"""Takes a batch in; whether Telegram is known to have more waiting, and whether any of it has waited long."""
Bury = Callable[[bytes, dict[str, Any]], Awaitable[None]]
Healthy = Callable[[], bool]
HandOver = Callable[[list[dict[str, Any]]], Awaitable[None]]


class NotReady(Exception):
    """Nobody takes updates in yet, or any more: Telegram comes again."""


class Door:
    """Translates raw updates one by one, and keeps as a dead letter what cannot be read at all."""

    def __init__(
        self, bot: Bot, clock: Clock, receive: Receive, bury: Bury, world: Clock | None = None
    ) -> None:
        self._bot = bot
        self._clock = clock
        self._world = world or SystemClock()
        self._receive = receive
        self._bury = bury

    async def hand_over(self, raw: list[dict[str, Any]], more: bool = False) -> None:
        """Return when all of it is committed. `more`: Telegram has more waiting."""
        inbounds = []
        for update in raw:
            try:
                inbound = translate(update, self._bot, self._clock.now())
            except Exception as error:
                log.warning("update.unreadable", error=error)
                number = update.get("update_id", 0) if isinstance(update, dict) else 0
                key = redelivery_key(self._bot.id, number if isinstance(number, int) else 0, "unreadable")
                await self._bury(key, {"raw": json.dumps(update)})
                continue
            if inbound is not None:
                inbounds.append(replace(inbound, at=self._written(inbound.at)))
        now = self._clock.now()
        await self._receive(inbounds, more, any(now - inbound.at > LATE for inbound in inbounds))

    def _written(self, stamp: datetime) -> datetime:
        """By our clock, when that was which Telegram dates so.

        Where our clock has been moved (CLOCK_FILE), Telegram may go by it or by the world's: by whichever
        less time has passed. A date longer ago than Telegram keeps anything is none.
        """
        now, none = self._clock.now(), timedelta()
        waited = (at - stamp for at in (now, self._world.now()))
        return now - min((so_long for so_long in waited if none <= so_long <= TELEGRAM_KEEPS), default=none)


class Polling:
    """getUpdates, batch after batch: the next offset confirms what is committed, and only that.

    A full batch says that more is waiting; the next one is then asked for without waiting for it to come.
    """

    def __init__(self, bot: Bot, door: Door) -> None:
        self._bot = bot
        self._door = door
        self._offset: int | None = None
        self._more = False
        self._answered = False

    async def run(self) -> None:
        """Until cancelled. Whatever fails is waited for and tried again."""
        wait = 1.0
        while True:
            try:
                await self.once()
                wait = 1.0
                continue
            except RetryAfter as error:
                seconds = error.retry_after
                wait = seconds.total_seconds() if hasattr(seconds, "total_seconds") else float(seconds)
            except Conflict:
                log.error("intake.conflict")
            except TelegramError as error:
                log.warning("intake.unreachable", error=error)
            except Exception as error:
                log.error("intake.not_committed", error=error)
                wait = _STORAGE_WAIT
            await self._pause()
            await asyncio.sleep(wait)
            wait = min(wait * 2, _WAIT_AT_MOST)

    async def once(self) -> int:
        """Fetch one batch and commit it; the number of updates."""
        seconds = 0 if self._more else _POLL_SECONDS
        parameters: dict[str, Any] = {"timeout": seconds, "limit": _BATCH, "allowed_updates": ALLOWED}
        if self._offset is not None:
            parameters["offset"] = self._offset
        raw: Any = await self._bot.do_api_request(_GET_UPDATES, parameters, read_timeout=seconds + 10)
        if raw:
            self._more = len(raw) >= _BATCH
            await self._door.hand_over(raw, self._more)
            self._offset = int(raw[-1]["update_id"]) + 1
        else:
            await self._pause()
        self._answered = True
        return len(raw)

    async def hears(self) -> bool:
        """Whether a batch, even an empty one, came and was committed since this was asked last."""
        answered, self._answered = self._answered, False
        return answered

    async def _pause(self) -> None:
        """Nothing comes for now: what was kept until then gets its turns."""
        if self._more:
            self._more = False
            await self._door.hand_over([])

    async def confirm(self) -> None:
        """Tell Telegram about the last batch, so that it does not come again after a clean stop."""
        if self._offset is not None:
            with contextlib.suppress(TelegramError):
                await self._bot.do_api_request(
                    _GET_UPDATES,
                    {"offset": self._offset, "timeout": 0, "limit": 1, "allowed_updates": ALLOWED},
                )


class Hook:
    """Telegram calls us. When it has been quiet, it is asked whether it could."""

    def __init__(self, bot: Bot, door: Door, url: str) -> None:
        self._bot = bot
        self._door = door
        self._url = url
        self._called = False

    async def hand_over(self, raw: list[dict[str, Any]]) -> None:
        """Return when all of it is committed."""
        await self._door.hand_over(raw)
        self._called = True

    async def hears(self) -> bool:
        """Whether we were called since this was asked last, or nothing waits that we were not called for."""
        called, self._called = self._called, False
        if called:
            return True
        try:
            info = await self._bot.get_webhook_info()
        except TelegramError as error:
            log.warning("intake.unreachable", error=error)
            return False
        return info.url == self._url and not (info.pending_update_count and info.last_error_date)


def site(healthy: Healthy, path: str | None, secret: str, hand_over: HandOver) -> Starlette:
    """The web side: `/healthz`, and Telegram's way in at `path`."""

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n") if healthy() else PlainTextResponse("not ready\n", 503)

    async def webhook(request: Request) -> Response:
        given = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return PlainTextResponse("forbidden\n", 403)
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large\n", 413)
        try:
            update = _read(body)
        except ValueError:
            return PlainTextResponse("not JSON\n", 400)
        if not isinstance(update, dict):
            return PlainTextResponse("not an update\n", 400)
        try:
            await hand_over([update])
        except NotReady:
            log.info("intake.not_ready")
            return PlainTextResponse("try again\n", 503)
        except Exception as error:
            log.error("intake.not_committed", error=error)
            return PlainTextResponse("try again\n", 503)
        return JSONResponse({})

    routes = [Route("/healthz", healthz)]
    if path is not None:
        routes.append(Route(path, webhook, methods=["POST"]))
    return Starlette(routes=routes)


def _read(body: bytes) -> Any:
    """JSON; where it holds half a surrogate pair or a number of more than 64 bits, the lenient way."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large."""
    size = request.headers.get("content-length", "0")
    if not size.isdecimal() or int(size) > BODY_AT_MOST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_AT_MOST:
            return None
    return bytes(body)
