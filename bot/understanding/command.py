"""`screen`: messages on standard input, one a line; one `LEVEL<TAB>CATEGORY` a line out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.concerns import Hearer
from bot.understanding.screen import Screen


def lines(messages: Iterable[str], hear: Hearer) -> Iterator[str]:
    """One line for each message, empty ones too."""
    for message in messages:
        concern = hear(message.rstrip("\r\n"))
        yield concern.line if concern else "none\tnone"


def explain(messages: Iterable[str], screen: Screen) -> Iterator[str]:
    """The same line, then one indented line for each phrase found: what became of it and where it stands."""
    for message in messages:
        text = message.rstrip("\r\n")
        concern = screen(text)
        yield concern.line if concern else "none\tnone"
        for finding in screen.findings(text):
            phrase = finding.phrase
            level = "ask" if phrase.ask else phrase.level
            yield (
                f"    {finding.verdict}: {finding.words!r} is {level} {phrase.category}"
                f" by '{phrase.written}' ({phrase.where})"
            )
