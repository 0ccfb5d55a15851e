"""What a page needs to be the phones: chats, a stream of events, taps, files, and moving time on.

Mounted only when asked for (`serve(tg, routes=routes(tg))`). It answers pages of this machine alone: another
site's page cannot post JSON here unasked, and a name that merely points here is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox.ledger import Event
from bot.sandbox.phones import Phone
from bot.sandbox.refusals import Json
from bot.sandbox.telegram import LocalTelegram

HERE = frozenset({"127.0.0.1", "localhost", "::1"})
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
QUIET = 15.0  # seconds of silence after which the stream says that it lives
Handler = Callable[[Request], Awaitable[Response]]


class MovableClock(Protocol):
    """Whoever keeps the time that Telegram and the bot share."""

    def now(self) -> datetime: ...

    async def move(self, by: timedelta) -> None:
        """Move time on. Returns when everyone has it."""

    async def next_reminder(self) -> datetime | None:
        """When the bot will next speak unasked."""


class Wrong(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def routes(tg: LocalTelegram, clock: MovableClock | None = None, hosts: frozenset[str] = HERE) -> list[Route]:
    control = Control(tg, clock)

    def guarded(handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                _check(request, hosts)
                return await handler(request)
            except Wrong as wrong:
                return JSONResponse({"error": str(wrong)}, wrong.status)
            except (LookupError, ValueError) as error:
                return JSONResponse({"error": str(error.args[0] if error.args else error)}, 400)

        return answer

    def get(path: str, handler: Handler) -> Route:
        return Route(f"/sandbox{path}", guarded(handler), methods=["GET"])

    def post(path: str, handler: Handler) -> Route:
        return Route(f"/sandbox{path}", guarded(handler), methods=["POST"])

    return [
        get("/phones", control.phones),
        get("/chats/{chat:int}", control.chat),
        get("/events", control.events),
        get("/files/{file}", control.file),
        get("/clock", control.time),
        post("/clock", control.move),
        post("/chats/{chat:int}/messages", control.send),
        post("/chats/{chat:int}/press", control.press),
        post("/chats/{chat:int}/edit", control.edit),
        post("/chats/{chat:int}/delete", control.delete),
        post("/chats/{chat:int}/media", control.media),
        post("/chats/{chat:int}/block", control.block),
    ]


def _check(request: Request, hosts: frozenset[str]) -> None:
    if request.url.hostname not in hosts:
        raise Wrong(403, "this page is for this machine")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Wrong(403, "not from another site")
    if (
        request.method == "POST"
        and request.headers.get("content-type", "").split(";")[0] != "application/json"
    ):
        raise Wrong(415, "send JSON")


async def _json(request: Request) -> Json:
    try:
        given = orjson.loads(await request.body() or b"{}")
    except ValueError:
        raise Wrong(400, "not JSON") from None
    if not isinstance(given, dict):
        raise Wrong(400, "not a JSON object")
    return given


def _field(given: Json, name: str, kind: Any) -> Any:
    value = given.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Wrong(400, f"{name} must be {getattr(kind, '__name__', kind)}")
    return value


class Control:
    def __init__(self, tg: LocalTelegram, clock: MovableClock | None) -> None:
        self.tg = tg
        self.clock = clock

    async def phones(self, request: Request) -> Response:
        return JSONResponse(
            [
                {"chat_id": phone.id, "name": phone.name, "role": phone.role, "start": phone.start_words}
                for phone in self.tg.people.values()
            ]
        )

    async def chat(self, request: Request) -> Response:
        phone = self._phone(request)
        return JSONResponse(
            {
                "user": phone.user,
                "bot": self.tg.me,
                "messages": list(phone.chat.messages.values()),
                "commands": phone.commands,
                "menu_button": self.tg.profile.button_in(phone.id),
                "keyboard": phone.chat.keyboard,
                "pinned": phone.chat.pinned,
                "blocked": phone.chat.blocked,
                "started": phone.chat.started,
            }
        )

    async def events(self, request: Request) -> Response:
        return StreamingResponse(
            self._stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _stream(self) -> AsyncIterator[bytes]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self.tg.listeners.append(queue.put_nowait)
        try:
            yield b": listening\n\n"
            while True:
                try:
                    async with asyncio.timeout(QUIET):
                        event = await queue.get()
                except TimeoutError:
                    yield b": quiet\n\n"
                else:
                    yield b"data: " + orjson.dumps(event.json) + b"\n\n"
        finally:
            self.tg.listeners.remove(queue.put_nowait)

    async def file(self, request: Request) -> Response:
        file = self.tg.files.get(request.path_params["file"])
        if file is None:
            raise Wrong(404, "no such file")
        shown = "inline" if file.type in PICTURES else "attachment"
        headers = {
            "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(file.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(file.content, media_type=file.type, headers=headers)

    async def send(self, request: Request) -> Response:
        phone = self._phone(request)
        text = _field(await _json(request), "text", str)
        return JSONResponse({"message_id": phone.send(text)})

    async def press(self, request: Request) -> Response:
        phone, given = self._phone(request), await _json(request)
        message_id, data = _field(given, "message_id", int), _field(given, "data", str)
        return JSONResponse({"callback_query_id": phone.press_data(message_id, data)})

    async def edit(self, request: Request) -> Response:
        phone, given = self._phone(request), await _json(request)
        phone.edit(_field(given, "message_id", int), _field(given, "text", str))
        return JSONResponse({})

    async def delete(self, request: Request) -> Response:
        phone = self._phone(request)
        phone.delete(_field(await _json(request), "message_id", int))
        return JSONResponse({})

    async def media(self, request: Request) -> Response:
        phone, given = self._phone(request), await _json(request)
        caption = given.get("caption") or None
        if caption is not None:
            _field(given, "caption", str)
        match given.get("kind"):
            case "voice":
                message_id = phone.voice()
            case "photo":
                message_id = phone.photo(caption)
            case "sticker":
                message_id = phone.sticker()
            case "document":
                message_id = phone.document(caption=caption)
            case "contact":
                message_id = phone.contact()
            case _:
                raise Wrong(400, "kind must be voice, photo, sticker, document or contact")
        return JSONResponse({"message_id": message_id})

    async def block(self, request: Request) -> Response:
        phone, given = self._phone(request), await _json(request)
        phone.block() if _field(given, "on", bool) else phone.unblock()
        return JSONResponse({})

    async def time(self, request: Request) -> Response:
        following = await self.clock.next_reminder() if self.clock is not None else None
        return JSONResponse(
            {
                "now": self.tg.now().isoformat(),
                "movable": self.clock is not None,
                "next_reminder": following.isoformat() if following is not None else None,
            }
        )

    async def move(self, request: Request) -> Response:
        if self.clock is None:
            raise Wrong(409, "this clock cannot be moved")
        given, now = await _json(request), self.clock.now()
        if "seconds" in given:
            by = timedelta(seconds=_field(given, "seconds", int | float))
        elif given.get("to") == "next_reminder":
            following = await self.clock.next_reminder()
            if following is None:
                raise Wrong(409, "no reminder is due")
            by = max(following - now, timedelta())
        else:
            goal = datetime.fromisoformat(_field(given, "to", str))
            if goal.tzinfo is None:
                raise Wrong(400, "the time needs its offset from UTC")
            by = goal - now
        if by < timedelta():
            raise Wrong(400, "time goes forward only")
        await self.clock.move(by)
        self.tg.tell(0, "clock", now=self.tg.now().isoformat())
        return await self.time(request)

    def _phone(self, request: Request) -> Phone:
        phone = self.tg.people.get(request.path_params["chat"])
        if phone is None:
            raise Wrong(404, "no such phone")
        return phone
