"""Flows: what people come to Handrail for, each walked from its beginning to its end by phones alone.

A flow calls `begin` where its way begins; from there on any boundary may be armed, and whoever walks it meets
no silence and no loss, whatever falls meanwhile. What it cannot wait for to the end it gives as a finding.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TypeVar

from bot.sandbox import Btn, Phone, Shown
from tests.chaos.boundaries import Wire
from tests.chaos.clinic import FIRST_ID, Clinic, Person
from tests.chaos.judge import Finding
from tests.chaos.patients import Patient, Question, Silence, Talk, offers

T = TypeVar("T")
WITHIN = 60.0
IN_THE_AIR = 5.0
"""Seconds that a reminder, which is marked before, may still take to arrive."""
NEWCOMERS, STRANGERS = FIRST_ID + 10_000, FIRST_ID + 20_000
MANY = 120
"""Messages that wait: more than a batch of getUpdates, and than a webhook has connections."""
STEPS = (15, 15, 30)
"""Minutes from one step of an urgent alert to the next: backup, supervisor, everyone."""


class Willing(Patient):
    """Somebody who says yes to everything that is asked, and leaves nothing out."""

    def _chosen(self, question: Question) -> Btn | str:
        options = question.options
        yes = next((button for button in options if (button.data or "").endswith(":yes")), None)
        return yes or (self.chance.choice(options) if options else self._invented())


@dataclass
class Scene:
    """A clinic in which one flow after the other is walked, each by somebody new. `begin` opens the way; with
    the name of a boundary, one fall at that comes before the way is open."""

    made: Clinic
    chance: Random
    wire: Wire
    begin: Callable[[str], None]
    walkers: list[Patient] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def somebody(self) -> Patient:
        """The next patient who has not walked yet."""
        return self._walker(Patient, self.made.patients[len(self.walkers)])

    async def newcomer(self) -> tuple[Patient, str]:
        """Somebody who is invited now, and their token."""
        counselor = self.made.staff[0].code
        invited = json.loads(await self.made.done(["invite", "--counselor", counselor, "--json"]))
        person = Person(invited["code"], NEWCOMERS + len(self.walkers))
        self.made.patients.append(person)
        return self._walker(Willing, person), invited["token"]

    def _walker(self, kind: type[Patient], person: Person) -> Patient:
        made = self.made
        phone, chance = made.tg.phone(person.telegram_id), Random(self.chance.random())
        walker = kind(phone, person.code, made.clock, chance, lambda: made.kills, patience=WITHIN)
        self.walkers.append(walker)
        return walker


Flow = Callable[[Scene], Awaitable[None]]


def _dialog(name: str) -> Flow:
    async def walk(scene: Scene) -> None:
        patient = scene.somebody()
        scene.begin("")
        await patient._open(name, fresh=True)
        await _to_the_end(patient)

    return walk


async def crisis(scene: Scene) -> None:
    """A cry for help, its card, and the safety questions after it, answered to their end."""
    patient = scene.somebody()
    scene.begin("")
    await patient._cry()
    if patient.question is None:
        patient._ask(await patient._until(patient._asked_unasked, "safety questions"))
    await _to_the_end(patient)


async def reminder(scene: Scene) -> None:
    """The evening's check-in comes due, and is opened from its reminder."""
    made, patient = scene.made, scene.walkers[0] if scene.walkers else scene.somebody()
    patient.phone.mark()
    before = patient._newest
    made.move_to(made.next(19, 59, 59))
    scene.begin("")
    made.move(timedelta(seconds=2))
    await made.drained()
    try:
        await patient._until(lambda: _reminder(patient, before), "", within=IN_THE_AIR)
    except Silence:
        scene.findings.append(Finding("a reminder that is due is sent", patient.diary.code, "none came"))
    await patient._open("check_in", fresh=True)
    await _to_the_end(patient)


def _reminder(patient: Patient, after: int) -> Shown | None:
    return next((shown for shown in patient._new(after) if offers(shown, "o:snooze:") is not None), None)


