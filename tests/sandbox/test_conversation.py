"""A bot and a person talk through the local Telegram, over real HTTP, with python-telegram-bot's own Bot."""

from __future__ import annotations

import asyncio

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update

from bot.sandbox import LocalTelegram


async def test_a_person_says_hello_and_presses_a_button(tg: LocalTelegram, bot: Bot) -> None:
    phone = tg.phone(7, "Sam")
    said = phone.start("TOKEN")
    (update,) = await bot.get_updates(timeout=5)
    assert update.message is not None
    assert (update.message.message_id, update.message.text) == (said, "/start TOKEN")
    assert [entity.type for entity in update.message.entities] == ["bot_command"]

    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="a:yes")]])
    await bot.send_message(7, "Ready, <b>Sam</b>?", parse_mode="HTML", reply_markup=keyboard)
    shown = await phone.wait("Ready")
    assert shown.html == "Ready, <b>Sam</b>?"
    pressed = phone.press("Yes")
    (update,) = await bot.get_updates(offset=update.update_id + 1, timeout=5)
    assert update.callback_query is not None
    assert update.callback_query.data == "a:yes"
    await update.callback_query.answer("Thanks")
    assert (await phone.answered(pressed)).text == "Thanks"
    await bot.edit_message_text("Noted.", chat_id=7, message_id=shown.message_id)
    assert not (await phone.wait("Noted")).buttons
    assert tg.refused == []


async def test_a_long_poll_ends_when_something_comes(tg: LocalTelegram, bot: Bot) -> None:
    phone = tg.phone(7)
    poll: asyncio.Task[tuple[Update, ...]] = asyncio.create_task(bot.get_updates(timeout=30))
    await tg.polled()
    phone.send("hi")
    (update,) = await asyncio.wait_for(poll, 5)
    assert update.message is not None
    assert update.message.text == "hi"
