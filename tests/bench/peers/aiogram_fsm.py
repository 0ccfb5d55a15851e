"""aiogram 3 with its finite state machine: a state for each step, the answers in the state's data.

python -m tests.bench.peers.aiogram_fsm URL FOLDER memory|redis|sqlite [REDIS_PORT]
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

import aiosqlite
import uvloop
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StorageKey
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from tests.bench.conversation import QUESTIONS, STEPS, data
from tests.bench.telegram import TOKEN

KEYBOARDS = tuple(
    InlineKeyboardMarkup(
        inline_keyboard=[
            [
                InlineKeyboardButton(text=option.capitalize(), callback_data=data(option))
                for option in options[at : at + 6]
            ]
            for at in range(0, len(options), 6)
        ]
    )
    for _, options in QUESTIONS
)
STATES = tuple(State(f"step_{step}", group_name="Talk") for step in range(len(STEPS)))


class SqliteStorage(BaseStorage):
    """As people write it, since aiogram brings none: one row a chat, committed at each change."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @classmethod
    async def opened(cls, path: str) -> "SqliteStorage":
        connection = await aiosqlite.connect(path)
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=FULL")
        await connection.execute("CREATE TABLE fsm (chat INTEGER PRIMARY KEY, state TEXT, data TEXT)")
        return cls(connection)

    async def set_state(self, key: StorageKey, state: Any = None) -> None:
        await self._put("state", key.chat_id, state.state if isinstance(state, State) else state)

    async def get_state(self, key: StorageKey) -> str | None:
        return await self._get("state", key.chat_id)

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        await self._put("data", key.chat_id, json.dumps(data))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self._get("data", key.chat_id) or "{}")
        return found

    async def close(self) -> None:
        await self._connection.close()

    async def _get(self, column: str, chat: int) -> str | None:
        async with self._connection.execute(f"SELECT {column} FROM fsm WHERE chat = ?", (chat,)) as cursor:
            row = await cursor.fetchone()
        return row[0] if row else None

    async def _put(self, column: str, chat: int, value: str | None) -> None:
        await self._connection.execute(
            f"INSERT INTO fsm (chat, {column}) VALUES (?, ?) ON CONFLICT (chat) DO UPDATE SET {column} = ?",
            (chat, value, value),
        )
        await self._connection.commit()


def answered(step: int) -> Any:
    async def keep(said: str | None, state: FSMContext) -> None:
        await state.update_data({f"step_{step}": said})
        await state.set_state(STATES[step + 1] if step + 1 < len(STEPS) else None)

    async def message(event: Message, state: FSMContext) -> None:
        await keep(event.text, state)
        await event.answer(QUESTIONS[step][0], reply_markup=KEYBOARDS[step], parse_mode="HTML")

    async def press(event: CallbackQuery, state: FSMContext) -> None:
        await keep(event.data, state)
        await event.answer()
        assert isinstance(event.message, Message)
        await event.message.answer(QUESTIONS[step][0], reply_markup=KEYBOARDS[step], parse_mode="HTML")

    return message if STEPS[step].press is None else press


async def main(url: str, folder: str, kind: str, redis: str = "6379") -> None:
    storage: Any
    match kind:
        case "memory":
            storage = MemoryStorage()
        case "redis":
            storage = RedisStorage.from_url(f"redis://127.0.0.1:{redis}/0")
        case _:
            storage = await SqliteStorage.opened(f"{folder}/fsm.sqlite3")
    dispatcher = Dispatcher(storage=storage)
    for step, state in enumerate(STATES):
        routed = dispatcher.message if STEPS[step].press is None else dispatcher.callback_query
        routed.register(
            answered(step), StateFilter(state if step else None), F.data if STEPS[step].press else F.text
        )
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    await dispatcher.start_polling(bot, polling_timeout=25, handle_signals=True)


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(*sys.argv[1:]))
