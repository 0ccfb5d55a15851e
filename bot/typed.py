"""What somebody types that means one thing by itself: a word for help, or a short answer. The lists are
content, and what is typed meets them without its signs and capitals.
"""

import re

from bot.program import Program

HELP, ANSWERS = "typed", "typed_answers"
_ENGLISH = "en"
_LONGEST = 40
"""Letters at most: so nobody else's words are looked at twice."""
_SIGNS = re.compile(r"[\W_]+")


def means(program: Program, language: str | None, what: str, text: str) -> bool:
    """Whether all that was typed stands on a list (`HELP` or `ANSWERS`), in this language or in English."""
    if len(text) > _LONGEST:
        return False
    key = (what, language or _ENGLISH)
    if key not in program.typed:
        both = (program.words.plain(one, "crisis", what) for one in (_ENGLISH, key[1]))
        program.typed[key] = frozenset(_bare(word) for block in both for word in block.split("|"))
    return _bare(text) in program.typed[key]


def _bare(text: str) -> str:
    return " ".join(_SIGNS.sub(" ", text.casefold().replace("'", "").replace("’", "")).split())
