"""What Telegram keeps: chats with their messages, files, and presses that wait for an answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.sandbox.refusals import Json


@dataclass(slots=True, eq=False)
class Chat:
    """A chat as both sides see it. A private chat has its person's id."""

    id: int
    about: Json
    messages: dict[int, Json] = field(default_factory=dict)
    log: list[int] = field(default_factory=list)  # message ids in the order in which they came or changed
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    fixed: set[int] = field(
        default_factory=set
    )  # sent with a reply keyboard: Telegram lets nobody edit these
    pinned: list[int] = field(default_factory=list)
    keyboard: Json | None = None
    started: bool = False
    blocked: bool = False
    deactivated: bool = False
    left: Literal["", "left", "kicked"] = ""

    @property
    def private(self) -> bool:
        return self.id > 0


@dataclass(frozen=True, slots=True)
class File:
    id: str
    name: str
    type: str
    content: bytes
    path: str


@dataclass(slots=True)
class Query:
    """A press that waits for answerCallbackQuery."""

    id: str
    chat: int
    message: int
    at: datetime
    answer: Json | None = None
