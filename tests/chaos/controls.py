"""A judge that cannot fail is worth nothing: each mistake built into Handrail on purpose must be found."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from random import Random

import pytest

from bot.clock import SystemClock
from bot.sandbox import LocalTelegram, serve
from tests.chaos.clinic import Clinic, clinic
from tests.chaos.crawl import Crowd, crawl
from tests.chaos.faults import FAULTS
from tests.chaos.judge import Finding, answers, judge, records, words
from tests.chaos.patients import COMMANDS, Patient, Question, Silence
from tests.chaos.processes import ROOT, Nursery, nursery
from tests.chaos.stock import export
from tests.chaos.test_several import flood, several
from tests.chaos.traces import traces

KILLED = {
    "acknowledge before commit",
    "skip the unique key",
    "promise before commit",
    "commit after send",
    "mark nudges afterwards",
}
"""Mistakes that show only when somebody dies."""
EVENING = {"fire twice"}
NIGHT = {"send late"}
CRYING = {"hear nothing"}
SEVERAL = {"forget to lock"}
"""It shows only in a flood through several processes."""
READ = {"write in plain", "say too much"}
"""Found by looking for words where none may be."""
AT_ONCE = 3


def test_there_are_twenty() -> None:
    assert len(FAULTS) == 20


async def test_the_judge_finds_every_mistake_that_is_built_in(tmp_path: Path) -> None:
    """Each with a clinic of its own; a mistake counts as found under its own rule only."""
    async with nursery() as born:
        room = asyncio.Semaphore(AT_ONCE)

        async def tried(number: int, fault: str) -> tuple[str, list[Finding]]:
            async with room:
                folder = tmp_path / str(number)
                folder.mkdir()
                return fault, await findings(born, folder, fault)

        faults = [fault for fault in FAULTS if fault not in SEVERAL | READ]
        async with asyncio.TaskGroup() as group:
            trying = [group.create_task(tried(number, fault)) for number, fault in enumerate(faults)]
    missed = {
        fault: [str(finding) for finding in found[:5]]
        for fault, found in (one.result() for one in trying)
        if not FAULTS[fault].found_as & {finding.rule for finding in found}
    }
    assert not missed


async def findings(born: Nursery, folder: Path, fault: str) -> list[Finding]:
    chance = Random(7)
    url = f"sqlite:///{folder / 'handrail.sqlite3'}"
    async with clinic(born, url, folder, patients=5, chance=chance, fault=fault) as made:
        if fault in NIGHT | CRYING:
            return await (late if fault in NIGHT else crying)(made)
        if fault in EVENING:
            outcome = await crawl(made, kills=0, steps=20, chance=chance, patience=8, finish=False)
        elif fault in KILLED:
            outcome = await crawl(made, kills=4, steps=30, chance=chance, patience=8, finish=False)
        else:
            outcome = await crawl(made, kills=0, days=0, steps=90, chance=chance, patience=8, finish=False)
    return outcome.findings


async def late(made: Clinic) -> list[Finding]:
    """Nobody keeps the time when the evening's check-ins come due, and somebody does at half past ten."""
    made.move_to(made.next(22, 30))
    crowd = Crowd(made, Random(1))
    await made.start()
    await made.up()
    await made.drained()
    await made.stop()
    return judge(made, crowd.diaries, await made.exports())


async def crying(made: Clinic) -> list[Finding]:
    """Everybody cries for help, and does nothing else."""
    crowd = Crowd(made, Random(1), patience=3)
    await made.start()
    await made.up()
    for patient in crowd.patients:
        try:
            await patient._cry()
        except Silence as silence:
            patient.diary.troubles.append(str(silence))
    await made.drained()
    await made.stop()
    return judge(made, crowd.diaries, await made.exports())


async def test_without_a_mistake_nothing_is_found(tmp_path: Path) -> None:
    """The same scenes: what a judge finds everywhere, it finds nowhere."""
    async with nursery() as born:
        for number, scene in enumerate((late, crying)):
            folder = tmp_path / str(number)
            folder.mkdir()
            url = f"sqlite:///{folder / 'handrail.sqlite3'}"
            async with clinic(born, url, folder, patients=3, chance=Random(7)) as made:
                assert not [str(finding) for finding in await scene(made)]


@pytest.mark.parametrize(("fault", "found"), [("forget to lock", True), ("be slow", False)])
async def test_only_without_a_lock_two_turns_meet(
    fault: str, found: bool, postgresql_url: str, tmp_path: Path
) -> None:
    """One patient's flood through two web processes, on a database that is slow in both cases."""
    async with several(postgresql_url, tmp_path, patients=1, fault=fault) as made:
        rules = {finding.rule for finding in await flood(made, patience=20)}
    assert bool(FAULTS["forget to lock"].found_as & rules) is found, rules


@pytest.mark.parametrize("fault", sorted(READ))
async def test_what_lies_about_is_found(fault: str, tmp_path: Path) -> None:
    """In the database's file, and in the log."""
    chance, url = Random(1), f"sqlite:///{tmp_path / 'handrail.sqlite3'}"
    async with nursery() as born, clinic(born, url, tmp_path, patients=3, chance=chance, fault=fault) as made:
        outcome = await crawl(made, kills=0, days=0, steps=30, chance=chance, finish=False)
        found = traces(made, outcome.diaries)
    assert FAULTS[fault].found_as & {finding.rule for finding in found}


class Plain(Patient):
    """Somebody who only answers, and says a word now and then."""

    async def _idle(self) -> None:
        if self.chance.random() < 0.3:
            await self._say_something()
        else:
            await self._open(self.chance.choice([*COMMANDS]), fresh=True)

    async def _in_dialog(self, question: Question) -> None:
        await self._answer(question)


@pytest.mark.parametrize("kills", [0, 3])
async def test_the_judge_finds_what_a_stock_bot_loses(kills: int, tmp_path: Path) -> None:
    """python-telegram-bot with polling, ConversationHandler and pickles: whole until somebody dies."""
    chance, file = Random(3), tmp_path / "pickle"
    tg = LocalTelegram(chance=chance)
    async with serve(tg) as url:
        people = [
            Plain(tg.phone(100 + n, "Sam"), f"P-{n}", SystemClock(), Random(n), lambda: 0, patience=3)
            for n in range(4)
        ]
        for patient in people:
            patient.phone.chat.started = True
        command = [sys.executable, "-m", "tests.chaos.stock", url, tg.token, str(file)]

        async def born() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=asyncio.subprocess.DEVNULL)

        process = await born()
        await tg.polled()
        for life in range(kills + 1):
            crowd = asyncio.gather(*(stepping(patient, 8) for patient in people))
            if life < kills:
                await asyncio.sleep(chance.uniform(0.3, 1.0))
                process.kill()
                await process.wait()
                tg.polling.end(ConnectionResetError())
                process = await born()
            await crowd
        process.terminate()
        await process.wait()
    found = [
        finding
        for patient in people
        for rule in (answers, words, records)
        for finding in rule(patient.diary, export(file, patient.phone.id))
    ]
    assert bool(found) is bool(kills), [str(finding) for finding in found[:5]]
    assert kills or not [trouble for patient in people for trouble in patient.diary.troubles]


async def stepping(patient: Patient, steps: int) -> None:
    for _ in range(steps):
        await patient.step()
