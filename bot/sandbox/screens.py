"""What somebody sees of a chat, and waiting for more of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox import html
from bot.sandbox.chats import Chat
from bot.sandbox.refusals import Json

if TYPE_CHECKING:
    from bot.sandbox.telegram import LocalTelegram


@dataclass(frozen=True, slots=True)
class Btn:
    """A button under a message: it presses `data`, or opens `url`."""

    text: str
    data: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a press was answered with: a toast, an alert, or nothing but the end of the spinner."""

    text: str
    alert: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it stands in the chat. `text` is the caption where there is a picture or document."""

    json: Json
    mine: bool

    @property
    def message_id(self) -> int:
        return int(self.json["message_id"])

    @property
    def text(self) -> str:
        return str(self.json.get("text", self.json.get("caption", "")))

    @property
    def entities(self) -> list[Json]:
        return [*(self.json.get("entities") or self.json.get("caption_entities") or [])]

    @property
    def html(self) -> str:
        return html.written(self.text, self.entities)

    @property
    def buttons(self) -> list[list[Btn]]:
        rows = self.json.get("reply_markup", {}).get("inline_keyboard", [])
        return [[Btn(b["text"], b.get("callback_data"), b.get("url")) for b in row] for row in rows]

    @property
    def labels(self) -> list[str]:
        return [button.text for row in self.buttons for button in row]

    @property
    def photo(self) -> Json | None:
        sizes = self.json.get("photo")
        return sizes[-1] if sizes else None

    @property
    def document(self) -> Json | None:
        return self.json.get("document")

    @property
    def date(self) -> int:
        return int(self.json["date"])

    @property
    def edited(self) -> bool:
        return "edit_date" in self.json

    @property
    def protected(self) -> bool:
        return bool(self.json.get("has_protected_content"))

    def button(self, wanted: str) -> Btn | None:
        """The button with this label or data; else the first whose label has the words in it."""
        every = [button for row in self.buttons for button in row]
        exact = [button for button in every if wanted in (button.text, button.data)]
        return next(iter(exact or [b for b in every if wanted.lower() in b.text.lower()]), None)


class View:
    """Somebody's sight of a chat."""

    def __init__(self, tg: LocalTelegram, chat: Chat) -> None:
        self.tg = tg
        self.chat = chat
        self._mark = 0

    @property
    def messages(self) -> list[Shown]:
        """What can be seen, newest last."""
        return [self._shown(message) for message in self.chat.messages.values()]

    @property
    def last(self) -> Shown:
        """The bot's last message."""
        return next(shown for shown in reversed(self.messages) if not shown.mine)

    def message(self, message_id: int) -> Shown | None:
        found = self.chat.messages.get(message_id)
        return None if found is None else self._shown(found)

    def mark(self) -> None:
        """From here on, `wait` looks only at what comes or changes later."""
        self._mark = len(self.chat.log)

    async def wait(self, fits: Callable[[Shown], bool] | str = "", timeout: float = 10) -> Shown:  # noqa: ASYNC109
        """The bot's message, or edit of one, that fits: come since the last mark, or to come."""
        wanted = (lambda shown: fits in shown.text) if isinstance(fits, str) else fits
        at = self._mark
        try:
            async with asyncio.timeout(timeout):
                while True:
                    for message_id in dict.fromkeys(self.chat.log[at:]):
                        shown = self.message(message_id)
                        if shown is not None and not shown.mine and wanted(shown):
                            return shown
                    at = len(self.chat.log)
                    await self.changed()
        except TimeoutError:
            raise TimeoutError(f"nothing that fits came in {timeout} s; the chat:\n{self}") from None

    async def gone(self, message_id: int, timeout: float = 10) -> None:  # noqa: ASYNC109
        """Until a message is deleted."""
        async with asyncio.timeout(timeout):
            while message_id in self.chat.messages:
                await self.changed()

    async def changed(self) -> None:
        """Until anything happens in the chat."""
        future = asyncio.get_running_loop().create_future()
        self.chat.waiting.append(future)
        await future

    def __str__(self) -> str:
        lines = []
        for shown in self.messages[-12:]:
            keys = f"  {shown.labels}" if shown.labels else ""
            lines.append(f"{'>' if shown.mine else '<'} {shown.message_id}: {shown.text}{keys}")
        return "\n".join(lines)

    def _shown(self, message: Json) -> Shown:
        return Shown(message, mine=message["from"]["id"] != self.tg.me["id"])
