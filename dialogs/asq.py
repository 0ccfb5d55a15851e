"""Ask Suicide-Screening Questions (ASQ), in the words of its authors, which are never changed.

Source: ASQ Suicide Risk Screening Tool, National Institute of Mental Health (nimh.nih.gov/asq), in the public
domain; Horowitz et al., Arch Pediatr Adolesc Med 2012; 166(12): 1170-1176. Any yes, or a refusal, to one of
the first four is a positive screen and leads to the fifth; a yes to the fifth is an acute one. All
four no: the screen is complete and the fifth is not asked. When somebody was asked before, the fourth asks
"since we last asked"; the history stays on file. The tool's "how?" and "when?" after an attempt, and "please
describe", are a person's to ask.

What follows a positive screen is ours: whether they are alone, and whether there is a safer place. Nobody is
asked whether they are sure, and nobody to promise anything.
"""

from dataclasses import dataclass
from enum import StrEnum

from dialogs.asked import Asked, Said
from dialogs.facts import Facts
from dialogs.prompts import Choice, Say, YesNo, dialog

SCREEN = ("asq_wished", "asq_better_off", "asq_thoughts", "asq_tried", "asq_tried_since")
"""The keys of the first four items; the fourth has two forms."""
ACUTE = "asq_now"


class Place(StrEnum):
    HERE = "here"
    GO = "go"
    COMES = "comes"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Asq:
    """`repeated`: the fourth item asked about the time since the ASQ before this one. None was not asked, or
    (`alone`, `place`) not answered."""

    wished: Said
    better_off: Said
    thoughts: Said
    tried: Said
    repeated: bool = False
    now: Said | None = None
    alone: bool | None = None
    place: Place | None = None

    @property
    def positive(self) -> bool:
        return any(item is not Said.NO for item in (self.wished, self.better_off, self.thoughts, self.tried))

    @property
    def acute(self) -> bool:
        return self.now is Said.YES

    @property
    def end(self) -> str:
        if not self.positive:
            return "end"
        return "end_acute" if self.acute else "end_help_first"


@dialog("asq")
async def asq(facts: Facts) -> Asq:
    """`facts.last` is the ASQ before this one, if there was one."""
    repeated = bool(facts.last)
    await Say("asq_intro")
    wished = await Asked("asq_wished", Said)
    better_off = await Asked("asq_better_off", Said)
    thoughts = await Asked("asq_thoughts", Said)
    tried = await Asked("asq_tried_since" if repeated else "asq_tried", Said)
    screen = Asq(wished, better_off, thoughts, tried, repeated)
    if not screen.positive:
        return screen
    now = await Asked(ACUTE, Said)
    if now is Said.YES:
        await Say("asq_call_now")
    alone = await YesNo("asq_alone", usual=True).or_skip()
    place = await Choice("asq_place", Place).or_skip()
    return Asq(wished, better_off, thoughts, tried, repeated, now, alone, place)
