"""What the bot may do in a chat besides talking: act, react, pin, look around, leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.sandbox.messages import about
from bot.sandbox.refusals import Json, bad

if TYPE_CHECKING:
    from bot.sandbox.telegram import LocalTelegram

ACTIONS = frozenset({
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
})  # fmt: skip


def chat_action(tg: LocalTelegram, given: Json) -> bool:
    chat = tg.chat(given["chat_id"])
    if given["action"] not in ACTIONS:
        raise bad("wrong parameter action in request")
    tg.tell(chat.id, "action", action=given["action"])
    return True


def react(tg: LocalTelegram, given: Json) -> bool:
    chat = tg.chat(given["chat_id"])
    message = chat.messages.get(given["message_id"])
    if message is None:
        raise bad("message to react not found")
    wanted = given.get("reaction", [])
    if len(wanted) > 1:
        raise bad("REACTIONS_TOO_MANY")
    if any(reaction["type"] != "emoji" or not reaction.get("emoji") for reaction in wanted):
        raise bad("REACTION_INVALID")
    tg.tell(chat.id, "reaction", message_id=message["message_id"], reaction=wanted)
    return True


def pin(tg: LocalTelegram, given: Json) -> bool:
    chat = tg.chat(given["chat_id"])
    if given["message_id"] not in chat.messages:
        raise bad("message to pin not found")
    if given["message_id"] not in chat.pinned:
        chat.pinned.append(given["message_id"])
        tg.tell(chat.id, "pin", message_id=given["message_id"])
    return True


def unpin(tg: LocalTelegram, given: Json) -> bool:
    chat = tg.chat(given["chat_id"])
    which = given.get("message_id", chat.pinned[-1] if chat.pinned else None)
    if which not in chat.pinned:
        raise bad("message to unpin not found")
    chat.pinned.remove(which)
    tg.tell(chat.id, "unpin", message_id=which)
    return True


def unpin_all(tg: LocalTelegram, given: Json) -> bool:
    tg.chat(given["chat_id"]).pinned.clear()
    return True


def leave(tg: LocalTelegram, given: Json) -> bool:
    chat = tg.chat(given["chat_id"])
    if chat.private:
        raise bad("chat member status can't be changed in private chats")
    chat.left = "left"
    tg.tell(chat.id, "left")
    return True


def get_chat(tg: LocalTelegram, given: Json) -> Json:
    chat = tg.known(given["chat_id"])
    if chat.private and not chat.started:
        raise bad("chat not found")
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    full: Json = {
        **chat.about,
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, True),
    }
    if chat.pinned:
        full["pinned_message"] = chat.messages[chat.pinned[-1]]
    return full


def get_member(tg: LocalTelegram, given: Json) -> Json:
    chat = tg.known(given["chat_id"])
    if given["user_id"] == tg.me["id"]:
        return {"status": chat.left or "member", "user": tg.me}
    phone = tg.people.get(given["user_id"])
    if phone is None or (chat.private and phone.id != chat.id):
        raise bad("PARTICIPANT_ID_INVALID")
    return {"status": "member", "user": phone.user}


def get_file(tg: LocalTelegram, given: Json) -> Json:
    file = tg.files.get(given["file_id"])
    if file is None:
        raise bad("invalid file_id")
    return {**about(file), "file_path": file.path}


HANDLERS: dict[str, Callable[[LocalTelegram, Json], Any]] = {
    "sendChatAction": chat_action,
    "setMessageReaction": react,
    "pinChatMessage": pin,
    "unpinChatMessage": unpin,
    "unpinAllChatMessages": unpin_all,
    "leaveChat": leave,
    "getChat": get_chat,
    "getChatMember": get_member,
    "getFile": get_file,
}
