"""One question about safety, where what was heard is not about suicide or hurting oneself (those have ASQ).

`facts.topic` is the category that was heard. The questions are our own, one for each category, none of them a
validated measure: our clinical brief ("Crisis") asks for exactly one. Not wanting to say counts as danger
that a person looks at today.
"""

from dataclasses import dataclass
from enum import StrEnum

from dialogs.asked import Asked, Said
from dialogs.facts import Facts
from dialogs.prompts import dialog


class Danger(StrEnum):
    """`OTHER`: something was heard that names none of the five."""

    OVERDOSE = "overdose"
    WITHDRAWAL = "withdrawal"
    VIOLENCE = "violence"
    ABUSE = "abuse"
    PSYCHOSIS = "psychosis"
    OTHER = "other"

    @property
    def safe_answer(self) -> Said:
        """The one answer after which nothing more is set off. Two questions ask whether all is well."""
        return Said.YES if self in (Danger.OVERDOSE, Danger.OTHER) else Said.NO


@dataclass(frozen=True, slots=True)
class Safety:
    danger: Danger
    said: Said

    @property
    def end(self) -> str:
        if self.said is self.danger.safe_answer:
            return "end"
        return "end_unsaid" if self.said is Said.RATHER_NOT else "end_danger"


def danger_of(facts: Facts) -> Danger:
    return Danger(facts.topic) if facts.topic in set(Danger) else Danger.OTHER


@dialog("safety")
async def safety(facts: Facts) -> Safety:
    danger = danger_of(facts)
    return Safety(danger, await Asked(f"safety_{danger}", Said))
