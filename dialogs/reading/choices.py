"""Which of the offered options, or of yes and no, the words mean."""

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction

from dialogs.reading import lexicon
from dialogs.reading.lexicon import Lexicon
from dialogs.reading.numbers import spoken
from dialogs.reading.signs import as_phrase, one_form, tokenize
from dialogs.reading.unclear import Reason, Unclear


def label(text: str, options: Iterable[str], labels: Mapping[str, str]) -> str | None:
    """The option whose label, or value, the words are, whatever their case, punctuation and emoji."""
    wanted = as_phrase(text)
    exact = [o for o in options if text.strip() == labels.get(o, o).strip()]
    alike = [o for o in options if wanted in (as_phrase(labels.get(o, o)), as_phrase(o.replace("_", " ")))]
    found = exact or alike
    return found[0] if len(found) == 1 else None


def one(text: str, options: Iterable[str], labels: Mapping[str, str], language: str) -> str:
    """The one option that is meant: its label, or words that stand in no other label."""
    options = tuple(options)
    known = lexicon.of(language)
    if not text.strip():
        raise Unclear(Reason.EMPTY)
    found = label(text, options, labels) or _within(text, options, labels, known)
    if found is None:
        raise Unclear(Reason.NOT_A_CHOICE if labels else Reason.BUTTONS_ONLY)
    return found


def _within(text: str, options: Iterable[str], labels: Mapping[str, str], known: Lexicon) -> str | None:
    """The only option in whose label all the words stand; an emoji stands for the label that bears it.

    "Use" does not stand for "I did not use", although the word is in it.
    """
    given = set(as_phrase(text, known.hedges).split())
    bearers = []
    for option in options:
        shown = labels.get(option, option)
        held = set(as_phrase(shown).split())
        denied = held & known.negations and not given & known.negations
        sign = not tokenize(text) and one_form(text).strip() in one_form(shown)
        if sign or (given and given <= held and not denied):
            bearers.append(option)
    return bearers[0] if len(bearers) == 1 else None


def several(
    text: str, options: Iterable[str], labels: Mapping[str, str], ticks: Iterable[str], language: str
) -> set[str]:
    """All options that are meant: "hungry and tired", "1, 3", "none", "all"; "done" means those ticked."""
    options = tuple(options)
    known = lexicon.of(language)
    if not text.strip():
        raise Unclear(Reason.EMPTY)
    if (whole_label := label(text, options, labels)) is not None:
        return {whole_label}
    phrase = as_phrase(text, known.hedges)
    if as_phrase(text) in known.done or phrase in known.done:
        return set(ticks)
    if phrase in known.nothing or phrase in known.no:
        return set()
    if phrase in known.all:
        return set(options)
    if (places := _places(text, options, labels, known)) is not None:
        return places
    joins = "|".join(map(re.escape, sorted(known.joins)))
    parts = [p for p in re.split(rf"[,;/&+\n]|\b(?:{joins})\b", one_form(text)) if p.strip(" .!")]
    if not parts:
        raise Unclear(Reason.NOT_A_CHOICE)
    try:
        return {one(part, options, labels, language) for part in parts}
    except Unclear:
        # "hungry tired": no joining words, but each word is one of them
        return {one(word, options, labels, language) for word in phrase.split() if word not in known.joins}


def _places(
    text: str, options: tuple[str, ...], labels: Mapping[str, str], known: Lexicon
) -> set[str] | None:
    """Options by their place in the list, where no label bears a number that could be meant instead."""
    numbers = re.findall(r"\d+", one_form(text))
    if not re.fullmatch(r"[\d\s,;&+]+", one_form(text)) or not numbers:
        return None
    shown = " ".join(labels.get(option, option) for option in options)
    if any(isinstance(part, Fraction) for part in spoken(tokenize(shown), known)):
        return None
    if not all(len(n) < 4 and 1 <= int(n) <= len(options) for n in numbers):
        raise Unclear(Reason.NOT_A_CHOICE)
    return {options[int(n) - 1] for n in numbers}


def yes_no(text: str, labels: Mapping[str, str], language: str) -> bool:
    """Yes or no, by the words on the buttons or by those that people use for them."""
    known = lexicon.of(language)
    if not text.strip():
        raise Unclear(Reason.EMPTY)
    found = label(text, ("yes", "no"), labels)
    phrase = as_phrase(text)
    if found is None and phrase:
        first, *rest = phrase.split()
        if phrase in known.yes or (first in known.yes and set(rest) <= known.after_yes):
            found = "yes"
        elif phrase in known.no or (first in known.no and set(rest) <= known.after_no):
            found = "no"
        else:
            found = _within(text, ("yes", "no"), labels, known)
    if found is None:
        raise Unclear(Reason.NOT_A_CHOICE)
    return found == "yes"
