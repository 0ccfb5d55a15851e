"""How large a picture is. Telegram reads the picture; a PNG's or JPEG's head is enough for us."""

from __future__ import annotations

import struct

from bot.sandbox.refusals import bad


def size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels. Refused when it is no picture."""
    found = _png(content) if content.startswith(b"\x89PNG\r\n\x1a\n") else _jpeg(content)
    if found is None or 0 in found:
        raise bad("IMAGE_PROCESS_FAILED")
    return found


def _png(content: bytes) -> tuple[int, int] | None:
    if len(content) < 24:
        return None
    across, down = struct.unpack(">II", content[16:24])
    return across, down


def _jpeg(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        kind = content[at + 1]
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            down, across = struct.unpack(">HH", content[at + 5 : at + 9])
            return across, down
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None
