"""A question about safety: yes, no, or "I'd rather not say", which counts as an answer and never as "no"."""

from dataclasses import dataclass
from enum import StrEnum

from dialogs import reading
from dialogs.prompts import Choice, Input, Json, Unclear


class Said(StrEnum):
    YES = "yes"
    NO = "no"
    RATHER_NOT = "rather_not"


@dataclass(frozen=True)
class Asked(Choice[Said]):
    """Typed words are read as generously as those of any yes or no; "skip" and "I don't know" are no answer,
    and no answer is `RATHER_NOT`: whoever may be in danger is not asked the same thing over and over. Who
    answers with a cry for help has said yes."""

    def _read(self, given: Input) -> Json:
        try:
            return super()._read(given)
        except Unclear:
            if given.text is None:
                raise
        if given.danger:
            return Said.YES.value
        if reading.passes(given.text, given.language):
            return Said.RATHER_NOT.value
        yes = reading.yes_no(given.text, given.labels, given.language)
        return (Said.YES if yes else Said.NO).value
