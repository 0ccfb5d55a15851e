"""The tables, as SQLModel declares them. Each mirrors a value of `bot.rows`, column by column.

Ids and Telegram message ids are 64 bits; states are strings, so that a new one needs no migration;
instants are aware UTC on both databases; sealed columns are bytes that only the vault can read.
"""

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Index,
    LargeBinary,
    String,
    TypeDecorator,
    text,
)
from sqlmodel import Field, SQLModel

from bot import rows


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite has no zones, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo is not None else value.replace(tzinfo=UTC)


def _id() -> Any:
    return Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


def _big(**options: Any) -> Any:
    return Field(sa_type=BigInteger, **options)


def _instant(**options: Any) -> Any:
    return Field(sa_type=Instant, **options)


def _sealed(**options: Any) -> Any:
    return Field(sa_type=LargeBinary, **options)


def _word(length: int, **options: Any) -> Any:
    return Field(sa_type=String(length), **options)


class DataKey(SQLModel, table=True):
    """Wrapped keys of the vault. `owner` is a patient's id, 0 for the house, -1 for look-ups."""

    __tablename__: ClassVar[str] = "data_key"
    owner: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    wrapped: bytes = _sealed()


class Started(SQLModel, table=True):
    """How often a process has opened this database: one row, from which each has its number in ids."""

    __tablename__: ClassVar[str] = "started"
    id: int = _id()
    times: int = _big()


class Staff(SQLModel, table=True):
    __tablename__: ClassVar[str] = "staff"
    id: int = _id()
    code: str = _word(16, unique=True)
    role: str = _word(16)
    created_at: datetime = _instant()
    name: bytes = _sealed()
    chat: bytes | None = _sealed(default=None)
    chat_hash: bytes | None = Field(default=None, unique=True, sa_type=LargeBinary)
    removed_at: datetime | None = _instant(default=None)
    blocked_at: datetime | None = _instant(default=None)
    asked: str | None = _word(48, default=None)
    asked_at: datetime | None = _instant(default=None)


class Leave(SQLModel, table=True):
    __tablename__: ClassVar[str] = "leave"
    id: int = _id()
    staff_id: int = _big(index=True)
    first: date
    last: date


class Duty(SQLModel, table=True):
    __tablename__: ClassVar[str] = "duty"
    id: int = _id()
    weekday: int
    staff_id: int = _big(index=True)


class Drill(SQLModel, table=True):
    __tablename__: ClassVar[str] = "drill"
    id: int = _id()
    staff_id: int = _big()
    at: datetime = _instant()
    due_at: datetime | None = _instant(default=None)
    body: bytes = _sealed()


class Patient(SQLModel, table=True):
    __tablename__: ClassVar[str] = "patient"
    id: int = _id()
    code: str = _word(16, unique=True)
    standing: str = _word(16)
    counselor_id: int | None = _big(default=None, index=True)
    backup_id: int | None = _big(default=None, index=True)
    created_at: datetime = _instant()
    enrolled_at: datetime | None = _instant(default=None)
    ended_at: datetime | None = _instant(default=None)
    paused_at: datetime | None = _instant(default=None)
    blocked_at: datetime | None = _instant(default=None)
    hidden_at: datetime | None = _instant(default=None)
    language: str = _word(8)
    time_zone: str = _word(64)
    phase: str = _word(24)
    quiet_from: str = _word(5)
    quiet_to: str = _word(5)
    discreet: bool = False
    chat_hash: bytes | None = Field(default=None, unique=True, sa_type=LargeBinary)
    chat: bytes | None = _sealed(default=None)
    name: bytes | None = _sealed(default=None)
    profile: bytes | None = _sealed(default=None)


class Token(SQLModel, table=True):
    __tablename__: ClassVar[str] = "token"
    id: int = _id()
    digest: bytes = Field(unique=True, sa_type=LargeBinary)
    staff_id: int | None = _big(default=None)
    patient_id: int | None = _big(default=None, index=True)
    issued_by: int | None = _big(default=None)
    issued_at: datetime = _instant()
    expires_at: datetime = _instant()
    used_at: datetime | None = _instant(default=None)


