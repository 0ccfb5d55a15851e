"""Two `web` and two `worker` on one PostgreSQL do what one process does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import aiohttp

from tests.chaos.clinic import Clinic, clinic, free_port
from tests.chaos.crawl import Crowd
from tests.chaos.forwarder import forwarder
from tests.chaos.judge import Finding, judge
from tests.chaos.patients import question_in
from tests.chaos.processes import Process, nursery

FLOOD = 40
ROUNDS = 2


@asynccontextmanager
async def several(database_url: str, folder: Path, patients: int, fault: str = "") -> AsyncIterator[Clinic]:
    """A clinic served by four processes, every update by another one than the last."""
    async with nursery() as born:
        made_by = clinic(born, database_url, folder, patients=patients, chance=Random(4), fault=fault)
        async with made_by as made:
            front, ports = free_port(), [free_port() for _ in range(4)]
            made.environment |= {
                "WEBHOOK_URL": f"http://127.0.0.1:{front}/telegram",
                "WEBHOOK_SECRET": "a-secret-of-this-test",
            }
            async with forwarder(front, ports[:2]):
                commands = ("web", "web", "worker", "worker")
                running = [
                    await made.start(command, PORT=str(port))
                    for command, port in zip(commands, ports, strict=True)
                ]
                try:
                    await asyncio.gather(*map(ready, ports))
                    yield made
                    assert await ended(running) == [0, 0, 0, 0]
                finally:
                    for process in running:
                        process.kill()


async def ready(port: int) -> None:
    """Until `/healthz` says so: it cannot call us."""
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def ended(running: list[Process]) -> list[int]:
    for process in running:
        process.signal(15)
    return [await process.ended() for process in running]


async def test_four_processes_serve_a_crowd_as_one_does(postgresql_url: str, tmp_path: Path) -> None:
    """The same judge, the same promises; the evening's reminders come once though two clocks tick."""
    async with several(postgresql_url, tmp_path, patients=8) as made:
        crowd = Crowd(made, Random(5))
        crowd.begin()
        await crowd.stepped(160)
        await crowd.rest()
        made.move_to(made.next(20, 0))
        await made.drained()
        await crowd.end()
        await made.drained()
        found = judge(made, crowd.diaries, await made.exports())
    assert not [str(finding) for finding in found]


async def test_a_flood_by_one_patient_ends_as_it_would_with_one_process(
    postgresql_url: str, tmp_path: Path
) -> None:
    """Messages and presses of one person come in two queues, to whichever process is next."""
    async with several(postgresql_url, tmp_path, patients=1) as made, asyncio.timeout(50):
        found = await flood(made)
    assert not [str(finding) for finding in found]


async def flood(made: Clinic, *, patience: float = 15) -> list[Finding]:
    """Words in a row, while one button after the other is pressed many times; nobody waits for a reply."""
    person = made.patients[0]
    phone = made.tg.phone(person.telegram_id)
    said = [f"zaqoxu{number:03}" for number in range(FLOOD)]
    for words in said:
        phone.send(words)
    await made.tg.settled()
    phone.mark()
    phone.send("/checkin")
    shown = await phone.wait(lambda shown: question_in(shown) is not None, timeout=30)
    turns = 0
    mumbled: list[str] = []
    for number in range(ROUNDS):
        question = question_in(shown)
        if question is None or not question.options or question.done is not None:
            break
        turns += 1
        phone.mark()
        for press in range(10):
            button = question.options[(number + press) % len(question.options)]
            phone.press_data(shown.message_id, button.data or "")
            if press % 4 == 0:
                mumbled.append(f"qoxuze{number}x{press}")
                phone.send(mumbled[-1])
        session, turn = question.session, question.turn

        def follows(shown: object, session: str = session, turn: int = turn) -> bool:
            asked = question_in(shown)  # type: ignore[arg-type]
            return asked is not None and asked.session == session and asked.turn > turn

        try:
            shown = await phone.wait(follows, timeout=patience)
        except TimeoutError:
            return [Finding("nobody meets silence", person.code, f"nothing followed turn {turn}")]
        await made.tg.settled()
        await made.drained()
        latest = max(
            (asked for asked in map(question_in, phone.messages) if asked), key=lambda asked: asked.turn
        )
        shown = latest.shown
    await made.tg.settled()
    await made.drained()
    export = (await made.exports())[person.code]
    return list(_flooded(person.code, export, said, mumbled, turns, made))


def _flooded(
    code: str, export: dict[str, object], said: list[str], mumbled: list[str], turns: int, made: Clinic
) -> list[Finding]:
    rows: list[dict[str, object]] = export["answers"]  # type: ignore[assignment]
    messages: list[dict[str, str]] = export["messages"]  # type: ignore[assignment]
    kept = [row["text"] for row in messages]
    found = []
    if kept[: len(said)] != said:
        found.append(Finding("one patient, one order", code, f"{said} were kept as {kept[: len(said)]}"))
    answered = [str(row["value"]) for row in rows if str(row["value"]).startswith("qoxuze")]
    if sorted(kept[len(said) :] + answered) != sorted(mumbled):
        found.append(Finding("free words are kept once", code, f"{mumbled}: {kept[len(said) :]}, {answered}"))
    live = [(row["key"], row["item"]) for row in rows if not row["superseded"]]
    if len(live) != len(set(live)) or any(row["superseded"] for row in rows) or len(rows) < turns:
        found.append(Finding("an answer is kept once", code, f"{turns} turns: {rows}"))
    shown = [
        asked.turn
        for call in made.tg.chats[made.patients[0].telegram_id].messages.values()
        if (asked := _asked(call)) is not None
    ]
    if shown != sorted(shown):
        found.append(Finding("one patient, one order", code, f"questions arrived as {shown}"))
    found += [Finding("all drains", "database", f"{n} rows: {name}") for name, n in made.left().items()]
    return found


def _asked(message: dict[str, object]):  # type: ignore[no-untyped-def]
    from bot.sandbox import Shown

    return question_in(Shown(message, mine=False))
