"""A strict Telegram for one bot, in memory: chats, messages, files, updates, and the rules between them.

It knows no network and runs no loop: `api.py` gives it HTTP, `delivery.py` webhooks, `phones.py` people,
`control.py` a page. What the bot may do is in `messages.py` and `profile.py`, a function a method. A call
either does its work and is answered, or is refused with Telegram's own sentence; every one is in `calls`.
The one wait is that of getUpdates.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from bot.sandbox import messages, profile, webhook
from bot.sandbox.faults import Faults
from bot.sandbox.parameters import check
from bot.sandbox.refusals import NOT_FOUND, Json, Refusal, bad, conflict, forbidden, too_many
from bot.sandbox.updates import Pending, Updates

if TYPE_CHECKING:
    from bot.sandbox.phones import Group, Phone

OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
HANDLERS = {**messages.HANDLERS, **profile.HANDLERS, **webhook.HANDLERS}


@dataclass(slots=True, eq=False)
class Chat:
    """A chat as both sides see it. A private chat has its person's id."""

    id: int
    about: Json
    messages: dict[int, Json] = field(default_factory=dict)
    log: list[int] = field(default_factory=list)  # message ids in the order in which they came or changed
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    fixed: set[int] = field(
        default_factory=set
    )  # sent with a reply keyboard: Telegram lets nobody edit these
    pinned: list[int] = field(default_factory=list)
    keyboard: Json | None = None
    started: bool = False
    blocked: bool = False
    deactivated: bool = False
    left: Literal["", "left", "kicked"] = ""

    @property
    def private(self) -> bool:
        return self.id > 0


@dataclass(frozen=True, slots=True)
class File:
    id: str
    name: str
    type: str
    content: bytes
    path: str


