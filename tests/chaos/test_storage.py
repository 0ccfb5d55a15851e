"""Storage that is gone, because the disk is full or the server away: help comes all the same, nothing that
was acknowledged is lost, and all is caught up.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

from bot.sandbox import Phone, Shown
from tests.chaos.cable import Cable
from tests.chaos.clinic import FIRST_ID, Clinic, clinic
from tests.chaos.crawl import Crowd
from tests.chaos.disk import Disk
from tests.chaos.judge import judge
from tests.chaos.patients import offers
from tests.chaos.processes import nursery

CRY = "I want to kill myself tonight"
STRANGER = FIRST_ID + 500


async def test_with_the_disk_full_a_cry_for_help_is_answered_and_nothing_is_lost(tmp_path: Path) -> None:
    """In the middle of a crowd: whoever cries, patient or stranger, sees help at once, and not at each try
    to store it; after a restart too. With room again all are answered, and the team hears of the patients."""
    chance, url = Random(8), f"sqlite:///{tmp_path / 'handrail.sqlite3'}"
    async with nursery() as born, clinic(born, url, tmp_path, patients=6, chance=chance) as made:
        disk = Disk(made)
        await made.start()
        await made.up()
        crowd = Crowd(made, chance)
        crying = [crowd.patients.pop(), crowd.patients.pop()]
        crowd.begin()
        await crowd.stepped(20)
        disk.fill()
        stranger = made.tg.phone(STRANGER)
        before, after = (patient.phone for patient in crying)
        for phone in (before, stranger):
            await helped(phone)
        await asked_again(made, 2)
        said = [len(heard(phone)) for phone in (before, stranger)]
        made.kill()
        await made.buried()
        await made.start()
        await helped(after)
        await asked_again(made, 2)
        said += [len(heard(phone)) for phone in (after, before, stranger)]
        disk.free()
        await crowd.stepped(20)
        await crowd.end()
        await made.drained()
        assert await made.stop() == 0
        for patient in crying:
            patient.diary.words.append(CRY)
            patient.diary.cries += 1
        found = judge(made, [*crowd.diaries, *(patient.diary for patient in crying)], await made.exports())
    assert said == [1, 1, 1, 2, 2], "once, and once more by a process that cannot know of the first"
    assert not [str(one) for one in found if one.rule != "no error in the log"]


async def test_started_before_its_database_it_helps_directly_and_goes_on_when_it_is_there(
    postgresql_url: str, tmp_path: Path
) -> None:
    """Telegram calls, and keeps what cannot be stored; the cable to the server is pulled out again later."""
    cable = Cable(postgresql_url)
    chance = Random(9)
    async with nursery() as born, clinic(born, postgresql_url, tmp_path, patients=3, chance=chance) as made:
        made.environment |= {"DATABASE_URL": cable.url, **made.called()}
        first, second, third = Crowd(made, chance).patients
        await made.start()
        await helped(first.phone)
        await cable.plug()
        await told(first.phone)
        await second._open("check_in", fresh=True)
        await cable.pull()
        await helped(third.phone)
        await cable.plug()
        await told(third.phone)
        while second.question is not None:
            await second._answer(second.question)
        await made.tg.settled()
        await made.drained()
        assert await made.stop() == 0
        for patient in (first, third):
            patient.diary.words.append(CRY)
            patient.diary.cries += 1
        await cable.pull()
        made.environment["DATABASE_URL"] = postgresql_url
        people = [first.diary, second.diary, third.diary]
        found = judge(made, people, await made.exports())
    assert not [str(one) for one in found if one.rule != "no error in the log"]


async def told(phone: Phone) -> None:
    """Storage is there again: they hear that the team knows now, from a message that offers more."""
    await phone.wait(lambda shown: offers(shown, "o:safe") is not None, timeout=30)


async def helped(phone: Phone) -> None:
    """They cry, and the card comes at once; it can offer nothing that has to be stored."""
    phone.send(CRY)
    card = await phone.wait(lambda shown: not shown.mine, timeout=30)
    assert "988" in card.text
    assert offers(card, "o:") is None


async def asked_again(made: Clinic, times: int) -> None:
    """Until Telegram has been asked so often, and has handed over each time what is not acknowledged."""
    polling, asked = made.tg.polling, asyncio.Semaphore(0)
    poll = polling.poll

    async def counted(*given: int) -> list[dict[str, object]]:
        asked.release()
        return await poll(*given)

    polling.poll = counted  # type: ignore[assignment, method-assign]
    async with asyncio.timeout(30):
        for _ in range(times):
            await asked.acquire()
    polling.poll = poll  # type: ignore[method-assign]


def heard(phone: Phone) -> list[Shown]:
    return [shown for shown in phone.messages if not shown.mine]
