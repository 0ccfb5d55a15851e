"""A crawl: everybody talks, somebody kills the bot at random moments, and the judge looks at what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from bot.sandbox import Event
from tests.chaos.clinic import Clinic
from tests.chaos.judge import Finding, judge
from tests.chaos.patients import Diary, Patient

LONGEST_LIFE = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a crawl came to, in numbers for a person and findings for everybody."""

    findings: list[Finding]
    diaries: list[Diary]
    kills: int

    def __str__(self) -> str:
        steps = sum(diary.steps for diary in self.diaries)
        given = sum(len(talk.given) for diary in self.diaries for talk in diary.talks.values())
        words = sum(len(diary.words) for diary in self.diaries)
        resumed = sum(diary.resumed for diary in self.diaries)
        return (
            f"{len(self.diaries)} patients, {self.kills} kills, {steps} steps, {given} answers, "
            f"{words} free words, {resumed} dialogs taken up again: {len(self.findings)} findings"
        )


class Crowd:
    """The patients of a clinic, all awake or all at rest."""

    def __init__(self, clinic: Clinic, chance: Random, *, patience: float = 60) -> None:
        self.clinic = clinic
        self.awake, self.over = asyncio.Event(), asyncio.Event()
        self.patients = [
            Patient(
                clinic.tg.phone(person.telegram_id),
                person.code,
                clinic.clock,
                Random(chance.random()),
                lambda: clinic.kills,
                patience=patience,
            )
            for person in clinic.patients
        ]
        self._living: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        self.awake.set()
        self._living = [
            asyncio.create_task(patient.live(self.awake, self.over)) for patient in self.patients
        ]

    async def rest(self) -> None:
        """Until everybody has finished what they were doing."""
        self.awake.clear()
        await asyncio.gather(*(patient.resting.wait() for patient in self.patients))

    async def end(self) -> None:
        """Until everybody has stopped; one that broke breaks the crawl."""
        self.over.set()
        await asyncio.gather(*self._living)

    async def finish(self) -> None:
        """Everybody takes up what they left unfinished."""
        await asyncio.gather(*(patient.finish() for patient in self.patients))

    async def stepped(self, steps: int) -> None:
        """Until the crowd has done so many more steps, all together: there is no event for a step."""
        wanted = self.steps + steps
        while self.steps < wanted and not all(task.done() for task in self._living):
            await asyncio.sleep(0.02)

    @property
    def steps(self) -> int:
        return sum(patient.diary.steps for patient in self.patients)

    @property
    def diaries(self) -> list[Diary]:
        return [patient.diary for patient in self.patients]


async def crawl(
    clinic: Clinic, *, kills: int, days: int = 1, chance: Random, patience: float = 60
) -> Outcome:
    """Kill so many times, half of them around reminders that come due on so many days, then let all end."""
    crowd = Crowd(clinic, chance, patience=patience)
    await clinic.start()
    crowd.begin()
    around = [kills * (day + 1) // (2 * days) - kills * day // (2 * days) for day in range(days)]
    talking = [(kills - sum(around)) // days] * days
    talking[0] += kills - sum(around) - sum(talking)
    for day in range(days):
        for _ in range(talking[day]):
            await _one_life(clinic, chance)
        await clinic.up()
        await crowd.stepped(2 * len(crowd.patients))
        await crowd.rest()
        await _see_alerts(clinic)
        clinic.move_to(clinic.next(19, 59, 59))
        for _ in range(around[day]):
            await _one_life(clinic, chance)
        await clinic.up()
        await clinic.drained()
        clinic.move(timedelta(hours=3 if day + 1 < days else 1))
        crowd.awake.set()
    await crowd.stepped(2 * len(crowd.patients))
    await crowd.end()
    await crowd.finish()
    await clinic.drained()
    code = await clinic.stop()
    findings = judge(clinic, crowd.diaries, await clinic.exports())
    if code != 0:
        findings.append(Finding("SIGTERM ends in order", "bot", f"exit code {code}"))
    return Outcome(findings, crowd.diaries, clinic.kills)


async def _one_life(clinic: Clinic, chance: Random) -> None:
    """Kill the bot at a random moment and start another: while it starts, talks, sends or commits."""
    match chance.choice(["any", "sending", "sending", "taking"]):
        case "any":
            await asyncio.sleep(chance.uniform(0, LONGEST_LIFE / 2))
            clinic.kill()
        case "sending":
            await _killed_at(clinic, lambda event: not _is_mine(clinic, event), chance.randint(1, 40))
        case _:
            await _killed_at(clinic, lambda event: _is_mine(clinic, event), chance.randint(1, 40))
    await clinic.buried()
    await clinic.start()


async def _killed_at(clinic: Clinic, counts: Callable[[Event], bool], number: int) -> None:
    """Kill at the so-manieth event, inside Telegram's handling of it, or when nothing more comes."""
    left = number
    killed = asyncio.Event()

    def look(event: Event) -> None:
        nonlocal left
        if event.type in ("message", "edit") and counts(event):
            left -= 1
            if left == 0:
                clinic.kill()
                killed.set()

    clinic.tg.listeners.append(look)
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(killed.wait(), LONGEST_LIFE)
    finally:
        clinic.tg.listeners.remove(look)
    clinic.kill()


def _is_mine(clinic: Clinic, event: Event) -> bool:
    """Whether a person wrote it, not the bot."""
    return bool(event.about["message"]["from"]["id"] != clinic.tg.me["id"])


async def _see_alerts(clinic: Clinic) -> None:
    """Staff press Seen under every alert, so that it stops ringing."""
    for person in clinic.staff:
        phone = clinic.tg.phone(person.telegram_id)
        for shown in phone.messages:
            for row in shown.buttons:
                for button in row:
                    if (button.data or "").startswith("s:seen:"):
                        phone.press_data(shown.message_id, button.data or "")
    await clinic.tg.settled()
