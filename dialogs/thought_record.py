"""The seven-column thought record of cognitive therapy, the hot thought in view from the third on.

Columns: situation, feelings, thoughts, evidence for, evidence against, balanced thought, feelings again
(Greenberger and Padesky, Mind Over Mood). Thoughts about using get the prompts of Beck's work on substance
use. A thought is never called distorted: two or three patterns are offered, and the person chooses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dialogs.choices import Feeling
from dialogs.facts import Facts
from dialogs.prompts import Choice, Many, Scale, Text, dialog


class Slot(StrEnum):
    """Thoughts are taken one at a time; these number them."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"


class AboutUsing(StrEnum):
    """What a thought promises about using (Beck et al. 1993); NO when it is about something else."""

    NO = "no"
    ANTICIPATORY = "anticipatory"
    RELIEF = "relief"
    PERMISSION = "permission"


class Pattern(StrEnum):
    """The ten patterns (Burns 1980). Mind reading and fortune telling are two forms of one."""

    ALL_OR_NOTHING = "all_or_nothing"
    OVERGENERALIZATION = "overgeneralization"
    MENTAL_FILTER = "mental_filter"
    DISQUALIFYING_THE_POSITIVE = "disqualifying_the_positive"
    JUMPING_TO_CONCLUSIONS = "jumping_to_conclusions"
    MAGNIFICATION = "magnification"
    EMOTIONAL_REASONING = "emotional_reasoning"
    SHOULD_STATEMENTS = "should_statements"
    LABELING = "labeling"
    PERSONALIZATION = "personalization"


class Drift(StrEnum):
    """Where the thought goes, in the person's eyes. It decides which few patterns are offered."""

    AHEAD = "ahead"
    PEOPLE = "people"
    MYSELF = "myself"
    ALWAYS = "always"
    RULES = "rules"
    TRUE = "true"


OFFERED: Mapping[Drift, tuple[Pattern, ...]] = {
    Drift.AHEAD: (Pattern.JUMPING_TO_CONCLUSIONS, Pattern.MAGNIFICATION, Pattern.EMOTIONAL_REASONING),
    Drift.PEOPLE: (Pattern.JUMPING_TO_CONCLUSIONS, Pattern.PERSONALIZATION),
    Drift.MYSELF: (Pattern.DISQUALIFYING_THE_POSITIVE, Pattern.LABELING, Pattern.PERSONALIZATION),
    Drift.ALWAYS: (Pattern.ALL_OR_NOTHING, Pattern.OVERGENERALIZATION, Pattern.MENTAL_FILTER),
    Drift.RULES: (Pattern.EMOTIONAL_REASONING, Pattern.SHOULD_STATEMENTS),
}
"""Nothing is offered for TRUE, and no evidence is asked: nobody argues with real danger or real loss."""


@dataclass(frozen=True, slots=True)
class ThoughtRecord:
    """Feelings and beliefs are 0-100, 100 the strongest; `before` and `after` are keyed by feeling.

    `after` is the re-rating of the same feelings. `patterns` is empty when none was chosen or offered.
    """

    situation: str
    before: Mapping[Feeling, int]
    thoughts: tuple[str, ...]
    hot_thought: str
    belief_before: int
    about_using: AboutUsing
    plays_forward: str | None
    evidence_for: str | None
    evidence_against: str | None
    drift: Drift | None
    patterns: tuple[Pattern, ...]
    balanced: str
    balanced_belief: int
    after: Mapping[Feeling, int]
    belief_after: int
    next: str | None

    @property
    def end(self) -> str:
        return "end"


@dialog("thought_record")
async def thought_record(facts: Facts) -> ThoughtRecord:
    situation = await Text("situation")
    feelings = await Many("feelings", Feeling, at_least=1)
    before = {feeling: await Scale("intensity", 0, 100, item=feeling) for feeling in feelings}
    thoughts = await _thoughts()
    hot = await Choice("hot", Slot, among=tuple(thoughts)) if len(thoughts) > 1 else Slot.FIRST
    belief_before = await Scale("belief", 0, 100, about=("thought", "hot"))
    about_using = await Choice("about_using", AboutUsing, about=("thought", "hot"))
    forward = await Text("plays_forward").or_skip() if about_using is not AboutUsing.NO else None
    drift = await Choice("drift", Drift, about=("thought", "hot")).or_skip()
    offered = OFFERED.get(drift, ()) if drift else ()
    patterns = await Many("patterns", Pattern, among=offered, about=("drift",)) if offered else ()
    argued = drift is not Drift.TRUE
    evidence_for = await Text("evidence_for", about=("thought", "hot")).or_skip() if argued else None
    evidence_against = await Text("evidence_against", about=("thought", "hot")).or_skip() if argued else None
    balanced = await Text("balanced", about=("thought", "hot"))
    balanced_belief = await Scale("balanced_belief", 0, 100, about=("balanced",))
    after = {feeling: await Scale("intensity_after", 0, 100, item=feeling) for feeling in feelings}
    return ThoughtRecord(
        situation=situation,
        before=before,
        thoughts=tuple(thoughts.values()),
        hot_thought=thoughts[hot],
        belief_before=belief_before,
        about_using=about_using,
        plays_forward=forward,
        evidence_for=evidence_for,
        evidence_against=evidence_against,
        drift=drift,
        patterns=patterns,
        balanced=balanced,
        balanced_belief=balanced_belief,
        after=after,
        belief_after=await Scale("belief_after", 0, 100, about=("thought", "hot")),
        next=await Text("next").or_skip(),
    )


async def _thoughts() -> dict[Slot, str]:
    """At least one thought, up to three, until the person has no more."""
    thoughts = {Slot.FIRST: await Text("thought", item=Slot.FIRST, limit=1000)}
    for slot in (Slot.SECOND, Slot.THIRD):
        another = await Text("thought", item=slot, limit=1000).or_skip()
        if another is None:
            break
        thoughts[slot] = another
    return thoughts
