"""What import contracts cannot see, as functions from a module's source to what is wrong with it.

Each takes a parsed module and gives the lines that break the rule, so that a test can show every one of
them failing on three lines of its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    what: str


# The standard library that neither reads nor changes anything outside the call.
# fmt: off
INERT = frozenset({
    "__future__", "abc", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "hashlib", "heapq", "itertools", "json", "math", "operator", "re",
    "statistics", "string", "textwrap", "types", "typing", "unicodedata",
})
# fmt: on
IMPURE_CALLS = frozenset({"open", "input", "print", "eval", "exec", "compile", "__import__", "breakpoint"})
MACHINE_TIME = re.compile(
    r"(datetime\.)?datetime\.(now|utcnow|today)|(datetime\.)?date\.today|time\.(time|time_ns|localtime|gmtime|ctime)"
)
LOG_METHODS = frozenset({"debug", "info", "warning", "error"})
# Three words that begin like a sentence, or that end like one.
_WORDS = r"(?=.*[^\W\d_]+[,;:’']?\s+[^\W\d_]+[,;:’']?\s+[^\W\d_]+)"
SENTENCE = re.compile(rf"{_WORDS}\s*(?:[A-Z¿¡].*|.*[^\W\d_][.!?…]['\")»]?)\s*", re.DOTALL)


def impurities(module: ast.Module) -> Iterator[Fault]:
    """A dialog reads nothing but its facts and answers: inert imports, no clock, no chance, no file."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                for name in names:
                    if name.name.partition(".")[0] not in INERT | {"dialogs"}:
                        yield Fault(node.lineno, f"imports {name.name}")
            case ast.ImportFrom(module=str(name)) if name.partition(".")[0] not in INERT | {"dialogs"}:
                yield Fault(node.lineno, f"imports {name}")
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
                yield Fault(node.lineno, f"calls {name}")
            case ast.Attribute() if MACHINE_TIME.fullmatch(ast.unparse(node)):
                yield Fault(node.lineno, f"asks the machine: {ast.unparse(node)}")
            case ast.Try(finalbody=[_, *_]):
                yield Fault(node.lineno, "has a finally, which replay would run at every turn")
            case ast.Global():
                yield Fault(node.lineno, "keeps state outside the call")
            case _:
                pass


def engine_imports(module: ast.Module) -> Iterator[Fault]:
    """A script knows prompts and measures; how it is run is none of its business."""
    for node in ast.walk(module):
        for name in _imported(node):
            if name == "dialogs.engine" or name.startswith("dialogs.engine."):
                yield Fault(node.lineno, "imports the engine")  # type: ignore[attr-defined]


def clock_readings(module: ast.Module) -> Iterator[Fault]:
    """Only bot/clock.py asks the machine for the time; durations may use a monotonic clock."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and MACHINE_TIME.fullmatch(ast.unparse(node)):
            yield Fault(node.lineno, ast.unparse(node))
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            for name in node.names:
                if MACHINE_TIME.fullmatch(f"time.{name.name}"):
                    yield Fault(node.lineno, f"time.{name.name}")


def loggings(module: ast.Module) -> Iterator[Fault]:
    """Only the journal logs, so that its list is the only way into the log."""
    for node in ast.walk(module):
        if any(name == "logging" or name.startswith("logging.") for name in _imported(node)):
            yield Fault(node.lineno, "imports logging")  # type: ignore[attr-defined]


def made_up_events(module: ast.Module) -> Iterator[Fault]:
    """An event's name is written down where it is logged: nothing a patient wrote can become one."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=method), args=[event, *_]):
                if method in LOG_METHODS and not isinstance(event, ast.Constant):
                    yield Fault(node.lineno, f"logs {ast.unparse(event)}")
            case _:
                pass


def outside_imports(module: ast.Module, package: str, allowed: frozenset[str]) -> Iterator[Fault]:
    """What `package` imports from the rest of Handrail beside `allowed`."""
    for node in ast.walk(module):
        for name in _imported(node):
            inside = name == package or name.startswith(f"{package}.")
            if name.partition(".")[0] in ("bot", "dialogs") and not inside and name not in allowed:
                yield Fault(node.lineno, f"imports {name}")  # type: ignore[attr-defined]


def sentences(module: ast.Module) -> Iterator[Fault]:
    """Strings that read like a sentence to somebody, outside docstrings and what is raised at developers."""
    silent = set(map(id, _docstrings(module)))
    for node in ast.walk(module):
        if isinstance(node, ast.Raise | ast.Assert) or _makes_an_error(node):
            silent.update(id(inner) for inner in ast.walk(node))
    for node in ast.walk(module):
        if id(node) in silent:
            continue
        match node:
            case ast.JoinedStr(values=values):
                silent.update(map(id, values))
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in values)
            case ast.Constant(value=str(text)):
                pass
            case _:
                continue
        if SENTENCE.fullmatch(text):
            yield Fault(node.lineno, text)


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [name.name for name in names]
        case ast.ImportFrom(module="bot" | "dialogs" as package, names=names):
            return [f"{package}.{name.name}" for name in names]
        case ast.ImportFrom(module=str(module)):
            return [module]
        case _:
            return []


def _docstrings(module: ast.Module) -> Iterator[ast.AST]:
    """Every string that stands alone as a statement: docstrings, and notes under a field."""
    for node in ast.walk(module):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.JoinedStr):
            yield from ast.walk(node.value)


def _makes_an_error(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name.endswith(("Error", "Exception", "Warning")) or name == "warn"
        case _:
            return False
