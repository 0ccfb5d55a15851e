"""Characters and words as people type them, brought to one form."""

import re
import unicodedata

_SAME = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ`´", "'"),
        **dict.fromkeys("−–—‒﹣－", "-"),
        **dict.fromkeys("／⁄∕", "/"),
        **dict.fromkeys("：∶", ":"),
        **dict.fromkeys("，،", ","),
        **dict.fromkeys("٫．", "."),
        **dict.fromkeys("％٪", "%"),
        **dict.fromkeys("\ufe0f\u20e3🏻🏼🏽🏾🏿", ""),
        "🔟": " 10 ",
        "💯": " 100 ",
    }
)
_TOKEN = re.compile(r"(?<![\w.,])[.,]\d+|\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[/%:+-]")


def one_form(text: str) -> str:
    """Digits of every script as 0-9, look-alike signs as one, no invisible marks, in lower case."""
    written: list[str] = []
    for sign in text.translate(_SAME):
        if sign.isascii():
            written.append(sign)
        elif sign.isdecimal():
            written.append(str(unicodedata.decimal(sign)))
        elif (kind := unicodedata.category(sign)) == "No":
            # A superscript ("8²") is no digit of the number before it; a fraction makes that no whole one.
            value = unicodedata.numeric(sign)
            written.append(f" {int(value)} " if value == int(value) else f"{value:.2f}".lstrip("0"))
        elif kind != "Cf":
            written.append(sign)
    return "".join(written).casefold()


def tokenize(text: str) -> list[str]:
    return _TOKEN.findall(one_form(text))


def as_phrase(text: str, without: frozenset[str] = frozenset()) -> str:
    """The words, parted by single spaces, without punctuation; what is no word at all stays as it is."""
    tokens = [token for token in tokenize(text) if token[-1].isalnum()]
    return " ".join(token for token in tokens if token not in without) if tokens else one_form(text).strip()
