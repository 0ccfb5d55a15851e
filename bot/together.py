"""What comes while one unit is under way goes into the next one: few commits, and none waits for a clock."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Together(Generic[T]):
    """`run` gets the items in their order, at most `most` at once and never two batches side by side."""

    def __init__(self, run: Callable[[list[T]], Awaitable[None]], most: int) -> None:
        self.most = most
        self._run = run
        self._items: deque[T] = deque()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    @property
    def busy(self) -> bool:
        """Whether anything is left, or under way."""
        return self._task is not None

    def add(self, item: T) -> None:
        self._items.append(item)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._all())

    def put_back(self, items: Iterable[T]) -> None:
        """From within `run`: these come first in the next batch."""
        self._items.extendleft(reversed([*items]))

    async def finished(self) -> None:
        """Wait until nothing is left."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _all(self) -> None:
        try:
            while self._items:
                await self._run([self._items.popleft() for _ in range(min(self.most, len(self._items)))])
        finally:
            self._task = None
