"""What the bot may send, edit, delete and answer; a function a method, each with Telegram's rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.sandbox import html
from bot.sandbox.keyboards import check_markup
from bot.sandbox.parameters import Upload
from bot.sandbox.pictures import size
from bot.sandbox.refusals import Json, Refusal, bad

if TYPE_CHECKING:
    from bot.sandbox.chats import Chat, File
    from bot.sandbox.telegram import LocalTelegram

TEXT, CAPTION, TOAST = 4096, 1024, 200
LARGEST = 50 * 1024 * 1024
ANSWERABLE = timedelta(minutes=5)
DELETABLE = timedelta(hours=48)
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
EXPIRED = "query is too old and response timeout expired or query ID is invalid"


def _words(given: Json, text: str, mode: str, entities: str, most: int) -> tuple[str, list[Json]]:
    said: str = given.get(text, "")
    marks: list[Json] = given.get(entities, [])
    match given.get(mode, "").lower():
        case "html":
            said, marks = html.parse(said)
        case "markdown" | "markdownv2":
            raise bad("the local Telegram reads HTML only")
        case "":
            if any(m["offset"] < 0 or m["length"] <= 0 for m in marks):
                raise bad("entity beyond the text")
        case _:
            raise bad("unsupported parse_mode")
    said, marks = html.trimmed(said, marks)
    if html.units(said) > most:
        raise bad("message is too long" if most == TEXT else "message caption is too long")
    return said, html.found(said, marks)


def _text(given: Json) -> Json:
    text, entities = _words(given, "text", "parse_mode", "entities", TEXT)
    if not text:
        raise bad("message text is empty")
    said: Json = {"text": text}
    if entities:
        said["entities"] = entities
    if options := given.get("link_preview_options"):
        said["link_preview_options"] = options
    return said


def _caption(given: Json) -> Json:
    caption, entities = _words(given, "caption", "parse_mode", "caption_entities", CAPTION)
    said: Json = {"caption": caption} if caption else {}
    if entities:
        said["caption_entities"] = entities
    if given.get("show_caption_above_media"):
        said["show_caption_above_media"] = True
    return said


def _send(tg: LocalTelegram, chat: Chat, given: Json, body: Json) -> Json:
    if reply := given.get("reply_parameters"):
        answered = chat.messages.get(reply["message_id"])
        if answered is None and not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        if answered is not None:
            body["reply_to_message"] = {k: v for k, v in answered.items() if k != "reply_to_message"}
    markup = given.get("reply_markup")
    if markup is not None:
        check_markup(markup)
        if markup.get("inline_keyboard"):
            body["reply_markup"] = markup
    if given.get("protect_content"):
        body["has_protected_content"] = True
    if "message_effect_id" in given:
        body["effect_id"] = given["message_effect_id"]
    message = tg.post(chat, tg.me, body)
    if markup is not None and "inline_keyboard" not in markup:
        chat.keyboard = markup if "keyboard" in markup else None
        if "keyboard" in markup or "force_reply" in markup:
            chat.fixed.add(message["message_id"])
    return message


def send_message(tg: LocalTelegram, given: Json) -> Json:
    chat = tg.chat(given["chat_id"])
    return _send(tg, chat, given, _text(given))


def send_photo(tg: LocalTelegram, given: Json) -> Json:
    chat = tg.chat(given["chat_id"])
    caption = _caption(given)
    file = _file(tg, given["photo"], "photos")
    across, down = size(file.content)
    if across + down > 10_000 or max(across, down) > 20 * min(across, down):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    photo = {**about(file), "width": across, "height": down}
    return _send(tg, chat, given, {"photo": [photo], **caption})


def send_document(tg: LocalTelegram, given: Json) -> Json:
    chat = tg.chat(given["chat_id"])
    caption = _caption(given)
    file = _file(tg, given["document"], "documents")
    document = {**about(file), "file_name": file.name, "mime_type": file.type}
    return _send(tg, chat, given, {"document": document, **caption})


def _file(tg: LocalTelegram, given: Upload | str, folder: str) -> File:
    if isinstance(given, Upload):
        if not given.content:
            raise bad("file must be non-empty")
        if len(given.content) > LARGEST:
            raise Refusal(413, "Request Entity Too Large")
        return tg.keep(given.name, given.type, given.content, folder)
    if given not in tg.files:
        raise bad("wrong remote file identifier specified: Wrong character in the string")
    return tg.files[given]


def about(file: File) -> Json:
    return {"file_id": file.id, "file_unique_id": f"u{file.id}", "file_size": len(file.content)}


def _own(tg: LocalTelegram, given: Json) -> tuple[Chat, Json]:
    """The message to edit, which must be the bot's."""
    if "inline_message_id" in given or "chat_id" not in given or "message_id" not in given:
        raise bad("message identifier is not specified")
    chat = tg.chat(given["chat_id"])
    message = chat.messages.get(given["message_id"])
    if message is None:
        raise bad("message to edit not found")
    if message["from"]["id"] != tg.me["id"] or message["message_id"] in chat.fixed:
        raise bad("message can't be edited")
    return chat, message


