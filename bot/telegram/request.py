"""HTTP to Telegram: python-telegram-bot's way out, on aiohttp.

It costs a fraction of the stock backend's CPU, and it knows one thing more: whether a call that failed
can have reached Telegram. `NotReached` means it cannot, `Unanswered` that it may have. No address is
ever logged: the token is a part of it.

Connections, TLS and the reading of answers are aiohttp's. The session that it puts around them, with its
cookies, redirects, middlewares and a task for each body, costs twice as much as they do: only files, and
calls through a proxy, take that way.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
from aiohttp.http_exceptions import HttpProcessingError
from telegram import Bot
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

from bot.journal import Log

log = Log(__name__)
T = TypeVar("T")

# Durations come as timedeltas; without this, python-telegram-bot warns at every 429.
os.environ["PTB_TIMEDELTA"] = "1"

__all__ = ["AiohttpRequest", "Bot", "NotReached", "TokenRefused", "Unanswered", "bot", "insist"]

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
FILE_SECONDS = 20.0
CONNECTIONS = 256
_IDLE_SECONDS = 30.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0
_UNSAID_RETRY = 5
_UNSET = BaseRequest.DEFAULT_NONE
_JSON = {"Content-Type": "application/json"}


class NotReached(NetworkError):
    """No connection, or Telegram's own word that it failed: the call was not done."""


class Unanswered(TimedOut):
    """The call was written, and no answer that can be trusted came back: it may have been done."""


class AiohttpRequest(BaseRequest):
    """One keep-alive session. Parameters travel as JSON; as a multipart form where there are files."""

    def __init__(self, connections: int = CONNECTIONS, read_seconds: float = READ_SECONDS) -> None:
        self._connections = connections
        self._read_seconds = read_seconds
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}
        self._known: dict[str, tuple[bytes, aiohttp.ClientRequest]] = {}

    @property
    def read_timeout(self) -> float:
        return self._read_seconds

    async def initialize(self) -> None:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, keepalive_timeout=_IDLE_SECONDS, ttl_dns_cache=60
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                auto_decompress=True,
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = _UNSET,
        write_timeout: Any = _UNSET,
        connect_timeout: Any = _UNSET,
        pool_timeout: Any = _UNSET,
    ) -> tuple[int, bytes]:
        if self._session is None or self._session.closed:
            raise NotReached("the session is closed")
        read = self._read_seconds if read_timeout is _UNSET else read_timeout
        connect = CONNECT_SECONDS if connect_timeout is _UNSET else connect_timeout
        body, headers = _body(request_data)
        if isinstance(body, aiohttp.FormData) and read is not None:
            # The wait for an answer begins with the first byte of an upload.
            read += FILE_SECONDS if write_timeout is _UNSET else (write_timeout or FILE_SECONDS)
        limits, proxy = _limits(connect, read), self._proxy(url)
        try:
            if isinstance(body, bytes) and proxy is None:
                status, payload = await self._post(url, body, limits)
            else:
                async with self._session.request(
                    method,
                    url,
                    data=body,
                    headers=headers,
                    timeout=limits,
                    allow_redirects=False,
                    proxy=proxy,
                ) as response:
                    status, payload = response.status, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotReached(type(error).__name__) from error
        except (aiohttp.ClientError, HttpProcessingError, TimeoutError, OSError) as error:
            raise Unanswered(type(error).__name__) from error
        if status > 299:
            _complain(status, payload)
        return status, payload

    async def _post(self, url: str, body: bytes, limits: aiohttp.ClientTimeout) -> tuple[int, bytes]:
        """One call on a connection of the session's; it raises what the session would."""
        assert self._session is not None
        assert self._session.connector is not None
        head, request = self._known.get(url) or self._know(url)
        try:
            connection = await self._session.connector.connect(request, [], limits)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        try:
            protocol, transport = connection.protocol, connection.transport
            if protocol is None or transport is None:
                raise aiohttp.ServerDisconnectedError
            protocol.set_response_params(read_until_eof=True, read_timeout=limits.sock_read)
            transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
            protocol.start_timeout()
            message, content = await protocol.read()
            while message.code < HTTPStatus.OK:  # not the answer yet
                message, content = await protocol.read()
            payload = await content.read()
        except BaseException:
            connection.close()
            raise
        connection.release()
        return message.code, payload

    def _know(self, url: str) -> tuple[bytes, aiohttp.ClientRequest]:
        """What each call to an address begins with, and how its connections are known."""
        where = URL(url)
        head = (
            f"POST {where.raw_path_qs} HTTP/1.1\r\nHost: {where.host_port_subcomponent}\r\n"
            f"User-Agent: {self.USER_AGENT}\r\nContent-Type: application/json\r\nContent-Length: "
        )
        self._known[url] = head.encode(), aiohttp.ClientRequest("POST", where)
        return self._known[url]

    def _proxy(self, url: str) -> str | None:
        """The proxy that the environment names, asked once: aiohttp's own `trust_env` asks it in a thread
        at every call, which costs more than the call."""
        scheme, where = urlsplit(url)[:2]
        origin = f"{scheme}://{where}"
        if origin not in self._proxies:
            host = where.rpartition("@")[2]
            self._proxies[origin] = None if proxy_bypass(host) else getproxies().get(scheme)
        return self._proxies[origin]

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """The answer; a success that cannot be read was a success all the same, so it is ambiguous."""
        try:
            return orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            raise Unanswered("an answer that is no JSON") from error


