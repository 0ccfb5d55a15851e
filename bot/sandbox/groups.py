"""Groups that somebody added the bot to, and what Telegram tells a bot of its place in a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox import html
from bot.sandbox.chats import Chat
from bot.sandbox.refusals import Json
from bot.sandbox.screens import View

if TYPE_CHECKING:
    from bot.sandbox.phones import Phone
    from bot.sandbox.telegram import LocalTelegram


class Group(View):
    """A group that somebody added the bot to."""

    def __init__(self, tg: LocalTelegram, title: str, by: Phone, *, supergroup: bool) -> None:
        self.id = -(1_000_000_000_000 if supergroup else 0) - tg.chance.randrange(10**8, 10**9)
        about = {"id": self.id, "type": "supergroup" if supergroup else "group", "title": title}
        chat = Chat(self.id, about, started=True)
        tg.chats[self.id] = chat
        super().__init__(tg, chat)
        tell_membership(tg, chat, by.user, "left", "member")
        message = tg.post(chat, by.user, {"new_chat_members": [tg.me], "new_chat_member": tg.me})
        tg.updates.add("message", message, f"messages {self.id}")

    @property
    def left(self) -> bool:
        """Whether the bot has gone."""
        return bool(self.chat.left)

    def send(self, by: Phone, text: str) -> int:
        """A bot that reads only what is meant for it sees commands and its name."""
        body: Json = {"text": text}
        if entities := html.found(text, []):
            body["entities"] = entities
        message = self.tg.post(self.chat, by.user, body)
        kinds = {entity["type"] for entity in entities}
        if not self.chat.left and ("bot_command" in kinds or f"@{self.tg.me['username']}" in text):
            self.tg.updates.add("message", message, f"messages {self.id}")
        return int(message["message_id"])

    def kick(self, by: Phone) -> None:
        self.chat.left = "kicked"
        tell_membership(self.tg, self.chat, by.user, "member", "kicked")


def tell_membership(tg: LocalTelegram, chat: Chat, by: Json, before: str, after: str) -> None:
    def status(kind: str) -> Json:
        return {"status": kind, "user": tg.me, **({"until_date": 0} if kind == "kicked" else {})}

    update = {
        "chat": chat.about,
        "from": by,
        "date": tg.date(),
        "old_chat_member": status(before),
        "new_chat_member": status(after),
    }
    tg.updates.add("my_chat_member", update, f"membership {chat.id}")
