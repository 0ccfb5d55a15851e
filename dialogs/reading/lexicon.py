"""The words in which people answer, a table for each language. For understanding only: nobody reads these.

A language that has no table yet is read with the English one. In a mixed sentence the words that
neither table knows make the answer unclear, which only costs being asked again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Unit = Literal["", "hours", "minutes", "days", "percent"]


def _set(words: str) -> frozenset[str]:
    """Phrases parted by commas."""
    return frozenset(phrase.strip() for phrase in words.split(","))


@dataclass(frozen=True)
class Lexicon:
    """`hedges` are words that leave a number or a choice as it is ("about", "I'd say")."""

    numbers: Mapping[str, int]
    hundred: frozenset[str]
    one: frozenset[str]
    half: frozenset[str]
    quarter: frozenset[str]
    point: frozenset[str]
    hedges: frozenset[str]
    out_of: frozenset[str]
    units: Mapping[str, Unit]
    nothing: frozenset[str]
    all: frozenset[str]
    done: frozenset[str]
    joins: frozenset[str]
    negations: frozenset[str]
    skip: frozenset[str]
    unknown: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    after_yes: frozenset[str]
    after_no: frozenset[str]
    before_noon: frozenset[str]
    after_noon: frozenset[str]
    at_night: frozenset[str]
    noon: frozenset[str]
    midnight: frozenset[str]
    past: frozenset[str]
    to: frozenset[str]
    zero_minutes: frozenset[str]
    time_fillers: frozenset[str]
    days: Mapping[str, int]
    ago: frozenset[str]
    day_words: frozenset[str]
    week_words: frozenset[str]
    last: frozenset[str]
    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    date_fillers: frozenset[str]
    month_first: bool


def _numbers(units: str, tens: str) -> dict[str, int]:
    found = {word: n for n, word in enumerate(units.split())}
    found.update({word: 20 + 10 * n for n, word in enumerate(tens.split())})
    return found


def _from_one(words: str) -> dict[str, int]:
    return {word: n for n, word in enumerate(words.split(), 1)}


_ENGLISH_UNITS: dict[str, Unit] = {
    **dict.fromkeys(_set("hour, hours, hr, hrs, h"), "hours"),
    **dict.fromkeys(_set("minute, minutes, min, mins, m"), "minutes"),
    **dict.fromkeys(_set("day, days, d"), "days"),
    **dict.fromkeys(_set("percent, pct, %"), "percent"),
}

ENGLISH = Lexicon(
    numbers={
        **_numbers(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
            "sixteen seventeen eighteen nineteen",
            "twenty thirty forty fifty sixty seventy eighty ninety",
        ),
        "fourty": 40,
    },
    hundred=_set("hundred"),
    one=_set("a, an"),
    half=_set("half"),
    quarter=_set("quarter"),
    point=_set("point"),
    hedges=_set(
        "a, an, the, about, around, roughly, approximately, approx, maybe, probably, perhaps, prolly, "
        "like, say, i, i'd, id, i'm, im, i'll, would, am, it's, its, it, is, was, be, guess, think, "
        "today, now, rn, right, feel, feeling, felt, still, just, only, well, um, uh, hmm, so, ok, okay, "
        "ish, kinda, kind, sort, sorta, somewhere, near, nearly, almost, close, honestly, tbh, lol, "
        "please, thanks, my, me, number, rating, at, level, solid, definitely, really, got, slept, had, "
        "for, more or less, pretty, much, that's, thats, there, very"
    ),
    out_of=_set("out, of, over, from, /"),
    units=_ENGLISH_UNITS,
    nothing=_set(
        "none, nothing, none of these, none of them, none of those, none of the above, neither, nil, "
        "nada, zilch, nothing at all, not any, no none"
    ),
    all=_set("all, all of them, all of these, everything, all of the above, every one, all four"),
    done=_set("done, that's all, thats all, that's it, thats it, finished, submit"),
    joins=_set("and, n, plus, also, then"),
    negations=_set(
        "not, no, none, never, nothing, neither, nor, without, isn't, isnt, wasn't, wasnt, don't, dont, "
        "didn't, didnt, doesn't, doesnt, can't, cant, cannot, haven't, havent, hasn't, hasnt, won't, "
        "wont, ain't, aint, less"
    ),
    skip=_set("skip, skip it, skip this, skip that, pass, next"),
    unknown=_set(
        "idk, i dk, dk, dunno, i dunno, don't know, dont know, i don't know, i dont know, i do not know, "
        "no idea, not sure, i'm not sure, im not sure, unsure, no clue, can't say, cant say, hard to say, "
        "who knows, ?, ??, ???, prefer not to say, rather not say, i'd rather not say, id rather not say, "
        "n/a, na"
    ),
    yes=_set(
        "yes, y, ye, yea, yeah, yep, yup, yah, ya, yess, yes yes, sure, ok, okay, of course, definitely, "
        "absolutely, correct, right, true, affirmative, i did, i do, i am, i have, i agree, agreed, "
        "agree, sure did, mhm, uh huh, 👍, ✅, ✔, 👌"
    ),
    no=_set(
        "no, n, nope, nah, naw, no no, noo, not really, not today, not yet, not now, never, no way, "
        "negative, false, i didn't, i didnt, i did not, didn't, didnt, i don't, i dont, i do not, i "
        "haven't, i havent, i have not, i'm not, im not, i am not, nuh uh, i disagree, 👎, ❌, ✖"
    ),
    after_yes=_set(
        "yes, yeah, i, did, do, am, have, please, it, is, of, course, today, thanks, thank, you, agree, "
        "sure, ok, sir"
    ),
    after_no=_set(
        "no, i, didn't, didnt, don't, dont, haven't, havent, not, really, today, yet, thanks, thank, you, "
        "way, never, nope, sir"
    ),
    before_noon=_set("am, @a, morning"),
    after_noon=_set("pm, @p, afternoon, evening"),
    at_night=_set("night, tonight, nite, bedtime"),
    noon=_set("noon, midday, noontime, lunchtime"),
    midnight=_set("midnight"),
    past=_set("past, after"),
    to=_set("to, till, til, before"),
    zero_minutes=_set("o'clock, oclock, sharp, exactly, hundred, hours, @h"),
    time_fillers=_set(
        "in, on, time, every, each, day, daily, the, of, o, clock, best, works, good, fine, by, hrs, this"
    ),
    days={"today": 0, "yesterday": -1, "tomorrow": 1, "tonight": 0, "last night": -1},
    ago=_set("ago, back"),
    day_words=_set("day, days"),
    week_words=_set("week, weeks"),
    last=_set("last, this, past"),
    weekdays={
        **_numbers("monday tuesday wednesday thursday friday saturday sunday", ""),
        **_numbers("mon tue wed thu fri sat sun", ""),
        "tues": 1,
        "weds": 2,
        "thur": 3,
        "thurs": 3,
    },
    months={
        **_from_one("january february march april may june july august september october november december"),
        **_from_one("jan feb mar apr may jun jul aug sep oct nov dec"),
        "sept": 9,
    },
    date_fillers=_set("on, the, of, st, nd, rd, th, in"),
    month_first=True,
)

LANGUAGES: Mapping[str, Lexicon] = {"en": ENGLISH}


def of(language: str) -> Lexicon:
    return LANGUAGES.get(language.partition("-")[0], ENGLISH)
