"""The same examples as people also say them: hesitating, in halves, and among other things.

Real messages ramble and break off. A model that has seen only whole sentences takes every odd fragment for
something odd. Which example is varied, and how, follows from its words: training repeats itself.
"""

import zlib
from collections.abc import Sequence
from dataclasses import replace

from bot.understanding.examples import Example

_HESITATIONS = {
    "en": (
        "Um, ",
        "I mean, ",
        "-and ",
        "You know, ",
        "Well, ",
        "So, like, ",
        "I don't know, ",
        "Yeah, ",
        "-but ",
    ),
    "es": ("Este, ", "O sea, ", "Pues ", "-y ", "Mire, ", "No sé, ", "Bueno, ", "Es que "),
}


def vary(examples: Sequence[Example]) -> list[tuple[int, Example]]:
    """Further examples, each with the number of the one that it varies."""
    calm = {
        language: [e for e in examples if e.kind and not e.tricky and e.language == language]
        for language in ("en", "es")
    }
    varied = []
    for number, example in enumerate(examples):
        dice = zlib.crc32(example.text.encode())
        text = _varied(example, dice, calm.get(example.language) or calm["en"])
        if text and text != example.text:
            varied.append((number, replace(example, text=text)))
    return varied


def _varied(example: Example, dice: int, calm: Sequence[Example]) -> str:
    hesitations = _HESITATIONS.get(example.language, _HESITATIONS["en"])
    start = hesitations[dice // 7 % len(hesitations)]
    other = calm[dice // 11 % len(calm)].text if calm else ""
    words = example.text.split()
    match dice % 4:
        case 3 if example.kind:  # the middle of a long ramble
            third = calm[dice // 17 % len(calm)].text if calm else ""
            ramble = f"{other} {example.text} {third}".replace(".", "").lower().split()
            return " ".join(ramble[2 + dice // 19 % 4 :][:20])
        case 0:
            return start + example.text[:1].lower() + example.text[1:]
        case 1 if example.kind and len(words) > 5:
            return " ".join(words[: 3 + dice // 13 % (len(words) - 4)]) + "-"
        case 1 if not example.kind:
            return f"{other} {example.text}"
        case 2 if example.kind:
            return f"{example.text} {start.strip()} {other}"
        case 2:
            return f"{example.text} {other}"
    return ""
