"""One open question a day, in the spirit of motivational interviewing, that changes from day to day.

Rulers (0-10) are followed by "what makes it a 5 and not a 3?" and "what would make it a 6?", never by "why
not higher?" (Miller and Rollnick, Motivational Interviewing). A part of the check-in; its words are there.
"""

from dataclasses import dataclass
from enum import StrEnum

from dialogs.facts import Facts
from dialogs.prompts import Scale, Text


class Question(StrEnum):
    """In the order in which the days bring them. Rulers stand four days apart."""

    IMPORTANCE = "importance"
    HELPED = "helped"
    VALUES = "values"
    PERSON = "person"
    CONFIDENCE = "confidence"
    PROUD = "proud"
    FUTURE = "future"
    REASONS = "reasons"
    READINESS = "readiness"
    STRENGTH = "strength"
    JOY = "joy"
    STEP = "step"


RULERS = (Question.IMPORTANCE, Question.CONFIDENCE, Question.READINESS)


@dataclass(frozen=True, slots=True)
class Reply:
    """`ruler` is 0-10, 10 the most, or None when the day's question was none or was skipped.

    `words` answers the open question, or what makes the ruler as high as it is; `more` what would make it
    one higher.
    """

    question: Question
    ruler: int | None = None
    words: str | None = None
    more: str | None = None


def question_of(facts: Facts) -> Question:
    days = tuple(Question)
    return days[(facts.day_number - 1) % len(days)]


async def daily_question(facts: Facts) -> Reply:
    question = question_of(facts)
    if question not in RULERS:
        return Reply(question, words=await Text(f"ask_{question}").or_skip())
    ruler = await Scale("ruler", 0, 10, item=question).or_skip()
    if ruler is None:
        return Reply(question)
    words = await Text("ruler_why", item=question, about=("ruler",)).or_skip() if ruler > 0 else None
    more = await Text("ruler_more", item=question, about=("ruler",)).or_skip() if ruler < 10 else None
    return Reply(question, ruler, words, more)
