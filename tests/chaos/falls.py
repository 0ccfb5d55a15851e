"""Falls: Handrail is killed at a named boundary of a flow, comes back by itself, and the flow goes on.

First a flow is walked unharmed, which shows what boundaries it crosses and how often; then it is walked again
for each of them by somebody new, with one fall, and the judge looks at everybody together.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from tests.chaos.boundaries import BOUNDARIES, Wire
from tests.chaos.clinic import REMINDED_AT, Clinic, clinic
from tests.chaos.flows import EVENINGS, FLOWS, WITH_A_TEAM, Flow, Scene
from tests.chaos.judge import Finding, judge
from tests.chaos.patients import Silence
from tests.chaos.processes import Nursery

LEASE = timedelta(seconds=16)
"""After so long another process takes over what a dead one had in hand."""
TAKES = frozenset({"proof committed", "called"})
"""Where a nudge is marked as sent, and is not sent yet: the first fall there takes it, and that is allowed.
A fall anywhere else takes none."""


@dataclass(frozen=True, slots=True)
class Fall:
    boundary: str
    number: int = 1

    def __str__(self) -> str:
        return f"{self.boundary} {self.number}"


@dataclass
class Round:
    """What came of one flow: how often each boundary was crossed unharmed, and which falls there were."""

    flow: str
    crossed: Counter[str]
    falls: list[Fall] = field(default_factory=list)
    missed: list[Fall] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.flow}: {len(self.falls)} falls at {len(self.hit)} of {len(self.crossed)} boundaries, "
            f"{len(self.missed)} not reached: {len(self.findings)} findings"
        )

    @property
    def hit(self) -> set[str]:
        return {fall.boundary for fall in self.falls}


async def walk(
    nursery: Nursery,
    url: str,
    folder: Path,
    flow: str,
    chance: Random,
    *,
    falls: Iterable[Fall] | None = None,
    webhook: bool = False,
) -> Round:
    """Walk one flow with these falls, or with two or three at every boundary that it crosses."""
    planned = None if falls is None else [*falls]
    people = 1 if flow in EVENINGS else 1 + 3 * len(BOUNDARIES) if planned is None else len(planned)
    async with clinic(
        nursery,
        url,
        folder,
        patients=people,
        chance=chance,
        fault="be watched",
        team=1 if flow in WITH_A_TEAM else 0,
        remind=REMINDED_AT if flow in EVENINGS else "",
    ) as made:
        if webhook:
            made.environment |= made.called()
        walking = _Walking(made, chance, flow, planned)
        async with walking.kept_alive():
            done = await walking.all()
            assert await made.stop() == 0
        walked = {walker.diary.code for walker in walking.scene.walkers}
        made.patients = [person for person in made.patients if person.code in walked]
        done.findings += walking.judged(await made.exports())
        return done


class _Walking:
    """One clinic, one flow, one fall after the other."""

    def __init__(self, made: Clinic, chance: Random, flow: str, planned: list[Fall] | None) -> None:
        self.made = made
        self.chance = chance
        self.name = flow
        self.flow: Flow = FLOWS[flow]
        self.planned = planned
        self.wire = Wire(made.folder)
        self.scene = Scene(made, chance, self.wire, self._begin)
        self.fall: Fall | None = None
        self.first = ""
        self.of: dict[str, str] = {}
        self.stopping = False

    async def all(self) -> Round:
        """Every fall, after the flow was walked unharmed where nobody has said which."""
        done = Round(self.name, Counter())
        if self.planned is None:
            await self._once(None)
            done.crossed = Counter({b: n for b, n in self.wire.crossed().items() if b in BOUNDARIES})
        for fall in self._plan(done.crossed) if self.planned is None else self.planned:
            (done.falls if await self._once(fall) else done.missed).append(fall)
        return done

    def _plan(self, crossed: Counter[str]) -> list[Fall]:
        """At each boundary the first time, and twice later, where even a shorter walk should come."""
        return [
            Fall(boundary, number)
            for boundary, times in sorted(crossed.items())
            for number in sorted({1, self.chance.randint(1, times), 1 + times * 2 // 3})
        ]

    async def _once(self, fall: Fall | None) -> bool:
        """Walk it with this fall; True if Handrail fell."""
        self.fall = fall
        found, walkers = len(self.scene.findings), len(self.scene.walkers)
        try:
            await self.flow(self.scene)
        except (Silence, LookupError) as silence:
            self.scene.walkers[-1].diary.troubles.append(str(silence))
        await self._quiet()
        fell = fall is not None and not self.wire.disarm()
        if fall is not None and fall.boundary in TAKES and fall.number == 1 and self.name in EVENINGS:
            del self.scene.findings[found:]
        for place in range(found, len(self.scene.findings)):
            one = self.scene.findings[place]
            self.scene.findings[place] = Finding(one.rule, f"{one.who} after {fall}", one.what)
        for walker in self.scene.walkers[walkers:]:
            self.of[walker.diary.code] = str(fall)
        return fell

    def _begin(self, first: str) -> None:
        self.first = first
        if first:
            self.wire.arm(first, 1)
        else:
            self._arm()

    def _arm(self) -> None:
        self.first = ""
        self.wire.mark()
        if self.fall is not None:
            self.wire.arm(self.fall.boundary, self.fall.number)

    async def _quiet(self) -> None:
        """Until nothing waits anywhere, and nobody fell while we looked."""
        kills = -1
        while kills != self.made.kills:
            kills = self.made.kills
            async with asyncio.timeout(60):
                await self.made.tg.settled()
            await self.made.drained()

    def judged(self, exports: dict[str, dict[str, object]]) -> list[Finding]:
        """What the judge finds, each with the fall that it came of."""
        stumbling = self.name == "retry"
        found = judge(self.made, [walker.diary for walker in self.scene.walkers], exports)
        return self.scene.findings + [
            Finding(one.rule, f"{one.who} after {self.of.get(one.who, '?')}", one.what)
            for one in found
            if not (stumbling and one.rule == "no error in the log" and "turn.failed" in one.what)
        ]

    @asynccontextmanager
    async def kept_alive(self) -> AsyncIterator[None]:
        """Somebody starts another process whenever one has fallen."""
        await self.made.start()
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            assert self.made.process is not None
            code = await asyncio.shield(self.made.process.exit)
            if code != -9:  # it was stopped, or has ended by itself
                return
            self.made.kills += 1
            await self.made.buried()
            if self.made.on_postgresql:
                self.made.move(LEASE)
            if self.first:
                self._arm()
            await self.made.start()
