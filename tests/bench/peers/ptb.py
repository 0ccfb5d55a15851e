"""python-telegram-bot, as its documentation shows it: a ConversationHandler, rows by SQLModel, or nothing.

python -m tests.bench.peers.ptb URL FOLDER floor|floor_aiohttp|pickle|sqlmodel
"""

import asyncio
import os
import sys
import warnings
from typing import Any

os.environ["PTB_TIMEDELTA"] = "1"

import uvloop
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)

from bot.telegram.request import AiohttpRequest
from tests.bench.conversation import QUESTIONS, STEPS, data
from tests.bench.telegram import TOKEN

KEYBOARDS = tuple(
    InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(option.capitalize(), callback_data=data(option))
                for option in options[at : at + 6]
            ]
            for at in range(0, len(options), 6)
        ]
    )
    for _, options in QUESTIONS
)


async def say(update: Update, step: int) -> None:
    assert update.effective_message is not None
    if update.callback_query is not None:
        await update.callback_query.answer()
    await update.effective_message.reply_text(
        QUESTIONS[step][0], reply_markup=KEYBOARDS[step], parse_mode="HTML"
    )


def given(update: Update) -> str:
    query, message = update.callback_query, update.effective_message
    return (query.data if query else message.text if message else None) or ""


def any_update(handler: Any) -> list[Any]:
    return [MessageHandler(filters.TEXT, handler), CallbackQueryHandler(handler)]


def floor(app: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Only replies: which step somebody is at is all that it knows, and it knows it by heart."""
    steps: dict[int, int] = {}

    async def reply(update: Update, context: Any) -> None:
        assert update.effective_chat is not None
        step = steps.get(update.effective_chat.id, 0)
        steps[update.effective_chat.id] = (step + 1) % len(STEPS)
        await say(update, step)

    app.add_handlers(any_update(reply))


def pickle(app: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """A state for each step; the answers in user_data."""

    def answered(step: int) -> Any:
        async def handler(update: Update, context: Any) -> int:
            context.user_data[f"step_{step}"] = given(update)
            await say(update, step)
            return step + 1 if step + 1 < len(STEPS) else int(ConversationHandler.END)

        return handler

    app.add_handler(
        ConversationHandler(
            entry_points=any_update(answered(0)),
            states={step: any_update(answered(step)) for step in range(1, len(STEPS))},
            fallbacks=[],
            name="check_in",
            persistent=True,
        )
    )


class Talk(SQLModel, table=True):
    chat: int = Field(primary_key=True)
    step: int = 0


class Given(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    chat: int = Field(index=True)
    step: int
    value: str


def sqlmodel(app: Application[Any, Any, Any, Any, Any, Any], folder: str) -> None:
    """A session for each update, committed before the reply; SQLite in WAL, synchronous=FULL, as ours is."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/bot.sqlite3")

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    async def prepare() -> None:
        async with engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)

    async def reply(update: Update, context: Any) -> None:
        assert update.effective_chat is not None
        chat = update.effective_chat.id
        async with AsyncSession(engine) as session:
            talk = (await session.exec(select(Talk).where(Talk.chat == chat))).first() or Talk(chat=chat)
            step = talk.step
            talk.step = (step + 1) % len(STEPS)
            session.add(talk)
            session.add(Given(chat=chat, step=step, value=given(update)))
            await session.commit()
        await say(update, step)

    asyncio.get_event_loop().run_until_complete(prepare())
    app.add_handlers(any_update(reply))


def main(url: str, folder: str, kind: str) -> None:
    warnings.filterwarnings("ignore")
    asyncio.set_event_loop(uvloop.new_event_loop())
    builder = ApplicationBuilder().token(TOKEN).base_url(f"{url}/bot")
    if kind == "floor_aiohttp":
        builder = builder.request(AiohttpRequest()).get_updates_request(AiohttpRequest(read_seconds=35))
    else:
        builder = builder.connection_pool_size(256)
    if kind == "pickle":
        app = builder.persistence(PicklePersistence(f"{folder}/bot.pickle")).build()
        pickle(app)
    else:
        app = builder.concurrent_updates(256).build()
        if kind == "sqlmodel":
            sqlmodel(app, folder)
        else:
            floor(app)
    app.run_polling(timeout=25)


if __name__ == "__main__":
    main(*sys.argv[1:])
