"""What a script may know about the person besides their answers. Frozen when a dialog opens, stored with it.

Every field has a default, so that a new one is free: facts stored before it existed still load.

`day_number` counts local days since enrolment, from 1; the check-in picks its daily question by it.
`last` is the frozen record that a dialog looks back on: the last check-in, or a follow-up's trigger log.
`lines` are the crisis lines of the region as plain words, one a line, from the one place that verifies them.
`topic` is what the dialog was opened about: the category that was heard, or a line of the plan.
`coping` is what helped this person with urges, the best first; `people` whom their safety plan names.
`paused`: nothing is sent unasked. `unreached`: nobody on the team can be reached about this person. The words
at the end of a dialog know both as they are by then.
`thresholds`: from which craving, mood, sleep and days running on the team is told of an answer.
`takes_medication` and `recovery_days` are None when nobody knows; recovery days are a sum, never set back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from dialogs.choices import Coping

_TUPLES = frozenset({"lines", "people"})
_THRESHOLDS = {"craving": 8, "mood": 2, "sleep": 4, "days": 3}


@dataclass(frozen=True)
class Facts:
    name: str = ""
    language: str = "en"
    today: date = date(2000, 1, 1)
    zone: str = "UTC"
    program: str = ""
    region: str = "US"
    counselor: str = ""
    takes_medication: bool | None = None
    day_number: int = 1
    last: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    recovery_days: int | None = None
    topic: str = ""
    coping: tuple[Coping, ...] = ()
    people: tuple[str, ...] = ()
    paused: bool = False
    unreached: bool = False
    thresholds: Mapping[str, int] = field(default_factory=lambda: dict(_THRESHOLDS))

    def to_json(self) -> dict[str, Any]:
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Facts":
        """Unknown fields, of a release that is gone, are left out."""
        given = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        if "today" in given:
            given["today"] = date.fromisoformat(given["today"])
        for name in _TUPLES & given.keys():
            given[name] = tuple(given[name])
        if "coping" in given:
            given["coping"] = tuple(Coping(way) for way in given["coping"] if way in set(Coping))
        return cls(**given)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value
