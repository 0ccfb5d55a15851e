"""The outbox: whatever the bot says is a row here, in the same commit as its cause.

A row's body is one message in our own terms, which `bot.telegram.outbound` turns into one call:

    {"chat": 1001, "kind": "text", "text": "<b>Hi</b>", "buttons": [[["Go on", "o:checkin"]]], …}

A button is [label, data] where data that begins with "https://" is a link.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from bot.rows import Outgoing, Patient, Sending, Staff
from bot.unit import Unit


class Lane(IntEnum):
    """In this order rows leave. Replies, cards and alerts are never paced; notices and nudges are."""

    ALERT = 0
    REPLY = 1
    NOTICE = 2
    NUDGE = 3


AT_ONCE = (Lane.ALERT, Lane.REPLY)
PACED = (Lane.NOTICE, Lane.NUDGE)


class Kind(StrEnum):
    """What a body asks of Telegram."""

    TEXT = "text"
    EDIT = "edit"
    BUTTONS = "buttons"
    DELETE = "delete"
    DOCUMENT = "document"
    PHOTO = "photo"
    MENU = "menu"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Address:
    """Whom a row is for. With `patient_id` it is sealed under that patient's key, else under the house's."""

    chat: int
    chat_hash: bytes
    patient_id: int | None = None
    staff_id: int | None = None


Button = tuple[str, str]
Buttons = Sequence[Sequence[Button]]


def to_patient(patient: Patient) -> Address | None:
    """Where a patient is reached; None while they have no chat."""
    if patient.chat is None or patient.chat_hash is None:
        return None
    return Address(patient.chat, patient.chat_hash, patient_id=patient.id)


def to_staff(staff: Staff) -> Address | None:
    """Where a member of staff is reached; None while they have no chat or are gone."""
    if staff.chat is None or staff.chat_hash is None or staff.removed_at is not None:
        return None
    return Address(staff.chat, staff.chat_hash, staff_id=staff.id)


def say(
    unit: Unit,
    to: Address,
    text: str,
    buttons: Buttons = (),
    *,
    lane: Lane = Lane.REPLY,
    cause: str | None = None,
    flag_id: int | None = None,
    protect: bool = False,
    silent: bool = False,
) -> Outgoing | None:
    """Queue a message of Telegram HTML; with a `cause` that was used before, nothing is queued (None).

    `silent`: it arrives at once, and the phone makes no sound.
    """
    body = worded(text, buttons)
    if protect:
        body["protect"] = True
    if silent:
        body["silent"] = True
    return post(unit, to, body, lane=lane, cause=cause, flag_id=flag_id)


def worded(text: str, buttons: Buttons = ()) -> dict[str, Any]:
    """The body of a message of Telegram HTML."""
    return {"kind": Kind.TEXT, "text": text, "buttons": _plain(buttons)}


def card(
    unit: Unit, to: Address, key: str, text: str, buttons: Buttons = (), *, news: str | None = None
) -> None:
    """Queue the crisis card of an update (`key`), once. `news`: what is left to say if one has been sent."""
    body = worded(text, buttons) | {"card": key, "news": news}
    post(unit, to, body, lane=Lane.ALERT, cause=f"card:{key}")


def edit(unit: Unit, to: Address, message_id: int, text: str, buttons: Buttons = ()) -> None:
    """Change a message whose Telegram id is known (the one whose button was pressed)."""
    body = {"kind": Kind.EDIT, "message_id": message_id, "text": text, "buttons": _plain(buttons)}
    post(unit, to, body)


def edit_row(unit: Unit, to: Address, row_id: int, text: str, buttons: Buttons = ()) -> None:
    """Change the message that another row sent or will send; a newer edit replaces one that is unsent."""
    for older in unit.find(Outgoing, chat_hash=to.chat_hash, state=Sending.QUEUED, edits=row_id):
        unit.change(older, state=Sending.REPLACED, body=None)
    body = {"kind": Kind.EDIT, "text": text, "buttons": _plain(buttons)}
    post(unit, to, body, lane=Lane.NOTICE if to.staff_id else Lane.REPLY, edits=row_id)


def set_buttons(unit: Unit, to: Address, message_id: int, buttons: Buttons = ()) -> None:
    """Change only the buttons of a message; none takes them away."""
    post(unit, to, {"kind": Kind.BUTTONS, "message_id": message_id, "buttons": _plain(buttons)})


def send_file(
    unit: Unit, to: Address, kind: Kind, name: str, content: bytes, caption: str, buttons: Buttons = ()
) -> None:
    """Queue a picture or a document; `content` travels sealed in the row like any words."""
    body = {
        "kind": kind,
        "name": name,
        "content": b64encode(content).decode(),
        "text": caption,
        "buttons": _plain(buttons),
    }
    post(unit, to, body)


def delete(unit: Unit, to: Address, message_ids: Sequence[int]) -> None:
    """Take messages back; Telegram allows it for 48 hours, and a hundred at a time."""
    for start in range(0, len(message_ids), 100):
        some = list(message_ids[start : start + 100])
        post(unit, to, {"kind": Kind.DELETE, "message_ids": some}, lane=Lane.ALERT)


def has_card(unit: Unit, key: str) -> bool:
    """Whether this update has brought its card."""
    return unit.one(Outgoing, cause=f"card:{key}") is not None


def set_menu(unit: Unit, to: Address, commands: Sequence[tuple[str, str]]) -> None:
    """Give this one chat its command menu: (name, description) in order."""
    post(unit, to, {"kind": Kind.MENU, "commands": [list(command) for command in commands]})


def leave(unit: Unit, to: Address) -> None:
    """Leave a group."""
    post(unit, to, {"kind": Kind.LEAVE})


def post(
    unit: Unit,
    to: Address,
    body: dict[str, Any],
    *,
    lane: Lane = Lane.REPLY,
    cause: str | None = None,
    flag_id: int | None = None,
    edits: int | None = None,
    due_at: datetime | None = None,
) -> Outgoing | None:
    """Queue one row; the process that commits it holds it first, and others only after its lease."""
    row = a_row(unit, to, body, lane=lane, cause=cause, flag_id=flag_id, edits=edits, due_at=due_at)
    if cause is None:
        unit.add(row)
        return row
    return row if unit.add_once(row) else None


def a_row(
    unit: Unit,
    to: Address,
    body: dict[str, Any],
    *,
    lane: Lane,
    cause: str | None = None,
    flag_id: int | None = None,
    edits: int | None = None,
    due_at: datetime | None = None,
) -> Outgoing:
    """A row as it will be queued, for whoever adds many at once."""
    return Outgoing(
        id=unit.new_id(),
        chat_hash=to.chat_hash,
        patient_id=to.patient_id,
        staff_id=to.staff_id,
        flag_id=flag_id,
        lane=lane,
        state=Sending.QUEUED,
        at=unit.now,
        due_at=due_at or unit.now,
        lease_until=unit.lease,
        owner=unit.owner,
        edits=edits,
        cause=cause,
        body={"chat": to.chat, **body},
    )


def _plain(buttons: Buttons) -> list[list[list[str]]]:
    return [[list(button) for button in row] for row in buttons]
