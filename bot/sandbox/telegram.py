"""A strict Telegram for one bot, in memory: chats, messages, files, updates, and the rules between them.

It knows no network and runs no loop: `api.py` gives it HTTP, `delivery.py` webhooks, `phones.py` people,
`control.py` a page. What the bot may do is in `messages.py` and `profile.py`, a function a method. A call
either does its work and is answered, or is refused with Telegram's own sentence; every one is in `calls`.
The one wait is that of getUpdates.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from bot.sandbox import messages, profile, rooms, webhook
from bot.sandbox.chats import Chat, File, Query
from bot.sandbox.faults import Faults
from bot.sandbox.ledger import Call, Event, Reply
from bot.sandbox.parameters import check
from bot.sandbox.polling import Polling
from bot.sandbox.refusals import NOT_FOUND, Json, Refusal, bad, conflict, forbidden, too_many
from bot.sandbox.updates import Updates

if TYPE_CHECKING:
    from bot.sandbox.groups import Group
    from bot.sandbox.phones import Phone

WEBHOOK_SET = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
HANDLERS = {**messages.HANDLERS, **rooms.HANDLERS, **profile.HANDLERS, **webhook.HANDLERS}


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
        self.polling = Polling(self.updates)
        self.webhook = webhook.Webhook()
        self.faults = Faults(when_out=lambda: self.polling.end(ConnectionResetError()))
        self.calls: list[Call] = []
        self.listeners: list[Callable[[Event], None]] = []
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
        from bot.sandbox.groups import Group

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
            result = await self.get_updates(parameters)
        except ConnectionResetError:
            return self._spoilt(method, dict(given), None, "reset", None)
        except Refusal as refusal:
            self.calls.append(Call(method, dict(given), self.now(), refusal.code, refusal.description))
            return Reply(refusal.code, refusal.body)
        if fault is not None:
            return self._spoilt(method, parameters, None, fault.kind, fault.hold)
        return Reply(200, {"ok": True, "result": result})

    async def get_updates(self, given: Json) -> list[Json]:
        if self.webhook.url:
            raise conflict(WEBHOOK_SET)
        self.updates.allow(given.get("allowed_updates"))
        return await self.polling.poll(
            given.get("offset", 0), given.get("limit", 100), given.get("timeout", 0)
        )

    async def polled(self) -> None:
        """Until a bot waits in getUpdates: it is up, and has confirmed all that it was given."""
        await self.polling.polled()

    async def settled(self) -> None:
        """Until every update is confirmed or delivered."""
        await self.updates.settled()

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
        with suppress(Refusal):
            parameters = check(method, parameters, strict=False)
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