@dataclass(slots=True)
class Query:
    """A press that waits for answerCallbackQuery."""

    id: str
    chat: int
    message: int
    at: datetime
    answer: Json | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the ledger. `result` is what was answered, `fault` what was done to the call on purpose."""

    method: str
    params: Json
    at: datetime
    status: int
    result: Any
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a page would show: message, edit, delete, answer, action, commands, clock, press."""

    chat_id: int
    type: str
    about: Json

    @property
    def json(self) -> Json:
        return {"chat_id": self.chat_id, "type": self.type, **self.about}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire. `lost`: nothing does, the caller is left waiting or is cut off."""

    status: int
    body: Json
    lost: Literal["", "held", "cut"] = ""
    hold: float | None = None


class LocalTelegram:
    def __init__(
        self,
        token: str = "123456:TEST-local-telegram",  # noqa: S107 (a token of no real bot)
        username: str = "handrail_bot",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        name: str = "Handrail",
        strict: bool = True,
        restarts: bool = True,
        chance: Random | None = None,
    ) -> None:
        """`strict` refuses unknown parameters; `restarts`: update ids begin anew after an idle week."""
        self.token = token
        self.now = now
        self.strict = strict
        self.me: Json = {
            "id": int(token.split(":")[0]),
            "is_bot": True,
            "first_name": name,
            "username": username,
        }
        self.chance = chance or Random(1)  # noqa: S311 (no secret hangs on it)
        self.chats: dict[int, Chat] = {}
        self.people: dict[int, Phone] = {}
        self.files: dict[str, File] = {}
        self.queries: dict[str, Query] = {}
        self.profile = profile.Profile(name)
        self.updates = Updates(now, self.chance, restarts)
        self.updates.watchers.append(self._wake)
        self.webhook = webhook.Webhook()
        self.faults = Faults(when_out=self._cut_poll)
        self.calls: list[Call] = []
        self.listeners: list[Callable[[Event], None]] = []
        self.polling: asyncio.Future[None] | None = None
        self._awaited: list[asyncio.Future[None]] = []
        self._ids = itertools.count(1)
        self._rate: tuple[int, Callable[[], float]] | None = None
        self._sent: deque[float] = deque()

    # People and groups

    def phone(self, user_id: int, first_name: str = "Sam", **about: Any) -> Phone:
        """A person's phone, the same one each time. See `phones.Phone` for what else may be said of them."""
        from bot.sandbox.phones import Phone

        if user_id not in self.people:
            self.people[user_id] = Phone(self, user_id, first_name, **about)
        return self.people[user_id]

    def group(self, title: str, by: Phone, *, supergroup: bool = False) -> Group:
        """A group of `by`'s, who adds the bot to it."""
        from bot.sandbox.phones import Group

        return Group(self, title, by, supergroup=supergroup)

    # What tests read and set

    @property
    def refused(self) -> list[Call]:
        """Calls that broke a rule. Not those spoilt by a planned fault or by the rate limit."""
        return [call for call in self.calls if 400 <= call.status < 500 and call.fault is None]

    def limit(self, per_second: int | None = 30, clock: Callable[[], float] = time.monotonic) -> None:
        """More messages than this in any one second are answered 429. None: no limit."""
        self._rate = None if per_second is None else (per_second, clock)

    # The bot's side

    def call(self, method: str, **parameters: Any) -> Any:
        """The result of a method, or its `Refusal`; without HTTP, and for all methods but getUpdates."""
        reply = self._reply(method, parameters)
        if not reply.body["ok"]:
            told = reply.body.get("parameters", {})
            raise Refusal(reply.status, reply.body["description"], **told)
        return reply.body["result"]

    async def answer(self, method: str, given: Mapping[str, object]) -> Reply:
        """What Telegram answers to a call as it came over the wire."""
        if method != "getUpdates":
            return self._reply(method, given)
        fault = self.faults.draw(method, {})
        if fault is not None and fault.kind != "timeout_after":
            return self._spoilt(method, {}, fault.refusal(), fault.kind, fault.hold)
        try:
            parameters = check(method, given, strict=self.strict)
            result = await self.get_updates(**parameters)
        except ConnectionResetError:
            return self._spoilt(method, dict(given), None, "reset", None)
        except Refusal as refusal:
            self.calls.append(Call(method, dict(given), self.now(), refusal.code, refusal.description))
            return Reply(refusal.code, refusal.body)
        if fault is not None:
            return self._spoilt(method, parameters, None, fault.kind, fault.hold)
        return Reply(200, {"ok": True, "result": result})

    async def get_updates(
        self,
        offset: int = 0,
        limit: int = 100,
        timeout: int = 0,  # noqa: ASYNC109 (Telegram's own name)
        allowed_updates: list[str] | None = None,
    ) -> list[Json]:
        if self.webhook.url:
            raise conflict(WEBHOOK_SET)
        self.end_poll(OTHER_POLL)
        self.updates.allow(allowed_updates)
        limit = min(max(limit, 1), 100)
        taken = self.updates.take(offset, limit)
        if taken or timeout <= 0:
            return taken
        self.polling = arrived = asyncio.get_running_loop().create_future()
        waiting, self._awaited = self._awaited, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
        try:
            async with asyncio.timeout(min(timeout, 50)):
                await arrived
        except TimeoutError:
            return []
        finally:
            if self.polling is arrived:
                self.polling = None
        return self.updates.take(0, limit)

    async def polled(self) -> None:
        """Until a bot waits in getUpdates: it is up, and has confirmed all it was given."""
        if self.polling is None:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._awaited.append(future)
            await future

    async def settled(self) -> None:
        """Until every update is confirmed or delivered."""
        await self.updates.settled()

    def end_poll(self, why: str) -> None:
        if self.polling is not None and not self.polling.done():
            self.polling.set_exception(conflict(why))
        self.polling = None

    def _cut_poll(self) -> None:
        if self.polling is not None and not self.polling.done():
            self.polling.set_exception(ConnectionResetError())
        self.polling = None

    def _reply(self, method: str, given: Mapping[str, object]) -> Reply:
        fault = self.faults.draw(method, dict(given))
        if fault is not None and fault.kind != "timeout_after":
            return self._spoilt(method, dict(given), fault.refusal(), fault.kind, fault.hold)
        parameters = dict(given)
        limited = None
        try:
            if method not in HANDLERS:
                raise NOT_FOUND
            parameters = check(method, given, strict=self.strict)
            limited = self._limited(method)
            if limited is not None:
                raise limited
            result = HANDLERS[method](self, parameters)
        except Refusal as refusal:
            kind = "limit" if limited is not None else None
            self.calls.append(Call(method, parameters, self.now(), refusal.code, refusal.description, kind))
            return Reply(refusal.code, refusal.body)
        kind = fault.kind if fault is not None else None
        self.calls.append(Call(method, parameters, self.now(), 200, result, kind))
        if fault is not None:
            return Reply(200, {"ok": True, "result": result}, "held", fault.hold)
        if isinstance(result, webhook.Told):
            return Reply(200, {"ok": True, "result": True, "description": result.description})
        return Reply(200, {"ok": True, "result": result})

    def _spoilt(
        self, method: str, parameters: Json, refusal: Refusal | None, kind: str, hold: float | None
    ) -> Reply:
        status = refusal.code if refusal is not None else 0
        said = refusal.description if refusal is not None else None
        self.calls.append(Call(method, parameters, self.now(), status, said, kind))
        if refusal is not None:
            return Reply(refusal.code, refusal.body)
        return Reply(
            0, {"ok": False, "error_code": 0, "description": kind}, "cut" if kind == "reset" else "held", hold
        )

    def _limited(self, method: str) -> Refusal | None:
        if self._rate is None or not method.startswith(
            ("sendMessage", "sendPhoto", "sendDocument", "editMessage")
        ):
            return None
        most, clock = self._rate
        now = clock()
        while self._sent and self._sent[0] <= now - 1:
            self._sent.popleft()
        if len(self._sent) >= most:
            return too_many(1)
        self._sent.append(now)
        return None

    # The world, for the methods and the phones

    def chat(self, where: int | str) -> Chat:
        """The chat that the bot may write to, or why it may not."""
        chat = self.known(where)
        if chat.private:
            if chat.deactivated:
                raise forbidden("user is deactivated")
            if chat.blocked:
                raise forbidden("bot was blocked by the user")
            if not chat.started:
                raise forbidden("bot can't initiate conversation with a user")
        elif chat.left:
            kind = chat.about["type"]
            raise forbidden(
                f"bot was kicked from the {kind} chat"
                if chat.left == "kicked"
                else f"bot is not a member of the {kind} chat"
            )
        return chat

    def known(self, where: int | str) -> Chat:
        chat = self.chats.get(where) if isinstance(where, int) else None
        if chat is None:
            raise bad("chat not found")
        return chat

    def next_id(self) -> int:
        return next(self._ids)

    def date(self) -> int:
        return int(self.now().timestamp())

    def post(self, chat: Chat, sender: Json, body: Json) -> Json:
        """A new message in a chat, seen by everyone in it."""
        message = {
            "message_id": self.next_id(),
            "from": sender,
            "chat": chat.about,
            "date": self.date(),
            **body,
        }
        self.show(chat, message, "message")
        return message

    def show(self, chat: Chat, message: Json, how: str) -> None:
        """A message's new state. A message is never changed in place: updates hold what was."""
        chat.messages[message["message_id"]] = message
        chat.log.append(message["message_id"])
        self.tell(chat.id, how, message=message)

    def remove(self, chat: Chat, message_id: int) -> None:
        chat.messages.pop(message_id)
        if message_id in chat.pinned:
            chat.pinned.remove(message_id)
        self.tell(chat.id, "delete", message_id=message_id)

    def tell(self, chat_id: int, kind: str, **about: Any) -> None:
        """Wake whoever watches or waits."""
        if self.listeners:
            event = Event(chat_id, kind, about)
            for listener in list(self.listeners):
                listener(event)
        chat = self.chats.get(chat_id)
        if chat is not None and chat.waiting:
            waiting, chat.waiting = chat.waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    def keep(self, name: str, kind: str, content: bytes, folder: str) -> File:
        """Store a file and give it an id."""
        number = self.next_id()
        suffix = name.rpartition(".")[2] if "." in name else "bin"
        file = File(f"local-file-{number}", name, kind, content, f"{folder}/file_{number}.{suffix}")
        self.files[file.id] = file
        return file

    def _wake(self, _: Pending) -> None:
        if self.polling is not None and not self.polling.done():
            self.polling.set_result(None)