class TokenRefused(Exception):
    """Telegram does not know this token."""


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Make a call that a start cannot do without, until it is answered: an outage is waited out."""
    wait = _FIRST_WAIT
    while True:
        try:
            return await call()
        except InvalidToken as error:
            raise TokenRefused from error
        except NetworkError as error:
            if isinstance(error, BadRequest):
                raise
            log.warning("telegram.unreachable", error=error)
        except RetryAfter as error:
            asked = error.retry_after
            wait = max(wait, asked.total_seconds() if isinstance(asked, timedelta) else asked)
        await asyncio.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)


def bot(token: str, api_url: str, *, poll_seconds: float = READ_SECONDS) -> Bot:
    """python-telegram-bot's `Bot` on this way out, without a rate limiter: the sender has its own."""
    return Bot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(connections=4, read_seconds=poll_seconds),
    )


@lru_cache(maxsize=32)
def _limits(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(connect=connect, sock_connect=connect, sock_read=read)


def _body(data: RequestData | None) -> tuple[aiohttp.FormData | bytes | None, dict[str, str] | None]:
    if data is None:
        return None, None
    if data.contains_files:
        form = aiohttp.FormData(data.json_parameters)
        for part, (name, content, kind) in data.multipart_data.items():
            form.add_field(part, content, filename=name, content_type=kind)
        return form, None
    try:
        return orjson.dumps(data.parameters), _JSON
    except TypeError as error:  # half a surrogate pair, say: no retry will mend that
        raise BadRequest("parameters that are no JSON") from error


def _complain(status: int, payload: bytes) -> None:
    """Raise what python-telegram-bot would blur; the rest it tells apart itself, by the status."""
    try:
        answer = orjson.loads(payload)
        spoken = isinstance(answer, dict) and answer.get("ok") is False
    except orjson.JSONDecodeError:
        answer, spoken = {}, False
    told = (answer.get("parameters") or {}) if spoken else {}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RetryAfter(told.get("retry_after") or _UNSAID_RETRY)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # A gateway before Telegram may give up on a call that Telegram goes on to do.
        raise NotReached(str(status)) if spoken else Unanswered(str(status))
    if not spoken:
        raise Unanswered(str(status))
    if status not in (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
    ):
        raise BadRequest(str(answer.get("description", status)))
