"""What can be chosen from in more than one dialog.

Values are for ever: they stand in stored answers. Order is the order on the screen. Their labels are in
content/<language>/choices.jinja.
"""

from enum import StrEnum


class Feeling(StrEnum):
    SAD = "sad"
    ANXIOUS = "anxious"
    ANGRY = "angry"
    ASHAMED = "ashamed"
    GUILTY = "guilty"
    LONELY = "lonely"
    HURT = "hurt"
    FRUSTRATED = "frustrated"
    OVERWHELMED = "overwhelmed"
    HOPELESS = "hopeless"
    BORED = "bored"
    NUMB = "numb"
    HAPPY = "happy"
    EXCITED = "excited"
    OTHER = "other"


class Halt(StrEnum):
    """Hungry, angry, lonely, tired: asked, never scored."""

    HUNGRY = "hungry"
    ANGRY = "angry"
    LONELY = "lonely"
    TIRED = "tired"


class When(StrEnum):
    NOW = "now"
    HOURS = "hours"
    TODAY = "today"
    BEFORE = "before"

    @property
    def recent(self) -> bool:
        """Within the last few hours, by the person's own word."""
        return self in (When.NOW, When.HOURS)


class Situation(StrEnum):
    """The eight kinds of high-risk situation (Marlatt and Gordon 1985)."""

    NEGATIVE_EMOTION = "negative_emotion"
    PHYSICAL = "physical"
    POSITIVE_EMOTION = "positive_emotion"
    TESTING = "testing"
    URGE = "urge"
    CONFLICT = "conflict"
    PRESSURE = "pressure"
    GOOD_TIMES = "good_times"


class Coping(StrEnum):
    """What people do with an urge. The person's own list is ranked from these."""

    WAITED = "waited"
    BREATHED = "breathed"
    MOVED = "moved"
    CALLED = "called"
    LEFT = "left"
    BUSY = "busy"
    ATE = "ate"
    RESTED = "rested"
    MEETING = "meeting"
    PRAYED = "prayed"
    THOUGHT_AHEAD = "thought_ahead"
    WROTE = "wrote"
    OTHER = "other"


class Worked(StrEnum):
    NO = "no"
    A_LITTLE = "a_little"
    A_LOT = "a_lot"


class NextStep(StrEnum):
    LEAVE = "leave"
    CALL = "call"
    MEETING = "meeting"
    MOVE = "move"
    REST = "rest"
    BUSY = "busy"
    COUNSELOR = "counselor"
    OTHER = "other"
