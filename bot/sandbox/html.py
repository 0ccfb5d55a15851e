"""Telegram's HTML, read as Telegram reads it.

`parse` turns marked-up words into plain words and entities, or refuses with Telegram's sentence and
byte offset. The reading is byte by byte as Telegram's is: an unknown `&word` stays as typed, an
attribute needs no quotes, `</>` closes whatever is open. `found` adds what Telegram finds by itself in
plain words (links, commands, mentions). Offsets and lengths of entities are UTF-16 units.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.sandbox.refusals import Json, Refusal, bad

KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "span": "spoiler",
    "tg-spoiler": "spoiler", "tg-emoji": "custom_emoji", "a": "text_link", "code": "code", "pre": "pre",
    "blockquote": "blockquote",
}  # fmt: skip
# Of entities that cover the same words Telegram names the outermost first, by this order of kinds.
OUTERMOST = (
    "blockquote", "expandable_blockquote", "pre", "code", "text_link", "url", "email", "mention", "hashtag",
    "bot_command", "bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji",
)  # fmt: skip
NAMED = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}
SPACE = b" \t\r\n\0\v"
REFERENCE = re.compile(rb"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
UNTIL_MARK = re.compile(rb"[^&<]+")
FOUND = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)\]'])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<mention>(?<![\w/])@[A-Za-z]\w{3,31}\b)"
    r"|(?P<hashtag>(?<![\w/&])#\w*[^\W\d]\w*)"
    r"|(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?(?![\w/]))"
    r"|(?P<bare>\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|gov|edu|io|me|info|us)\b(?:/[^\s<>\"]*[^\s<>\".,;:!?)])?)",
    re.ASCII,
)
NEVER_WITHIN = frozenset({"code", "pre", "text_link"})


def units(text: str) -> int:
    """Length in UTF-16 units, which is how Telegram counts."""
    return len(text) + sum(character > "\uffff" for character in text)


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    at: int


def parse(markup: str) -> tuple[str, list[Json]]:
    """Plain words and their entities. Raises `Refusal` as Telegram would."""
    if "<" not in markup and "&" not in markup:
        return markup, []
    return _Reading(markup.encode()).all()


class _Reading:
    def __init__(self, source: bytes) -> None:
        self.source = source + b"\0"  # Telegram's own end mark: its tests for space and end rely on it
        self.end = len(source)
        self.words: list[str] = []
        self.length = 0
        self.opened: list[_Open] = []
        self.entities: list[Json] = []

    def all(self) -> tuple[str, list[Json]]:
        at = 0
        while at < self.end:
            mark = self.source[at]
            if mark == 0x3C:
                at = self._close(at) if self.source[at + 1] == 0x2F else self._open(at)
            elif mark == 0x26:
                at = self._reference(at)
            else:
                run = UNTIL_MARK.match(self.source, at, self.end)
                assert run is not None
                self._say(run[0].decode())
                at = run.end()
        if self.opened:
            raise _refused(f'Can\'t find end tag corresponding to start tag "{self.opened[-1].tag}"')
        self.entities.sort(key=_order)
        return "".join(self.words), self.entities

    def _say(self, words: str) -> None:
        self.words.append(words)
        self.length += units(words)

    def _reference(self, at: int) -> int:
        character, after = _referred(self.source, at)
        self._say(character)
        return after

    def _open(self, begin: int) -> int:
        at = self._past(begin + 1, stop=b">")
        if at >= self.end:
            raise _refused(f"Unclosed start tag at byte offset {begin}")
        tag = self.source[begin + 1 : at].decode(errors="replace").lower()
        if tag not in KINDS:
            raise _refused(f'Unsupported start tag "{tag}" at byte offset {begin}')
        argument = ""
        while self.source[at] != 0x3E:
            at = self._space(at)
            if self.source[at] == 0x3E:
                break
            start = at
            at = self._past(at, stop=b"=>/\"'")
            name = self.source[start:at]
            if not name:
                raise _refused(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
            at = self._space(at)
            if at >= self.end:
                raise _refused(f'Unclosed start tag "{tag}" at byte offset {begin}')
            if self.source[at] != 0x3D:
                if (tag, name) == ("blockquote", b"expandable"):
                    argument = "1"
                continue
            at = self._space(at + 1)
            if at >= self.end:
                raise _refused(f'Unclosed start tag "{tag}" at byte offset {begin}')
            value, at = self._value(at)
            if at >= self.end:
                raise _refused(f"Unclosed start tag at byte offset {begin}")
            argument = _argument(tag, name, value, argument)
        if tag == "span" and argument != "spoiler":
            raise _refused(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.opened.append(_Open(tag, argument, self.length))
        return at + 1

    def _value(self, at: int) -> tuple[str, int]:
        quote = self.source[at]
        if quote not in b"'\"":
            start = at
            while self.source[at : at + 1].isalnum() or self.source[at] in b".-":
                at += 1
            if self.source[at] not in SPACE + b">":
                raise _refused(f"Unexpected end of name token at byte offset {start}")
            return self.source[start:at].decode().lower(), at
        at += 1
        taken = bytearray()
        while at < self.end and self.source[at] != quote:
            if self.source[at] == 0x26:
                character, at = _referred(self.source, at)
                taken += character.encode()
            else:
                taken.append(self.source[at])
                at += 1
        return taken.decode(errors="replace"), at + 1 if at < self.end else at

    def _close(self, begin: int) -> int:
        if not self.opened:
            raise _refused(f"Unexpected end tag at byte offset {begin}")
        at = self._past(begin + 2, stop=b">")
        found = self.source[begin + 2 : at].decode(errors="replace")
        at = self._space(at)
        if self.source[at] != 0x3E:
            raise _refused(f"Unclosed end tag at byte offset {begin}")
        opened = self.opened.pop()
        if found and found != opened.tag:
            raise _refused(
                f'Unmatched end tag at byte offset {begin}, expected "</{opened.tag}>", found "</{found}>"'
            )
        if self.length > opened.at:
            self._mark(opened)
        return at + 1

    def _mark(self, opened: _Open) -> None:
        entity: Json = {"type": KINDS[opened.tag], "offset": opened.at, "length": self.length - opened.at}
        match opened.tag:
            case "a":
                address = opened.argument or "".join(self.words)[-entity["length"] :]
                if "." not in address and not address.startswith(("tg:", "http://localhost")):
                    return  # Telegram drops what is no address and keeps the words
                entity["url"] = address
            case "tg-emoji":
                entity["custom_emoji_id"] = opened.argument
            case "pre" if self.entities and _covers(self.entities[-1], entity, "code"):
                inner = self.entities.pop()
                if "language" in inner:
                    entity["language"] = inner["language"]
            case "code" if opened.argument and self.opened and self.opened[-1].tag == "pre":
                entity["language"] = opened.argument
            case "blockquote" if opened.argument:
                entity["type"] = "expandable_blockquote"
        self.entities.append(entity)

    def _past(self, at: int, *, stop: bytes) -> int:
        while self.source[at] not in SPACE and self.source[at] not in stop:
            at += 1
        return at

    def _space(self, at: int) -> int:
        while at < self.end and self.source[at] in SPACE:
            at += 1
        return at


def _argument(tag: str, name: bytes, value: str, before: str) -> str:
    match tag, name:
        case ("a", b"href") | ("tg-emoji", b"emoji-id"):
            return value
        case "code", b"class" if value.startswith("language-"):
            return value.removeprefix("language-")
        case "span", b"class" if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case "blockquote", b"expandable":
            return "1"
    return before


def _referred(source: bytes, at: int) -> tuple[str, int]:
    met = REFERENCE.match(source, at)
    if met is None:
        return "&", at + 1
    hexadecimal, decimal, name = met.groups()
    if name is not None:
        return (NAMED[name], met.end()) if name in NAMED else ("&", at + 1)
    code = int(hexadecimal, 16) if hexadecimal is not None else int(decimal)
    if not 0 < code < 0x10FFFF or 0xD800 <= code < 0xE000:
        return "&", at + 1
    return chr(code), met.end()


def _covers(inner: Json, outer: Json, kind: str) -> bool:
    return (inner["type"], inner["offset"], inner["length"]) == (kind, outer["offset"], outer["length"])


def _order(entity: Json) -> tuple[int, int, int]:
    return entity["offset"], -entity["length"], OUTERMOST.index(entity["type"])


def _refused(why: str) -> Refusal:
    return bad(f"can't parse entities: {why}")


def trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Without the white space around it, which Telegram never keeps; entities move along."""
    kept = text.strip(" \n\t\r\v\0")
    if kept == text:
        return text, entities
    lead = units(text[: len(text) - len(text.lstrip(" \n\t\r\v\0"))])
    end = units(kept)
    moved = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        stop = min(entity["offset"] + entity["length"] - lead, end)
        if stop > start:
            moved.append({**entity, "offset": start, "length": stop - start})
    return kept, moved


