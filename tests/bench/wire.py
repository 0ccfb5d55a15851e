"""HTTP/1.1 as far as the bench's clients and bots speak it: keep-alive, a length, one request after the
other. Both ends, and what a bot writes into a request."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson

Reply = Callable[[bytes], None]
Handle = Callable[[str, bytes, bytes, Reply], None]
"""Is given the path, the body, the body's type, and how to answer."""
_REFUSAL = b'{"ok":false,"error_code":'


def refusal(code: int, words: str, **parameters: Any) -> bytes:
    """What Telegram says when it will not; its code becomes the HTTP status."""
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": words}
    return orjson.dumps(body | ({"parameters": parameters} if parameters else {}))


class Served(asyncio.Protocol):
    """The server's end of a connection."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while True:
            head = self._data.find(b"\r\n\r\n")
            if head < 0:
                return
            end = head + 4 + length(self._data[:head])
            if len(self._data) < end:
                return
            top, body = self._data[:head], self._data[head + 4 : end]
            self._data = self._data[end:]
            path = top[: top.find(b"\r\n")].split(b" ")[1].decode()
            self._handle(path, body, header(top, b"content-type"), self._reply)

    def _reply(self, body: bytes) -> None:
        status = b"200 OK"
        if body.startswith(_REFUSAL):
            status = body[len(_REFUSAL) : len(_REFUSAL) + 3] + b" No"
        if not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 "
                + status
                + b"\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(body)).encode()
                + b"\r\n\r\n"
                + body
            )


def header(head: bytes, name: bytes) -> bytes:
    """A header's value, by its name in small letters."""
    low = head.lower()
    at = low.find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    start = at + len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else None].strip()


def length(head: bytes) -> int:
    return int(header(head, b"content-length") or 0)


def parameters(body: bytes, kind: bytes) -> dict[str, Any]:
    """What a call to a method was given, in any of the forms that Telegram takes."""
    if kind.startswith(b"application/json"):
        given: dict[str, Any] = orjson.loads(body) if body else {}
        return given
    if kind.startswith(b"multipart/"):
        return _parts(body, kind)
    return dict(parse_qsl(body.decode()))


def _parts(body: bytes, kind: bytes) -> dict[str, Any]:
    boundary = b"--" + kind.partition(b"boundary=")[2].strip(b'"')
    found = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0]
        found[name.decode()] = value.removesuffix(b"\r\n").decode()
    return found
