"""A machine that cannot fail is worth nothing: each mistake built into the alert loop on purpose must be
found, by the law that it breaks. `make chaos` runs this.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bot import (
    alerts,
    causes,
    channels,
    contacts,
    copies,
    departures,
    escalation,
    gaps,
    outbox,
    people,
    rota,
    set_back,
)
from bot.concerns import Level
from bot.outbox import Lane
from bot.program import Program
from bot.rows import Flag, Outgoing, Patient, Sending, Staff
from bot.unit import Unit
from tests.alerts import machine as laws
from tests.alerts.machine import STRANGER, Machine, over
from tests.fixtures.machines import of_dictionaries

Patch = pytest.MonkeyPatch
AT_MOST = 1000
"""Examples; most mistakes take fewer than ten, the rarest some hundreds."""


def after(patch: Patch, module: Any, name: str, then: Callable[..., Any]) -> None:
    """Whatever `module.name` gives, `then(given, *its arguments)` comes of it."""
    original = getattr(module, name)

    @wraps(original)
    def wrong(*given: Any, **named: Any) -> Any:
        return then(original(*given, **named), *given, **named)

    patch.setattr(module, name, wrong)


def instead(patch: Patch, module: Any, name: str, wrong: Callable[..., Any]) -> None:
    patch.setattr(module, name, wrong)


# A trigger makes exactly one flag


def a_flag_for_every_delivery(patch: Patch) -> None:
    original = alerts.raise_flag

    def wrong(unit: Unit, program: Program, patient: Patient, raised: Any, cause: str, *more: Any) -> Any:
        return original(unit, program, patient, raised, f"{cause}:{unit.new_id()}", *more)

    instead(patch, alerts, "raise_flag", wrong)


def what_was_added_is_forgotten(patch: Patch) -> None:
    """Told again after Seen, it raises a flag of its own."""
    instead(patch, causes, "known", lambda unit, patient, cause: False)


def added_to_what_was_seen(patch: Patch) -> None:
    """More, after Seen, rings nobody: it is neither raised nor added."""
    instead(patch, alerts, "raise_flag", lambda *given, **named: None)


# An open flag has a live recipient and a future deadline, or an open gap


def rung_once(patch: Patch) -> None:
    after(patch, alerts, "_ring", lambda flag, unit, *_: unit.change(flag, ring_at=None))


def far_away(patch: Patch) -> None:
    after(patch, escalation, "next_due", lambda at, *_: at.replace(year=at.year + 1))


def a_gap_that_nobody_hears_of(patch: Patch) -> None:
    instead(patch, channels, "alarm_of", lambda *given, **named: 0)


def whoever_goes_takes_the_alert_with_them(patch: Patch) -> None:
    instead(patch, gaps, "lost", lambda *given: None)


def a_block_is_not_minded(patch: Patch) -> None:
    instead(patch, rota, "reachable", lambda staff: staff.chat is not None and staff.removed_at is None)


def set_back_is_not_looked_for(patch: Patch) -> None:
    instead(patch, set_back, "_ring", lambda unit, program: None)


# Severity never falls by itself


def seen_is_softened(patch: Patch) -> None:
    after(patch, contacts, "_wait", lambda flag, unit, *_: unit.change(flag, level=Level.WATCH))


def more_of_the_same_softens(patch: Patch) -> None:
    def softer(flag: Flag | None, unit: Unit, *_: Any) -> Flag | None:
        return flag and unit.change(flag, level=Level.WATCH)

    after(patch, causes, "add", softer)


def a_new_round_unsees(patch: Patch) -> None:
    after(patch, alerts, "_ring", lambda flag, unit, *_: unit.change(flag, seen_at=None))


# "Seen" is said only after Seen


def told_that_it_was_read_when_it_was_sent(patch: Patch) -> None:
    def say(given: None, unit: Unit, program: Program, patient: Patient, flag: Flag, staff: Staff) -> None:
        to = outbox.to_patient(patient)
        if to is not None:
            outbox.say(unit, to, f"{staff.name} read it at 3:42 pm", cause=f"seen:{flag.id}")

    after(patch, copies, "send", say)


def ringing_is_taken_for_seen(patch: Patch) -> None:
    def see(flag: Flag, unit: Unit, *_: Any) -> Flag:
        return unit.change(flag, seen_at=unit.now, seen_by=1)

    after(patch, alerts, "_ring", see)


# Nothing reaches a chat without the right to it


def whoever_left_is_rung_too(patch: Patch) -> None:
    left: list[outbox.Address] = []

    def leaves(gone: Staff, unit: Unit, staff: Staff, actor: str) -> Staff:
        left.extend(filter(None, [outbox.to_staff(staff)]))
        return gone

    def send(given: None, unit: Unit, program: Program, patient: Patient, flag: Flag, staff: Staff) -> None:
        for to in left:
            outbox.say(unit, to, copies.words(unit, program, patient, flag), lane=Lane.ALERT)

    after(patch, departures, "remove_staff", leaves)
    after(patch, copies, "send", send)


def what_waited_for_whoever_left_is_sent(patch: Patch) -> None:
    original = departures.remove_staff

    def wrong(unit: Unit, staff: Staff, actor: str) -> Staff:
        waiting = unit.find(Outgoing, state=Sending.QUEUED, staff_id=staff.id)
        gone = original(unit, staff, actor)
        for row in waiting:
            unit.change(row, state=Sending.QUEUED, body=row.body)
        return gone

    instead(patch, departures, "remove_staff", wrong)


def an_alert_carries_the_words(patch: Patch) -> None:
    def words(text: str, unit: Unit, program: Program, patient: Patient, flag: Flag) -> str:
        return f"{text}\n{(flag.body or {}).get('evidence')}"

    after(patch, copies, "words", words)


def the_patient_gets_a_copy(patch: Patch) -> None:
    def send(given: None, unit: Unit, program: Program, patient: Patient, flag: Flag, staff: Staff) -> None:
        to = outbox.to_patient(patient)
        if to is not None:
            text = copies.words(unit, program, patient, flag)
            outbox.say(unit, to, text, copies.buttons(program, flag), lane=Lane.ALERT)

    after(patch, copies, "send", send)


def anybody_may_press(patch: Patch) -> None:
    def who(person: Any, unit: Unit, chat: int, *_: Any) -> Any:
        return unit.one(Staff, code="S-DANA") if chat == STRANGER else person

    after(patch, people, "who", who)


# What is answered has nothing left to ring


def what_waits_still_rings(patch: Patch) -> None:
    instead(patch, alerts, "hush", lambda unit, flag: None)


BROKEN: dict[Callable[..., None], tuple[Callable[[Patch], None], ...]] = {
    laws.a_trigger_makes_exactly_one_flag: (
        a_flag_for_every_delivery,
        what_was_added_is_forgotten,
        added_to_what_was_seen,
    ),
    laws.an_open_flag_has_a_live_recipient_and_a_future_deadline_or_an_open_gap: (
        rung_once,
        far_away,
        a_gap_that_nobody_hears_of,
        whoever_goes_takes_the_alert_with_them,
        a_block_is_not_minded,
        set_back_is_not_looked_for,
    ),
    laws.severity_never_falls_by_itself: (seen_is_softened, more_of_the_same_softens, a_new_round_unsees),
    laws.seen_is_said_only_after_seen: (told_that_it_was_read_when_it_was_sent, ringing_is_taken_for_seen),
    laws.nothing_reaches_a_chat_without_the_right_to_it: (
        whoever_left_is_rung_too,
        what_waited_for_whoever_left_is_sent,
        an_alert_carries_the_words,
        the_patient_gets_a_copy,
    ),
    laws.nobody_without_the_right_changes_a_flag: (anybody_may_press,),
    laws.what_is_answered_has_nothing_left_to_ring: (what_waits_still_rings,),
}
SEEDED = [(law, mistake) for law, mistakes in BROKEN.items() for mistake in mistakes]


def test_every_law_is_broken_by_a_mistake() -> None:
    assert {*laws.LAWS} <= {*BROKEN}


@pytest.mark.parametrize(("law", "mistake"), SEEDED, ids=[mistake.__name__ for _, mistake in SEEDED])
def test_the_machine_finds_every_mistake_that_is_built_in(
    law: Callable[..., None], mistake: Callable[[Patch], None], monkeypatch: Patch
) -> None:
    mistake(monkeypatch)
    made = over(of_dictionaries)
    with pytest.raises(BaseException) as found:  # noqa: PT011 (any law may be asked first)
        sought(made)
    names = {frame.name for frame in traceback.extract_tb(found.value.__traceback__)}
    print(f"{mistake.__name__}: {made.tried} examples")  # noqa: T201
    assert law.__name__ in names, names


def sought(made: type[Machine]) -> None:
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=AT_MOST,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
    )
