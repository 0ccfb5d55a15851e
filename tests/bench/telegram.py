"""A local Telegram that is fast and nothing else: one bot, many chats, no rules. It must be in nobody's way.

Runs as a process of its own (`python -m tests.bench.telegram [--trip SECONDS] [--limit N]`) and prints its
port. The bot uses it as Telegram, with getUpdates or with a webhook. A patient's phone does `POST /say` with
{"chat", "text"} or {"chat", "data"}; the answer comes when the bot has: the message, and the data of its
buttons. `POST /pile` with a list of [chat, text] leaves messages for which nobody waits; after `POST /watch`
with the pid of the bot, the CPU that it has used is noted with each message; `POST /spread` with ports
spreads a webhook's calls over them. A `trip` is the time that a call to Telegram and back spends on the way;
a `limit` is how many messages it takes in any second, and refuses more with 429.

The strict Telegram is bot/sandbox; this one is 20 times faster and believes everything else.
"""

import argparse
import asyncio
import sys
import time
from collections import deque
from typing import Any

import orjson
import uvloop

from tests.bench.hook import Hook
from tests.bench.limit import Limit
from tests.bench.wire import Reply, Served, parameters, refusal

TOKEN = "1000000:bench"
_BOT = {"id": 1000000, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
_ME = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
_OK = b'{"ok":true,"result":true}'


class Chat:
    """A person: what the bot said last, and the phone that waits for more."""

    __slots__ = ("buttons", "id", "last", "number", "waiting")

    def __init__(self, id: int, number: int) -> None:
        self.id = id
        self.number = number
        self.last: dict[str, Any] | None = None
        self.buttons: dict[int, list[str]] = {}
        self.waiting: tuple[Reply, bool] | None = None

    @property
    def json(self) -> dict[str, Any]:
        return {"id": self.id, "first_name": "Sam", "type": "private"}

    @property
    def person(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": False, "first_name": "Sam", "language_code": "en"}


class Telegram:
    def __init__(self, trip: float = 0.0, limit: Limit | None = None) -> None:
        self.trip = trip
        self.limit = limit
        self.chats: dict[int, Chat] = {}
        self.updates: deque[dict[str, Any]] = deque()
        self.polling: tuple[Reply, int] | None = None
        # A database may have met an earlier Telegram of the bench: the same numbers would be redeliveries.
        self.number = self.first = int(time.time() * 10_000) % 1_000_000_000
        self.calls: dict[str, int] = {}
        self.sent_at: deque[tuple[int, float, float]] = deque(maxlen=200_000)
        self.watched: int | None = None
        self.hook: Hook | None = None
        self.ready: list[Reply] = []
        self.is_ready = False
        self.asked_at: float | None = None

    def handle(self, path: str, body: bytes, kind: bytes, reply: Reply) -> None:
        if path.startswith("/bot"):
            method = path.rsplit("/", 1)[1].lower()
            given = parameters(body, kind)
            self.calls[method] = self.calls.get(method, 0) + 1
            if self.trip:
                loop = asyncio.get_running_loop()
                half = self.trip / 2
                late: Reply = lambda answer: _ignored(loop.call_later(half, reply, answer))  # noqa: E731
                loop.call_later(half, self.call, method, given, late)
            else:
                self.call(method, given, reply)
            return
        said: Any = orjson.loads(body) if body else {}
        self.steer(path, said, reply)

    def steer(self, path: str, given: Any, reply: Reply) -> None:
        """What the bench itself asks for."""
        match path:
            case "/say":
                self.say(given, reply)
            case "/ready":
                self.ready.append(reply)
                self._begin(self.is_ready)
            case "/pile":
                for number, text in given:
                    self._deliver(self._written(self._chat(number), text))
                reply(b"{}")
            case "/spread":
                assert self.hook is not None
                self.hook.ports = given
                reply(b"{}")
            case "/watch":
                self.watched = given
                reply(b"{}")
            case "/calls":
                told = {"calls": self.calls, "sent": list(self.sent_at), "asked": self.asked_at}
                told["refused"] = self.limit.refused if self.limit else 0
                reply(orjson.dumps(told))
            case "/forget":
                self.calls.clear()
                self.sent_at.clear()
                self.asked_at = None
                reply(b"{}")
            case "/gone":  # the bot: whoever starts next is waited for
                self.is_ready, self.polling = False, None
                reply(b"{}")
            case _:
                reply(refusal(404, "Not Found"))

    def call(self, method: str, given: dict[str, Any], reply: Reply) -> None:
        match method:
            case "getupdates":
                self.asked_at = self.asked_at or time.monotonic()
                self._poll(int(given.get("offset", 0)), int(given.get("limit", 100)), given, reply)
                self._begin(True)
            case "sendmessage" if self.limit and (wait := self.limit.seconds_to_wait(time.monotonic())):
                reply(refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait))
            case "sendmessage":
                reply(b'{"ok":true,"result":' + orjson.dumps(self._said(given)) + b"}")
            case "editmessagereplymarkup" | "editmessagetext":
                reply(b'{"ok":true,"result":' + orjson.dumps(self._edited(given)) + b"}")
            case "getme":
                reply(orjson.dumps({"ok": True, "result": {**_BOT, **_ME}}))
            case "setwebhook":
                self.hook = Hook(given["url"], given.get("secret_token", "")) if given.get("url") else None
                reply(_OK)
                self._begin(True)
            case _:
                reply(_OK)

    def say(self, given: dict[str, Any], reply: Reply) -> None:
        """A person writes or presses; `edit` says that changed buttons are answer enough."""
        chat = self._chat(given["chat"])
        chat.waiting = (reply, bool(given.get("edit")))
        if "data" in given:
            self.number += 1
            event: dict[str, Any] = {
                "update_id": self.number,
                "callback_query": {
                    "id": str(self.number),
                    "from": chat.person,
                    "chat_instance": str(chat.id),
                    "message": chat.last,
                    "data": given["data"],
                },
            }
        else:
            event = self._written(chat, given["text"])
        self._deliver(event)

    def _written(self, chat: Chat, text: str) -> dict[str, Any]:
        self.number += 1
        chat.number += 1
        message = {
            "message_id": chat.number,
            "from": chat.person,
            "chat": chat.json,
            "date": int(time.time()),
            "text": text,
        }
        if text.startswith("/"):
            length = len(text.split()[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return {"update_id": self.number, "message": message}

    def _deliver(self, event: dict[str, Any]) -> None:
        if self.hook is not None:
            if self.trip:
                asyncio.get_running_loop().call_later(self.trip / 2, self.hook.post, event)
            else:
                self.hook.post(event)
        else:
            self.updates.append(event)
            self._hand_out()

    def _chat(self, number: int) -> Chat:
        chat = self.chats.get(number)
        if chat is None:
            chat = self.chats[number] = Chat(number, self.first)
        return chat

    def _poll(self, offset: int, limit: int, given: dict[str, Any], reply: Reply) -> None:
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        self.polling = (reply, min(limit or 100, 100))
        if self.updates or not float(given.get("timeout", 0)):
            self._hand_out(empty=True)

    def _hand_out(self, *, empty: bool = False) -> None:
        if self.polling is None or not (self.updates or empty):
            return
        reply, limit = self.polling
        self.polling = None
        batch = [self.updates[place] for place in range(min(limit, len(self.updates)))]
        reply(orjson.dumps({"ok": True, "result": batch}))

    def _said(self, given: dict[str, Any]) -> dict[str, Any]:
        number = int(given["chat_id"])
        chat = self._chat(number)
        chat.number += 1
        cpu = time.clock_gettime((~self.watched << 3) | 2) if self.watched else 0.0
        self.sent_at.append((number, time.monotonic(), cpu))
        message = {
            "message_id": chat.number,
            "from": _BOT,
            "chat": chat.json,
            "date": int(time.time()),
            "text": given["text"],
        }
        markup = _markup(given)
        if markup:
            message["reply_markup"] = markup
        chat.last = message
        if chat.waiting is not None:
            reply, _ = chat.waiting
            chat.waiting = None
            reply(orjson.dumps({"text": given["text"], "buttons": _data(markup)}))
        return message

    def _edited(self, given: dict[str, Any]) -> dict[str, Any]:
        chat = self.chats[int(given["chat_id"])]
        markup = _markup(given)
        changed = {**(chat.last or {}), "reply_markup": markup} if markup else dict(chat.last or {})
        if chat.last is not None and int(given["message_id"]) == chat.last["message_id"]:
            chat.last = changed
        if chat.waiting is not None and chat.waiting[1]:
            reply, _ = chat.waiting
            chat.waiting = None
            reply(orjson.dumps({"text": "", "buttons": _data(markup)}))
        return {**changed, "message_id": int(given["message_id"])}

    def _begin(self, ready: bool) -> None:
        self.is_ready = ready
        if ready:
            for reply in self.ready:
                reply(b"{}")
            self.ready.clear()


def _ignored(_: object) -> None: ...


def _markup(given: dict[str, Any]) -> dict[str, Any] | None:
    markup: Any = given.get("reply_markup")
    found: dict[str, Any] | None = orjson.loads(markup) if isinstance(markup, str) else markup
    return found


def _data(markup: dict[str, Any] | None) -> list[str]:
    rows = markup.get("inline_keyboard", []) if markup else []
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]


async def main(trip: float, limit: int) -> None:
    telegram = Telegram(trip, Limit(limit) if limit else None)
    server = await asyncio.get_running_loop().create_server(
        lambda: Served(telegram.handle), "127.0.0.1", 0, backlog=4096
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asking = argparse.ArgumentParser()
    asking.add_argument("--trip", type=float, default=0.0)
    asking.add_argument("--limit", type=int, default=0)
    asked = asking.parse_args()
    uvloop.run(main(asked.trip, asked.limit))
