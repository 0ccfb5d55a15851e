"""The second channel: when nobody answers, nobody can be reached, or Telegram itself is down.

E-mail and webhook, whichever the program set up, through the same outbox as everything else. They carry
a code, a reason and a time, never a patient's words or name. Each alarm has a key: said once.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from bot import outbox
from bot.concerns import Level
from bot.journal import Log
from bot.outbox import Address, Lane
from bot.program import Program
from bot.rows import Flag, Outgoing, Patient, Sending
from bot.unit import Undone, Unit
from bot.wording import MissingWords

log = Log(__name__)

EMAIL, WEBHOOK = "email", "webhook"
KINDS = (EMAIL, WEBHOOK)
LATE = timedelta(minutes=2)
"""How long an alert may wait for Telegram before the second channel says it too."""
_LANGUAGE = "en"


class Why(StrEnum):
    UNANSWERED = "unanswered"
    NOBODY = "nobody"
    FAULT = "fault"
    """It could not be rung, by a fault of ours."""
    UNSTAFFED = "unstaffed"
    """Nobody on the team can be rung any more, whatever comes."""
    TELEGRAM = "telegram"
    STANDSTILL = "standstill"
    DRILL = "drill"


def alarm(
    unit: Unit,
    program: Program,
    why: Why,
    key: str,
    *,
    code: str = "",
    level: str = "",
    reason: str = "",
    flag_id: int | None = None,
) -> int:
    """Queue it on every channel that is set up; the number of channels on which it was not said before."""
    words = {"code": code, "level": level, "reason": reason, "program": program.name}
    subject = program.words.plain(_LANGUAGE, "channels", f"subject_{why}", **words)
    text = program.words.plain(_LANGUAGE, "channels", f"text_{why}", **words)
    if not program.channels:
        log.warning("alarm.no_channel", kind=why.value)
    queued = 0
    for kind in program.channels:
        body = {
            "kind": kind,
            "id": f"{why}:{key}",
            "why": why.value,
            "code": code,
            "level": level,
            "reason": reason,
            "at": unit.now.isoformat(),
            "subject": subject,
            "text": text,
        }
        to = Address(0, unit.digest(kind))
        row = outbox.post(unit, to, body, lane=Lane.ALERT, cause=f"{kind}:{why}:{key}", flag_id=flag_id)
        queued += row is not None
    return queued


def tell_late(unit: Unit, program: Program) -> int:
    """Alerts that Telegram has not taken for too long, said on the second channel, the gravest first."""
    waiting = unit.find(
        Outgoing, lane=Lane.ALERT, state=Sending.QUEUED, at__le=unit.now - LATE, flag_id__not=None
    )
    late = {row.flag_id for row in waiting if row.staff_id is not None}
    flags = [flag for flag in (unit.get(Flag, one) for one in late if one is not None) if flag is not None]
    told = 0
    for flag in sorted(flags, key=urgency):
        patient = unit.get(Patient, flag.patient_id)
        if patient is None or flag.seen_at is not None or flag.closed_at is not None:
            continue
        try:
            told += (
                unit.apart(partial(alarm_of, unit, program, Why.TELEGRAM, patient, flag, f"{flag.id}")) > 0
            )
        except Undone as undone:
            log.error("alarm.not_raised", patient=patient.code, flag=flag.id, error=undone)
    return told


def alarm_of(unit: Unit, program: Program, why: Why, patient: Patient, flag: Flag, key: str) -> int:
    """An alarm about one flag."""
    return alarm(
        unit,
        program,
        why,
        key,
        code=patient.code,
        level=flag.level,
        reason=reason(program, _LANGUAGE, flag),
        flag_id=flag.id,
    )


def reason(program: Program, language: str, flag: Flag) -> str:
    """Why a flag was raised, as staff and patients read it; a rule of another release is told by its key."""
    body = flag.body or {}
    about = {
        "detail": body.get("detail"),
        "category": flag.category,
        "ask": body.get("ask", False),
        "watched": body.get("watched", False),
        "rules": program.thresholds,
    }
    try:
        return program.words.plain(language, "alerts", f"reason_{flag.rule}", **about)
    except MissingWords:
        return program.words.plain(language, "alerts", "reason_unknown", rule=flag.rule)


def urgency(flag: Flag) -> tuple[int, datetime]:
    """The gravest first, then the oldest."""
    return -Level(flag.level).rank, flag.at
