"""The tree keeps the rules that keep it readable; and each rule is seen to fail on a line that breaks it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture import rules
from tests.architecture.rules import Fault

ROOT = Path(__file__).parents[2]
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc", "core"}
# The engine runs scripts from outside and closes them; nothing in it is replayed.
ENGINE = ("dialogs/__init__.py", "dialogs/engine.py", "dialogs/explore.py")

# Where a sentence may stand in Python, and why.
WORDS_ALLOWED = {
    "bot/settings.py": "complaints to whoever starts the program, before there is any wording",
    "bot/__main__.py": "the command line's own help, for the same person",
    "bot/commands.py": "why a command could not be done, for the same person",
    "bot/demo.py": "where the demo is, for the same person",
    "bot/doctor.py": "what is wrong with this installation, for the same person",
    "bot/content.py": "what is wrong with the wording, for whoever edits it",
    "bot/sandbox/": "Telegram's own error texts, which are not ours to word",
    "bot/store/": "SQL",
    "dialogs/towns.py": "names of towns",
}
STRINGS_ALLOWED = {("dialogs/prompts.py", "A few words."): "a sample, which only `explore` ever says"}


def modules(*places: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules of these folders and files, by their path from the root."""
    for place in map(ROOT.joinpath, places):
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            yield path.relative_to(ROOT).as_posix(), parsed(path)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def faults(rule: Callable[[ast.Module], Iterable[Fault]], *places: str, but: Iterable[str] = ()) -> list[str]:
    return [
        f"{name}:{fault.line} {fault.what}"
        for name, module in modules(*places)
        if not name.startswith(tuple(but))
        for fault in rule(module)
    ]


def test_a_dialog_is_a_pure_function_of_facts_and_answers() -> None:
    assert faults(rules.impurities, "dialogs", but=ENGINE) == []
    engine = [fault for fault in faults(rules.impurities, *ENGINE) if "finally" not in fault]
    assert [fault for fault in engine if "imports random" not in fault] == []  # seeded, to explore


def test_scripts_import_prompts_and_never_the_engine() -> None:
    assert faults(rules.engine_imports, "dialogs", but=ENGINE) == []


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    # The local Telegram stands for a server elsewhere, with a clock of its own.
    assert faults(rules.clock_readings, "bot", "dialogs", but=["bot/clock.py", "bot/sandbox/"]) == []


def test_only_the_journal_logs_and_events_are_written_down() -> None:
    assert faults(rules.loggings, "bot", "dialogs", but=["bot/journal.py"]) == []
    assert faults(rules.made_up_events, "bot") == []


def test_the_local_telegram_knows_nothing_of_handrail() -> None:
    def rule(module: ast.Module) -> Iterable[Fault]:
        return rules.outside_imports(module, "bot.sandbox", frozenset())

    assert faults(rule, "bot/sandbox") == []


def test_no_sentence_that_somebody_reads_stands_in_python() -> None:
    found = [
        f"{name}:{fault.line} {fault.what}"
        for name, module in modules("bot", "dialogs")
        if not name.startswith(tuple(WORDS_ALLOWED))
        for fault in rules.sentences(module)
        if (name, fault.what) not in STRINGS_ALLOWED
    ]
    assert found == []


def test_every_file_is_named_for_the_one_thing_it_holds() -> None:
    folders = ("bot", "dialogs", "content", "tests")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    assert [path for path in found if path.stem.lower() in SHAPELESS] == []


def test_the_top_level_is_what_the_design_fixed() -> None:
    fixed = {"bot", "dialogs", "content", "tests", "pyproject.toml", "Procfile", "README.md"}
    beside = {"Makefile", "LICENSE", "requirements.txt"}
    made_by_running = ("__pycache__", "*.sqlite3*")
    for path in ROOT.iterdir():
        known = path.name in fixed | beside or path.name.startswith(".")
        assert known or any(path.match(pattern) for pattern in made_by_running), path.name


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (rules.impurities, "import os"),
        (rules.impurities, "import random"),
        (rules.impurities, "from time import sleep"),
        (rules.impurities, "from bot import journal"),
        (rules.impurities, "from datetime import datetime\nx = datetime.now()"),
        (rules.impurities, "import datetime\nx = datetime.date.today()"),
        (rules.impurities, "def f(): return open('x')"),
        (rules.impurities, "try:\n    x = 1\nfinally:\n    x = 2"),
        (rules.impurities, "def f():\n    global x\n    x = 1"),
        (rules.engine_imports, "from dialogs.engine import replay"),
        (rules.engine_imports, "from dialogs import engine"),
        (rules.clock_readings, "from datetime import datetime\nx = datetime.now(UTC)"),
        (rules.clock_readings, "import time\nx = time.time()"),
        (rules.clock_readings, "from time import time"),
        (rules.loggings, "import logging"),
        (rules.loggings, "from logging.handlers import QueueHandler"),
        (rules.made_up_events, "log.info(text)"),
        (rules.made_up_events, "log.error(f'failed.{text}')"),
        (rules.sentences, "send('How are you today?')"),
        (rules.sentences, "send(f'Good morning, {name}, how are you?')"),
        (rules.sentences, "LABEL = 'Call me back'"),
        (rules.sentences, "x = 'please call your counselor.'"),
    ],
)
def test_each_rule_is_seen_to_fail(rule: Callable[[ast.Module], Iterable[Fault]], source: str) -> None:
    assert list(rule(ast.parse(source)))


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (rules.impurities, "from collections.abc import Mapping\nfrom dialogs.prompts import Text"),
        (rules.impurities, "def f(at): return at.date()"),
        (rules.clock_readings, "x = clock.now()"),
        (rules.clock_readings, "import time\nx = time.monotonic()"),
        (rules.made_up_events, "log.info('outbox.sent', row=row)"),
        (rules.sentences, '"""A module that says what it is for."""'),
        (rules.sentences, "raise ValueError('This is said to a developer.')"),
        (rules.sentences, "x = 'outbox.sent'; y = 'two words'; z = 'America/New_York'"),
    ],
)
def test_no_rule_complains_of_what_is_right(
    rule: Callable[[ast.Module], Iterable[Fault]], source: str
) -> None:
    assert list(rule(ast.parse(source))) == []


def test_a_stranger_that_imports_us_is_seen() -> None:
    seen = rules.outside_imports(ast.parse("from bot import journal"), "bot.sandbox", frozenset())
    assert list(seen)
