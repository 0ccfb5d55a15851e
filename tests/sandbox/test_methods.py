"""Every method of the local Telegram works for python-telegram-bot, which can read each answer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import telegram as ptb
from telegram import Bot

from bot.sandbox import LocalTelegram
from bot.sandbox.methods import METHODS
from bot.sandbox.phones import PIXEL

Use = Callable[[Bot, LocalTelegram], Awaitable[Any]]
KEYS = ptb.InlineKeyboardMarkup(
    [
        [
            ptb.InlineKeyboardButton("7", callback_data="a:7"),
            ptb.InlineKeyboardButton("8", callback_data="a:8"),
        ],
        [ptb.InlineKeyboardButton("988", url="https://988lifeline.org")],
    ]
)
QUIET: dict[str, Any] = {"disable_notification": True, "protect_content": True}


async def _sent(bot: Bot) -> int:
    return (await bot.send_message(7, "first")).message_id


async def _send_message(bot: Bot, tg: LocalTelegram) -> None:
    said = tg.phone(7).messages[0].message_id
    sent = await bot.send_message(
        7,
        "<b>Mood</b>, 0 &lt; 10? 🙂 <i>now</i>",
        parse_mode="HTML",
        reply_markup=KEYS,
        link_preview_options=ptb.LinkPreviewOptions(is_disabled=True),
        reply_parameters=ptb.ReplyParameters(said, allow_sending_without_reply=True),
        **QUIET,
    )
    assert sent.text_html == "<b>Mood</b>, 0 &lt; 10? 🙂 <i>now</i>"
    assert sent.reply_markup == KEYS
    assert sent.reply_to_message is not None
    assert sent.has_protected_content
    assert (sent.chat.id, sent.from_user and sent.from_user.id) == (7, bot.id)
    for markup in (
        ptb.ReplyKeyboardMarkup([["Yes", "No"]], resize_keyboard=True, one_time_keyboard=True),
        ptb.ReplyKeyboardRemove(),
        ptb.ForceReply(input_field_placeholder="…"),
    ):
        await bot.send_message(7, "x", reply_markup=markup)
    await bot.send_message(7, "bold", entities=[ptb.MessageEntity("bold", 0, 4)])


async def _send_photo(bot: Bot, tg: LocalTelegram) -> None:
    sent = await bot.send_photo(
        7, PIXEL, caption="a <b>QR</b>", parse_mode="HTML", reply_markup=KEYS, **QUIET
    )
    assert (sent.photo[0].width, sent.caption_html) == (1, "a <b>QR</b>")
    again = await bot.send_photo(7, sent.photo[0].file_id)
    assert again.photo[0] == sent.photo[0]


async def _send_document(bot: Bot, tg: LocalTelegram) -> None:
    content = bytes(range(256)) * 40 + b"\r\n--\r\n"
    sent = await bot.send_document(7, content, filename='ünd "it".json', caption="yours", thumbnail=PIXEL)
    assert sent.document is not None
    assert sent.document.file_size == len(content)
    file = await sent.document.get_file()
    assert bytes(await file.download_as_bytearray()) == content


async def _edit_text(bot: Bot, tg: LocalTelegram) -> None:
    edited = await bot.edit_message_text(
        "<u>x</u>", 7, await _sent(bot), parse_mode="HTML", reply_markup=KEYS,
        link_preview_options=ptb.LinkPreviewOptions(is_disabled=True),
    )  # fmt: skip
    assert isinstance(edited, ptb.Message)
    assert edited.text_html == "<u>x</u>"
    assert edited.edit_date is not None


async def _edit_caption(bot: Bot, tg: LocalTelegram) -> None:
    sent = await bot.send_photo(7, PIXEL, caption="before")
    edited = await bot.edit_message_caption(7, sent.message_id, caption="<i>after</i>", parse_mode="HTML")
    assert isinstance(edited, ptb.Message)
    assert edited.caption_html == "<i>after</i>"


async def _edit_markup(bot: Bot, tg: LocalTelegram) -> None:
    edited = await bot.edit_message_reply_markup(7, await _sent(bot), reply_markup=KEYS)
    assert isinstance(edited, ptb.Message)
    assert edited.reply_markup == KEYS


async def _answer(bot: Bot, tg: LocalTelegram) -> None:
    await bot.send_message(7, "x", reply_markup=KEYS)
    query = tg.phone(7).press("7")
    assert await bot.answer_callback_query(query, "Noted", show_alert=True, cache_time=0)
    assert (await tg.phone(7).answered(query)).alert


async def _commands(bot: Bot, tg: LocalTelegram) -> None:
    for scope in (None, ptb.BotCommandScopeAllPrivateChats(), ptb.BotCommandScopeChat(7)):
        assert await bot.set_my_commands([("help", "Help")], scope=scope, language_code="en")
        assert await bot.get_my_commands(scope, language_code="en") == (ptb.BotCommand("help", "Help"),)
        assert await bot.delete_my_commands(scope, language_code="en")
        assert await bot.get_my_commands(scope, language_code="en") == ()


async def _words(bot: Bot, tg: LocalTelegram) -> None:
    await bot.set_my_name("Rail")
    await bot.set_my_name("Riel", language_code="es")
    assert [(await bot.get_my_name(code)).name for code in (None, "es", "de")] == ["Rail", "Riel", "Rail"]
    assert (await bot.get_me()).first_name == "Rail"
    await bot.set_my_description("Walks beside you.")
    assert (await bot.get_my_description()).description == "Walks beside you."
    await bot.set_my_short_description("Beside you.")
    assert (await bot.get_my_short_description()).short_description == "Beside you."


async def _menu_button(bot: Bot, tg: LocalTelegram) -> None:
    await bot.set_chat_menu_button(7, ptb.MenuButtonCommands())
    await bot.set_chat_menu_button(menu_button=ptb.MenuButtonDefault())
    assert (await bot.get_chat_menu_button(7)).type == "commands"


async def _pins(bot: Bot, tg: LocalTelegram) -> None:
    sent = await _sent(bot)
    assert await bot.pin_chat_message(7, sent, disable_notification=True)
    pinned = (await bot.get_chat(7)).pinned_message
    assert pinned is not None
    assert pinned.message_id == sent
    assert await bot.unpin_chat_message(7, sent)
    assert await bot.unpin_all_chat_messages(7)


async def _chats(bot: Bot, tg: LocalTelegram) -> None:
    assert (await bot.get_chat(7)).first_name == "Sam"
    assert (await bot.get_chat_member(7, 7)).user.id == 7
    group = tg.group("Friends", tg.phone(7))
    assert (await bot.get_chat(group.id)).title == "Friends"
    assert (await bot.get_chat_member(group.id, bot.id)).status == "member"
    assert await bot.leave_chat(group.id)


async def _webhook(bot: Bot, tg: LocalTelegram) -> None:
    where = "http://127.0.0.1:9/hook"
    assert await bot.set_webhook(
        where, secret_token="s-1_", max_connections=3, allowed_updates=["message"], drop_pending_updates=True
    )
    info = await bot.get_webhook_info()
    assert (info.url, info.max_connections, info.allowed_updates) == (where, 3, ("message",))
    assert info.pending_update_count == 0
    assert await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).url == ""


async def _updates(bot: Bot, tg: LocalTelegram) -> None:
    tg.updates.waiting.clear()
    tg.phone(7).send("hi")
    updates = await bot.get_updates(limit=10, timeout=1, allowed_updates=ptb.Update.ALL_TYPES)
    assert [update.effective_user and update.effective_user.id for update in updates] == [7]


async def _others(bot: Bot, tg: LocalTelegram) -> None:
    assert await bot.send_chat_action(7, "typing")
    sent = await _sent(bot)
    assert await bot.set_message_reaction(7, sent, "👍")
    assert await bot.delete_message(7, sent)
    assert await bot.delete_messages(7, [await _sent(bot), await _sent(bot)])


USES: list[Use] = [
    _send_message, _send_photo, _send_document, _edit_text, _edit_caption, _edit_markup, _answer, _commands,
    _words, _menu_button, _pins, _chats, _webhook, _updates, _others,
]  # fmt: skip


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__.strip("_"))
async def test_the_library_and_the_local_telegram_understand_each_other(
    tg: LocalTelegram, bot: Bot, use: Use
) -> None:
    tg.phone(7, username="sam").start()
    await use(bot, tg)
    assert tg.refused == []


async def test_no_method_is_left_untried(tg: LocalTelegram, bot: Bot) -> None:
    tg.phone(7).start()
    for use in USES:
        await use(bot, tg)
        tg.call("deleteMyCommands")
    assert {call.method for call in tg.calls} | {"getUpdates"} == set(METHODS)


async def test_bodies_come_in_every_shape_that_telegram_takes(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    tg.phone(7).start()
    address = f"{url}/bot{tg.token}/sendMessage"
    fields = {"chat_id": "7", "text": "a & 🙂"}
    form = aiohttp.FormData(fields, default_to_multipart=True)
    for answer in (
        http.get(address, params=fields),
        http.post(address, params=fields),
        http.post(address, data=fields),
        http.post(address, json={**fields, "chat_id": 7}),
        http.post(address, json=fields),
        http.post(address, data=form),
        http.post(address, json={"text": "a & 🙂", "protect_content": None}, params={"chat_id": "7"}),
    ):
        async with answer as got:
            body = await got.json()
            assert (got.status, body["ok"], body["result"]["text"]) == (200, True, "a & 🙂")


async def test_what_is_not_the_bots_is_refused(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    for path, code, why in [
        (f"bot{tg.token}/sendTelepathy", 404, "Not Found"),
        (f"bot{tg.token}", 404, "Not Found"),
        ("bot123456:WRONG/getMe", 401, "Unauthorized"),
        ("getMe", 404, "Not Found"),
        (f"file/bot{tg.token}/documents/file_1.pdf", 404, "Not Found"),
        ("file/bot123456:WRONG/documents/file_1.pdf", 401, "Unauthorized"),
    ]:
        async with http.get(f"{url}/{path}") as answer:
            assert json.loads(await answer.read()) == {"ok": False, "error_code": code, "description": why}
            assert answer.status == code


async def test_a_body_that_cannot_be_read_is_refused(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    address = f"{url}/bot{tg.token}/getMe"
    for kind, body in [
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("text/plain", b"x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\ny"),
    ]:
        async with http.post(address, data=body, headers={"Content-Type": kind}) as answer:
            assert (answer.status, (await answer.json())["ok"]) == (400, False)


async def test_a_file_that_no_parameter_uses_is_refused(
    tg: LocalTelegram, url: str, http: aiohttp.ClientSession
) -> None:
    tg.phone(7).start()
    form = aiohttp.FormData({"chat_id": "7", "document": "attach://here"})
    form.add_field("there", b"x", filename="x")
    async with http.post(f"{url}/bot{tg.token}/sendDocument", data=form) as answer:
        assert (await answer.json())["description"] == 'Bad Request: uploaded part "here" is missing'
    form = aiohttp.FormData({"chat_id": "7", "document": "attach://here"})
    form.add_field("here", b"x", filename="x")
    form.add_field("there", b"x", filename="y")
    async with http.post(f"{url}/bot{tg.token}/sendDocument", data=form) as answer:
        assert 'part "there" is used by no parameter' in (await answer.json())["description"]


async def test_files_are_looked_at(tg: LocalTelegram, bot: Bot) -> None:
    tg.phone(7).start()
    with pytest.raises(ptb.error.BadRequest, match="Image_process_failed"):
        await bot.send_photo(7, b"not a picture")
    with pytest.raises(ptb.error.BadRequest, match="File must be non-empty"):
        await bot.send_document(7, b"", filename="x")
    wide = PIXEL[:16] + (500).to_bytes(4) + PIXEL[20:]
    with pytest.raises(ptb.error.BadRequest, match="Photo_invalid_dimensions"):
        await bot.send_photo(7, wide)
