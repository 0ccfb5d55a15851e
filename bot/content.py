"""Checks that all words are there, in every language, and that they fit the house rules.

Walks the dialogs as `dialogs.explore` does and reads what a person would see. Knows no words itself: what
is never said stands in content/<language>/never_say.txt. A rule is lifted for a block by a mark before it:
{# long: why #}, {# allow: word (why) #}, or {# document: why #} for a page that is no message.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from bot import consents
from bot.preview import occasions, preview
from bot.wording import ENGLISH, Page, Wording, label_places, prompt_places
from dialogs.engine import Turn
from dialogs.explore import explore
from dialogs.prompts import Choice, Dialog, Facts, Many, Prompt, Reason, Time, YesNo

__all__ = ["Problem", "check", "faults", "preview"]

PROMPT_LIMIT = 300  # our clinical brief: "at most 300 characters a prompt where it can be"
MESSAGE_LIMIT = 3500  # of Telegram's 4,096: what leads and follows a prompt needs room too
LABEL_LIMIT = 40
_BUDGET = 30

_MARK = re.compile(r"{#-?\s*(long|allow|document):([^#]*)#}\s*{%-?\s*block\s+(\w+)")
_LOGIC = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
_SIGN = re.compile(r"<(/?)([a-z][a-z0-9-]*)((?:\s[^<>]*)?)>|[<>]")
_TAGS = {"b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"}


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong with one block, in words for the person who edits it."""

    language: str
    file: str
    block: str
    what: str


def check(wording: Wording, catalogue: Mapping[str, Dialog[Any]]) -> list[Problem]:
    """All that is missing or against the rules, in every language, sorted."""
    problems: set[Problem] = set()
    if what := consents.problem(wording):
        problems.add(Problem(ENGLISH, "enrolment", "", what))
    for language in wording.languages:
        problems.update(_static(wording, language))
        used: set[tuple[str, str]] = set()
        for dialog in catalogue.values():
            problems.update(_Reader(wording, language, dialog, used).problems())
        problems.update(_unused(wording, language, used))
    return sorted(problems)


class _Reader:
    """Reads every turn of one dialog in one language."""

    def __init__(
        self, wording: Wording, language: str, dialog: Dialog[Any], used: set[tuple[str, str]]
    ) -> None:
        self.wording = wording
        self.language = language
        self.dialog = dialog
        self.used = used
        self.found: dict[tuple[str, str], None] = {}
        self.labelled: set[Prompt[Any]] = set()

    def problems(self) -> Iterator[Problem]:
        for block in ("title", "description"):
            self._has((self.dialog.name,), block)
        explored = explore(self.dialog, occasions(), _BUDGET, visit=self._visit)
        for key, _ in explored.prompts:
            if hasattr(dict, key):
                self._add(key, "this key means something else in a template; choose another")
        for error in explored.errors:
            self._add("", error)
        for block, what in self.found:
            yield Problem(self.language, self.dialog.name, block, what)

    def _visit(self, facts: Facts, turn: Turn[Any]) -> None:
        words, name = self.wording, self.dialog.name
        for prompt in (*turn.says, *([turn.prompt] if turn.prompt else [])):
            if self._has(prompt_places(name, prompt.key), prompt.key):
                self._read(prompt.key, lambda p=prompt: words.prompt(self.language, name, p, turn, facts))  # type: ignore[misc]
        if turn.prompt is not None and turn.prompt not in self.labelled:
            self.labelled.add(turn.prompt)
            self._labels(turn.prompt)
        if turn.done:
            block = getattr(turn.result, "end", "end")
            parts = {step.prompt.key.partition("_")[0] for step in turn.trail}
            if self._has((*prompt_places(name, block), *sorted(parts)), block):
                self._read(block, lambda: words.end(self.language, turn, facts), question=False)

    def _read(self, block: str, render: Callable[[], str], *, question: bool = True) -> None:
        try:
            shown = render()
        except (TemplateError, LookupError, TypeError, AttributeError, ValueError) as error:
            self._add(block, f"cannot be shown: {error}")
            return
        for what in faults(shown):
            self._add(block, what)
        if question and shown.count("?") > 1:
            self._add(block, "more than one question")
        typed = "x" * 50 in shown  # a patient's long words are no fault of ours, unless they fill the message
        long = "long" in marks(self._page(block)).get(block, {})
        if question and not long and not typed and len(shown) > PROMPT_LIMIT:
            self._add(block, f"longer than {PROMPT_LIMIT} characters")
        if len(shown) > MESSAGE_LIMIT:
            self._add(block, "a patient's long answer makes this longer than a message; cut it with truncate")

    def _labels(self, prompt: Prompt[Any]) -> None:
        shown: dict[str, str] = {}
        for option in prompt.options:
            places = label_places(self.dialog.name, prompt, option)
            for place in places:
                if self.wording.has(self.language, (place[0],), place[1]):
                    self.used.add(place)
                    break
            else:
                if isinstance(prompt, Choice | Many | YesNo) or not (
                    isinstance(prompt, Time) or option.lstrip("-").isdigit()
                ):
                    self._add(prompt.key, f"no words for its button {places[-1][1]}")
                    continue
            label = self.wording.label(self.language, self.dialog.name, prompt, option)
            if len(label) > LABEL_LIMIT:
                self._add(prompt.key, f"button longer than {LABEL_LIMIT} characters: {label}")
            if label.casefold() in shown:
                self._add(prompt.key, f"two buttons say {label}")
            shown[label.casefold()] = option

    def _has(self, files: tuple[str, ...], block: str) -> bool:
        for file in files:
            if self.wording.has(self.language, (file,), block):
                self.used.add((file, block))
                return True
        self._add(block, "no words")
        return False

    def _page(self, block: str) -> Page:
        files = (file for file, used in self.used if used == block)
        pages = (self.wording.pages[self.language, file] for file in files)
        own = self.wording.pages.get((self.language, self.dialog.name))
        return own if own is not None and block in own.blocks else next(pages)

    def _add(self, block: str, what: str) -> None:
        self.found[block, what] = None


