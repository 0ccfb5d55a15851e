"""People with phones: what they see, and what they can do.

A `Phone` is a person in their private chat with the bot. Doing is immediate and needs no loop; `wait` and
`answered` wait for the bot, and fail with what stands in the chat when nothing comes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bot.sandbox import html
from bot.sandbox.chats import Chat, Query
from bot.sandbox.groups import tell_membership
from bot.sandbox.refusals import Json
from bot.sandbox.screens import Answer, Btn, Shown, View

if TYPE_CHECKING:
    from bot.sandbox.telegram import LocalTelegram

# The smallest pictures and sounds that pass for one.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000000000400010a2fe30b0000000049454e44ae426082"
)


class Phone(View):
    def __init__(
        self,
        tg: LocalTelegram,
        user_id: int,
        first_name: str,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str = "en",
        role: str = "patient",
        start: str | None = None,
    ) -> None:
        """`role` and `start` (the words of the Start button) are for the page alone."""
        named = {"first_name": first_name, "last_name": last_name, "username": username}
        named = {key: value for key, value in named.items() if value is not None}
        self.id = user_id
        self.user: Json = {"id": user_id, "is_bot": False, **named, "language_code": language_code}
        self.role = role
        self.start_words = start
        chat = tg.chats.setdefault(user_id, Chat(user_id, {"id": user_id, "type": "private", **named}))
        super().__init__(tg, chat)

    @property
    def name(self) -> str:
        return " ".join(self.user[key] for key in ("first_name", "last_name") if key in self.user)

    @property
    def commands(self) -> list[Json]:
        """The command menu that this person sees."""
        return self.tg.profile.commands_in(self.id, self.user["language_code"])

    def start(self, payload: str = "") -> int:
        """Press Start, or follow a link with a payload."""
        return self.send(f"/start {payload}".rstrip())

    def send(self, text: str, reply_to: int | None = None) -> int:
        text, _ = html.trimmed(text, [])
        if not 1 <= html.units(text) <= 4096:
            raise ValueError("Telegram's apps send texts of 1 to 4096 characters")
        return self._post(self._said(text), reply_to)

    def edit(self, message_id: int, text: str) -> None:
        old = self._mine(message_id)
        kept = {key: value for key, value in old.items() if key not in ("text", "entities", "caption")}
        new = {**kept, "edit_date": self.tg.date()}
        new |= {"caption": text} if "text" not in old else self._said(text)
        self.tg.show(self.chat, new, "edit")
        self.tg.updates.add("edited_message", new, f"messages {self.chat.id}")

    def delete(self, message_id: int) -> None:
        """Delete for both sides. Telegram does not tell bots."""
        if message_id not in self.chat.messages:
            raise LookupError(f"no message {message_id}")
        self.tg.remove(self.chat, message_id)

    def voice(self, seconds: int = 3) -> int:
        return self._post({"voice": {**self._file("voice.ogg", "audio/ogg", b"OggS"), "duration": seconds}})

    def photo(self, caption: str | None = None) -> int:
        photo = {**self._file("photo.png", "image/png", PIXEL), "width": 1, "height": 1}
        del photo["mime_type"]
        return self._post({"photo": [photo], **_captioned(caption)})

    def sticker(self, emoji: str = "🙂") -> int:
        sticker = {
            **self._file("sticker.webp", "image/webp", b"RIFF"),
            "type": "regular",
            "width": 512,
            "height": 512,
            "emoji": emoji,
            "is_animated": False,
            "is_video": False,
        }
        del sticker["mime_type"]
        return self._post({"sticker": sticker})

    def document(
        self,
        name: str = "notes.txt",
        caption: str | None = None,
        content: bytes = b"words",
        kind: str = "text/plain",
    ) -> int:
        document = {**self._file(name, kind, content), "file_name": name}
        return self._post({"document": document, **_captioned(caption)})

    def contact(self, phone_number: str = "+15550100", first_name: str | None = None) -> int:
        """Share a contact: their own, unless another name is given."""
        contact: Json = {"phone_number": phone_number, "first_name": first_name or self.user["first_name"]}
        if first_name is None:
            contact["user_id"] = self.id
        return self._post({"contact": contact})

    def location(self, latitude: float = 40.7, longitude: float = -74.0) -> int:
        return self._post({"location": {"latitude": latitude, "longitude": longitude}})

    def press(self, wanted: str, message_id: int | None = None) -> str:
        """Press by label or data, under this message or the newest that has it. Returns the query's id."""
        shown, button = self._button(wanted, message_id)
        if button.data is None:
            raise LookupError(f"the button {button.text!r} opens {button.url} and tells the bot nothing")
        return self.press_data(shown.message_id, button.data)

    def press_data(self, message_id: int, data: str) -> str:
        """Press what a message's button held, though it may be gone: presses cross edits on their way."""
        message = self.chat.messages.get(message_id)
        if message is None:
            message = {"message_id": message_id, "chat": self.chat.about, "date": 0}
        query = Query(str(4 * 10**17 + self.tg.next_id()), self.chat.id, message_id, self.tg.now())
        self.tg.queries[query.id] = query
        update = {
            "id": query.id,
            "from": self.user,
            "message": message,
            "chat_instance": str(self.chat.id * 7919),
            "data": data,
        }
        self.tg.updates.add("callback_query", update, f"presses {self.id}")
        return query.id

    async def answered(self, callback_id: str, timeout: float = 10) -> Answer:  # noqa: ASYNC109
        """What the bot answered to a press."""
        query = self._query(callback_id)
        try:
            async with asyncio.timeout(timeout):
                while query.answer is None:
                    await self.changed()
        except TimeoutError:
            raise TimeoutError(
                f"the press {callback_id} was not answered in {timeout} s; the chat:\n{self}"
            ) from None
        return Answer(**query.answer)

    def block(self) -> None:
        self._membership("member", "kicked")
        self.chat.blocked = True

    def unblock(self) -> None:
        self.chat.blocked = False
        self._membership("kicked", "member")

    def _membership(self, before: str, after: str) -> None:
        tell_membership(self.tg, self.chat, self.user, before, after)

    def _button(self, wanted: str, message_id: int | None) -> tuple[Shown, Btn]:
        seen = [m for m in reversed(self.messages) if message_id is None or m.message_id == message_id]
        for exactly in (True, False):
            for shown in seen:
                button = shown.button(wanted)
                if button is not None and (not exactly or wanted in (button.text, button.data)):
                    return shown, button
        raise LookupError(f"no button {wanted!r}; the chat:\n{self}")

    def _query(self, callback_id: str) -> Query:
        return self.tg.queries[callback_id]

    def _mine(self, message_id: int) -> Json:
        message = self.chat.messages.get(message_id)
        if message is None or message["from"]["id"] != self.id:
            raise LookupError(f"no message {message_id} of one's own")
        return message

    def _said(self, text: str) -> Json:
        entities = html.found(text, [])
        return {"text": text, "entities": entities} if entities else {"text": text}

    def _file(self, name: str, kind: str, content: bytes) -> Json:
        file = self.tg.keep(name, kind, content, "received")
        about = {"file_id": file.id, "file_unique_id": f"u{file.id}", "file_size": len(content)}
        return {**about, "mime_type": kind}

    def _post(self, body: Json, reply_to: int | None = None) -> int:
        if self.chat.blocked:
            self.unblock()
        self.chat.started = True
        if reply_to is not None:
            body = {**body, "reply_to_message": self.chat.messages[reply_to]}
        message = self.tg.post(self.chat, self.user, body)
        self.tg.updates.add("message", message, f"messages {self.chat.id}")
        return int(message["message_id"])


def _captioned(caption: str | None) -> dict[str, Any]:
    return {} if caption is None else {"caption": caption}
