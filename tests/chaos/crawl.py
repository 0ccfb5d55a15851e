"""A crawl: everybody talks, somebody kills the bot at random moments, and the judge looks at what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from bot.sandbox import Event, Shown
from tests.chaos.clinic import Clinic
from tests.chaos.judge import Finding, judge
from tests.chaos.patients import Diary, Patient, offers

LONGEST_LIFE = 3.0
LANDED_WITHIN = 10.0


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


class Fair:
    """The weather over a crawl: nothing happens."""

    def between_lives(self) -> None:
        """Somebody was killed, and nobody lives yet."""

    async def at_rest(self, crowd: Crowd) -> None:
        """Everybody rests, and the evening is to come."""

    async def clears_up(self) -> None:
        """All is well from now on, so that all can drain."""


class Deploying(Fair):
    """At the first rest the process is stopped, and the next one is of another release (`release`)."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic

    async def at_rest(self, crowd: Crowd) -> None:
        if not self.clinic.fault:
            assert await self.clinic.stop() == 0
            self.clinic.fault = "next release"
            for patient in crowd.patients:
                patient.meets_release("check_in")
            await self.clinic.start()


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
        self._living = [asyncio.create_task(patient.live(self.awake, self.over)) for patient in self.patients]

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
        while self.steps < wanted and not all(task.done() for task in self._living):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    @property
    def steps(self) -> int:
        return sum(patient.diary.steps for patient in self.patients)

    @property
    def diaries(self) -> list[Diary]:
        return [patient.diary for patient in self.patients]


async def crawl(
    clinic: Clinic,
    *,
    kills: int,
    chance: Random,
    days: int = 1,
    steps: int = 60,
    patience: float = 60,
    finish: bool = True,
    weather: Fair | None = None,
) -> Outcome:
    """Kill so many times, some of them while reminders leave on each of these days, then let all end.

    Between kills the crowd does about `steps` things. With `finish`, at last everybody takes up what they
    left unfinished, and ends it.
    """
    weather = weather or Fair()
    crowd = Crowd(clinic, chance, patience=patience)
    await clinic.start()
    crowd.begin()
    for day in range(days):
        share = kills * (day + 1) // days - kills * day // days
        reminding = min(2, share // 3)
        for _ in range(share - reminding):
            await _one_life(clinic, chance, steps, weather)
        await clinic.up()
        await crowd.stepped(steps)
        await crowd.rest()
        await _see_alerts(clinic)
        await weather.at_rest(crowd)
        await _evening(clinic, chance, reminding, weather)
        clinic.move(timedelta(hours=3 if day + 1 < days else 1))
        crowd.awake.set()
    await crowd.stepped(steps)
    await crowd.end()
    if finish:
        await crowd.finish()
    await weather.clears_up()
    await clinic.drained()
    code = await clinic.stop()
    findings = judge(clinic, crowd.diaries, await clinic.exports())
    if code != 0:
        findings.append(Finding("SIGTERM ends in order", "bot", f"exit code {code}"))
    return Outcome(findings, crowd.diaries, clinic.kills)


async def _one_life(clinic: Clinic, chance: Random, steps: int, weather: Fair) -> None:
    """Kill the bot at a random moment and start another: while it starts, or, once it is up, while it talks,
    sends or commits. On a slow machine it would else be killed again and again before it has said a word."""
    moment = chance.choice(["any", "sending", "sending", "taking"])
    if moment == "any":
        await asyncio.sleep(chance.uniform(0, LONGEST_LIFE / 2))
        clinic.kill()
    else:
        await clinic.up()
        taking = moment == "taking"
        await _killed_at(clinic, lambda event: _is_mine(clinic, event) is taking, chance.randint(1, steps))
    await _again(clinic, weather)


async def _evening(clinic: Clinic, chance: Random, kills: int, weather: Fair) -> None:
    """The check-ins of the evening come due; the first kill falls into the handling of one, others later.

    At its end all have arrived that will: one that is marked and under way, on a slow machine, would else
    come to phones of a later hour, to which the clock is moved next.
    """
    lost = await asyncio.to_thread(clinic.in_the_air)
    clinic.move_to(clinic.next(19, 59, 59))
    if kills:
        number = chance.randint(1, max(1, len(clinic.patients) // 2))
        await _killed_at(clinic, _is_nudge, number, within=20)
        lost = await _again(clinic, weather)
    for _ in range(kills - 1):
        await asyncio.sleep(chance.uniform(0, 2))
        clinic.kill()
        lost = await _again(clinic, weather)
    await clinic.up()
    await clinic.drained()
    with suppress(TimeoutError):
        async with asyncio.timeout(LANDED_WITHIN):
            while await asyncio.to_thread(clinic.in_the_air) > lost:  # noqa: ASYNC110 (it has no event)
                await asyncio.sleep(0.1)


async def _again(clinic: Clinic, weather: Fair) -> int:
    """Start another; how many nudges the dead one took with it, and those before."""
    await clinic.buried()
    lost = await asyncio.to_thread(clinic.in_the_air)
    weather.between_lives()
    await clinic.start()
    return lost


async def _killed_at(
    clinic: Clinic, counts: Callable[[Event], bool], number: int, within: float = LONGEST_LIFE
) -> None:
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
            await asyncio.wait_for(killed.wait(), within)
    finally:
        clinic.tg.listeners.remove(look)
    clinic.kill()


def _is_mine(clinic: Clinic, event: Event) -> bool:
    """Whether a person wrote it, not the bot."""
    return bool(event.about["message"]["from"]["id"] != clinic.tg.me["id"])


def _is_nudge(event: Event) -> bool:
    return offers(Shown(event.about["message"], mine=False), "o:snooze:") is not None


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
