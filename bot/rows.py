"""What is kept: one frozen dataclass a table, in the clinic's words.

Use cases read and write these values through a `Unit`; only `bot.store` knows how they lie in SQL.
A `Sealed` field is stored encrypted: under the patient's own key when the row belongs to a patient,
else under the house key. Everything else is plain, so nothing that a person said, chose or is called
may stand in a plain field. `None` means unknown.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

T = TypeVar("T")
Json = Any
SEALED = "sealed"
Sealed = Annotated[T, SEALED]


class Role(StrEnum):
    COUNSELOR = "counselor"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Standing(StrEnum):
    """Where a patient stands with the program."""

    INVITED = "invited"
    ENROLLED = "enrolled"
    DECLINED = "declined"
    DISCHARGED = "discharged"
    ERASED = "erased"


class SessionState(StrEnum):
    OPEN = "open"
    ASIDE = "aside"
    DONE = "done"
    CANCELLED = "cancelled"


class Sending(StrEnum):
    """The life of an outbox row. `AMBIGUOUS` nudges were given to the network once and never again."""

    QUEUED = "queued"
    SENT = "sent"
    REPLACED = "replaced"
    DROPPED = "dropped"
    FAILED = "failed"


class Receipt(StrEnum):
    """The life of an inbox row: `DONE` rows stay eight days as redelivery keys."""

    DONE = "done"
    WAITING = "waiting"
    DEAD = "dead"


@dataclass(frozen=True, kw_only=True)
class Staff:
    """`asked` says what words typed soon after `asked_at` are an answer to, such as a note on an alert."""

    id: int
    code: str
    role: str
    created_at: datetime
    name: Sealed[str]
    chat: Sealed[int | None] = None
    chat_hash: bytes | None = None
    removed_at: datetime | None = None
    blocked_at: datetime | None = None
    asked: str | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Days, both ends included and in the program's zone, on which somebody on the team is not rung."""

    id: int
    staff_id: int
    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class Duty:
    """One name on one day of the weekly rota (0 is Monday); `id` is the order within the day."""

    id: int
    weekday: int
    staff_id: int


@dataclass(frozen=True, kw_only=True)
class Drill:
    """A test of the chain: who was rung, and after how many seconds each had seen it (`body`, by code)."""

    id: int
    staff_id: int
    at: datetime
    due_at: datetime | None = None
    body: Sealed[dict[str, Json]]


@dataclass(frozen=True, kw_only=True)
class Patient:
    """`profile` holds what enrolment learned: phone, voicemail, location, emergency contact, medication."""

    id: int
    code: str
    standing: str
    counselor_id: int | None
    backup_id: int | None = None
    created_at: datetime
    enrolled_at: datetime | None = None
    ended_at: datetime | None = None
    paused_at: datetime | None = None
    blocked_at: datetime | None = None
    hidden_at: datetime | None = None
    language: str = "en"
    time_zone: str
    phase: str = "engagement"
    quiet_from: str = "22:00"
    quiet_to: str = "07:00"
    discreet: bool = False
    chat_hash: bytes | None = None
    chat: Sealed[int | None] = None
    name: Sealed[str | None] = None
    profile: Sealed[dict[str, Json] | None] = None


