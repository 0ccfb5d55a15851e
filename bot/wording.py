"""The words that people read: blocks of the templates in content/<language>/, each file compiled once.

Promises: what is shown is Telegram HTML, and nothing that a person wrote can break it; a block that a
language lacks is taken from English; a name that a block uses and does not get is an error, never an
empty place in a sentence. Knows no sentence itself, and nothing of who asks or answers.

Where the words of a prompt stand: in the dialog's file under the prompt's key; else in the file of a part
that several dialogs share, named by the first word of the key (`lapse_body` in lapse.jinja). A button's in
those two and in choices.jinja, as `<key>__<option>` or `<catalogue>__<option>`.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, time
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, Template, nodes
from jinja2.bccache import Bucket
from jinja2.runtime import Context

from bot import lines
from dialogs.engine import Turn
from dialogs.prompts import Choice, Facts, Many, Prompt, Time

ENGLISH = "en"
SHARED = "choices"
FORMATS = "formats"

_OUTSIDE = re.compile(r"\{%-?\s*(macro|import|from)\b")
_BLOCK = re.compile(r"{%-?\s*block\s+(\w+)\s*-?%}(.*?){%-?\s*endblock", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class _Compiled(FileSystemBytecodeCache):
    """What another start compiled, by each file's text, in the user's own temporary folder. Where it cannot
    be kept or read, a start takes longer and nothing else."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled_before() -> _Compiled | None:
    try:
        return _Compiled()
    except (OSError, RuntimeError):  # no folder is there, or none that is safe
        return None


class MissingWords(LookupError):
    """No language has this block."""


class Page:
    """One template file: its blocks, each a function of a context, and what its top level defines."""

    def __init__(self, environment: Environment, name: str) -> None:
        self._environment = environment
        self._name = name

    @cached_property
    def template(self) -> Template:
        return self._environment.get_template(self._name)

    @cached_property
    def blocks(self) -> dict[str, Callable[[Context], Iterator[str]]]:
        return self.template.blocks

    @cached_property
    def outside(self) -> Mapping[str, Any]:
        """A block called directly does not run what stands outside it: macros and imports are kept apart."""
        environment, name = self._environment, self._name
        if not _OUTSIDE.search(self.source):
            return dict(self.template.globals)
        tree = environment.parse(self.source, name)
        tree.body = [n for n in tree.body if isinstance(n, nodes.Macro | nodes.Import | nodes.FromImport)]
        code = environment.compile(tree, name, self.template.filename)
        module = Template.from_code(environment, code, environment.make_globals(None)).module
        return {**self.template.globals, **{n: v for n, v in vars(module).items() if not n.startswith("_")}}

    @cached_property
    def _whole(self) -> dict[str, Callable[[Context], Iterator[str]]]:
        return self.blocks if "self." in self.source else {}

    @cached_property
    def source(self) -> str:
        assert self._environment.loader is not None
        return self._environment.loader.get_source(self._environment, self._name)[0]

    @cached_property
    def sources(self) -> dict[str, str]:
        """Each block as it is written."""
        return dict(_BLOCK.findall(self.source))

    def render(self, block: str, context: Mapping[str, Any]) -> str:
        """Jinja would copy all globals and blocks for each; only a block that calls another needs those."""
        environment = self.template.environment
        made = environment.context_class(environment, {**self.outside, **context}, self._name, self._whole)
        return "".join(self.blocks[block](made)).strip()


