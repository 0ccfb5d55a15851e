"""Calling the webhook, as Telegram calls one.

Each queue (a chat's messages, a person's presses) is delivered in order, the next update only after the
one before was answered 2xx; queues run side by side, `max_connections` calls at most. What was not
answered 2xx in time is delivered again, later and later, until it is a day old. An answer whose body names
a method is a call of that method.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import aiohttp
import orjson

from bot.sandbox.faults import Fault
from bot.sandbox.telegram import LocalTelegram
from bot.sandbox.updates import Pending


@asynccontextmanager
async def delivering(tg: LocalTelegram) -> AsyncIterator[Delivery]:
    """While the block runs, updates go to the webhook that is set, if one is."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=False)) as session:
        delivery = Delivery(tg, session)
        tg.webhook.watchers.append(delivery.restart)
        tg.updates.watchers.append(delivery.add)
        delivery.restart()
        try:
            yield delivery
        finally:
            tg.webhook.watchers.remove(delivery.restart)
            tg.updates.watchers.remove(delivery.add)
            await delivery.stop()


class Delivery:
    def __init__(self, tg: LocalTelegram, session: aiohttp.ClientSession) -> None:
        self.tg = tg
        self.session = session
        self.lanes: dict[str, deque[Pending]] = {}
        self.running: set[asyncio.Task[None]] = set()
        self.room = asyncio.Semaphore(tg.webhook.max_connections)

    def restart(self) -> None:
        """The webhook changed: what waits goes to the new one, from the oldest."""
        for task in self.running:
            task.cancel()
        self.lanes = {}
        self.room = asyncio.Semaphore(self.tg.webhook.max_connections)
        for pending in self.tg.updates.waiting.values():
            self.add(pending)

    def add(self, pending: Pending) -> None:
        if not self.tg.webhook.url:
            return
        lane = self.lanes.get(pending.queue)
        if lane is not None:
            lane.append(pending)
            return
        self.lanes[pending.queue] = lane = deque([pending])
        task = asyncio.create_task(self._run(pending.queue, lane))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def stop(self) -> None:
        running = list(self.running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, queue: str, lane: deque[Pending]) -> None:
        hook, waiting = self.tg.webhook, self.tg.updates.waiting
        pause = hook.first_pause
        while lane:
            self.tg.updates.expire()
            if lane[0].id not in waiting:
                lane.popleft()
                continue
            async with self.room:
                went_wrong, after = await self._deliver(lane[0])
            if went_wrong is None:
                self.tg.updates.forget(lane.popleft().id)
                pause = hook.first_pause
                continue
            hook.failed(self.tg.date(), went_wrong)
            await asyncio.sleep(after if after is not None else pause)
            pause = min(pause * 2, hook.longest_pause)
        del self.lanes[queue]

    async def _deliver(self, pending: Pending) -> tuple[str | None, float | None]:
        """What went wrong, if anything did, and how long the webhook asks us to wait."""
        fault = self.tg.faults.draw("webhook", {})
        if fault is not None and fault.kind != "timeout_after":
            return "Connection refused", None
        hook = self.tg.webhook
        headers = {"Content-Type": "application/json"}
        if hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        try:
            async with self.session.post(
                hook.url,
                data=orjson.dumps(pending.update),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=hook.patience),
            ) as response:
                said = await response.read()
        except TimeoutError:
            return "Read timeout expired", None
        except aiohttp.ClientConnectorError:
            return "Connection refused", None
        except aiohttp.ClientError:
            return "Connection reset by peer", None
        return await self._judge(response, said, fault)

    async def _judge(
        self, response: aiohttp.ClientResponse, said: bytes, fault: Fault | None
    ) -> tuple[str | None, float | None]:
        if fault is not None:
            return "Read timeout expired", None
        if not 200 <= response.status < 300:
            after = response.headers.get("Retry-After", "")
            reason = response.reason or HTTPStatus(response.status).phrase
            wrong = f"Wrong response from the webhook: {response.status} {reason}"
            return wrong, min(float(after), 3600) if after.isdecimal() else None
        await self._obey(response.content_type, said)
        return None, None

    async def _obey(self, kind: str, said: bytes) -> None:
        if kind != "application/json" or not said:
            return
        try:
            wish = orjson.loads(said)
        except ValueError:
            return
        if isinstance(wish, dict) and isinstance(wish.get("method"), str) and wish["method"] != "getUpdates":
            method = wish.pop("method")
            await self.tg.answer(method, wish)
