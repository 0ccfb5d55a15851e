"""`screen`: messages on standard input, one a line; one `LEVEL<TAB>CATEGORY` a line out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.concerns import Hearer
from bot.understanding.hearing import Hearing


def lines(messages: Iterable[str], hear: Hearer) -> Iterator[str]:
    """One line for each message, empty ones too."""
    for message in messages:
        concern = hear(message.rstrip("\r\n"))
        yield concern.line if concern else "none\tnone"


def explain(messages: Iterable[str], hearing: Hearing) -> Iterator[str]:
    """The same line, then one indented line for each phrase found (what became of it and where it stands) and
    one for each sentence that the model does not know as ordinary, with its scores."""
    for message in messages:
        text = message.rstrip("\r\n")
        concern = hearing(text)
        yield concern.line if concern else "none\tnone"
        for finding in hearing.quick.findings(text):
            phrase = finding.phrase
            level = "ask" if phrase.ask else phrase.level
            yield (
                f"    {finding.verdict}: {finding.words!r} is {level} {phrase.category}"
                f" by '{phrase.written}' ({phrase.where})"
            )
        for evidence, scores in hearing.scores(text):
            shown = ", ".join(f"{name} {score:.2f}" for name, score in scores)
            yield f"    model: {evidence!r} {shown}"
