"""The clock is set back by hours: whoever is watched over is watched over within their minutes."""

from __future__ import annotations

from bot import housekeeping, set_back
from bot.concerns import Level
from tests.crisis.clinic import BURDEN, Ward
from tests.crisis.test_sos import using
from tests.reminders.clinic import HOUR


async def turns_back(ward: Ward) -> None:
    await ward.do(lambda unit: housekeeping.beat(unit, "intake"))
    ward.clock.advance(-6 * HOUR)
    assert await ward.do(lambda unit: set_back.look(unit, ward.program))


async def test_safety_questions_that_stay_open_are_a_refusal_after_fifteen_minutes(ward: Ward) -> None:
    sam = await ward.enrol(evening=None)
    await ward.says(sam, BURDEN)
    await ward.passes(sam, 5)
    await turns_back(ward)
    await ward.passes(sam, 15)
    assert ("no_answer", Level.URGENT) in await ward.rules(sam)


async def test_silence_after_use_is_an_alarm_and_what_was_said_before_is_no_sign_of_life(ward: Ward) -> None:
    """The look-in that was promised comes too, within its twenty minutes."""
    sam = await ward.enrol(evening=None)
    await using(ward, sam, ["Opioids"])
    await ward.passes(sam, 10)
    await turns_back(ward)
    assert len(await ward.passes(sam, 20)) == 1
    await ward.passes(sam, 15)
    assert ("silent", Level.URGENT) in await ward.rules(sam)
