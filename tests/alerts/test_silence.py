"""72 hours of silence, with the process down for a while and Telegram for an hour: nothing is lost."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from bot.channels import WEBHOOK
from bot.concerns import Level
from tests.alerts.ward import HOUR, MINUTE, Ward
from tests.fixtures.effort import ENGINES, LONG


@pytest.mark.parametrize("database_url", ENGINES if LONG else ENGINES[:1], indirect=True)
async def test_72_hours_of_silence_lose_no_escalation(ward: Ward) -> None:
    """Every step in its minute; what falls into downtime is made up for at once, the gravest first."""
    urgent = await ward.flag(Level.URGENT)
    await ward.pass_time(3 * MINUTE)
    emergency = await ward.flag(Level.EMERGENCY)
    assert urgent is not None
    assert emergency is not None
    await ward.pass_time(2 * MINUTE)
    ward.clock.advance(6 * HOUR)  # the process is down
    ward.heard.clear()
    await ward.tick()
    first = ward.heard[0]
    assert first.flag == emergency.id
    assert {heard.who for heard in ward.heard if heard.flag == emergency.id} >= {901, 902, 903, WEBHOOK}
    assert {heard.who for heard in ward.heard if heard.flag == urgent.id} >= {901, 902, 903}
    order = [heard.flag for heard in ward.heard if heard.who == 901]
    assert order == sorted(order, key=[emergency.id, urgent.id].index)  # type: ignore[arg-type]

    await ward.pass_time(4 * HOUR, step=MINUTE)
    await ward.pass_time(16 * HOUR, step=5 * MINUTE)
    ward.heard.clear()
    ward.telegram_down = True
    await ward.pass_time(HOUR)
    assert {heard.who for heard in ward.heard} <= {"email", "webhook"}
    assert {heard.flag for heard in ward.heard if heard.who == WEBHOOK} == {urgent.id, emergency.id}
    ward.telegram_down = False
    await ward.tick()
    back = [heard for heard in ward.heard if heard.who == 901]
    assert {heard.flag for heard in back} == {urgent.id, emergency.id}
    assert len(back) == 2, "an hour of rings arrives as one of each, not as twelve"

    ward.heard.clear()
    start = ward.now
    while ward.now < start + timedelta(hours=45):
        await ward.pass_time(5 * MINUTE, step=5 * MINUTE)
        [flag] = await ward.flags(id=emergency.id)
        assert flag.ring_at is not None
        assert ward.now < flag.ring_at <= ward.now + 5 * MINUTE
    rung = [
        (heard.at - start) / MINUTE for heard in ward.heard if heard.flag == emergency.id and heard.who == 903
    ]
    assert max(after - before for before, after in itertools.pairwise(rung)) <= 5

    await ward.press("ruth", f"s:seen:{emergency.id:x}")
    await ward.press("ruth", f"s:reached:{emergency.id:x}")
    await ward.press("ruth", f"s:end:{urgent.id:x}:other")
    ward.heard.clear()
    await ward.pass_time(12 * HOUR, step=5 * MINUTE)
    assert ward.heard == [], "none after Seen"