class Wording:
    """All words of all languages. Built once from the content directory; safe to use from any thread.

    A file is compiled when it is first needed, or with all the others by `compile`. No number stands in a
    template: `{{ dial.emergency }}` and `{{ dial.talk }}` name the lines of the program's `region`.
    """

    def __init__(self, root: Path, region: str = "US") -> None:
        self.root = root
        self._dial = _dial(root / "lines.toml", region)
        self.pages: dict[tuple[str, str], Page] = {}
        self._environment = Environment(
            loader=FileSystemLoader(root), autoescape=True, undefined=StrictUndefined, auto_reload=False
        )
        for path in sorted(root.glob("*/*.jinja")):
            name = path.relative_to(root).as_posix()
            self.pages[path.parent.name, path.stem] = Page(self._environment, name)
        self.languages = tuple(
            sorted({language for language, _ in self.pages}, key=lambda n: (n != ENGLISH, n))
        )
        self._find = cache(self._look_up)
        self._fixed = lru_cache(maxsize=4096)(self._text)
        self._fixed_plain = lru_cache(maxsize=4096)(self._plain)
        self._labels: dict[tuple[str, str, type, str, str], str] = {}
        self._shared = {
            (language, dialog): self._functions(language, dialog) for language, dialog in list(self.pages)
        }

    def compile(self) -> "Wording":
        """Compile every file now, so that one that cannot be is an error at once (jinja2.TemplateError)."""
        self._environment.bytecode_cache = _compiled_before()
        for page in self.pages.values():
            _ = page.blocks, page.outside
        return self

    def prompt(
        self, language: str, dialog_name: str, prompt: Prompt[Any], turn: Turn[Any], facts: Facts
    ) -> str:
        """The words of one prompt, HTML."""
        page = self._page(language, prompt_places(dialog_name, prompt.key), prompt.key)
        return page.render(prompt.key, self.context(language, dialog_name, turn, facts, prompt))

    def end(self, language: str, turn: Turn[Any], facts: Facts) -> str:
        """The last words of a dialog that is done, HTML: the block that its record names as `end`."""
        name = turn.dialog.name
        block = getattr(turn.result, "end", "end")
        page = self._page(language, (*prompt_places(name, block), *_parts(turn)), block)
        return page.render(block, self.context(language, name, turn, facts))

    def label(self, language: str, dialog_name: str, prompt: Prompt[Any], option: str) -> str:
        """The plain words on a button."""
        known = (language, dialog_name, type(prompt), prompt.key, option)
        try:
            return self._labels[known]
        except KeyError:
            shown = self._label(language, dialog_name, prompt, option)
            self._labels[known] = shown
            return shown

    def text(self, language: str, file: str, block: str, /, **context: Any) -> str:
        """Any block of any file, HTML. What hangs on nothing, or on numbers alone, is rendered once."""
        fixed = all(type(value) is int for value in context.values())
        return (self._fixed if fixed else self._text)(language, file, block, **context)

    def _text(self, language: str, file: str, block: str, /, **context: Any) -> str:
        page = self._page(language, (file,), block)
        return page.render(block, {**self._functions_of(language, file), **context})

    def plain(self, language: str, file: str, block: str, /, **context: Any) -> str:
        """Any block as plain text, for buttons and notices. What hangs on nothing is rendered once."""
        return (self._plain if context else self._fixed_plain)(language, file, block, **context)

    def _plain(self, language: str, file: str, block: str, /, **context: Any) -> str:
        return unmarked(self.text(language, file, block, **context))

    def has(self, language: str, files: tuple[str, ...], block: str) -> bool:
        """Whether that language itself, not English in its place, has the block."""
        return any(block in page.blocks for file in files if (page := self.pages.get((language, file))))

    def context(
        self,
        language: str,
        dialog_name: str,
        turn: Turn[Any],
        facts: Facts,
        prompt: Prompt[Any] | None = None,
    ) -> dict[str, Any]:
        """What a block of a dialog may name."""
        functions = self._functions_of(language, dialog_name)
        item = prompt.item if prompt is not None else None
        return {
            **functions,
            "facts": facts,
            "answers": turn.answers,
            "record": turn.result,
            "item": item,
            "item_label": self._item_label(language, dialog_name, turn, prompt) if item is not None else None,
        }

    def _label(self, language: str, dialog_name: str, prompt: Prompt[Any], option: str) -> str:
        for file, block in label_places(dialog_name, prompt, option):
            if (page := self._find(language, (file,), block)) is not None:
                return unmarked(page.render(block, self._functions_of(language, dialog_name)))
        if isinstance(prompt, Time):
            return self.plain(language, FORMATS, "clock", at=time.fromisoformat(option))
        if option.lstrip("-").isdigit():
            return option
        raise MissingWords(f"{dialog_name}: no words for {option} of {prompt.key}")

    def _item_label(
        self, language: str, dialog_name: str, turn: Turn[Any], prompt: Prompt[Any] | None
    ) -> str:
        """The words of an item: it is an option of an earlier choice, or has words of its own."""
        assert prompt is not None
        assert prompt.item is not None
        for step in reversed(turn.trail):
            if isinstance(step.prompt, Choice | Many) and prompt.item in step.prompt.options:
                return self.label(language, dialog_name, step.prompt, prompt.item)
        block = f"{prompt.key}__{_slug(prompt.item)}"
        page = self._find(language, prompt_places(dialog_name, prompt.key), block)
        return prompt.item if page is None else unmarked(page.render(block, {}))

    def _functions_of(self, language: str, file: str) -> Mapping[str, Any]:
        try:
            return self._shared[language, file]
        except KeyError:
            functions = self._functions(language, file)
            self._shared[language, file] = functions
            return functions

    def _functions(self, language: str, file: str) -> Mapping[str, Any]:
        """What every block may call: label(member), clock(time), day(date); and `dial`, whom to call."""

        @lru_cache(maxsize=1024, typed=True)  # members of two catalogues may be equal as words
        def label(member: StrEnum) -> str:
            block = f"{catalogue_name(type(member))}__{_slug(member.value)}"
            others = (name for at, name in self.pages if at in (language, ENGLISH))
            page = self._page(language, (file, SHARED, *others), block)
            return unmarked(page.render(block, {}))

        def clock(at: time) -> str:
            return self._page(language, (FORMATS,), "clock").render("clock", {"at": at})

        def day(on: date) -> str:
            return self._page(language, (FORMATS,), "day").render("day", {"on": on})

        return {"label": label, "clock": clock, "day": day, "dial": self._dial(language)}

    def _page(self, language: str, files: tuple[str, ...], block: str) -> Page:
        page = self._find(language, files, block)
        if page is None:
            raise MissingWords(f"no words for {block} in {', '.join(dict.fromkeys(files))}")
        return page

    def _look_up(self, language: str, files: tuple[str, ...], block: str) -> Page | None:
        for spoken in dict.fromkeys((language, language.partition("-")[0], ENGLISH)):
            for file in files:
                page = self.pages.get((spoken, file))
                if page is not None and block in page.blocks:
                    return page
        return None


