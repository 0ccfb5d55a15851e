"""The log, by allow-list: what may be written is listed here, and nothing else can be.

A log outlives the conversation, is copied to other machines and read by people whom no patient ever
agreed to. So an entry is an event's name and fields out of `Fields`: codes, keys, counts, durations.
An exception is written as its type and the places in the code that it came through, never as its
message, which may hold the very words that could not be stored.

Libraries cannot be taught this, so their entries are emptied as they are made: a logger's name, a place
and the type of an error are kept, and the text is dropped, whichever handler writes it. What reaches
the end of the program uncaught, in a task, a thread or a destructor, or comes as a warning, takes the
same way. The price is that a library's explanation is lost; the place tells where to read it.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import types
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, TypedDict, Unpack, get_type_hints

ROOT = Path(__file__).resolve().parent.parent
OURS = tuple(f"{ROOT / part}{os.sep}" for part in ("bot", "dialogs", "tests"))


class Fields(TypedDict, total=False):
    """Everything that an entry may say. A new field is a decision: could its value ever hold a
    patient's words, a name, a phone number, a Telegram id or a secret? Then it has no place here."""

    # whom and what, by codes and row ids of our own
    patient: str  # P-…
    staff: str  # S-…
    session: int
    flag: int
    row: int
    letter: int
    # keys and kinds that are written down in our code
    dialog: str
    key: str
    item: str
    kind: str
    lane: str
    method: str
    command: str
    category: str
    level: str
    rule: str
    role: str
    language: str
    status: str
    reason: str
    setting: str
    revision: str
    version: str
    release: str
    process: str
    mode: str
    part: str
    # how many, how long
    code: int
    port: int
    count: int
    total: int
    waiting: int
    attempt: int
    size: int
    days: int
    ms: float
    seconds: float
    late: float
    retry_after: float
    # what went wrong
    error: BaseException


_KINDS = get_type_hints(Fields)
_WORD = re.compile(r"[A-Za-z0-9_.:/+-]{1,80}")
_EVENT = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
# The shapes of a token, and of a Telegram id or a phone number, in a field that ought to hold neither.
_TELLTALE = re.compile(r".*\d{5,}:[\w-]{20,}.*|\+?\d[\d-]{5,}\d")
_UNFIT = "?"


class Entry:
    """One line of the log, safe to print: what did not fit its field is already a question mark."""

    __slots__ = ("_text",)

    def __init__(self, event: str, **fields: Unpack[Fields]) -> None:
        shown = [event if _EVENT.fullmatch(event) else _UNFIT]
        shown += [f"{name}={_shown(name, value)}" for name, value in fields.items() if name in _KINDS]
        self._text = " ".join(shown)

    def __str__(self) -> str:
        return self._text


class Log:
    """The log of one module. Events are literals, named noun first: `outbox.sent`."""

    __slots__ = ("_logger",)

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: Unpack[Fields]) -> None:
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: Unpack[Fields]) -> None:
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Unpack[Fields]) -> None:
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Unpack[Fields]) -> None:
        self._write(logging.ERROR, event, fields)

    def _write(self, level: int, event: str, fields: Fields) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, Entry(event, **fields))


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Make this process's log, on standard error, the only one, and close every other way out.

    `level` holds for our own entries; libraries are heard from WARNING on. Call it once, before
    anything that logs is started.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Line())
    handler.addFilter(_worth_writing)
    ours = logging.getLevelNamesMapping()[level]
    logging.setLogRecordFactory(_record)
    # Where an entry cannot be written, logging itself would print its raw arguments.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
    logging.getLogger("bot").setLevel(ours)
    warnings.showwarning = _warned
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _thread_died


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        name = record.name if _WORD.fullmatch(str(record.name)) else _UNFIT
        # A record that was pickled or put together by hand has not come through `_record`.
        text = record.msg if isinstance(record.msg, Entry) else Entry("library")
        return f"{at} {record.levelname} {name} {text}"


def _worth_writing(record: logging.LogRecord) -> bool:
    """A library may set its own level; what it says below WARNING is a line without content here."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == "bot"


def _record(
    name: str,
    level: int,
    fn: str,
    lno: int,
    msg: object,
    args: Any,
    exc_info: Any,
    func: str | None = None,
    sinfo: str | None = None,
    **_: Any,
) -> logging.LogRecord:
    """Stands where every record of every library is made, so that no handler ever holds the text."""
    if not isinstance(msg, Entry):
        error = exc_info[1] if isinstance(exc_info, tuple) else None
        msg = _from_outside("library", f"{_place(fn)}:{lno}", error)
    return logging.LogRecord(name, level, fn, lno, msg, None, None, func, None)


def _from_outside(event: str, place: str, error: BaseException | None) -> Entry:
    entry = Entry(event) if error is None else Entry(event, error=error)
    entry._text += f" at={place}"
    return entry


def _shown(name: str, value: object) -> str:
    kind = _KINDS[name]
    if kind is BaseException:
        return _described(value) if isinstance(value, BaseException) else _UNFIT
    if value is None:
        return "-"
    if kind is int or kind is float:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        return f"{value:.6g}" if isinstance(value, float) else str(value) if plain else _UNFIT
    word = str(value) if isinstance(value, str) else ""
    return word if _WORD.fullmatch(word) and not _TELLTALE.fullmatch(word) else _UNFIT


def _described(error: BaseException) -> str:
    """Types and places: `bot.store.Busy[bot/unit.py:40>bot/store/rows.py:12]<-sqlite3.OperationalError`."""
    return "<-".join(_one(link) for link in islice(_causes(error), 5))


def _one(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        name += "(" + ",".join(_described(inner) for inner in error.exceptions[:3]) + ")"
    places = list(_places(error.__traceback__))
    return f"{name}[{'>'.join(places[-6:])}]" if places else name


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _places(trace: types.TracebackType | None) -> Iterator[str]:
    """Our own frames, and the innermost one whoever's it is."""
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if path.startswith(OURS) or trace.tb_next is None:
            yield f"{_place(path)}:{trace.tb_lineno}"
        trace = trace.tb_next


def _place(path: str) -> str:
    """A file as our tree or its package names it: where the machine keeps it is nobody's business."""
    if path.startswith(OURS):
        return Path(path).relative_to(ROOT).as_posix()
    tail = re.split(r"[/\\](?:site-packages|lib[/\\]python[0-9.]+)[/\\]", path)[-1]
    return tail if _WORD.fullmatch(tail) and tail != path else Path(path).name.replace(" ", "_")


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    kind = message if isinstance(message, Warning) else Warning()
    logging.getLogger("warnings").warning(_from_outside("warned", f"{_place(filename)}:{lineno}", kind))


def _uncaught(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
    logging.getLogger("uncaught").error(Entry("uncaught", error=error))


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    if what.exc_value is not None:
        logging.getLogger("uncaught").error(Entry("uncaught.in_destructor", error=what.exc_value))


def _thread_died(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None:
        logging.getLogger("uncaught").error(Entry("uncaught.in_thread", error=what.exc_value))
