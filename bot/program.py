"""The program that hosts Handrail, as its use cases know it: built once at start, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.flags import Thresholds
from bot.hours import DutyHours
from dialogs.prompts import Dialog, Facts, Prompt


class Words(Protocol):
    """What `bot.wording.Wording` gives: every sentence that anybody reads."""

    def prompt(
        self, language: str, dialog_name: str, prompt: Prompt[Any], turn: Any, facts: Facts
    ) -> str: ...

    def end(self, language: str, turn: Any, facts: Facts) -> str: ...

    def label(self, language: str, dialog_name: str, prompt: Prompt[Any], option: str) -> str: ...

    def text(self, language: str, file: str, block: str, /, **context: Any) -> str: ...

    def plain(self, language: str, file: str, block: str, /, **context: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class Program:
    """`username` is the bot's own, for links. Durations are the program's to change.

    An unanswered alert reaches the backup, the supervisors and everyone after so many minutes. `channels`
    are the kinds of message of the second channel that are set up ("email", "webhook"). `typed` is what
    `bot.typed` has read of the words.
    """

    name: str
    region: str
    time_zone: str
    username: str
    words: Words
    dialogs: Mapping[str, Dialog[Any]]
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    consent_version: str = ""
    silence: timedelta = timedelta(hours=2)
    invitation: timedelta = timedelta(days=14)
    guesses_an_hour: int = 5
    nudges_a_day: int = 3
    nudge_lateness: timedelta = timedelta(minutes=60)
    followup_after: timedelta = timedelta(hours=3)
    duty_hours: DutyHours = field(default_factory=DutyHours)
    emergency_minutes: tuple[int, ...] = (5, 10, 15)
    urgent_minutes: tuple[int, ...] = (15, 30, 60)
    contact_within: timedelta = timedelta(minutes=60)
    thresholds: Thresholds = field(default_factory=Thresholds)
    alert_details: bool = False
    channels: tuple[str, ...] = ()
    typed: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict, init=False, compare=False)

    def lines_in(self, language: str, category: str = "") -> tuple[str, ...]:
        """The region's crisis lines as plain words; for one category, those that fit it."""
        spoken = next((one for one in (language, language.partition("-")[0]) if one in self.lines), "en")
        general = self.lines.get(spoken, ())
        return self.lines.get(f"{spoken}/{category}", general)


def local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone))


@lru_cache(maxsize=1024)
def local_date(instant: datetime, zone: str) -> date:
    return local(instant, zone).date()
