"""A safety plan in the person's own words: six steps, each a few lines of theirs.

After the Safety Planning Intervention (Stanley and Brown, Cogn Behav Pract 2012; 19(2): 256-264): warning
signs; what I can do alone; people and places that take my mind off it; people I can ask for help;
professionals and lines; making the place safer. Our own wording. Any step can be left empty and filled
another day; a line is changed one at a time (`plan_line`). What people write here names danger by design:
only present intent is an alarm (see bot/intake.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dialogs.facts import Facts
from dialogs.prompts import Choice, Text, YesNo, dialog

_STEP, _LINE = 1200, 300
"""Characters of one step, and of one line of it."""


class Step(StrEnum):
    """In the order in which they are used when things get worse."""

    SIGNS = "signs"
    ALONE = "alone"
    DISTRACTION = "distraction"
    PEOPLE = "people"
    PROFESSIONALS = "professionals"
    SAFER = "safer"


@dataclass(frozen=True, slots=True)
class SafetyPlan:
    """Each step's lines. `share` is None when it was not asked: there is no counselor to share it with."""

    signs: tuple[str, ...]
    alone: tuple[str, ...]
    distraction: tuple[str, ...]
    people: tuple[str, ...]
    professionals: tuple[str, ...]
    safer: tuple[str, ...]
    share: bool | None = None


class Wanted(StrEnum):
    REWORD = "reword"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of one step: `number` counts from 1, None for a new one; `words` None takes it away."""

    step: Step
    number: int | None
    words: str | None

    @property
    def end(self) -> str:
        return "end" if self.words is not None else "end_removed"

    def applied(self, lines: Sequence[str]) -> list[str]:
        """The step's lines after this change. One that is not there any more is added anew."""
        kept = list(lines)
        if self.number is None or not 0 < self.number <= len(kept):
            return kept if self.words is None else [*kept, self.words]
        kept[self.number - 1 : self.number] = [] if self.words is None else [self.words]
        return kept


@dialog("safety_plan")
async def safety_plan(facts: Facts) -> SafetyPlan:
    steps = {step: lines_of(await Text(f"plan_{step}", limit=_STEP).or_skip()) for step in Step}
    share = await YesNo("plan_share").or_skip() if facts.counselor else None
    return SafetyPlan(**{step.value: lines for step, lines in steps.items()}, share=share)


@dialog("plan_line")
async def plan_line(facts: Facts) -> PlanLine:
    """`facts.topic` names the line, as in "people:2", or a step to add one to ("people"); `facts.last` is
    the plan."""
    step, number = line_of(facts)
    if number is not None and await Choice("what", Wanted) is Wanted.REMOVE:
        return PlanLine(step, number, None)
    return PlanLine(step, number, await Text("words" if number else "new_words", limit=_LINE))


def line_of(facts: Facts) -> tuple[Step, int | None]:
    """The step and the number of the line that `facts.topic` names, if the plan holds it."""
    name, _, number = facts.topic.partition(":")
    step = Step(name) if name in set(Step) else Step.SIGNS
    lines = facts.last.get(step) or ()
    return step, int(number) if number.isdecimal() and 0 < int(number) <= len(lines) else None


def lines_of(words: str | None) -> tuple[str, ...]:
    """What stands on lines of its own is a line of the plan; a dash or dot before it is no part of it."""
    written = (line.strip().lstrip("-–—•*·").strip() for line in (words or "").splitlines())
    return tuple(line for line in written if line)
