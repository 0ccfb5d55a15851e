"""The ceiling: no library, no storage, no thought. What it reaches is what the bench itself can bear.

python -m tests.bench.peers.echo URL FOLDER
"""

import asyncio
import sys
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop

from tests.bench.conversation import QUESTIONS, STEPS, data
from tests.bench.telegram import TOKEN
from tests.bench.wire import length

_SAID = tuple(
    orjson.dumps(
        {
            "text": words,
            "reply_markup": {
                "inline_keyboard": [[{"text": option, "callback_data": data(option)} for option in options]]
            },
        }
    )[1:]
    for words, options in QUESTIONS
)
_CONNECTIONS = 16


class Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._data = b""
        self._waiting: deque[asyncio.Future[bytes]] = deque()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def call(self, method: str, body: bytes) -> asyncio.Future[bytes]:
        self._transport.write(
            f"POST /bot{TOKEN}/{method} HTTP/1.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return future

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (head := self._data.find(b"\r\n\r\n")) >= 0:
            end = head + 4 + length(self._data[:head])
            if len(self._data) < end:
                return
            self._waiting.popleft().set_result(self._data[head + 4 : end])
            self._data = self._data[end:]


async def main(url: str, folder: str) -> None:
    where = urlsplit(url)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(Connection, where.hostname or "127.0.0.1", where.port or 80)
        for _ in range(_CONNECTIONS)
    ]
    polling, *others = [connection for _, connection in made]
    steps: dict[int, int] = {}
    offset = 0
    while True:
        asked = orjson.dumps({"offset": offset, "timeout": 25, "limit": 100})
        for update in orjson.loads(await polling.call("getUpdates", asked))["result"]:
            offset = update["update_id"] + 1
            query = update.get("callback_query")
            chat = (query or update["message"])["from"]["id"]
            connection = others[chat % len(others)]
            if query is not None:
                connection.call("answerCallbackQuery", orjson.dumps({"callback_query_id": query["id"]}))
            step = steps.get(chat, 0)
            steps[chat] = (step + 1) % len(STEPS)
            connection.call("sendMessage", b'{"chat_id":%d,' % chat + _SAID[step])


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
