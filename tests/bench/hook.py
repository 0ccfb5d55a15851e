"""Telegram's calls to a webhook: over as many connections as Telegram would open, what one person did in its
order, and spread over the ports of several processes as a load balancer spreads them, one after the other."""

import asyncio
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.bench.wire import length

_CONNECTIONS = 40
"""As many as Telegram opens to a webhook unless it is told otherwise."""
_REFUSED = 0.25
"""Seconds until an update that was refused is posted again."""


class Hook:
    def __init__(self, url: str, secret: str) -> None:
        where = urlsplit(url)
        self._host = where.hostname or "127.0.0.1"
        self.ports = [where.port or 80]
        self._head = (
            f"POST {where.path or '/'} HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"Content-Type: application/json\r\nX-Telegram-Bot-Api-Secret-Token: {secret}\r\nContent-Length: "
        ).encode()
        self._free: deque[_Caller] = deque()
        self._opened = self._turn = 0
        self._queue: deque[dict[str, Any]] = deque()
        self._behind: dict[int, deque[dict[str, Any]]] = {}
        """By person, what waits until their update that is on the way has been taken."""

    def post(self, update: dict[str, Any]) -> None:
        person = _person(update)
        if person in self._behind:
            self._behind[person].append(update)
            return
        self._behind[person] = deque()
        self._queue.append(update)
        self._next()

    def done(self, update: dict[str, Any], *, taken: bool) -> None:
        """It is answered; if it was refused, call again soon."""
        if not taken:
            asyncio.get_running_loop().call_later(_REFUSED, self._again, update)
            return
        behind = self._behind[_person(update)]
        if behind:
            self._queue.append(behind.popleft())
        else:
            del self._behind[_person(update)]

    def free(self, caller: "_Caller") -> None:
        self._free.append(caller)
        self._next()

    def lost(self, caller: "_Caller") -> None:
        self._opened -= 1
        if caller in self._free:
            self._free.remove(caller)

    def _again(self, update: dict[str, Any]) -> None:
        self._queue.append(update)
        self._next()

    def _next(self) -> None:
        while self._queue and self._free:
            update = self._queue.popleft()
            body = orjson.dumps(update)
            self._free.popleft().call(self._head + str(len(body)).encode() + b"\r\n\r\n" + body, update)
        if self._queue and self._opened < _CONNECTIONS:
            self._opened += 1
            _KEPT.add(task := asyncio.get_running_loop().create_task(self._open()))
            task.add_done_callback(_KEPT.discard)

    async def _open(self) -> None:
        port = self.ports[self._turn % len(self.ports)]
        self._turn += 1
        loop = asyncio.get_running_loop()
        _, caller = await loop.create_connection(lambda: _Caller(self), self._host, port)
        self.free(caller)


_KEPT: set[asyncio.Task[None]] = set()


class _Caller(asyncio.Protocol):
    """One connection, with one update on the way at a time."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook
        self._data = b""
        self._update: dict[str, Any] = {}

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def call(self, request: bytes, update: dict[str, Any]) -> None:
        self._update = update
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head = self._data.find(b"\r\n\r\n")
        if head >= 0 and len(self._data) >= head + 4 + length(self._data[:head]):
            taken = b" 200 " in self._data[:16]
            self._data = b""
            self._hook.done(self._update, taken=taken)
            self._hook.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._hook.lost(self)


def _person(update: dict[str, Any]) -> int:
    event = update.get("callback_query") or update["message"]
    person: int = event["from"]["id"]
    return person