@dataclass(frozen=True, kw_only=True)
class Token:
    """A one-time invitation; only its digest is kept."""

    id: int
    digest: bytes
    staff_id: int | None = None
    patient_id: int | None = None
    issued_by: int | None = None
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A wrong token from one chat; too many in an hour are refused unread."""

    id: int
    chat_hash: bytes
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Session:
    """One run through a dialog. `turn` counts the prompts asked: a button carries it, so old ones show.

    `ticks` are the options ticked so far on an open `Many`. `asked` is the keyed digest of the open question:
    after a release it may be another than the script asks next. None: not known.
    """

    id: int
    patient_id: int
    dialog: str
    state: str
    opened_at: datetime
    touched_at: datetime
    ended_at: datetime | None = None
    turn: int = 0
    asked: bytes | None = None
    facts: Sealed[dict[str, Json]]
    ticks: Sealed[list[str] | None] = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`body` is {item, value, mark}: an item can be a choice, so it is as secret as the value.

    `turn` is the number under which its question was asked; `message_id` is set for typed answers.
    """

    id: int
    session_id: int
    patient_id: int
    key: str
    at: datetime
    turn: int = 0
    message_id: int | None = None
    superseded_at: datetime | None = None
    body: Sealed[dict[str, Json]]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a finished dialog came to. `local_date` is the patient's own day."""

    id: int
    session_id: int
    patient_id: int
    dialog: str
    at: datetime
    local_date: date
    body: Sealed[dict[str, Json]]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A number that staff sort and chart by, copied out plain under the pseudonymous id."""

    id: int
    patient_id: int
    session_id: int
    name: str
    value: float
    at: datetime
    local_date: date


@dataclass(frozen=True, kw_only=True)
class Message:
    """Words said outside a dialog, or that no prompt could take."""

    id: int
    patient_id: int
    at: datetime
    message_id: int | None = None
    text: Sealed[str]


@dataclass(frozen=True, kw_only=True)
class Flag:
    """Something that needs a person. `cause` is unique: one event makes one flag.

    `ring_at` is when it alerts next: never None while it is open. `rings` counts the alerts, `step` those
    of the present round, which counts from `since` (None: from `at`). `gap_at` is since when nobody on the
    team can be reached about it. `body` holds the patient's words (`evidence`) and the closing `note`.
    """

    id: int
    patient_id: int
    rule: str
    level: str
    category: str
    cause: str
    at: datetime
    rings: int = 0
    ring_at: datetime | None = None
    step: int = 0
    since: datetime | None = None
    gap_at: datetime | None = None
    seen_at: datetime | None = None
    seen_by: int | None = None
    contacted_at: datetime | None = None
    contacted_by: int | None = None
    reached: bool | None = None
    disposition: str | None = None
    closed_at: datetime | None = None
    closed_by: int | None = None
    body: Sealed[dict[str, Json] | None] = None


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """(local time, days, the patient's zone) → `next_at`. `days`: seven digits, Monday first; "" is once."""

    id: int
    patient_id: int
    kind: str
    local_time: str
    days: str = "1111111"
    next_at: datetime | None
    session_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Nudge:
    """One slot of a reminder, written before it is sent. `slot` is unique: two clocks fire it once."""

    id: int
    patient_id: int
    kind: str
    slot: str
    local_date: date
    at: datetime
    outcome: str
    session_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A row of the outbox: one call to Telegram. `body` is {chat, method, params}, gone once sent.

    `edits` names the row whose message this one changes. `cause`, where set, is unique.
    """

    id: int
    chat_hash: bytes
    patient_id: int | None
    staff_id: int | None = None
    flag_id: int | None = None
    lane: int
    state: str
    at: datetime
    due_at: datetime
    lease_until: datetime | None = None
    owner: int | None = None
    attempts: int = 0
    edits: int | None = None
    message_id: int | None = None
    cause: str | None = None
    sent_at: datetime | None = None
    body: Sealed[dict[str, Json] | None]


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """An update of Telegram's: its redelivery key for eight days, and itself only while it waits.

    `message_id` is the message that it brought, or whose button it pressed: what can be taken back.
    """

    id: int
    key: bytes
    chat_hash: bytes | None
    at: datetime
    state: str
    attempts: int = 0
    due_at: datetime | None = None
    message_id: int | None = None
    body: Sealed[dict[str, Json] | None] = None


@dataclass(frozen=True, kw_only=True)
class Consent:
    id: int
    patient_id: int
    item: str
    given: bool
    version: str
    at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Who did what to whom, without words: kept for three years (42 CFR Part 2)."""

    id: int
    at: datetime
    patient_id: int | None = None
    staff_id: int | None = None
    actor: str
    action: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """When a part of a process last showed that it lives (`name` is unique)."""

    id: int
    name: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Pace:
    """The next free moment of something that all processes share (`name` is unique)."""

    id: int
    name: str
    next_at: datetime


Row = (
    Staff
    | Leave
    | Duty
    | Drill
    | Patient
    | Token
    | Guess
    | Session
    | Answer
    | Record
    | Reading
    | Message
    | Flag
    | Reminder
    | Nudge
    | Outgoing
    | Incoming
    | Consent
    | Audit
    | Pulse
    | Pace
)
KINDS: tuple[type[Row], ...] = Row.__args__
