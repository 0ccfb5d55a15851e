"""A program that tries every way it knows to get a patient's words and a token into its log.

Run as its own process by test_journal, because what happens to uncaught errors is part of the promise.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import warnings

from bot import journal

TOKEN = "987654321:AAHkeinEchterSchluesselNurErfunden99"
WORDS = "I drank again and hid it from Marisol"
SECRET = f"{WORDS} https://api.telegram.org/bot{TOKEN}/sendMessage +15550137788"

LIBRARIES = ("httpx", "telegram.ext.Application", "aiohttp.access", "sqlalchemy.engine.Engine", "apscheduler",
             "uvicorn.error", "asyncio", "a library nobody thought of")  # fmt: skip


class Failed(Exception):
    """An error of ours whose message holds what was being done."""


def fail() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        error.add_note(SECRET)
        raise Failed(SECRET) from error


def by_our_own_log() -> None:
    log = journal.Log("bot.leaky")
    log.info("leaky.fields", key=WORDS, patient=TOKEN, item="+15550137788", row=SECRET, level="555-013-7788")  # type: ignore[arg-type]
    log.info("leaky.more", words=WORDS, dialog=f"x/bot{TOKEN}/y", ms=SECRET, error=SECRET)  # type: ignore[call-arg, arg-type]
    log.info(SECRET)
    log.info("leaky.lines", kind="ok\n2026-01-01 forged")
    try:
        fail()
    except Failed as error:
        log.error("leaky.failed", error=error)
    try:
        raise ExceptionGroup(SECRET, [Failed(SECRET), OSError(5, SECRET, SECRET)])
    except ExceptionGroup as error:
        log.error("leaky.group", error=error)


def by_libraries() -> None:
    own = logging.StreamHandler(sys.stderr)
    own.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s %(exc_text)s %(stack_info)s"))
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.addHandler(own)  # a library with a handler of its own, as uvicorn likes to have
        logger.setLevel(logging.DEBUG)
        logger.info(SECRET)
        logger.warning("said %s", SECRET, stack_info=True, extra={"words": SECRET})
        try:
            fail()
        except Failed:
            logger.exception(SECRET)
        logger.error("two places %s %s", SECRET)  # logging would print the arguments to complain
    logging.getLogger(SECRET).error("hello")
    by_hand = logging.makeLogRecord({"name": "pickled", "msg": SECRET, "levelno": logging.ERROR})
    logging.getLogger("pickled").handle(by_hand)


class Doomed:
    def __del__(self) -> None:
        raise Failed(SECRET)


async def by_tasks() -> None:
    loop = asyncio.get_running_loop()

    async def lost() -> None:
        fail()

    task = loop.create_task(lost(), name=SECRET)
    await asyncio.wait([task])
    del task
    gc.collect()
    loop.call_soon(fail)
    await asyncio.sleep(0)
    loop.call_exception_handler({"message": SECRET, "exception": Failed(SECRET), "what": SECRET})


def main() -> None:
    journal.configure("DEBUG")
    by_our_own_log()
    by_libraries()
    warnings.warn(SECRET, UserWarning, stacklevel=1)
    doomed = Doomed()
    del doomed
    thread = threading.Thread(target=fail, name=SECRET)
    thread.start()
    thread.join()
    asyncio.run(by_tasks(), debug=True)
    journal.Log("bot.leaky").info("leaky.done")
    fail()


if __name__ == "__main__":
    main()