class Guess(SQLModel, table=True):
    __tablename__: ClassVar[str] = "guess"
    __table_args__ = (Index("ix_guess_chat_at", "chat_hash", "at"),)
    id: int = _id()
    chat_hash: bytes = Field(sa_type=LargeBinary)
    at: datetime = _instant()


class Session(SQLModel, table=True):
    __tablename__: ClassVar[str] = "session"
    __table_args__ = (
        Index("ix_session_patient_state", "patient_id", "state"),
        Index("ix_session_state_touched", "state", "touched_at"),
    )
    id: int = _id()
    patient_id: int = _big()
    dialog: str = _word(64)
    state: str = _word(16)
    opened_at: datetime = _instant()
    touched_at: datetime = _instant()
    ended_at: datetime | None = _instant(default=None)
    turn: int = 0
    asked: bytes | None = Field(default=None, sa_type=LargeBinary)
    facts: bytes = _sealed()
    ticks: bytes | None = _sealed(default=None)


class Answer(SQLModel, table=True):
    __tablename__: ClassVar[str] = "answer"
    __table_args__ = (Index("ix_answer_patient_message", "patient_id", "message_id"),)
    id: int = _id()
    session_id: int = _big(index=True)
    patient_id: int = _big()
    key: str = _word(64)
    at: datetime = _instant()
    turn: int = 0
    message_id: int | None = _big(default=None)
    superseded_at: datetime | None = _instant(default=None)
    body: bytes = _sealed()


class Record(SQLModel, table=True):
    __tablename__: ClassVar[str] = "record"
    __table_args__ = (
        Index("ix_record_patient_at", "patient_id", "at"),
        Index("ix_record_patient_dialog_date", "patient_id", "dialog", "local_date"),
    )
    id: int = _id()
    session_id: int = _big(unique=True)
    patient_id: int = _big()
    dialog: str = _word(64)
    at: datetime = _instant()
    local_date: date
    body: bytes = _sealed()


class Reading(SQLModel, table=True):
    __tablename__: ClassVar[str] = "reading"
    __table_args__ = (Index("ix_reading_patient_name_at", "patient_id", "name", "at"),)
    id: int = _id()
    patient_id: int = _big()
    session_id: int = _big(index=True)
    name: str = _word(32)
    value: float
    at: datetime = _instant()
    local_date: date


class Message(SQLModel, table=True):
    __tablename__: ClassVar[str] = "message"
    __table_args__ = (Index("ix_message_patient_at", "patient_id", "at"),)
    id: int = _id()
    patient_id: int = _big()
    at: datetime = _instant()
    message_id: int | None = _big(default=None)
    text: bytes = _sealed()


class Flag(SQLModel, table=True):
    __tablename__: ClassVar[str] = "flag"
    __table_args__ = (
        Index("ix_flag_patient_closed", "patient_id", "closed_at"),
        Index("ix_flag_ring_at", "ring_at", postgresql_where=text("ring_at IS NOT NULL")),
    )
    id: int = _id()
    patient_id: int = _big()
    rule: str = _word(32)
    level: str = _word(16)
    category: str = _word(24)
    cause: str = _word(96, unique=True)
    at: datetime = _instant()
    rings: int = 0
    ring_at: datetime | None = _instant(default=None)
    step: int = 0
    since: datetime | None = _instant(default=None)
    gap_at: datetime | None = _instant(default=None)
    seen_at: datetime | None = _instant(default=None)
    seen_by: int | None = _big(default=None)
    contacted_at: datetime | None = _instant(default=None)
    contacted_by: int | None = _big(default=None)
    reached: bool | None = None
    disposition: str | None = _word(32, default=None)
    closed_at: datetime | None = _instant(default=None)
    closed_by: int | None = _big(default=None)
    body: bytes | None = _sealed(default=None)


