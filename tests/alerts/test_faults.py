"""One alert that cannot be told, by a fault of ours, keeps no other from being told, and is not lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.channels import EMAIL
from bot.concerns import Level
from bot.rows import Flag
from tests.alerts.ward import HOUR, MINUTE, WORDS, Ward


class Faulty:
    """Words of which the reason for one rule cannot be said."""

    def __init__(self, rule: str) -> None:
        self.block: str | None = f"reason_{rule}"

    def plain(self, language: str, file: str, block: str, /, **context: Any) -> str:
        if block == self.block:
            raise ZeroDivisionError
        return WORDS.plain(language, file, block, **context)

    def __getattr__(self, name: str) -> Any:
        return getattr(WORDS, name)


def faulty(ward: Ward, rule: str) -> Faulty:
    words = Faulty(rule)
    ward.program = replace(ward.program, words=words)
    return words


async def test_an_alert_that_cannot_be_rung_holds_up_no_other_and_is_an_alarm(ward: Ward) -> None:
    words = faulty(ward, "asq")
    broken = await ward.flag(Level.EMERGENCY, rule="asq")
    assert broken is not None
    assert ward.said("dana", "There is an alert about <b>P-SAM</b> that I can't show")
    assert [heard.body["why"] for heard in ward.heard if heard.who == EMAIL] == ["fault"]
    sound = await ward.flag(Level.EMERGENCY)
    assert sound is not None
    await ward.pass_time(10 * MINUTE)
    rung = [heard.who for heard in ward.heard if heard.flag == sound.id]
    assert rung == [901, 902, 903]
    [kept] = await ward.flags(id=broken.id)
    assert kept.gap_at is not None
    assert kept.ring_at is not None
    assert kept.ring_at > ward.now
    words.block = None
    ward.heard.clear()
    await ward.pass_time(5 * MINUTE)
    assert {heard.who for heard in ward.heard if heard.flag == broken.id} == {901, 902, 903}
    [kept] = await ward.flags(id=broken.id)
    assert kept.gap_at is None


async def test_what_cannot_be_rung_is_told_again_each_hour_and_not_each_tick(ward: Ward) -> None:
    faulty(ward, "asq")
    await ward.flag(Level.EMERGENCY, rule="asq")
    await ward.pass_time(2 * HOUR, step=5 * MINUTE)
    assert [heard.body["why"] for heard in ward.heard if heard.who == EMAIL] == ["fault"] * 3


async def test_with_telegram_down_one_that_cannot_be_said_holds_up_no_other_on_the_second_channel(
    ward: Ward,
) -> None:
    ward.telegram_down = True
    for rule in ("asq", "crisis"):
        await ward.flag(Level.EMERGENCY, rule=rule)
    faulty(ward, "asq")
    await ward.pass_time(3 * MINUTE)
    assert [heard.body["why"] for heard in ward.heard if heard.who == EMAIL] == ["telegram"]


async def test_what_can_wait_is_told_alone_where_one_of_them_cannot_be_said(ward: Ward) -> None:
    for _ in range(2):
        await ward.flag(Level.WATCH, rule="craving")
    await ward.flag(Level.WATCH, rule="hopeless")
    faulty(ward, "hopeless")
    ward.heard.clear()
    await ward.pass_time(25 * HOUR, step=HOUR)
    assert str([heard.body for heard in ward.heard if heard.who == 901]).count("Craving 9 of 10") >= 2
    assert all(flag.ring_at and flag.ring_at > ward.now for flag in await ward.flags())


async def test_a_rule_of_another_release_rings_by_its_key(ward: Ward) -> None:
    flag = await ward.flag(Level.EMERGENCY, rule="of_tomorrow")
    assert isinstance(flag, Flag)
    assert "Something that needs a look (of_tomorrow)" in ward.last("dana")
    await ward.press("dana", f"s:seen:{flag.id:x}")
    assert "Seen by Dana" in ward.last("dana")
