"""A process as it is put together shows that it moves and hears, and calls the outside monitor: over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web

from bot import app as wiring
from bot.app import App, Mode
from bot.lookout import INTAKE, Lookout
from bot.rows import Pulse
from bot.settings import load
from bot.standstill import STILL
from tests.alerts.test_channels import Receiver
from tests.journeys.clinic import PATIENCE, Clinic, opened
from tests.journeys.test_webhook import hooked

__all__ = ["hooked"]


class Running:
    """Time that runs only when it is told to, for the lookout alone."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def clock_gettime(self, which: int) -> float:
        return self.at


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    made = Running()
    told = {**vars(time), "monotonic": made.monotonic, "clock_gettime": made.clock_gettime}
    monkeypatch.setattr(wiring, "time", SimpleNamespace(**told))
    return made


@pytest.fixture
async def monitor() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/alive"
    yield made
    await runner.cleanup()


@pytest.fixture
async def watched(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, running: Running, monitor: Receiver
) -> AsyncIterator[Clinic]:
    """Its own ticks do not come: the test makes them."""
    for name in ("_DUE", "_PULSE", "_NOTICE", "_HEARTBEAT"):
        monkeypatch.setattr(wiring, name, 3600.0)
    async with opened(sqlite_url, monkeypatch, HEARTBEAT_URL=monitor.url) as clinic:
        await clinic.seed(supervisors=1)
        yield clinic


async def healthz(clinic: Clinic) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{clinic.app.web.port}/healthz") as answer,
    ):
        return answer.status


async def again(clinic: Clinic, mode: Mode) -> None:
    await clinic.app.stop()
    clinic.app = App.build(load(env_file=None), mode, clinic.clock)
    await clinic.app.start()


@pytest.mark.parametrize("stands", ["clock", "sender", None])
async def test_health_fails_when_the_clock_or_the_sender_has_stood_still_for_two_minutes(
    watched: Clinic, running: Running, monitor: Receiver, stands: str | None
) -> None:
    assert await healthz(watched) == 200
    running.at += STILL
    if stands != "clock":
        await watched.tick()
    if stands != "sender":
        watched.app.sender.alive_at += timedelta(seconds=1)
    assert await healthz(watched) == (200 if stands is None else 503)
    await watched.app.lookout.call()
    assert monitor.calls == (1 if stands is None else 0)


async def test_the_monitor_hears_nothing_from_a_process_without_a_clock(
    watched: Clinic, monitor: Receiver
) -> None:
    await watched.app.lookout.call()
    assert monitor.calls == 1
    await again(watched, Mode.WEB)
    assert not watched.app.lookout.calls
    await watched.app.lookout.call()
    assert monitor.calls == 1


async def shown(clinic: Clinic) -> bool:
    """Whether this minute's beat shows others that updates come in."""
    clinic.clock.advance(timedelta(minutes=1))
    await clinic.app.lookout.beat()
    pulse = await clinic.row(Pulse, name=INTAKE)
    return pulse.at == clinic.clock.now()


async def test_a_process_that_polls_in_vain_shows_no_pulse(watched: Clinic) -> None:
    await watched.say(watched.sam, "/menu")
    assert await shown(watched)
    watched.tg.faults.outage(True)
    await shown(watched)  # of what came before
    assert not await shown(watched)
    watched.tg.faults.outage(False)


async def test_a_process_that_telegram_cannot_call_shows_no_pulse(hooked: Clinic) -> None:
    """A quiet night is no deafness: Telegram says that nothing waits."""
    assert await shown(hooked)
    await hooked.say(hooked.sam, "/menu")
    assert await shown(hooked)
    failed = asyncio.Event()
    hooked.tg.webhook.failures.append(lambda why: failed.set())
    hooked.tg.faults.add("webhook", times=1000)
    hooked.sam.send("/menu")
    async with asyncio.timeout(PATIENCE):
        await failed.wait()
    assert not await shown(hooked)
    hooked.tg.faults.clear()
    await hooked.settle()
    assert await shown(hooked)
    hooked.tg.faults.outage(True)
    assert not await shown(hooked)
    hooked.tg.faults.outage(False)
    ours, hooked.tg.webhook.url = hooked.tg.webhook.url, "http://127.0.0.1:9/of-somebody-else"
    assert not await shown(hooked)
    hooked.tg.webhook.url = ours


@pytest.mark.parametrize("mode", list(Mode))
async def test_every_process_beats_and_looks_by_itself_and_only_one_that_keeps_time_calls(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    done = {name: asyncio.Event() for name in ("beat", "look", "call")}

    def note(name: str) -> Callable[[Lookout], Awaitable[None]]:
        async def noted(lookout: Lookout) -> None:
            done[name].set()

        return noted

    for name in ("_PULSE", "_NOTICE", "_HEARTBEAT"):
        monkeypatch.setattr(wiring, name, 3600.0)
    async with opened(sqlite_url, monkeypatch, HEARTBEAT_URL="http://127.0.0.1:9/") as clinic:
        await clinic.app.stop()
        for name in done:
            monkeypatch.setattr(Lookout, name, note(name))
        for name in ("_PULSE", "_NOTICE", "_HEARTBEAT"):
            monkeypatch.setattr(wiring, name, 0.01)
        clinic.app = App.build(load(env_file=None), mode, clinic.clock)
        await clinic.app.start()
        async with asyncio.timeout(PATIENCE):
            await done["beat"].wait()
            await done["look"].wait()
            if mode.keeps_time:
                await done["call"].wait()
        for name in ("_PULSE", "_NOTICE", "_HEARTBEAT"):
            monkeypatch.setattr(wiring, name, 3600.0)
        await again(clinic, Mode.RUN)
    assert done["call"].is_set() is mode.keeps_time
