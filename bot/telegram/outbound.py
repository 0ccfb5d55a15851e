"""One row of the outbox becomes one call to Telegram; Telegram's answer becomes one of our outcomes.

Calls go through the request of python-telegram-bot's `Bot`, which tells its errors apart: building its
objects and parsing the answer into them would cost twenty times the CPU of all the rest, for an integer
that we keep.
"""

import asyncio
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from html import unescape
from typing import Any, ClassVar, assert_never, cast

from telegram import Bot, InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import RequestData

from bot.courier import Blocked, Gone, NotSent, Refused, SlowDown, Unsure
from bot.journal import Log
from bot.outbox import Kind
from bot.telegram.request import NotReached

log = Log(__name__)

_WITH_FILES = ("sendDocument", "sendPhoto")
_LINKS = ("https://", "tg://")
_QUIET = {"is_disabled": True}
_AT_MOST_ANSWERING = 256

# Telegram tells its refusals apart by sentences alone. Matched in small letters, first come.
_UNCHANGED = "message is not modified"
_GONE = (
    "message to edit not found",
    "message to delete not found",
    "message can't be edited",
    "message can't be deleted",
    "message identifier is not specified",
    "message_id_invalid",
    "there is no text in the message to edit",
)
_AWAY = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "have no rights to send a message",
    "not enough rights to send",
    "need administrator rights",
    "group chat was upgraded",
)
_REASONS = (
    ("can't parse entities", "broken_html"),
    ("message is too long", "too_long"),
    ("caption is too long", "too_long"),
    ("text is empty", "empty"),
    ("must be non-empty", "empty"),
    ("button", "button"),
    ("file", "file"),
    ("photo", "file"),
    ("command", "command"),
)
_SAYABLE = ("broken_html", "too_long")