async def escalation(scene: Scene) -> None:
    """An urgent alert that nobody answers goes up the chain; then the supervisor reads it, reaches the person
    and closes it."""
    made, patient = scene.made, scene.somebody()
    code = patient.diary.code
    await patient._cry()
    phones = [made.tg.phone(person.telegram_id) for person in made.staff]
    flag = await _eventually(phones[0], lambda: _rung(phones[0], code), f"alert about {code}")
    scene.begin("")
    for step, phone in zip(STEPS, (*phones[1:], phones[0]), strict=True):
        newest = _newest(phone)
        made.move(timedelta(minutes=step, seconds=1))
        await _eventually(phone, lambda: _rung(phone, code, newest), f"ring after {step} minutes")  # noqa: B023
    supervisor = phones[-1]
    patient.phone.mark()
    newest = patient._newest
    await _press(supervisor, f"s:seen:{flag}", f"s:reached:{flag}")
    await patient._until(lambda: next(patient._new(newest), None), "word that somebody has read it")
    await _press(supervisor, f"s:reached:{flag}", f"s:done:{flag}")
    await _press(supervisor, f"s:done:{flag}", f"s:end:{flag}:safe")
    await _press(supervisor, f"s:end:{flag}:safe", f"s:note:{flag}")


async def enrolment(scene: Scene) -> None:
    """An invitation is followed, and everything is agreed to and answered."""
    patient, token = await scene.newcomer()
    scene.begin("")
    mine = patient._send(f"/start {token}")
    asked = await patient._until(lambda: next(patient._questions(mine), None), "invitation")
    patient.diary.talks[asked.session] = Talk(asked.session, "enrolment")
    patient._ask(asked)
    await _to_the_end(patient)


async def retry(scene: Scene) -> None:
    """A turn fails by a fault of ours: the words are kept, and answered a little later."""
    patient = scene.somebody()
    scene.wire.stumble()
    scene.begin("")
    await patient._say_something()


async def flood(scene: Scene) -> None:
    """More waits than Telegram hands over at a time: it is kept first, and answered afterwards."""
    made, patient = scene.made, scene.somebody()
    assert made.process is not None
    made.process.signal(signal.SIGSTOP)
    for number in range(MANY):
        made.tg.phone(STRANGERS + number % 10).send("is anybody there")
    saying = asyncio.create_task(patient._say_something())
    await asyncio.sleep(0)
    scene.begin("")
    made.process.signal(signal.SIGCONT)
    await saying


async def return_(scene: Scene) -> None:
    """Handrail comes back after a fall, with a reply that was committed and not sent."""
    patient = scene.somebody()
    scene.begin("turn committed")
    await patient._say_something()


FLOWS: dict[str, Flow] = {
    "check-in": _dialog("check_in"),
    "thought record": _dialog("thought_record"),
    "trigger log": _dialog("trigger_log"),
    "crisis": crisis,
    "reminder": reminder,
    "escalation": escalation,
    "enrolment": enrolment,
    "retry": retry,
    "flood": flood,
    "return": return_,
}
WITH_A_TEAM = frozenset({"escalation"})
"""Flows that need backup and supervisor."""
POLLING = frozenset({"flood"})
"""Flows in which Telegram is asked, on every database."""
EVENINGS = frozenset({"reminder"})
"""Flows of one patient, who has an evening for each fall."""


async def _to_the_end(patient: Patient) -> None:
    while patient.question is not None:
        await patient._answer(patient.question)
        if patient.question is None and (asked := patient._asked_unasked()) is not None:
            patient._ask(asked)


async def _press(phone: Phone, data: str, then: str) -> None:
    """Press what stands under some message, until another button stands somewhere in its place."""
    shown = next(shown for shown in reversed(phone.messages) if data in set(_data(shown)))
    phone.press_data(shown.message_id, data)
    await _eventually(phone, lambda: any(then in set(_data(one)) for one in phone.messages) or None, then)


def _rung(phone: Phone, code: str, after: int = 0) -> str | None:
    """The flag of the newest alert about this patient that came after that message."""
    for shown in reversed(phone.messages):
        if shown.message_id > after and code in shown.text:
            flag = offers(shown, "s:seen:") or offers(shown, "s:flag:")
            if flag is not None:
                return flag
    return None


async def _eventually(phone: Phone, look: Callable[[], T | None], what: str) -> T:
    try:
        async with asyncio.timeout(WITHIN):
            while (found := look()) is None:
                await phone.changed()
            return found
    except TimeoutError:
        raise Silence(f"no {what} on {phone.id}'s phone") from None


def _newest(phone: Phone) -> int:
    return next(reversed(phone.chat.messages), 0)


def _data(shown: Shown) -> Iterator[str]:
    return (button.data for row in shown.buttons for button in row if button.data)
