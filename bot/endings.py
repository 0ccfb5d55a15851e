"""What a dialog is given when it opens, and what it sets off when answers come and when it ends."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot import (
    alerts,
    consents,
    coping,
    crisis,
    danger,
    flags,
    menus,
    people,
    plans,
    preferences,
    progress,
    reminders,
    safety,
    vigils,
)
from bot.concerns import Category, Level
from bot.flags import Thresholds
from bot.host import Ending, Host
from bot.nudges import Kind
from bot.outbox import Buttons
from bot.program import Program, local_date
from bot.rows import Patient, Reading, Record, Session, Standing
from bot.unit import Unit
from dialogs import enrolment
from dialogs.changes import CHANGES
from dialogs.engine import Turn, freeze
from dialogs.lapse import Lapse, told_so_far
from dialogs.prompts import Facts
from dialogs.safety import Danger, Safety
from dialogs.safety_plan import PlanLine, SafetyPlan
from dialogs.using import UsingNow

NO_QUIET = "00:00"
"""Quiet hours that end where they begin are none."""
_READINGS = {
    "check_in": ("mood", "craving", "sleep", "used"),
    "trigger_log": ("urge",),
    danger.LOOK_IN: ("urge",),
    danger.RIDING_OUT: ("urge",),
}
PROMISES = frozenset({"asq_intro", "asq_call_now", "lapse_call"})
"""Questions and lines whose words promise the team: they go by who can be reached when they are said."""
_FOLLOWED = ("trigger_log", danger.RIDING_OUT)


def facts(unit: Unit, program: Program, patient: Patient, dialog: str, about: int | None = None) -> Facts:
    """What the script may know, frozen now; `about` is the session that a follow-up looks back on."""
    counselor = people.counselor_of(unit, patient)
    today = local_date(unit.now, patient.time_zone)
    if dialog == danger.LOOK_IN:
        last = unit.one(Record, patient_id=patient.id, session_id=about or 0, dialog=_FOLLOWED)
    elif dialog == danger.PLAN_LINE:
        last = None
    else:
        last = unit.one(Record, patient_id=patient.id, dialog=dialog, order="-at")
    since = local_date(patient.enrolled_at or unit.now, patient.time_zone)
    plan = (plans.of(unit, patient) or {}) if dialog == danger.RIDING_OUT else {}
    return Facts(
        name=patient.name or "",
        language=patient.language,
        today=today,
        zone=patient.time_zone,
        program=program.name,
        region=program.region,
        counselor=counselor.name if counselor else "",
        takes_medication=people.profile(patient).get("takes_medication"),
        day_number=(today - since).days + 1,
        recovery_days=progress.recovery_days(unit, patient),
        last=_looked_back_on(unit, patient, dialog, last),
        lines=program.lines_in(patient.language),
        coping=coping.ranked(unit, patient) if dialog == danger.RIDING_OUT else (),
        thresholds=program.thresholds.to_json(),
        people=tuple(plan.get("people", ())),
    )


def known(unit: Unit, program: Program, patient: Patient, shown: Facts, keys: Iterable[str]) -> Facts:
    """What the words of these prompts may know by now: the same, and whether anybody can be reached where
    they promise it."""
    if PROMISES.isdisjoint(keys):
        return shown
    return replace(shown, unreached=not alerts.recipients(unit, program, patient, 0))


def _looked_back_on(unit: Unit, patient: Patient, dialog: str, last: Record | None) -> dict[str, Any]:
    if dialog in CHANGES:
        return preferences.set_now(unit, patient)
    if dialog == danger.PLAN_LINE:
        return dict(plans.of(unit, patient) or {})
    return last.body if last else {}


def told(unit: Unit, program: Program, patient: Patient, session: Session, turn: Turn[Any]) -> list[str]:
    """Raise the flags that the answers so far call for; the lines that say so, and whether it rang.

    Once a look-in has heard about body and thoughts, nobody waits for the rest of it.
    After "I used" safety comes first: that the team is told stands with the offer of a call (lapse_call).
    """
    if session.dialog == danger.LOOK_IN and "lapse_thoughts" in turn.answers:
        vigils.end(unit, patient, session)
    so_far = told_so_far(turn.answers)
    if so_far is not None and so_far.risky:
        # Whoever falls silent half-way is looked for as if they had come to the end.
        _look_in(unit, patient, session, so_far.look_in_minutes, so_far)
    lines: list[str] = []
    thresholds = people.thresholds(program, patient)
    found = (*flags.raised(turn, thresholds), *_running(unit, patient, session, turn, thresholds))
    for raised in found:
        cause = f"session:{session.id}:{raised.rule}"
        adds = raised.rule in (*crisis.RULES, *crisis.SAID_TWICE)
        rise = crisis.raise_or_add if adds else alerts.raise_flag
        flag = rise(unit, program, patient, raised, cause)
        said_later = raised.rule == "lapse" and alerts.recipients(unit, program, patient, 0)
        if flag is not None and flag.cause == cause and not said_later:
            lines.append(alerts.told(unit, program, patient, flag))
    return list(dict.fromkeys(lines))


def finished(unit: Unit, program: Program, patient: Patient, session: Session, turn: Turn[Any]) -> Ending:
    """The last words of a dialog and what they set off."""
    result = turn.result
    if session.dialog in CHANGES:
        patient = preferences.apply(unit, patient, result)
        text = program.words.end(patient.language, turn, Facts.from_json(session.facts))
        return Ending(text, preferences.after(program, patient))
    if isinstance(result, enrolment.Enrolment):
        shown = Facts.from_json(session.facts)
        patient = _enrol(unit, program, patient, result, shown)
        consents.keep_wording(unit, program, patient, turn, shown)
    vigils.end(unit, patient, session)
    after_use = result if isinstance(result, UsingNow) else getattr(result, "lapse", None)
    minutes = getattr(result, "follow_up_minutes", None)
    _look_in(unit, patient, session, minutes, after_use)
    known = replace(
        Facts.from_json(session.facts),
        paused=patient.paused_at is not None,
        unreached=after_use is not None and not alerts.recipients(unit, program, patient, 0),
    )
    text = program.words.end(patient.language, turn, known)
    frozen = freeze(result)
    readings = {
        name: float(frozen[name])  # type: ignore[arg-type]
        for name in _READINGS.get(session.dialog, ())
        if isinstance(frozen.get(name), int | bool)
    }
    asks_on = getattr(after_use, "thoughts_of_suicide", False)
    return Ending(
        text,
        _below(unit, program, patient, result),
        readings,
        then=partial(_ask_asq, unit, patient) if asks_on else None,
    )


def _look_in(
    unit: Unit, patient: Patient, session: Session, minutes: int | None, after_use: Lapse | UsingNow | None
) -> None:
    """Ask once after so many minutes; where silence then would be an alarm, wait for a sign of life."""
    if after_use is not None:
        reminders.not_any_more(unit, patient, Kind.LOOK_IN, session)
    if minutes is not None:
        reminders.follow_up(unit, patient, session, timedelta(minutes=minutes))
    if after_use is not None and after_use.risky:
        vigils.over_silence(unit, patient, session)


def _ask_asq(unit: Unit, patient: Patient, host: Host) -> None:
    safety.ask(unit, host, patient, danger.ASQ, Category.SUICIDE)


def _below(unit: Unit, program: Program, patient: Patient, result: Any) -> Buttons:
    """What can be pressed under the last words of a dialog; help first when that is what they are about."""
    if isinstance(result, SafetyPlan | PlanLine):
        if isinstance(result, SafetyPlan) and result.share:
            plans.share(unit, program, patient)
        return plans.after(program, patient)
    if getattr(result, "end", "end") == "end" or patient.standing == Standing.DECLINED:
        return menus.after(unit, program, patient)
    abuse = isinstance(result, Safety) and result.danger is Danger.ABUSE
    return crisis.buttons(unit, program, patient, hide=abuse)


def _running(
    unit: Unit, patient: Patient, session: Session, turn: Turn[Any], thresholds: Thresholds
) -> list[flags.Raised]:
    """Low mood or short sleep, so many of the patient's days running."""
    if session.dialog != "check_in":
        return []
    found = []
    for rule, limit, below in (
        ("mood", thresholds.mood, thresholds.mood + 1),
        ("sleep", thresholds.sleep, thresholds.sleep),
    ):
        value = turn.answers.get(rule)
        if isinstance(value, int) and value < below:
            today = local_date(unit.now, patient.time_zone)
            days = _by_day(unit, patient, rule, thresholds.days) | {today: float(value)}
            if flags.running(days, today, below, thresholds.days):
                found.append(flags.Raised(rule, Level.WATCH, Category.HOPELESSNESS, limit))
    return found