def _dial(file: Path, region: str) -> Callable[[str], Mapping[str, str]]:
    """How a language names the lines of a region inside a sentence; nothing where no lines are kept."""
    if not file.exists():
        return lambda language: {}
    found = lines.read(file)
    return lambda language: found.dial(region, language.partition("-")[0])


def label_places(dialog_name: str, prompt: Prompt[Any], option: str) -> list[tuple[str, str]]:
    """Files and blocks where the words of a button may stand, the first that is there counts."""
    own = f"{prompt.key}__{_slug(option)}"
    places = prompt_places(dialog_name, prompt.key)
    found = [(file, own) for file in places]
    if isinstance(prompt, Choice | Many):
        shared = f"{catalogue_name(prompt.catalogue)}__{_slug(option)}"
        found += [(file, shared) for file in (*places, SHARED)]
    return found


def catalogue_name(catalogue: type) -> str:
    """The name of an enum as blocks write it: NextStep is next_step."""
    return _CASE.sub("_", catalogue.__name__).lower()


def prompt_places(dialog_name: str, key: str) -> tuple[str, ...]:
    """The files in which the words of a prompt may stand."""
    return (dialog_name, key.partition("_")[0])


def _parts(turn: Turn[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(step.prompt.key.partition("_")[0] for step in turn.trail))


def _slug(option: str) -> str:
    return re.sub(r"\W", "_", option).lower()


def unmarked(words: str) -> str:
    """HTML as plain text."""
    return html.unescape(_TAG.sub("", words)).strip()
