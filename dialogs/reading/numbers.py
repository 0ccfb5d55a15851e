"""Whole numbers, in digits of any script and in words, with or without a unit."""

import re
from collections.abc import Mapping
from fractions import Fraction

from dialogs.reading import lexicon
from dialogs.reading.lexicon import Lexicon, Unit
from dialogs.reading.signs import as_phrase, tokenize
from dialogs.reading.unclear import Reason, Unclear


def _value(token: str) -> Fraction | None:
    """The value of digits: "8.5" and "8,5" are eight and a half, "1,000" is a thousand."""
    if not token[-1].isdigit():
        return None
    if re.fullmatch(r"\d{1,3}(,\d{3})+", token):
        token = token.replace(",", "")
    try:
        return Fraction(token.replace(",", "."))
    except ValueError:
        return None


def spoken(tokens: list[str], known: Lexicon) -> list[str | Fraction]:
    """The tokens, with numbers in digits or in words ("twenty-five", "a hundred") as their values."""
    found: list[str | Fraction] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        following = tokens[at + 1 : at + 3]
        at += 1
        if token in known.numbers:
            number = known.numbers[token]
            unit = known.numbers.get(following[-1] if following[:1] == ["-"] else "".join(following[:1]), 0)
            if number in range(20, 100, 10) and 0 < unit < 10:
                number += unit
                at += 2 if following[0] == "-" else 1
            elif following[:1] and following[0] in known.hundred:
                number *= 100
                at += 1
            found.append(Fraction(number))
        elif token in known.hundred:
            found.append(Fraction(100))
        else:
            value = _value(token)
            found.append(token if value is None else value)
    return found


_MINUTES: Mapping[Unit, int] = {"hours": 60, "minutes": 1}


def whole(text: str, low: int, high: int, unit: Unit, language: str) -> int:
    """A whole number from low to high: "7", "seven", "7/10", "about 7", and "2 hours" as 120 minutes."""
    known = lexicon.of(language)
    if not text.strip():
        raise Unclear(Reason.EMPTY)
    if low == 0 and {as_phrase(text), as_phrase(text, known.hedges)} & known.nothing:
        return 0
    value = _amount(spoken(tokenize(text), known), high, unit, known)
    if not low <= value <= high:
        raise Unclear(Reason.OUT_OF_RANGE)
    if value.denominator != 1:
        raise Unclear(Reason.NOT_WHOLE)
    return int(value)


def _amount(parts: list[str | Fraction], high: int, unit: Unit, known: Lexicon) -> Fraction:
    """The one amount that is named, in `unit`; amounts with units add up ("2 hours 30 minutes")."""
    values: list[Fraction] = []  # bare numbers
    measured: list[Fraction] = []  # numbers with a unit
    factor = Fraction(1)  # of the last unit that was named
    scope: Fraction | None = None  # the 10 in "7 out of 10"
    before: str | Fraction = ""
    joined = scoping = negative = False
    for part in parts:
        if isinstance(part, Fraction):
            if scoping and scope is None:
                scope, scoping = part, False
            else:
                negative = negative or before == "-"
                values.append(part)
        elif part in known.half:
            if joined and (measured or values):
                (measured or values)[-1] += factor / 2
            else:
                values.append(Fraction(1, 2))
        elif part in known.units:
            named = known.units[part]
            if named == unit or (named == "percent" and high == 100):
                factor = Fraction(1)
            elif unit in _MINUTES and named in _MINUTES:
                factor = Fraction(_MINUTES[named], _MINUTES[unit])
            else:
                raise Unclear(Reason.NOT_A_NUMBER)
            if not values and before in known.one:
                values.append(Fraction(1))
            if len(values) != 1:
                raise Unclear(Reason.NOT_A_NUMBER)
            measured.append(values.pop() * factor)
        elif part in known.out_of:
            scoping = True
        elif part in known.joins:
            joined = True
        elif part == "-" and not values and not measured:
            pass
        elif part not in known.hedges:
            raise Unclear(Reason.NOT_A_NUMBER)
        before = part
    if measured and values and unit in _MINUTES and factor == Fraction(60, _MINUTES[unit]):
        measured.append(values.pop() / _MINUTES[unit])  # "2h 30"
    if len(values) + bool(measured) != 1 or scoping:
        raise Unclear(Reason.NOT_A_NUMBER)
    if negative or (scope is not None and scope != high):
        raise Unclear(Reason.OUT_OF_RANGE)
    return sum(measured, Fraction()) if measured else values[0]
