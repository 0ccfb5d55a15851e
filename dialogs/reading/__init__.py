"""How typed answers are understood: generous about how a tired person types, exact about what they meant.

Pure functions from words to values, over the tables of `lexicon`. Whatever cannot be read with
certainty ("7 or 8", "not hungry" where only "Hungry" is offered) is Unclear, and asked again: a second
question is a smaller harm than a wrong number in somebody's record.
"""

from dialogs.reading.calendar import calendar_date
from dialogs.reading.choices import label, one, several, yes_no
from dialogs.reading.clock import offset, time_of_day
from dialogs.reading.lexicon import Unit
from dialogs.reading.numbers import whole
from dialogs.reading.phrases import passes, skips, words
from dialogs.reading.unclear import Reason, Unclear

__all__ = [
    "Reason",
    "Unclear",
    "Unit",
    "calendar_date",
    "label",
    "offset",
    "one",
    "passes",
    "several",
    "skips",
    "time_of_day",
    "whole",
    "words",
    "yes_no",
]