def _edit(tg: LocalTelegram, chat: Chat, old: Json, given: Json, drop: tuple[str, ...], body: Json) -> Json:
    new = {key: value for key, value in old.items() if key not in (*drop, "reply_markup", "edit_date")}
    new |= body
    markup = given.get("reply_markup")
    if markup is not None:
        check_markup(markup)
        if markup["inline_keyboard"]:
            new["reply_markup"] = markup
    if new == {key: value for key, value in old.items() if key != "edit_date"}:
        raise bad(NOT_MODIFIED)
    new["edit_date"] = tg.date()
    tg.show(chat, new, "edit")
    return new


def edit_text(tg: LocalTelegram, given: Json) -> Json:
    chat, old = _own(tg, given)
    if "text" not in given:
        raise bad("message text is empty")
    if "text" not in old:
        raise bad("there is no text in the message to edit")
    return _edit(tg, chat, old, given, ("text", "entities", "link_preview_options"), _text(given))


def edit_caption(tg: LocalTelegram, given: Json) -> Json:
    chat, old = _own(tg, given)
    if "text" in old:
        raise bad("there is no caption in the message to edit")
    drop = ("caption", "caption_entities", "show_caption_above_media")
    return _edit(tg, chat, old, given, drop, _caption(given))


def edit_markup(tg: LocalTelegram, given: Json) -> Json:
    chat, old = _own(tg, given)
    return _edit(tg, chat, old, given, (), {})


def delete_message(tg: LocalTelegram, given: Json) -> bool:
    chat = tg.chat(given["chat_id"])
    message = chat.messages.get(given["message_id"])
    if message is None:
        raise bad("message to delete not found")
    if tg.now().timestamp() - message["date"] > DELETABLE.total_seconds():
        raise bad("message can't be deleted for everyone")
    if not chat.private and message["from"]["id"] != tg.me["id"]:
        raise bad("message can't be deleted")
    tg.remove(chat, given["message_id"])
    return True


def delete_messages(tg: LocalTelegram, given: Json) -> bool:
    """Those that cannot be found are passed over, as Telegram does."""
    if not 1 <= len(given["message_ids"]) <= 100:
        raise bad(
            "message identifiers are not specified" if not given["message_ids"] else "too many messages"
        )
    chat = tg.chat(given["chat_id"])
    for message_id in given["message_ids"]:
        if message_id in chat.messages:
            delete_message(tg, {"chat_id": chat.id, "message_id": message_id})
    return True


def answer_query(tg: LocalTelegram, given: Json) -> bool:
    query = tg.queries.get(given["callback_query_id"])
    if query is None or query.answer is not None or tg.now() - query.at > ANSWERABLE:
        raise bad(EXPIRED)
    text = given.get("text", "")
    if html.units(text) > TOAST:
        raise bad("MESSAGE_TOO_LONG")
    if given.get("url") and not given["url"].startswith((f"t.me/{tg.me['username']}", "https://t.me/")):
        raise bad("URL_INVALID")
    query.answer = {"text": text, "alert": given.get("show_alert", False), "url": given.get("url")}
    tg.tell(query.chat, "answer", callback_query_id=query.id, message_id=query.message, **query.answer)
    return True


HANDLERS: dict[str, Callable[[LocalTelegram, Json], Any]] = {
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageReplyMarkup": edit_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "answerCallbackQuery": answer_query,
}