def found(text: str, entities: list[Json]) -> list[Json]:
    """The entities given and those that Telegram finds by itself."""
    if not any(mark in text for mark in "/@#."):
        return entities
    taken = [(e["offset"], e["offset"] + e["length"]) for e in entities if e["type"] in NEVER_WITHIN]
    result = list(entities)
    wide = not text.isascii()
    for met in FOUND.finditer(text):
        offset = units(text[: met.start()]) if wide else met.start()
        if any(offset < stop and offset + len(met[0]) > start for start, stop in taken):
            continue
        kind = "url" if met.lastgroup == "bare" else met.lastgroup
        result.append({"type": kind, "offset": offset, "length": units(met[0])})
    result.sort(key=_order)
    return result


def written(text: str, entities: list[Json]) -> str:
    """The words with their entities as tags again, for tests and pages to read."""
    tags = {
        "bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "spoiler": "tg-spoiler",
        "code": "code", "pre": "pre", "blockquote": "blockquote", "expandable_blockquote": "blockquote",
        "text_link": "a",
    }  # fmt: skip
    starts: dict[int, str] = {}
    ends: dict[int, str] = {}
    for entity in entities:
        tag = tags.get(entity["type"])
        if tag is None:
            continue
        extra = f' href="{entity["url"]}"' if tag == "a" else ""
        extra += " expandable" if entity["type"].startswith("expandable") else ""
        start, end = entity["offset"], entity["offset"] + entity["length"]
        starts[start] = starts.get(start, "") + f"<{tag}{extra}>"
        ends[end] = f"</{tag}>" + ends.get(end, "")
    out: list[str] = []
    at = 0
    for character in text:
        out += (ends.get(at, ""), starts.get(at, ""))
        out.append({"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(character, character))
        at += units(character)
    return "".join((*out, ends.get(at, "")))