def faults(shown: str) -> Iterator[str]:
    """What is wrong with words as they are shown, whatever they are for."""
    if not shown.strip():
        yield "empty"
    if "!!" in shown:
        yield "more than one exclamation mark"
    open_tags: list[str] = []
    for sign in _SIGN.finditer(shown):
        closing, tag, attributes = sign.groups()
        if tag is None:
            yield f"{sign[0]} stands alone; write &lt; or &gt;"
        elif tag not in _TAGS or (attributes and tag not in ("a", "blockquote")):
            yield f"Telegram does not know {sign[0]}"
        elif not closing:
            open_tags.append(tag)
        elif not open_tags or open_tags.pop() != tag:
            yield f"{sign[0]} closes nothing"
    if open_tags:
        yield f"<{open_tags[-1]}> is not closed"


def marks(page: Page) -> dict[str, dict[str, str]]:
    """The marks that stand before blocks: {# long: why #} and {# allow: word (why) #}."""
    found: dict[str, dict[str, str]] = {}
    for kind, why, block in _MARK.findall(page.source):
        found.setdefault(block, {})[kind] = why.strip()
    return found


def _static(wording: Wording, language: str) -> Iterator[Problem]:
    """What shows without rendering: the same blocks as in English, and nothing that is never said."""
    path = wording.root / language / "never_say.txt"
    if path.exists():
        lines = (line.strip() for line in path.read_text("utf-8").splitlines())
        phrases = [line for line in lines if line and not line.startswith("#")]
    else:
        phrases = []
        yield Problem(language, "never_say", "", "no list of what is never said")
    for reason in Reason:
        if not wording.has(language, ("unclear",), reason.value):
            yield Problem(language, "unclear", reason.value, "no words")
    for (spoken, file), page in wording.pages.items():
        if spoken == ENGLISH != language:
            here = wording.pages.get((language, file))
            for block in set(page.blocks) - set(here.blocks if here else ()):
                yield Problem(language, file, block, "not translated")
        if spoken != language:
            continue
        if language != ENGLISH:
            english = wording.pages.get((ENGLISH, file))
            for block in set(page.blocks) - set(english.blocks if english else ()):
                yield Problem(language, file, block, "English has no such block")
        marked = marks(page)
        for block, source in page.sources.items():
            plain = re.sub(r"\s+", " ", _LOGIC.sub(" ", source))
            for phrase in phrases:
                allowed = phrase.casefold() in marked.get(block, {}).get("allow", "").casefold()
                if not allowed and re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", plain, re.IGNORECASE):
                    yield Problem(language, file, block, f"we never say: {phrase}")
            for what in () if "document" in marked.get(block, {}) else faults(f"{plain} "):
                if "clos" not in what and plain.strip():  # tags may open in one branch and close after it
                    yield Problem(language, file, block, what)


def _unused(wording: Wording, language: str, used: set[tuple[str, str]]) -> Iterator[Problem]:
    """Blocks of a dialog that no walk came by: a mistyped key, or words of a prompt that is gone."""
    asked = {file for file, _ in used}
    for (spoken, file), page in wording.pages.items():
        if spoken != language or file not in asked:
            continue
        for block in page.blocks:
            if (file, block) not in used and not _named(block, page):
                yield Problem(language, file, block, "nobody asks this")


def _named(block: str, page: Page) -> bool:
    """Whether another block of the page, or a mark, names it."""
    return re.search(rf"self\.{block}\b", page.source) is not None
