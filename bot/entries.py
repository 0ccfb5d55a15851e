"""What a patient wrote, for the counselor whom they let read it: a list, then one entry at a time.

Only with the patient's consent (`share_words`), only what was begun after it was given, and only for the
counselor and second counselor of this patient: a supervisor has no part in it. Each list and each entry is
written to the audit, which the patient can read; the messages cannot be forwarded, and go by one press.
Safety questions, the safety plan and words outside dialogs are never here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot import alerts, consents, conversations, history, outbox, people
from bot.host import Host
from bot.outbox import Buttons
from bot.program import Program, local
from bot.rows import Consent, Patient, Session, SessionState, Staff, Standing
from bot.unit import Unit

Handler = Callable[[Unit, Host, Staff, str], str | None]
LANGUAGE = alerts.LANGUAGE
DIALOGS = ("check_in", "thought_record", "trigger_log", "trigger_followup")
PAGE = 7


def buttons(unit: Unit, program: Program, staff: Staff, patient: Patient) -> Buttons:
    """What stands under a patient's page for whoever may read their entries."""
    if _consent(unit, staff, patient) is None:
        return []
    return [[(program.words.plain(LANGUAGE, "staff", "button_entries"), f"s:entries:{patient.code}")]]


def list_entries(unit: Unit, host: Host, staff: Staff, argument: str) -> str | None:
    """`s:entries:P-…[:BEFORE]`: the finished dialogs, the newest first."""
    code, _, place = argument.partition(":")
    patient = unit.one(Patient, code=code.strip().upper())
    consent = _consent(unit, staff, patient) if patient else None
    if patient is None or consent is None:
        return _plain(host, "entries_not_shared")
    earlier: dict[str, Any] = {} if (before := history.id_of(place)) is None else {"id__lt": before}
    found = unit.find(
        Session,
        patient_id=patient.id,
        dialog=DIALOGS,
        state=SessionState.DONE,
        opened_at__ge=consent.at,
        order="-id",
        limit=PAGE + 1,
        **earlier,
    )
    rows = [[(_line(host, patient, session), f"s:entry:{session.id:x}")] for session in found[:PAGE]]
    if len(found) > PAGE:
        rows.append([(_plain(host, "button_after"), f"s:entries:{patient.code}:{found[PAGE - 1].id:x}")])
    people.note(unit, staff.code, "entries_listed", patient_id=patient.id, staff_id=staff.id)
    text = host.program.words.text(LANGUAGE, "staff", "entries", code=patient.code, any=bool(found))
    _say(unit, host, staff, text, rows)
    return None


def read(unit: Unit, host: Host, staff: Staff, code: str) -> str | None:
    """`s:entry:ID`: one entry, whole."""
    wanted = history.id_of(code)
    session = unit.get(Session, wanted) if wanted else None
    patient = unit.get(Patient, session.patient_id) if session else None
    consent = _consent(unit, staff, patient) if patient else None
    if session is None or patient is None or consent is None or not _is_shared(session, consent):
        return _plain(host, "entries_not_shared")
    people.note(
        unit, staff.code, "entry_read", patient_id=patient.id, staff_id=staff.id, detail=session.dialog
    )
    head = host.program.words.text(
        LANGUAGE,
        "staff",
        "entry",
        code=patient.code,
        title=conversations.title(host, patient, session.dialog),
        at=local(session.opened_at, patient.time_zone),
    )
    said = [
        host.program.words.text(
            LANGUAGE, "history", "answer", question=history.asked(question), answer=answer
        )
        for question, answer in conversations.spoken(unit, host, patient, session)
    ]
    for part in history.parts([head, *said]):
        _say(unit, host, staff, part)
    return None


def _consent(unit: Unit, staff: Staff, patient: Patient) -> Consent | None:
    """The consent by which this member of staff may read this patient's entries now."""
    if patient.standing != Standing.ENROLLED or staff.id not in (patient.counselor_id, patient.backup_id):
        return None
    return consents.standing(unit, patient, consents.SHARE_WORDS)


def _is_shared(session: Session, consent: Consent) -> bool:
    done = session.dialog in DIALOGS and session.state == SessionState.DONE
    return done and session.opened_at >= consent.at


def _line(host: Host, patient: Patient, session: Session) -> str:
    return host.program.words.plain(
        LANGUAGE,
        "history",
        "line",
        at=local(session.opened_at, patient.time_zone),
        title=conversations.title(host, patient, session.dialog),
        finished=True,
    )


def _say(unit: Unit, host: Host, staff: Staff, text: str, rows: Buttons = ()) -> None:
    to = outbox.to_staff(staff)
    if to is not None:
        wipe = [(host.program.words.plain(LANGUAGE, "alerts", "button_wipe"), "s:wipe:")]
        outbox.say(unit, to, text, [*rows, wipe], protect=True)


def _plain(host: Host, block: str) -> str:
    return host.program.words.plain(LANGUAGE, "staff", block)


PRESSES: Mapping[str, Handler] = {"entries": list_entries, "entry": read}
