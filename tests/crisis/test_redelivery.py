"""What Telegram delivers again, and what a dialog says again, changes nothing: not before Seen, not after."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot import causes, contacts
from bot.contacts import Disposition
from bot.inbound import Said
from bot.rows import Flag, Outgoing
from tests.crisis.clinic import DIE, HURT, NOW, Ward


async def state(ward: Ward) -> tuple[list[Flag], int]:
    """Everything that a redelivery might move: flags with all they hold, and the number of things said."""
    return (
        await ward.storage.read(lambda unit: unit.find(Flag)),
        await ward.storage.read(lambda unit: unit.count(Outgoing)),
    )


@pytest.mark.parametrize("then", ["unseen", "seen", "closed"])
async def test_a_cry_that_is_delivered_again_changes_nothing(ward: Ward, then: str) -> None:
    """Neither the one that raised the alert nor the one that was added to it."""
    sam = await ward.enrol()
    cries = [await ward.inbound(sam, Said(text)) for text in (NOW, DIE)]
    for cry in cries:
        await ward.intake().receive([cry])
    [flag] = await ward.flags(sam)
    assert len((flag.body or {})["evidence"]) == 2
    if then != "unseen":
        await ward.sees(sam)
    if then == "closed":
        dana = ward.dana
        assert dana is not None
        await ward.do(lambda unit: contacts.close(unit, ward.program, dana, flag, Disposition.SAFE))
    before = await state(ward)
    for again in (cries[1], cries[0], cries[1]):
        await ward.intake().receive([again])
    assert await state(ward) == before


async def test_the_same_answers_ring_no_one_again_when_the_alert_that_held_them_was_seen(ward: Ward) -> None:
    """A yes in ASQ is added to the alert that rings; the dialog goes on after Seen, and says it again."""
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    await ward.presses(sam, "Yes")
    assert await ward.rules(sam) == [("crisis", "urgent")]
    await ward.sees(sam)
    rung = await ward.rung(sam)
    await ward.presses(sam, "No")
    await ward.presses(sam, "No")
    assert await ward.rules(sam) == [("crisis", "urgent")]
    assert await ward.rung(sam) == rung


async def test_new_intent_after_seen_rings_anew(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, DIE)
    await ward.sees(sam)
    ward.clock.advance(timedelta(minutes=1))
    await ward.says(sam, HURT)
    assert [flag.seen_at is None for flag in await ward.flags(sam)] == [False, True]
    assert await ward.rung(sam) == 2


async def test_two_cries_at_the_same_time_are_one_alert_that_holds_both(ward: Ward) -> None:
    """Danger is heard outside the patient's order, in two processes perhaps."""
    sam = await ward.enrol()
    first = await ward.inbound(sam, Said(NOW))
    await ward.intake().receive([first])
    cries = [await ward.inbound(sam, Said(DIE)) for _ in range(6)]
    await asyncio.gather(*(ward.intake().receive([cry]) for cry in cries))
    [flag] = await ward.flags(sam)
    assert (flag.body or {})["evidence"] == [NOW, *[DIE] * 6]
    await asyncio.gather(*(ward.intake().receive([again]) for again in [cries[0], first] * 4))
    again = await ward.inbound(sam, Said(DIE))
    await asyncio.gather(*(ward.intake().receive([again]) for _ in range(8)))
    [flag] = await ward.flags(sam)
    assert (flag.body or {})["evidence"] == [NOW, *[DIE] * 7]


async def test_nothing_is_added_to_an_alert_that_somebody_answers_at_this_moment(ward: Ward) -> None:
    sam = await ward.enrol()
    await ward.says(sam, NOW)
    [ringing] = await ward.flags(sam)
    await ward.sees(sam)
    assert await ward.do(lambda unit: causes.add(unit, ringing, "heard:later")) is None