class Reminder(SQLModel, table=True):
    __tablename__: ClassVar[str] = "reminder"
    __table_args__ = (Index("ix_reminder_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),)
    id: int = _id()
    patient_id: int = _big(index=True)
    kind: str = _word(32)
    local_time: str = _word(5)
    days: str = _word(7)
    next_at: datetime | None = _instant(default=None)
    session_id: int | None = _big(default=None)


class Nudge(SQLModel, table=True):
    __tablename__: ClassVar[str] = "nudge"
    __table_args__ = (Index("ix_nudge_patient_date", "patient_id", "local_date"),)
    id: int = _id()
    patient_id: int = _big()
    kind: str = _word(32)
    slot: str = _word(96, unique=True)
    local_date: date
    at: datetime = _instant()
    outcome: str = _word(16)
    session_id: int | None = _big(default=None)


class Outgoing(SQLModel, table=True):
    """Only rows still to be sent lie in `ix_outbox_due`: sending stays as fast as the past grows."""

    __tablename__: ClassVar[str] = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "lane",
            "due_at",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_outbox_chat",
            "chat_hash",
            "lane",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index("ix_outbox_sent_at", "sent_at"),
    )
    id: int = _id()
    chat_hash: bytes = Field(sa_type=LargeBinary)
    patient_id: int | None = _big(default=None, index=True)
    staff_id: int | None = _big(default=None)
    flag_id: int | None = _big(default=None, index=True)
    lane: int
    state: str = _word(16)
    at: datetime = _instant()
    due_at: datetime = _instant()
    lease_until: datetime | None = _instant(default=None)
    owner: int | None = _big(default=None)
    attempts: int = 0
    edits: int | None = _big(default=None)
    message_id: int | None = _big(default=None)
    cause: str | None = _word(96, default=None, unique=True)
    sent_at: datetime | None = _instant(default=None)
    body: bytes | None = _sealed(default=None)


class Incoming(SQLModel, table=True):
    __tablename__: ClassVar[str] = "inbox"
    __table_args__ = (
        Index(
            "ix_inbox_waiting",
            "chat_hash",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_inbox_at", "at"),
    )
    id: int = _id()
    key: bytes = Field(unique=True, sa_type=LargeBinary)
    chat_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    at: datetime = _instant()
    state: str = _word(16)
    attempts: int = 0
    due_at: datetime | None = _instant(default=None)
    message_id: int | None = _big(default=None)
    body: bytes | None = _sealed(default=None)


class Consent(SQLModel, table=True):
    __tablename__: ClassVar[str] = "consent"
    id: int = _id()
    patient_id: int = _big(index=True)
    item: str = _word(48)
    given: bool
    version: str = _word(32)
    at: datetime = _instant()
    revoked_at: datetime | None = _instant(default=None)


class Audit(SQLModel, table=True):
    __tablename__: ClassVar[str] = "audit"
    __table_args__ = (Index("ix_audit_patient_at", "patient_id", "at"),)
    id: int = _id()
    at: datetime = _instant()
    patient_id: int | None = _big(default=None)
    staff_id: int | None = _big(default=None)
    actor: str = _word(32)
    action: str = _word(48)
    detail: str = _word(200)


class Pulse(SQLModel, table=True):
    __tablename__: ClassVar[str] = "pulse"
    id: int = _id()
    name: str = _word(64, unique=True)
    at: datetime = _instant()


class Pace(SQLModel, table=True):
    __tablename__: ClassVar[str] = "pace"
    id: int = _id()
    name: str = _word(64, unique=True)
    next_at: datetime = _instant()


OF: dict[type[rows.Row], type[SQLModel]] = {
    rows.Staff: Staff,
    rows.Leave: Leave,
    rows.Duty: Duty,
    rows.Drill: Drill,
    rows.Patient: Patient,
    rows.Token: Token,
    rows.Guess: Guess,
    rows.Session: Session,
    rows.Answer: Answer,
    rows.Record: Record,
    rows.Reading: Reading,
    rows.Message: Message,
    rows.Flag: Flag,
    rows.Reminder: Reminder,
    rows.Nudge: Nudge,
    rows.Outgoing: Outgoing,
    rows.Incoming: Incoming,
    rows.Consent: Consent,
    rows.Audit: Audit,
    rows.Pulse: Pulse,
    rows.Pace: Pace,
}
