"""The examples that the model learns from, read from `content/<language>/examples/`.

Clinicians write them: one message a line under `[emergency]`, `[urgent]`, `[ask]` or `[watch]` in the file
of its category; what is no danger stands in `ordinary.txt` under its kind. None is a real person's message.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.concerns import Category, Level

ORDINARY = "ordinary"
# Kinds that only look like danger; the rest is everyday talk. Both are measured, on their own.
TRICKY = frozenset({"idiom", "past", "denial", "training", "media", "others"})


class BadExample(ValueError):
    """A line of an example file stands in no known section."""


@dataclass(frozen=True, slots=True)
class Example:
    """`kind` is set for what is no danger ("idiom"); `ask` for what deserves a question."""

    text: str
    language: str
    category: Category
    level: Level
    ask: bool = False
    kind: str = ""

    @property
    def tricky(self) -> bool:
        return self.kind in TRICKY

    @property
    def crisis(self) -> bool:
        return self.level >= Level.URGENT


def read(content: Path) -> list[Example]:
    """All examples of all languages, in a fixed order. Raises `BadExample` naming the line."""
    return [
        example
        for file in sorted(content.glob("*/examples/*.txt"))
        for example in _file(file, file.parent.parent.name)
    ]


def _file(file: Path, language: str) -> Iterator[Example]:
    section = ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("[") and text.endswith("]"):
            section = text[1:-1]
            continue
        try:
            yield _example(text, language, file.stem, section)
        except ValueError:
            where = f"{language}/examples/{file.name}:{number}"
            raise BadExample(f"{where}: no category and section {file.stem} [{section}]") from None


def _example(text: str, language: str, name: str, section: str) -> Example:
    if name == ORDINARY:
        if not section:
            raise ValueError
        return Example(text, language, Category.NONE, Level.NONE, kind=section)
    if section == "ask":
        return Example(text, language, Category(name), Level.WATCH, ask=True)
    level = Level(section)
    if level is Level.NONE:
        raise ValueError
    return Example(text, language, Category(name), level)
