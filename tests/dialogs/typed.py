"""What `await` gives, as mypy --strict sees it. Checked with the rest of the code; nothing here is run."""

from datetime import date, time
from enum import StrEnum
from typing import assert_type

from dialogs.engine import Turn, replay
from dialogs.facts import Facts
from dialogs.prompts import (
    Choice,
    Date,
    Dialog,
    Many,
    Offset,
    Place,
    Say,
    Scale,
    Text,
    Time,
    YesNo,
    dialog,
)


class Feeling(StrEnum):
    SAD = "sad"
    GLAD = "glad"


@dialog("typed")
async def typed(facts: Facts) -> int:
    assert_type(await Scale("a", 0, 10), int)
    assert_type(await Scale("b", 0, 10).or_skip(), int | None)
    assert_type(await Text("c"), str)
    assert_type(await Text("d").or_skip(), str | None)
    assert_type(await Choice("e", Feeling), Feeling)
    assert_type(await Choice("f", Feeling, among=(Feeling.SAD,)).or_skip(), Feeling | None)
    assert_type(await Many("g", Feeling), tuple[Feeling, ...])
    assert_type(await YesNo("h"), bool)
    assert_type(await Time("i"), time)
    assert_type(await Date("j", facts.today), date)
    assert_type(await Offset("k"), int)
    assert_type(await Place("l").or_skip(), str | None)
    assert_type({f: await Scale("m", 0, 10, item=f) for f in Feeling}, dict[Feeling, int])
    assert_type(await Say("n"), None)
    return 1


assert_type(typed, Dialog[int])
assert_type(replay(typed, Facts(), {}), Turn[int])

# What a script cannot mean is an error; mypy warns when one of these marks is no longer needed.
Scale("a", "0", 10)  # type: ignore[arg-type]
Choice("a", int)  # type: ignore[type-var]
Scale("a", 0)  # type: ignore[call-arg]
