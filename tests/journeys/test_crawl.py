"""Whatever people press and type, in whatever order: an answer, and nothing broken."""

from __future__ import annotations

from random import Random

import pytest

from bot.sandbox.screens import Btn
from tests.journeys.clinic import Clinic, asks
from tests.journeys.crawl import DIALOGS, FORGED, Crawl


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_crawl_meets_neither_silence_nor_a_fault(each_clinic: Clinic, seed: int) -> None:
    clinic = each_clinic
    codes = await clinic.seed(2, remind="19:00")
    crawl = Crawl(clinic, Random(seed), codes)
    phones = [(clinic.sam, False), (clinic.tg.phone(clinic.sam.id + 1), False), (clinic.dana, True)]
    await clinic.invite()
    for phone, _ in phones:
        await crawl.command(phone, "/start")
    for number in range(100):
        phone, staff = crawl.chance.choice(phones)
        await crawl.step(phone, staff=staff)
        if number % 25 == 24:
            await crawl.later()


@pytest.mark.parametrize("command", DIALOGS)
async def test_a_dialog_answered_anyhow_ends_in_a_record(clinic: Clinic, command: str) -> None:
    [code] = await clinic.seed()
    for seed in (1, 2, 3):
        await Crawl(clinic, Random(seed)).to_the_end(clinic.sam, command, code)


async def test_a_switch_that_is_pressed_twice_is_switched_once(clinic: Clinic) -> None:
    await clinic.seed()
    crawl = Crawl(clinic, Random(0))
    for command, data in (
        ("/settings", "o:settings:discreet:on"),
        ("/settings", "o:settings:medication:off"),
        ("/privacy", "o:privacy:words:on"),
    ):
        [shown] = await clinic.say(clinic.sam, command)
        for _ in range(2):
            await crawl.press(clinic.sam, shown, Btn("a switch", data))


async def test_buttons_that_we_never_made_change_nothing(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await clinic.say(clinic.dana, "/caseload")
    crawl = Crawl(clinic, Random(0), [code])
    stranger = clinic.phone(9001)
    await clinic.say(stranger, "hello")
    for phone in (clinic.sam, clinic.dana, stranger):
        for data in FORGED:
            await crawl.press(phone, phone.last, Btn("forged", data))
    exported = await clinic.export(code)
    assert [answer["key"] for answer in exported["answers"]] == []
    assert exported["patient"]["standing"] == "enrolled"
    assert asks(await clinic.open_prompt(clinic.sam))
