"""A clinic that stands again where its backup stood says nothing twice, and lets no danger go unheard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot import outbox, reminders, restoring, rounds, vigils
from bot.concerns import Level
from bot.nudges import Kind, Outcome
from bot.rows import (
    Answer,
    Flag,
    Incoming,
    Nudge,
    Outgoing,
    Patient,
    Pulse,
    Receipt,
    Reminder,
    Sending,
    Session,
)
from bot.unit import Unit
from dialogs.prompts import Facts
from tests.alerts.ward import HOUR, MINUTE, SAM, Ward


async def restored(ward: Ward, after: timedelta = 5 * HOUR, ended: Any = ()) -> restoring.Restored:
    """What this ward holds now was the backup; so much later it is put back."""
    taken_at = ward.now
    ward.clock.advance(after)
    ward.heard.clear()
    return await ward.do(lambda unit: restoring.settle(unit, ward.program, taken_at, dict(ended)))


def to_sam(ward: Ward) -> list[dict[str, Any]]:
    return [heard.body for heard in ward.heard if heard.who == SAM]


async def test_what_waited_to_be_sent_is_dropped_and_the_team_is_told_of_the_gap(ward: Ward) -> None:
    sam = await ward.sam()
    to = outbox.to_patient(sam)
    assert to is not None
    await ward.do(lambda unit: outbox.say(unit, to, "A reply that may have arrived."))
    done = await restored(ward)
    assert done.dropped == 1
    await ward.pass_time(timedelta(minutes=3))
    assert not to_sam(ward)
    assert {heard.who for heard in ward.heard} == {901, 902, 903}
    kept = await ward.do(lambda unit: unit.find(Outgoing, state=Sending.DROPPED))
    assert [row.body for row in kept] == [None]


async def test_an_open_alert_rings_from_its_first_step_and_goes_up_the_chain(ward: Ward) -> None:
    """Even one that was half-way up, or waited in the outbox; what was closed rests."""
    await ward.flag(Level.URGENT)
    await ward.pass_time(95 * MINUTE, 5 * MINUTE)
    assert ward.rings("webhook")
    closed = await ward.flag(Level.URGENT, "another")
    assert closed is not None
    await ward.do(lambda unit: unit.change(closed, seen_at=unit.now, closed_at=unit.now, ring_at=None))
    done = await restored(ward)
    assert done.alerts == 1
    await ward.tick()
    await ward.pass_time(95 * MINUTE, 5 * MINUTE)
    assert [min(ward.rings(who)) for who in ("dana", "ben", "ruth")] == [0, 15, 30]
    assert ward.rings("webhook"), "the second channel says again that nobody answers"


async def test_what_nobody_had_seen_and_could_wait_is_brought_up_too(ward: Ward) -> None:
    await ward.flag(Level.WATCH, rule="craving")
    await restored(ward)
    await ward.pass_time(MINUTE)
    assert ward.rings("dana")


async def test_reminders_that_came_due_are_written_down_and_go_on_from_the_next(ward: Ward) -> None:
    """None is sent, not even one of a minute ago; one that was asked for once is gone."""
    sam = await ward.sam()

    def remind(unit: Unit) -> None:
        reminders.set_times(unit, sam, None, "16:59")
        reminders.once(unit, sam, Kind.FOLLOWUP, unit.now + HOUR)
        reminders.once(unit, sam, Kind.LEFT, unit.now + 6 * HOUR)

    await ward.do(remind)
    done = await restored(ward)
    assert done.passed_over == 2
    assert not await ward.do(lambda unit: rounds.fire(unit, ward.program))
    nudges = await ward.do(lambda unit: unit.find(Nudge))
    assert {row.outcome for row in nudges} == {Outcome.RESTORED}
    left = {row.kind: row.next_at for row in await ward.do(lambda unit: unit.find(Reminder))}
    assert left == {Kind.EVENING: ward.now + timedelta(minutes=23 * 60 + 59), Kind.LEFT: ward.now + HOUR}


async def test_somebody_who_fell_silent_is_told_of_to_the_team_alone(ward: Ward) -> None:
    sam = await ward.sam()
    session = await ward.do(lambda unit: a_session(unit, sam, "asq"))
    await ward.do(lambda unit: vigils.over_answer(unit, sam, session))
    await restored(ward)
    await ward.pass_time(MINUTE)
    assert [flag.rule for flag in await ward.flags()] == ["no_answer"]
    assert ward.rings("dana")
    assert not to_sam(ward)


async def test_an_open_dialog_waits_and_no_old_button_or_word_answers_it(ward: Ward) -> None:
    """The person may have been three questions further: that answer belongs to none that is asked again."""
    sam = await ward.sam()
    session = await ward.do(lambda unit: a_session(unit, sam, "check_in", turn=1))
    await restored(ward, MINUTE)
    for turn in (1, 2, 3):
        await ward.press(SAM, f"a:{session.id:x}:{turn}:3")
    await ward.says(SAM, "3")
    await ward.says(SAM, "/checkin")
    assert "o:resume" in str(ward.phones[SAM][-1].body["buttons"])
    await ward.press(SAM, f"o:resume:{session.id:x}")
    kept = await ward.do(lambda unit: unit.get(Session, session.id))
    assert kept is not None
    assert kept.turn > 1000
    assert not await ward.do(lambda unit: unit.count(Answer))
    asked = str(ward.phones[SAM][-1].body["buttons"])
    assert f"a:{session.id:x}:{kept.turn}:" in asked, "and the dialog goes on when they want it to"
    await ward.press(SAM, f"a:{session.id:x}:{kept.turn}:3")
    assert await ward.do(lambda unit: unit.count(Answer)) == 1


async def test_an_update_whose_turn_had_failed_is_left_to_a_person(ward: Ward) -> None:
    def keep(unit: Unit) -> None:
        unit.add(
            Incoming(
                id=1, key=b"k", chat_hash=None, at=unit.now, state=Receipt.WAITING, due_at=unit.now, body={}
            )
        )
        unit.add(Pulse(id=2, name="intake", at=unit.now))

    await ward.do(keep)
    done = await restored(ward, timedelta(days=3))
    assert done.letters == 1
    assert await ward.do(lambda unit: unit.count(Incoming, state=Receipt.DEAD)) == 1
    assert await ward.do(lambda unit: unit.find(Pulse)[0].at) == ward.now, "the gap is told once"


async def test_a_backup_brings_back_nobody_who_asked_to_be_forgotten(ward: Ward) -> None:
    sam = await ward.sam()
    done = await restored(ward, ended=[(sam.id, "erased")])
    assert done.ended == 1
    gone = await ward.sam()
    assert (gone.standing, gone.name, gone.chat) == ("erased", None, None)
    assert await ward.do(lambda unit: unit.count(Flag)) == 0


def a_session(unit: Unit, patient: Patient, dialog: str, turn: int = 0) -> Session:
    session = Session(
        id=unit.new_id(),
        patient_id=patient.id,
        dialog=dialog,
        state="open",
        opened_at=unit.now,
        touched_at=unit.now,
        turn=turn,
        facts=Facts(name="Sam", language="en", today=unit.now.date()).to_json(),
    )
    unit.add(session)
    return session
