"""The log holds what its list allows, whoever writes to it and however the program ends."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import journal
from tests.journal import leaky

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def leaked() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "dev", "-W", "always", "-m", "tests.journal.leaky"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The journal configured within this process, and everything put back afterwards."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    root, ours, factory = logging.getLogger(), logging.getLogger("bot"), logging.getLogRecordFactory()
    handlers, levels = root.handlers[:], (root.level, ours.level)
    stream = io.StringIO()
    journal.configure("INFO", stream)
    yield stream
    logging.setLogRecordFactory(factory)
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def test_no_way_of_logging_or_dying_lets_words_or_a_token_out(
    leaked: subprocess.CompletedProcess[str],
) -> None:
    assert leaked.returncode == 1
    assert "leaky.done" in leaked.stderr
    for piece in [*leaky.WORDS.split(), leaky.TOKEN, "AAHkein", "987654321", "5550137788", "013-7788"]:
        if len(piece) > 3:
            assert [line for line in leaked.stderr.splitlines() if piece in line] == []
    assert leaked.stdout == ""


def test_errors_are_told_by_type_cause_and_place(leaked: subprocess.CompletedProcess[str]) -> None:
    line = next(line for line in leaked.stderr.splitlines() if "leaky.failed" in line)
    assert "__main__.Failed[tests/journal/leaky.py:" in line
    assert "<-ValueError[tests/journal/leaky.py:" in line


@pytest.mark.parametrize(
    "sign",
    [
        "leaky.group error=ExceptionGroup(__main__.Failed,OSError)",
        "library error=__main__.Failed",
        "warned error=UserWarning",
        "uncaught error=__main__.Failed",
        "uncaught.in_thread error=__main__.Failed",
        "uncaught.in_destructor error=__main__.Failed",
        " asyncio library error=__main__.Failed",
        " pickled library",
    ],
)
def test_whatever_goes_wrong_still_leaves_its_line(
    leaked: subprocess.CompletedProcess[str], sign: str
) -> None:
    assert sign in leaked.stderr


def test_every_line_is_one_entry_with_time_level_and_name(leaked: subprocess.CompletedProcess[str]) -> None:
    ours = [line for line in leaked.stderr.splitlines() if " bot.leaky " in line]
    assert len(ours) == 7
    assert all(line[:4].isdigit() and line.split()[1] in ("INFO", "ERROR") for line in ours)


def test_an_entry_is_an_event_and_its_fields(written: io.StringIO) -> None:
    journal.Log("bot.outbox").info("outbox.sent", patient="P-7K2QX", lane="reply", row=12, ms=3.14159)
    line = written.getvalue()
    assert line.endswith("INFO bot.outbox outbox.sent patient=P-7K2QX lane=reply row=12 ms=3.14159\n")


def test_a_value_that_does_not_fit_its_field_becomes_a_question_mark() -> None:
    entry = journal.Entry("x.y", key="two words", row=True, ms=1.0, dialog="", item=None)  # type: ignore[arg-type]
    assert str(entry) == "x.y key=? row=? ms=1 dialog=? item=-"


def test_our_own_entries_obey_the_level_and_libraries_are_heard_from_warning_on(written: io.StringIO) -> None:
    journal.Log("bot.quiet").debug("too.quiet")
    logging.getLogger("httpx").info("request")
    chatty = logging.getLogger("a.chatty.one")
    chatty.setLevel(logging.DEBUG)
    chatty.info("it chose its own level")
    logging.getLogger("httpx").warning("trouble")
    assert len(written.getvalue().splitlines()) == 1
    assert " WARNING httpx library at=tests/journal/test_journal.py:" in written.getvalue()


def test_places_name_no_folder_of_the_machine() -> None:
    try:
        leaky.fail()
    except leaky.Failed as error:
        text = str(journal.Entry("x", error=error))
    assert "/home" not in text
    assert str(ROOT) not in text
    assert "tests/journal/leaky.py:" in text
