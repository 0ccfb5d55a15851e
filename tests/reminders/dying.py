"""A clock that is killed in the middle of its round: `python -m tests.reminders.dying URL AT AFTER`.

AFTER: how many rounds of fifty it lives to commit. The next one it writes down whole, and never commits.
"""

import asyncio
import os
import signal
import sys
from datetime import datetime

from bot import rounds
from bot.clock import SettableClock, StillClock
from bot.store.database import Store
from bot.unit import Unit
from tests.reminders.clinic import Clinic

AT_ONCE = 50
KEY = b"k" * 32


async def main(url: str, at: str, after: int) -> None:
    clock = SettableClock(StillClock(datetime.fromisoformat(at)))
    store = Store(url, [KEY], clock)
    store.unlock()
    clinic = Clinic(store, clock)

    def dies(unit: Unit) -> None:
        assert rounds.fire(unit, clinic.program, AT_ONCE) == AT_ONCE
        os.kill(os.getpid(), signal.SIGKILL)

    for _ in range(after):
        await clinic.do(lambda unit: rounds.fire(unit, clinic.program, AT_ONCE))
    await clinic.do(dies)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
