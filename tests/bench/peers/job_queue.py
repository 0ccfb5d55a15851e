"""python-telegram-bot's JobQueue, as reminders are commonly written: a job a person, made anew at each start.

python -m tests.bench.peers.job_queue URL daily|once COUNT [WHEN]

`daily` jobs are due in half a day; `once` all at WHEN, in seconds of the epoch.
"""

import os
import sys
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

os.environ["PTB_TIMEDELTA"] = "1"

from telegram.ext import ApplicationBuilder

from tests.bench.clinic import FIRST
from tests.bench.telegram import TOKEN

WORDS = "Good evening, Sam. Would you like to check in?"


async def remind(context: Any) -> None:
    await context.bot.send_message(context.job.chat_id, WORDS)


def main(url: str, kind: str, count: str, when: str = "0") -> None:
    warnings.filterwarnings("ignore")
    app = ApplicationBuilder().token(TOKEN).base_url(f"{url}/bot").build()
    assert app.job_queue is not None
    later = (datetime.now(UTC) + timedelta(hours=12)).timetz()
    due = datetime.fromtimestamp(float(when), UTC)
    for chat in range(FIRST, FIRST + int(count)):
        if kind == "daily":
            app.job_queue.run_daily(remind, later, chat_id=chat)
        else:
            app.job_queue.run_once(remind, due, chat_id=chat)
    app.run_polling(timeout=25)


if __name__ == "__main__":
    main(*sys.argv[1:])
