"""A picture's size is read from its head; what is no picture is refused as Telegram refuses it."""

from __future__ import annotations

import pytest

from bot.sandbox.phones import PIXEL
from bot.sandbox.pictures import size
from bot.sandbox.refusals import Refusal

JPEG_HEAD = b"\xff\xd8\xff\xe0\x00\x04JF"
JPEG_FRAME = b"\xff\xc2\x00\x0b\x08" + (30).to_bytes(2) + (40).to_bytes(2) + b"\x01\x01\x11\x00"


def test_width_comes_before_height() -> None:
    assert size(PIXEL[:16] + (40).to_bytes(4) + (30).to_bytes(4) + PIXEL[24:]) == (40, 30)
    assert size(JPEG_HEAD + JPEG_FRAME) == (40, 30)


@pytest.mark.parametrize(
    "content", [b"", b"x", b"GIF89a", PIXEL[:20], JPEG_HEAD, PIXEL[:16] + bytes(8), b"\xff\xd8\xff\xc0"]
)
def test_what_has_no_size_is_no_picture(content: bytes) -> None:
    with pytest.raises(Refusal, match="IMAGE_PROCESS_FAILED"):
        size(content)
