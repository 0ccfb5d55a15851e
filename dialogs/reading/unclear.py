"""Why an answer could not be read."""

from enum import StrEnum


class Reason(StrEnum):
    """Why an answer could not be read. Each has its words in content/<language>/unclear.jinja."""

    NOT_A_NUMBER = "not_a_number"
    NOT_WHOLE = "not_whole"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"
    TOO_FEW = "too_few"
    NOT_A_TIME = "not_a_time"
    NOT_NOW = "not_now"
    NOT_A_DATE = "not_a_date"
    NOT_A_PLACE = "not_a_place"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    BUTTONS_ONLY = "buttons_only"


class Unclear(Exception):
    """The answer cannot be read with certainty."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
