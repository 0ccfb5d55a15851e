"""A person's history, which is theirs: to page through, to read, to take along, to erase."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape, unescape
from typing import Any

from bot import conversations, export, hiding, menus, outbox, partings, people
from bot.host import Host
from bot.inbound import Inbound
from bot.outbox import Address, Button, Kind
from bot.program import local
from bot.rows import (
    Answer,
    Flag,
    Incoming,
    Message,
    Nudge,
    Outgoing,
    Patient,
    Reading,
    Record,
    Reminder,
    Session,
    SessionState,
    Standing,
)
from bot.unit import Unit

PAGE = 7
_LONGEST = 3500
_IDS = 2**63
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history: a dialog, or words said outside of any."""

    id: int
    at: datetime
    session: Session | None = None
    message: Message | None = None


def page(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """Entries, the newest first, from one that the button names; for a time without what was hidden."""
    before = id_of(args[0]) if args else None
    since = hiding.left_out_from(unit, patient)
    entries = _entries(unit, patient, before, since)
    shown = entries[:PAGE]
    words, language = host.program.words, patient.language
    buttons: list[list[Button]] = [
        [(_line(host, patient, entry), f"o:entry:{entry.id:x}")] for entry in shown
    ]
    if len(entries) > PAGE:
        buttons.append([(words.plain(language, "history", "older"), f"o:history:{shown[-1].id:x}")])
    if before is not None:
        buttons.append([(words.plain(language, "history", "newest"), "o:history")])
    if not entries:
        buttons = list(map(list, menus.main(unit, host, patient)))
    text = words.text(language, "history", "page" if shown else "empty", later=since is not None)
    outbox.say(unit, people.address(patient), text, buttons)
    return None


def read(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """One entry, whole: questions and answers as they stand."""
    wanted = id_of(args[0]) if args else None
    session = unit.get(Session, wanted) if wanted else None
    message = unit.get(Message, wanted) if wanted and session is None else None
    words, language = host.program.words, patient.language
    entry = session or message
    if entry is None or entry.patient_id != patient.id:
        return words.plain(language, "history", "no_entry")
    since = hiding.left_out_from(unit, patient)
    last = entry.touched_at if isinstance(entry, Session) else entry.at
    if since is not None and last >= since:
        return words.plain(language, "history", "entry_later")
    if session is not None:
        lines = list(_lines(unit, host, patient, session))
        head = words.text(
            language,
            "history",
            "session",
            title=conversations.title(host, patient, session.dialog),
            at=local(session.opened_at, patient.time_zone),
            finished=session.state == SessionState.DONE,
        )
    else:
        assert message is not None
        lines = [escape(message.text)]
        head = words.text(language, "history", "message", at=local(message.at, patient.time_zone))
    again = [[(words.plain(language, "history", "back_to_list"), f"o:history:{entry.id + 1:x}")]]
    whole = list(parts([head, *lines]))
    for place, text in enumerate(whole, 1):
        outbox.say(unit, people.address(patient), text, again if place == len(whole) else ())
    return None


def my_data(unit: Unit, host: Host, patient: Patient, inbound: Inbound, args: list[str]) -> str | None:
    """What is kept about me: as a document to read, as JSON, or gone. For a time the files come without what
    was hidden: whoever holds the phone can ask for them."""
    words, language = host.program.words, patient.language
    to, until = people.address(patient), hiding.left_out_from(unit, patient)
    later = until is not None
    match args:
        case ["read"]:
            people.note(unit, "patient", "export_read", patient_id=patient.id)
            content = _readable(unit, host, patient, until).encode()
            name = words.plain(language, "history", "document_name")
            caption = words.text(language, "history", "document", later=later)
            outbox.send_file(unit, to, Kind.DOCUMENT, f"{name}.html", content, caption)
        case ["json"]:
            people.note(unit, "patient", "export_json", patient_id=patient.id)
            document = export.document(unit, patient, until)
            content = json.dumps(document, ensure_ascii=False, indent=1).encode()
            name = words.plain(language, "history", "document_name")
            caption = words.text(language, "history", "json")
            outbox.send_file(unit, to, Kind.DOCUMENT, f"{name}.json", content, caption)
        case ["erase"]:
            buttons = [
                [(words.plain(language, "history", "button_keep"), "o:mydata")],
                [(words.plain(language, "history", "button_erase_yes"), f"o:mydata:erase:{patient.code}")],
            ]
            danger = partings.in_danger(unit, patient)
            text = words.text(language, "history", "erase_ask", danger=danger, later=later)
            outbox.say(unit, to, text, buttons)
        case ["erase", code] if code == patient.code:
            erase(unit, host, patient)
        case _:
            buttons = [
                [(words.plain(language, "history", "button_read"), "o:mydata:read")],
                [(words.plain(language, "history", "button_json"), "o:mydata:json")],
                [(words.plain(language, "history", "button_erase"), "o:mydata:erase")],
            ]
            outbox.say(unit, to, words.text(language, "history", "my_data", later=later), buttons)
    return None


def erase(unit: Unit, host: Host, patient: Patient) -> None:
    """Forget a patient at their own wish, tell them so, and tell the counselor that it happened."""
    to = people.address(patient)
    partings.let_go(unit, host.program, patient)
    partings.tell(unit, host.program, patient, "patient_erased", last_words=True)
    forget(unit, patient)
    text = host.program.words.text(
        patient.language, "history", "erased", lines=host.program.lines_in(patient.language)
    )
    house = Address(to.chat, to.chat_hash)
    outbox.say(unit, house, text)
    menus.set_menu(unit, host.program, house, patient.language, menus.STRANGER)


def forget(unit: Unit, patient: Patient) -> None:
    """Their rows go, and the key that could read any copy of them.

    What stays is the code, the consents and the audit, without words: a program must be able to show
    them. Open alerts stay open, since a person may be in danger.
    """
    for kind in (Answer, Record, Reading, Message, Session, Reminder, Nudge, Outgoing):
        unit.remove(kind, patient_id=patient.id)
    if patient.chat_hash is not None:
        unit.remove(Incoming, chat_hash=patient.chat_hash)
    for flag in unit.find(Flag, patient_id=patient.id):
        unit.change(flag, body=None)
    people.note(unit, "patient", "erased", patient_id=patient.id)
    unit.change(
        patient,
        standing=Standing.ERASED,
        ended_at=unit.now,
        chat_hash=None,
        chat=None,
        name=None,
        profile=None,
        hidden_at=None,
    )
    unit.forget(patient.id)


def _entries(unit: Unit, patient: Patient, before: int | None, since: datetime | None) -> list[Entry]:
    """One more than a page holds; ids grow with time, so they page two tables at once.

    `since`: nothing from then on.
    """
    mine: dict[str, Any] = {"patient_id": patient.id} | ({} if before is None else {"id__lt": before})
    older, touched = hiding.said_before(since)
    sessions = unit.find(Session, order="-id", limit=PAGE + 1, **mine, **touched)
    messages = unit.find(Message, order="-id", limit=PAGE + 1, **mine, **older)
    entries = [Entry(row.id, row.opened_at, session=row) for row in sessions]
    entries += [Entry(row.id, row.at, message=row) for row in messages]
    return sorted(entries, key=lambda entry: -entry.id)[: PAGE + 1]


def _line(host: Host, patient: Patient, entry: Entry) -> str:
    words, language = host.program.words, patient.language
    if entry.session is not None:
        title = conversations.title(host, patient, entry.session.dialog)
        finished = entry.session.state == SessionState.DONE
    else:
        title, finished = words.plain(language, "history", "your_words"), True
    return words.plain(
        language, "history", "line", at=local(entry.at, patient.time_zone), title=title, finished=finished
    )


def _lines(unit: Unit, host: Host, patient: Patient, session: Session) -> Iterator[str]:
    words = host.program.words
    for question, answer in conversations.spoken(unit, host, patient, session):
        yield words.text(patient.language, "history", "answer", question=asked(question), answer=answer)


def asked(question: str) -> str:
    """The question itself, without what leads up to it."""
    lines = [line.strip() for line in unescape(_TAG.sub("", question)).splitlines() if line.strip()]
    asking = [line for line in lines if "?" in line]
    return (asking or lines or [""])[-1]


def parts(lines: list[str]) -> Iterator[str]:
    """The lines as messages that Telegram takes, cut between lines, and within one only if it must be.

    What counts is the length that people see: an escaped sign is one.
    """
    part, filled = "", 0
    for line in lines:
        plain = unescape(_TAG.sub("", line))
        for start in range(0, max(len(plain), 1), _LONGEST):
            piece = line if len(plain) <= _LONGEST else escape(plain[start : start + _LONGEST])
            size = len(plain[start : start + _LONGEST])
            if part and filled + size + 2 > _LONGEST:
                yield part
                part, filled = "", 0
            part = f"{part}\n\n{piece}" if part else piece
            filled += size + 2
    if part:
        yield part


def _readable(unit: Unit, host: Host, patient: Patient, until: datetime | None) -> str:
    """The same as the JSON export, as a page that any phone can open."""
    entries = []
    older, touched = hiding.said_before(until)
    for session in unit.find(Session, patient_id=patient.id, **touched):
        entries.append(
            {
                "at": local(session.opened_at, patient.time_zone),
                "title": conversations.title(host, patient, session.dialog),
                "finished": session.state == SessionState.DONE,
                "answers": [
                    (asked(question), answer)
                    for question, answer in conversations.spoken(unit, host, patient, session)
                ],
            }
        )
    for message in unit.find(Message, patient_id=patient.id, **older):
        entries.append(
            {
                "at": local(message.at, patient.time_zone),
                "title": host.program.words.plain(patient.language, "history", "your_words"),
                "finished": True,
                "answers": [("", message.text)],
            }
        )
    entries.sort(key=lambda entry: entry["at"])  # type: ignore[arg-type, return-value]
    return host.program.words.text(
        patient.language,
        "mydata",
        "document",
        document=export.document(unit, patient, until),
        entries=entries,
        name=patient.name or patient.code,
        program=host.program.name,
        later=until is not None,
        now=local(unit.now, patient.time_zone),
    )


def id_of(code: str) -> int | None:
    """The id in a button; None for what is none, since any app can send any button."""
    try:
        found = int(code, 16)
    except ValueError:
        return None
    return found if 0 < found < _IDS else None


COMMANDS = {"history": page, "mydata": my_data}
OPENS = {"history": page, "entry": read, "mydata": my_data}
