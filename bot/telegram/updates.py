"""Telegram's updates in our own words: python-telegram-bot's handlers decide what an update is.

Nearly all are a text or a press in a private chat: those are read off the wire as they are, because the
library's objects cost eight times as much.

An update that is nothing to us translates to None. One that the library cannot parse, because of a part that
is new or broken, is read for its essentials: whoever wrote in private is heard, whatever came along with
their words. Only where that fails too, `translate` raises.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from telegram import Bot, Chat, ChatMember, Message, Update
from telegram.ext import BaseHandler, CallbackQueryHandler, ChatMemberHandler, MessageHandler, filters

from bot.inbound import Edited, Event, Grouped, Inbound, Left, Medium, Pressed, Said, Showed
from bot.journal import Log

log = Log(__name__)

ALLOWED = [Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?=\s|$)")
_HALF = re.compile("[\ud800-\udfff]")
_TEXTS = ("text", "rest", "caption", "data", "callback_id")
_MEDIA = {
    "voice": Medium.VOICE,
    "audio": Medium.VOICE,
    "video_note": Medium.VOICE,
    "photo": Medium.PHOTO,
    "sticker": Medium.STICKER,
}
_AWAY = (ChatMember.BANNED, ChatMember.LEFT)
_PRIVATE = filters.ChatType.PRIVATE
_NEW = filters.UpdateType.MESSAGE
_EDIT = filters.UpdateType.EDITED_MESSAGE

Translate = Callable[[Update], Event | None]


async def _unused(update: Any, context: Any) -> None:
    """Handlers want a callback; ours are asked only whether they match."""


def translate(raw: dict[str, Any], bot: Bot, now: datetime) -> Inbound | None:
    """One update as it came over the wire, at `now`; None if it is nothing to us."""
    if isinstance(raw, dict) and not any(kind in raw for kind in ALLOWED):
        return None
    try:
        return _sound(_plain(raw, bot, now) or _parsed(raw, bot, now))
    except Exception as error:
        essential = _essential(raw, bot, now)
        log.warning("update.read_in_part", error=error)
        return essential


def _plain(raw: dict[str, Any], bot: Bot, now: datetime) -> Inbound | None:
    """A text or a press in a private chat, as the library would read it; None if it is anything else."""
    match raw:
        case {
            "update_id": int(number),
            "callback_query": {
                "id": str(of),
                "from": {"id": int(user)} as person,
                "message": {"message_id": int(message_id), "chat": {"id": int(chat), "type": Chat.PRIVATE}},
                "data": str(data),
            },
        }:
            event: Event = Pressed(data=data, callback_id=of)
            at = now
        case {
            "update_id": int(number),
            "message": {
                "message_id": int(message_id),
                "from": {"id": int(user)} as person,
                "chat": {"id": int(chat), "type": Chat.PRIVATE},
                "date": int(date),
                "text": str(text),
                **more,
            },
        } if text and "edit_date" not in more:
            of = f"{chat}:{message_id}"
            event = _spoken(text)
            at = datetime.fromtimestamp(date, UTC)
        case _:
            return None
    return Inbound(
        key=redelivery_key(bot.id, number, of),
        chat=chat,
        user=user,
        at=at,
        event=_clean(event),
        message_id=message_id,
        language=person.get("language_code"),
    )


def _parsed(raw: dict[str, Any], bot: Bot, now: datetime) -> Inbound | None:
    update = Update.de_json(raw, bot)
    for handler, event_of in _ROUTES:
        if handler.check_update(update) in (None, False):
            continue
        event = event_of(update)
        return None if event is None else _inbound(update, event, bot, now)
    return None


def _essential(raw: dict[str, Any], bot: Bot, now: datetime) -> Inbound:
    """Where it is, who says it and their words, all else left out. ValueError where no private chat is."""
    press = _part(raw, Update.CALLBACK_QUERY)
    message = _part(press, "message") or _part(raw, Update.MESSAGE) or _part(raw, Update.EDITED_MESSAGE)
    chat, message_id, number = _part(message, "chat"), message.get("message_id"), raw.get("update_id")
    if chat.get("type") != Chat.PRIVATE or not (_is_id(chat.get("id")) and _is_id(message_id)):
        raise ValueError
    of: object = f"{chat['id']}:{message_id}"
    event: Event
    if press:
        of, data = press.get("id"), press.get("data")
        if not isinstance(of, str):
            raise ValueError
        event = Pressed(data=data if isinstance(data, str) else "", callback_id=of)
    elif isinstance(text := message.get("text"), str):
        event = _spoken(text) if Update.MESSAGE in raw else Edited(text)
    else:
        caption = message.get("caption")
        medium = next((medium for name, medium in _MEDIA.items() if name in message), Medium.OTHER)
        event = Showed(medium, caption if isinstance(caption, str) else None)
        if Update.MESSAGE not in raw and event.caption:
            event = Edited(event.caption)
    return Inbound(
        key=redelivery_key(bot.id, number if isinstance(number, int) else 0, str(of)),
        chat=chat["id"],
        user=chat["id"],
        at=now,
        event=_clean(event),
        message_id=message_id,
    )


def _part(of: object, name: str) -> dict[str, Any]:
    found = of.get(name) if isinstance(of, dict) else None
    return found if isinstance(found, dict) else {}


def _sound(inbound: Inbound | None) -> Inbound | None:
    """What the library passes on unlooked at: texts that are texts, and numbers that a column holds."""
    if inbound is None:
        return None
    numbers = [number for number in (inbound.chat, inbound.user, inbound.message_id) if number is not None]
    texts = [inbound.language, *(getattr(inbound.event, name, None) for name in _TEXTS)]
    if not all(type(number) is int and abs(number) < 1 << 52 for number in numbers):
        raise ValueError
    if not all(text is None or isinstance(text, str) for text in texts):
        raise ValueError
    return inbound


def _is_id(number: object) -> bool:
    """Whether Telegram could have meant this: ids of private chats and messages fit 52 bits."""
    return type(number) is int and 0 <= number < 1 << 52


def _clean(event: Event) -> Event:
    """Half a surrogate pair is no text: no database takes it."""
    broken: dict[str, Any] = {
        name: text.encode("utf-8", "replace").decode()
        for name in _TEXTS
        if isinstance(text := getattr(event, name, None), str) and not text.isascii() and _HALF.search(text)
    }
    return replace(event, **broken) if broken else event


def redelivery_key(bot_id: int, update_id: int, of: str) -> bytes:
    """128 bits that the same update always has, and another with its number does not."""
    return hashlib.blake2b(f"{bot_id}:{update_id}:{of}".encode(errors="replace"), digest_size=16).digest()


def _inbound(update: Update, event: Event, bot: Bot, now: datetime) -> Inbound:
    message = update.effective_message
    chat = update.effective_chat
    user = update.effective_user
    assert chat is not None
    if isinstance(event, Pressed):
        of = event.callback_id
    else:
        of = f"{chat.id}:{message.message_id if message else ''}"
    at = None
    if message is not None and not isinstance(event, Pressed):
        at = message.edit_date or getattr(message, "date", None)
    return Inbound(
        key=redelivery_key(bot.id, update.update_id, of),
        chat=chat.id,
        user=user.id if user else chat.id,
        at=at or now,
        event=_clean(event),
        message_id=message.message_id if message else None,
        language=user.language_code if user else None,
    )


def _pressed(update: Update) -> Event | None:
    query = update.callback_query
    if query is None or query.message is None or query.message.chat.type != Chat.PRIVATE:
        return None
    return Pressed(data=query.data or "", callback_id=query.id)


def _said(update: Update) -> Event:
    return _spoken(_message(update).text or "")


def _spoken(text: str) -> Event:
    found = _COMMAND.match(text)
    if found is None:
        return Said(text)
    return Said(text, command=found[1].lower(), rest=text[found.end() :].strip())


def _edited(update: Update) -> Event | None:
    message = _message(update)
    text = message.text or message.caption
    return Edited(text) if text else None


def _showed(medium: Medium) -> Translate:
    return lambda update: Showed(medium, _message(update).caption)


def _member(update: Update) -> Event | None:
    change = update.my_chat_member
    assert change is not None
    away = change.new_chat_member.status in _AWAY
    if change.chat.type == Chat.PRIVATE:
        return Left(gone=away)
    return None if away else Grouped(added=True)


def _group(update: Update) -> Event | None:
    """A group that wrote to us although we leave groups: leave again, without a word.

    That somebody came or went is no such message: of ourselves `_member` hears.
    """
    message = _message(update)
    return None if message.left_chat_member or message.new_chat_members else Grouped(added=False)


def _message(update: Update) -> Message:
    message = update.effective_message
    assert message is not None
    return message


_ROUTES: tuple[tuple[BaseHandler[Any, Any, Any], Translate], ...] = (
    (CallbackQueryHandler(_unused), _pressed),
    (MessageHandler(_PRIVATE & _NEW & filters.TEXT, _unused), _said),
    (MessageHandler(_PRIVATE & _EDIT, _unused), _edited),
    (
        MessageHandler(_PRIVATE & _NEW & (filters.VOICE | filters.AUDIO | filters.VIDEO_NOTE), _unused),
        _showed(Medium.VOICE),
    ),
    (MessageHandler(_PRIVATE & _NEW & filters.PHOTO, _unused), _showed(Medium.PHOTO)),
    (MessageHandler(_PRIVATE & _NEW & filters.Sticker.ALL, _unused), _showed(Medium.STICKER)),
    (
        MessageHandler(_PRIVATE & _NEW & ~filters.StatusUpdate.ALL, _unused),
        _showed(Medium.OTHER),
    ),
    (ChatMemberHandler(_unused, ChatMemberHandler.MY_CHAT_MEMBER), _member),
    (MessageHandler(filters.ChatType.GROUPS & _NEW, _unused), _group),
)
