"""What a script may know about the person besides their answers. Frozen when a dialog opens, stored with it.

Every field has a default, so that a new one is free: facts stored before it existed still load.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any


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

    def to_json(self) -> dict[str, Any]:
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Facts":
        """Unknown fields, of a release that is gone, are left out."""
        known = {f.name for f in fields(cls)}
        given = {name: value for name, value in stored.items() if name in known}
        if "today" in given:
            given["today"] = date.fromisoformat(given["today"])
        return cls(**given)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else value