class Outbound:
    """The courier of `bot.sender`, and the few calls that no row stands for."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._answering: set[asyncio.Task[None]] = set()

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        """See `bot.courier.Courier`."""
        method, parameters = call(body, message_id)
        try:
            return await self._deliver(method, parameters)
        except Gone:
            ids = body.get("message_ids", ())
            if len(ids) < 2:
                raise
            # One that is too old to be taken back must not keep the others on the screen.
            for some in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
                with suppress(Gone):
                    await self.deliver({**body, "message_ids": some})
            return None
        except Refused as refused:
            bare = _bare(parameters) if refused.code in _SAYABLE else None
            log.error("telegram.refused", method=method, reason=refused.code)
            if bare is None:
                raise
            # A slip in our markup is not paid for with silence: the words go out without it.
            return await self._deliver(method, bare)

    def answer_callback(self, callback_id: str, toast: str | None = None) -> None:
        """End a button's spinner, without waiting for it: too late or in vain harms nobody."""
        if len(self._answering) >= _AT_MOST_ANSWERING:
            return
        task = asyncio.get_running_loop().create_task(self._answer(callback_id, toast))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def settled(self) -> None:
        """Wait until no answer to a button is under way."""
        while self._answering:
            await asyncio.gather(*self._answering)

    async def default_menus(self, menus: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """The command menu of whoever has none of their own, by language ("" for all others).

        Private chats only: in groups the bot says a line and leaves.
        """
        for language, commands in menus.items():
            parameters = {"commands": _commands(commands), "scope": {"type": "all_private_chats"}}
            if language:
                parameters["language_code"] = language
            try:
                await self._call("setMyCommands", parameters)
            except TelegramError as error:
                raise _outcome(error) from error

    async def get_me(self) -> tuple[int, str]:
        """The bot's own id and username; it proves the token too (Refused: "token")."""
        try:
            me = await self._call("getMe", {})
        except TelegramError as error:
            raise _outcome(error) from error
        return me["id"], me["username"]

    async def _answer(self, callback_id: str, toast: str | None) -> None:
        parameters = {"callback_query_id": callback_id}
        if toast:
            parameters["text"] = toast
        try:
            await self._call("answerCallbackQuery", parameters)
        except TelegramError as error:
            log.debug("callback.unanswered", error=error)

    async def _deliver(self, method: str, parameters: dict[str, Any]) -> int | None:
        try:
            result = await self._call(method, parameters)
        except BadRequest as error:
            if _UNCHANGED in error.message.lower():
                return int(parameters["message_id"])
            raise _outcome(error) from error
        except TelegramError as error:
            raise _outcome(error) from error
        return int(result["message_id"]) if isinstance(result, dict) else None

    async def _call(self, method: str, parameters: dict[str, Any]) -> Any:
        if method in _WITH_FILES:
            return await self._bot.do_api_request(_endpoint(method), parameters)
        data = cast(RequestData, _Plain(parameters))
        return await self._bot.request.post(f"{self._bot.base_url}/{method}", data)


@dataclass(frozen=True, slots=True)
class _Plain:
    """Stands in for the library's `RequestData`: parameters that are JSON already, and no files."""

    parameters: dict[str, Any]
    contains_files: ClassVar[bool] = False


def call(body: dict[str, Any], message_id: int | None = None) -> tuple[str, dict[str, Any]]:
    """The method and parameters that a row's body stands for."""
    chat = body["chat"]
    kind = Kind(body["kind"])
    match kind:
        case Kind.TEXT:
            return "sendMessage", {
                "chat_id": chat,
                "text": body["text"],
                "parse_mode": "HTML",
                "link_preview_options": _QUIET,
                **_manner(body),
                **_keyboard(body),
            }
        case Kind.EDIT:
            return "editMessageText", {
                "chat_id": chat,
                "message_id": _message(body, message_id),
                "text": body["text"],
                "parse_mode": "HTML",
                "link_preview_options": _QUIET,
                **_keyboard(body),
            }
        case Kind.BUTTONS:
            return "editMessageReplyMarkup", {
                "chat_id": chat,
                "message_id": _message(body, message_id),
                **_keyboard(body),
            }
        case Kind.DELETE:
            return "deleteMessages", {"chat_id": chat, "message_ids": body["message_ids"]}
        case Kind.DOCUMENT | Kind.PHOTO:
            file = InputFile(b64decode(body["content"]), filename=body["name"])
            parameters = {"chat_id": chat, kind.value: file, **_manner(body), **_keyboard(body)}
            if body.get("text"):
                parameters |= {"caption": body["text"], "parse_mode": "HTML"}
            return f"send{kind.capitalize()}", parameters
        case Kind.MENU:
            return "setMyCommands", {
                "commands": _commands(body["commands"]),
                "scope": {"type": "chat", "chat_id": chat},
            }
        case Kind.LEAVE:
            return "leaveChat", {"chat_id": chat}
        case _:
            assert_never(kind)


@cache
def _endpoint(method: str) -> str:
    """`sendMessage` as `send__message`.

    python-telegram-bot warns when a call that it knows is named by hand; a name with two underscores
    reaches the same address unrecognised. Ugly, and cheaper than any other way round.
    """
    return "".join(f"__{letter.lower()}" if letter.isupper() else letter for letter in method)


def _bare(parameters: dict[str, Any]) -> dict[str, Any] | None:
    """The same call with its words alone, cut to fit; None where there are none."""
    for field, most in (("text", 4096), ("caption", 1024)):
        if field in parameters:
            words = unescape(re.sub(r"<[^<>]*>", "", parameters[field]))[:most].strip()
            kept = {name: value for name, value in parameters.items() if name != "parse_mode"}
            return {**kept, field: words} if words else None
    return None


def _message(body: dict[str, Any], message_id: int | None) -> int:
    found = message_id if message_id is not None else body.get("message_id")
    if found is None:
        raise Gone
    return int(found)


def _manner(body: dict[str, Any]) -> dict[str, Any]:
    return {
        **({"protect_content": True} if body.get("protect") else {}),
        **({"disable_notification": True} if body.get("silent") else {}),
    }


def _keyboard(body: dict[str, Any]) -> dict[str, Any]:
    rows = [[_button(*button) for button in row] for row in body.get("buttons") or ()]
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _button(label: str, data: str) -> dict[str, str]:
    return {"text": label, "url" if data.startswith(_LINKS) else "callback_data": data}


def _commands(commands: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    return [{"command": name, "description": description} for name, description in commands]


def _outcome(error: TelegramError) -> Exception:
    """BadRequest and TimedOut are NetworkErrors to python-telegram-bot: the order here is the meaning."""
    match error:
        case RetryAfter():
            after = error.retry_after
            return SlowDown(after.total_seconds() if isinstance(after, timedelta) else float(after))
        case NotReached():
            return NotSent()
        case Forbidden():
            return Blocked()
        case ChatMigrated():
            return Blocked()
        case InvalidToken() | EndPointNotFound():
            # Retried: a token that was revoked by mistake is put right by people.
            log.error("telegram.token_refused")
            return NotSent()
        case Conflict():
            return Refused("conflict")
        case BadRequest():
            return _refusal(error.message.lower())
        case _:
            return Unsure()


def _refusal(said: str) -> Exception:
    if any(mark in said for mark in _GONE):
        return Gone()
    if any(mark in said for mark in _AWAY):
        return Blocked()
    return Refused(next((code for mark, code in _REASONS if mark in said), "other"))
