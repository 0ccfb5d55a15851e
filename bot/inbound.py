"""What reached us, in our own words: Telegram's updates as `bot.telegram` translates them.

`key` is the redelivery key: a digest of bot id, update_id and the id of the message or callback, so
that the same update gives the same key for ever and no other update does.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any


class Medium(StrEnum):
    """What a message was if it was not text."""

    VOICE = "voice"
    PHOTO = "photo"
    STICKER = "sticker"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Said:
    """Typed words, exactly. `command` is the bare name if they begin with one, `rest` what follows."""

    text: str
    command: str | None = None
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """An earlier message with new words (text or caption)."""

    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button under one of our messages (`message_id` of the inbound names it)."""

    data: str
    callback_id: str


@dataclass(frozen=True, slots=True)
class Showed:
    """Something that is not text; its caption, if any, is kept as words."""

    medium: Medium
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """The person blocked the bot (`gone`), or took it back."""

    gone: bool


@dataclass(frozen=True, slots=True)
class Grouped:
    """A group or channel added the bot or wrote to it."""

    added: bool


Event = Said | Edited | Pressed | Showed | Left | Grouped


@dataclass(frozen=True, slots=True)
class Inbound:
    """`at`: when it was written, by our clock."""

    key: bytes
    chat: int
    user: int
    at: datetime
    event: Event
    message_id: int | None = None
    language: str | None = None

    @property
    def words(self) -> str | None:
        """The words to be screened, whatever else the event is."""
        match self.event:
            case Said(text=text) | Edited(text=text):
                return text
            case Showed(caption=caption):
                return caption
            case _:
                return None

    @property
    def prose(self) -> str | None:
        """What of the words may say something: no bare command, no token, no number, no picture."""
        match self.event:
            case Said(command="start", rest=rest) if " " not in rest:
                return None
            case Said(command=str(), rest=rest):
                said = rest
            case _:
                said = self.words or ""
        return said if any(letter.isalpha() for letter in said) else None

    def without_words(self) -> "Inbound":
        """The same, and no word of it: that something came, and which command."""
        match self.event:
            case Said(command=command):
                return replace(self, event=Said("", command))
            case Edited():
                return replace(self, event=Edited(""))
            case Showed(medium=medium):
                return replace(self, event=Showed(medium))
            case _:
                return self

    def to_json(self) -> dict[str, Any]:
        """As the inbox keeps it (sealed)."""
        return {
            **_fields(self),
            "key": self.key.hex(),
            "at": self.at.isoformat(),
            "event": {"is": type(self.event).__name__, **_fields(self.event)},
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Inbound":
        given = dict(kept["event"])
        event = _EVENTS[given.pop("is")]
        if event is Showed:
            given["medium"] = Medium(given["medium"])
        return cls(
            **kept
            | {
                "key": bytes.fromhex(kept["key"]),
                "at": datetime.fromisoformat(kept["at"]),
                "event": event(**given),
            }
        )


def _fields(value: Any) -> dict[str, Any]:
    """What `dataclasses.asdict` gives for flat values, in a tenth of the time."""
    return {name: getattr(value, name) for name in value.__slots__}


_EVENTS: dict[str, Any] = {kind.__name__: kind for kind in (Said, Edited, Pressed, Showed, Left, Grouped)}
