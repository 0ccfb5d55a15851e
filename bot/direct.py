"""What does not wait for the storage: where a commit takes too long, the card of a cry, a call or a press is
sent past it, once. A message that somebody wants to be gone is taken back in the same way.

The commit may yet land, while that card is in the air or long after it. Its own card then comes to the sender
like any other row; it waits until it is known what became of the first, and where that arrived it leaves as
the news alone: now the team has been told.
"""

import asyncio
from typing import Any

from bot.courier import Courier, Gone
from bot.journal import Log
from bot.outbox import Kind

log = Log(__name__)


class Direct:
    """A courier that knows what has been sent past the outbox."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._cards: dict[str, asyncio.Future[bool]] = {}

    async def send(self, key: str, chat: int, text: str) -> None:
        """Send the card of this update now, unless that was done; best effort."""
        await self._once(key, {"chat": chat, "kind": Kind.TEXT, "text": text, "buttons": []})

    async def take_back(self, key: str, chat: int, message_id: int, sign: str) -> None:
        """Delete this message for this update now, unless that was done; where it is too old for that, only
        this sign stays of it. Best effort."""
        gone = {"chat": chat, "kind": Kind.DELETE, "message_ids": [message_id]}
        signed = {"chat": chat, "kind": Kind.EDIT, "message_id": message_id, "text": sign, "buttons": []}
        await self._once(key, gone, signed)

    def forget(self, key: str) -> None:
        """This update has been answered, by no card that will ask for this."""
        self._cards.pop(key, None)

    async def _once(self, key: str, body: dict[str, Any], instead: dict[str, Any] | None = None) -> None:
        """Make this call, once; where Telegram says that it is too late for it, the one `instead`."""
        if key in self._cards:
            return
        arrived = self._cards[key] = asyncio.get_running_loop().create_future()
        try:
            try:
                await self._courier.deliver(body)
            except Gone:
                if instead is None:
                    raise
                await self._courier.deliver(instead)
            arrived.set_result(True)
        except Exception as error:
            log.error("card.not_sent", error=error)
        finally:
            if not arrived.done():
                del self._cards[key]
                arrived.set_result(False)

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        """See `bot.courier.Courier`."""
        arrived = self._cards.get(body.get("card", ""))
        if arrived is not None and await asyncio.shield(arrived) and body["news"] is not None:
            body = {**body, "text": body["news"]}
        sent = await self._courier.deliver(body, message_id=message_id)
        self.forget(body.get("card", ""))
        return sent
