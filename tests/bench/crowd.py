"""The crowd: virtual patients over real HTTP, each with a connection of its own and one step at a time.

Runs as a process of its own: warms up with one conversation each, prints "ready", waits for a line, walks the
conversation as often as asked, and prints what it saw as one line of JSON. Whoever gets no reply within
`PATIENCE` seconds, or finds no button to press, is lost and counted.
"""

import argparse
import asyncio
import random
import sys
import time
from typing import Any

import orjson
import uvloop

from tests.bench.conversation import STEPS, Step, press
from tests.bench.wire import length

PATIENCE = 60.0


class Lost(Exception):
    """No reply, or one that the conversation cannot go on from."""


class Phone(asyncio.Protocol):
    """One person's connection to Telegram."""

    def __init__(self, chat: int) -> None:
        self.chat = chat
        self.buttons: list[str] = []
        self._data = b""
        self._answer: asyncio.Future[dict[str, Any]] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head = self._data.find(b"\r\n\r\n")
        if head < 0 or len(self._data) < head + 4 + length(self._data[:head]):
            return
        body, self._data = self._data[head + 4 :], b""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(orjson.loads(body))

    async def say(self, step: Step) -> float:
        """Do one step; the seconds until the reply was there."""
        said: dict[str, Any] = {"chat": self.chat}
        if step.press is None:
            said["text"] = step.text
        else:
            said["data"] = press(self.buttons, step.press)
            if said["data"] is None:
                raise Lost(step.press)
        body = orjson.dumps(said)
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        began = time.perf_counter()
        self._transport.write(b"POST /say HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        late = loop.call_later(PATIENCE, self._give_up)
        answer = await self._answer
        took = time.perf_counter() - began
        late.cancel()
        self.buttons = answer["buttons"]
        return took

    def _give_up(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Lost("no reply"))


async def walk(phone: Phone, times: int, thought: float, seen: list[float], lost: list[str]) -> None:
    try:
        if thought:
            await asyncio.sleep(random.uniform(0, thought))
        for _ in range(times):
            for step in STEPS:
                seen.append(await phone.say(step))
                if thought:
                    await asyncio.sleep(random.expovariate(1 / thought))
    except Lost as error:
        lost.append(f"{phone.chat}: {error}")


async def main(port: int, users: int, first: int, times: int, thought: float) -> None:
    loop = asyncio.get_running_loop()
    phones = []
    for chat in range(first, first + users):
        _, phone = await loop.create_connection(lambda chat=chat: Phone(chat), "127.0.0.1", port)  # type: ignore[misc]
        phones.append(phone)
    lost: list[str] = []
    await asyncio.gather(*(walk(phone, 1, 0.0, [], lost) for phone in phones))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.readline)
    seen: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(walk(phone, times, thought, seen, lost) for phone in phones))
    seconds = time.perf_counter() - began
    sys.stdout.buffer.write(orjson.dumps({"seconds": seconds, "seen": seen, "lost": lost}) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asking = argparse.ArgumentParser()
    for name, kind in (("port", int), ("users", int), ("first", int), ("times", int)):
        asking.add_argument(f"--{name}", type=kind, required=True)
    asking.add_argument("--thought", type=float, default=0.0)
    given = asking.parse_args()
    random.seed(7)
    uvloop.run(main(given.port, given.users, given.first, given.times, given.thought))