def _by_day(unit: Unit, patient: Patient, name: str, days: int) -> dict[date, float]:
    since = unit.now - timedelta(days=days + 1)
    rows = unit.find(Reading, patient_id=patient.id, name=name, at__ge=since, order="at")
    return {row.local_date: row.value for row in rows}


def _enrol(
    unit: Unit, program: Program, patient: Patient, said: enrolment.Enrolment, known: Facts
) -> Patient:
    """Make somebody a patient by what they told and agreed to, or note that they did not."""
    for item, given in said.consents.items():
        consents.give(unit, program, patient, item.value, given)
    if said.share_words is not None:
        consents.give(unit, program, patient, consents.SHARE_WORDS, said.share_words)
    if said.outcome is not enrolment.Outcome.ENROLLED:
        people.note(unit, "patient", f"enrolment_{said.outcome.value}", patient_id=patient.id)
        _tell_counselor(unit, program, patient, said.outcome.value)
        return unit.change(patient, standing=Standing.DECLINED, ended_at=unit.now)
    kept = freeze(said)
    profile = {
        name: kept[name]
        for name in (
            "signature",
            "share_words",
            "phone",
            "voicemail_safe",
            "location",
            "contact",
            "takes_medication",
        )
    } | {people.TOLD_FROM: dict(known.thresholds)}
    zone = said.zone or patient.time_zone
    enrolled = unit.change(
        patient,
        standing=Standing.ENROLLED,
        enrolled_at=unit.now,
        name=said.name,
        time_zone=str(ZoneInfo(zone)),
        quiet_from=_clock(said.quiet_from) or NO_QUIET,
        quiet_to=_clock(said.quiet_to) or NO_QUIET,
        discreet=said.discreet,
        profile=profile,
    )
    people.note(unit, "patient", "enrolled", patient_id=patient.id)
    reminders.set_times(unit, enrolled, _clock(said.morning), _clock(said.evening))
    menus.set_menu(unit, program, people.address(enrolled), enrolled.language, menus.PATIENT)
    _tell_counselor(unit, program, enrolled, said.outcome.value)
    return enrolled


def _clock(at: time | None) -> str | None:
    return at.isoformat("minutes") if at else None


def _tell_counselor(unit: Unit, program: Program, patient: Patient, outcome: str) -> None:
    counselor = people.counselor_of(unit, patient)
    if counselor is not None:
        menus.notify(unit, program, counselor, f"patient_{outcome}", code=patient.code)


def host(program: Program) -> Host:
    return Host(program=program, finished=finished, told=told, facts=facts, known=known)
