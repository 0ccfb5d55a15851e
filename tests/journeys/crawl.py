"""A crawl, as an outsider would: every command, every button, every open question, in a seeded order.

It knows the outside alone: commands, texts, and what the first letter of a button's data means (`a:`
answers, `n:` navigates, `o:` opens, `s:` is staff's). After each step something must have come of it, and
whatever is open must be answerable by a button.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from bot.sandbox.phones import Phone
from bot.sandbox.screens import Btn, Shown
from tests.journeys.clinic import Clinic, asks, keys

PATIENT = [
    "/start",
    "/checkin",
    "/thought",
    "/trigger",
    "/sos",
    "/history",
    "/progress",
    "/settings",
    "/mydata",
    "/privacy",
    "/stop",
    "/help",
    "/back",
    "/cancel",
    "/menu",
    "/nonsense",
    "/checkin@handrail_bot",
    "/start@handrail_bot",
]
STAFF = [
    "/start",
    "/caseload",
    "/alerts",
    "/patient",
    "/patient@handrail_bot",
    "/invite",
    "/oncall",
    "/help",
    "/nonsense",
    "/back",
]
DIALOGS = {"/checkin": "check_in", "/thought": "thought_record", "/trigger": "trigger_log"}
WORDS = (
    "7",
    "eight",
    "8/10",
    "idk",
    "yes",
    "No.",
    "skip",
    "done",
    "back",
    "-3",
    "99999999999999999999",
    "3.5",
    "8:30 pm",
    "London",
    "A walk by the river with a friend",
    "<b>bold & <i>broken",
    "&amp; &lt;script&gt; </b>",
    "🙂🌊",
    "مرحبا كيف حالك",
    "‮reversed‬",
    "/",
    "/ 5",
    "a:1:1:1",
    "x" * 4096,
    "two\n\nlines",
    "%s {0} {{ name }} {% block %}",
    "'; DROP TABLE patients; --",
    "\u200b\u200d.",
)
ENDS = ("s:discharge_yes", "o:mydata:erase:", "o:privacy:withdraw:P", "o:hide")
"""What ends a crawl: not pressed on the way."""
FORGED = (
    "a:", "n:", "o:", "s:", "a:0:0:5", "a:zz:1:5", "n:1:1:back", "n:0:0:change", "o:resume", "o:resume:zz",
    "o:resume:" + "f" * 40, "o:fresh:1", "o:entry", "o:entry:" + "f" * 40, "o:history:zz", "o:nonsense",
    "o:history:" + "f" * 40, "o:mydata:erase:P-XXXXX", "o:mydata:nonsense:1:2", "o:snooze:30:1",
    "o:snooze:x:y:z", "o:snooze:30:" + "f" * 40, "o:followup:" + "f" * 40, "o:followup:zz", "o:settings:x:y",
    "o:settings:morning:on", "o:privacy:x", "o:pause:x", "o:call:1", "s:seen:1", "s:seen:" + "f" * 40,
    "s:done:zz", "s:patient:P-XXXXX", "s:caseload:-1", "s:caseload:99999", "s:caseload:²", "s:invite:P-XXXXX",
    "s:discharge:", "s:discharge_yes:P-XXXXX", "x", "🙂", "a:" + "f" * 40 + ":1:5",
    "n:1:" + "9" * 40 + ":change",
)  # fmt: skip
"""Presses that no button of ours made; an app that is not Telegram's can send any."""


@dataclass
class Crawl:
    clinic: Clinic
    chance: Random
    codes: Sequence[str] = ()
    seen: Counter[str] = field(default_factory=Counter)
    """How often each kind of button was pressed and each command was sent."""

    async def step(self, phone: Phone, *, staff: bool) -> None:
        """One thing that this person does; something must come of it."""
        shown = [m for m in phone.messages if not m.mine]
        buttons = [(m, button) for m in shown[-25:] for button in keys(m) if self._harmless(button)]
        newest = (
            [(m, button) for m, button in buttons if m.message_id == phone.last.message_id] if shown else []
        )
        kind = self.chance.choices(
            ("newest", "any", "command", "words", "media", "edit", "forged"),
            (
                12 if newest else 0,
                4 if buttons else 0,
                3,
                5,
                1,
                1 if self._mine(phone) else 0,
                1 if shown else 0,
            ),
        )[0]
        match kind:
            case "newest" | "any":
                await self.press(phone, *self.chance.choice(newest if kind == "newest" else buttons))
            case "command":
                await self.command(phone, self.chance.choice(STAFF if staff else PATIENT))
            case "words":
                await self.did(
                    phone, f"words {(words := self.chance.choice(WORDS))[:30]!r}", lambda: phone.send(words)
                )
            case "media":
                media = (
                    phone.voice,
                    phone.photo,
                    phone.sticker,
                    phone.document,
                    phone.contact,
                    phone.location,
                )
                act = self.chance.choice(media)
                await self.did(phone, act.__name__, act)
            case "edit":
                message, words = self.chance.choice(self._mine(phone)), self.chance.choice(WORDS)
                await self.did(phone, f"edit {words[:30]!r}", lambda: phone.edit(message, words))
            case "forged":
                data, where = self.chance.choice(FORGED), self.chance.choice(shown)
                await self.press(phone, where, Btn("", data))

    async def command(self, phone: Phone, name: str) -> None:
        if name.startswith("/patient") and self.codes:
            name = f"{name} {self.chance.choice([*self.codes, 'P-XXXXX', '<b>'])}"
        self.seen[name.split()[0]] += 1
        await self.did(phone, name, lambda: phone.send(name))

    async def press(self, phone: Phone, shown: Shown, button: Btn) -> None:
        data = button.data or ""
        self.seen[":".join(data.split(":")[:2]) if data[:2] in ("o:", "s:") else data[:2]] += 1
        pressed: list[str] = []
        what = f"{button.text!r} ({data})"
        await self.did(phone, what, lambda: pressed.append(phone.press_data(shown.message_id, data)), pressed)

    async def did(
        self, phone: Phone, what: str, act: Callable[[], object], pressed: Sequence[str] = ()
    ) -> None:
        """Do it: something must come, change or be told, and nothing may go wrong."""
        before = len(phone.chat.log)
        act()
        own = len(phone.chat.log) - before
        await self.clinic.settle()
        told = [(await phone.answered(query)).text for query in pressed]
        changed = len(phone.chat.log) - before - own
        assert changed or any(told), f"silence after {what}; the chat:\n{phone}"
        try:
            self.clinic.blameless()
        except AssertionError as wrong:
            raise AssertionError(f"after {what}: {wrong}\nthe chat:\n{phone}") from None
        for shown in phone.messages:
            assert not _half_open(shown), f"an answer without a way out: {shown.text!r}: {shown.labels}"

    async def to_the_end(self, phone: Phone, command: str, code: str) -> str:
        """Open a dialog and answer whatever it asks until a message asks nothing; its record is there."""
        before = await self._records(code, DIALOGS[command])
        await self.command(phone, "/cancel")
        await self.command(phone, command)
        if "o:fresh" in str([button.data for button in keys(phone.last)]):
            await self.press(phone, phone.last, next(b for b in keys(phone.last) if "o:fresh" in str(b.data)))
        for _ in range(120):
            shown = phone.last
            if not asks(shown):
                break
            answers = [button for button in keys(shown) if (button.data or "").startswith("a:")]
            others = [b for b in keys(shown) if (b.data or "").endswith((":skip", ":back"))]
            if answers and self.chance.random() < 0.75:
                # Done, where there is one, as often as any other: else a list to tick would never end.
                done = [button for button in answers if (button.data or "").endswith("+done")]
                await self.press(phone, shown, self.chance.choice([*answers, *done * len(answers)]))
            elif others and self.chance.random() < 0.3:
                await self.press(phone, shown, self.chance.choice(others))
            else:
                words = self.chance.choice(WORDS)
                await self.did(phone, f"words {words[:30]!r}", lambda words=words: phone.send(words))  # type: ignore[misc]
        else:
            raise AssertionError(f"{command} does not end; the chat:\n{phone}")
        records = await self._records(code, DIALOGS[command])
        assert records == before + 1, f"{command} ended without a record; the chat:\n{phone}"
        return shown.text

    async def later(self) -> None:
        await self.clinic.pass_time(timedelta(minutes=self.chance.choice((1, 29, 31, 121, 300, 700))))

    async def _records(self, code: str, dialog: str) -> int:
        records = (await self.clinic.export(code))["records"]
        return sum(record["dialog"] == dialog for record in records)

    def _harmless(self, button: Btn) -> bool:
        return not (button.data or "").startswith(ENDS)

    def _mine(self, phone: Phone) -> list[int]:
        return [m.message_id for m in phone.messages if m.mine and "text" in m.json][-10:]


def _half_open(shown: Shown) -> bool:
    """A question with buttons that answer, and none to go back or stop."""
    data = [button.data or "" for button in keys(shown)]
    return any(d.startswith("a:") for d in data) and not any(d.startswith("n:") for d in data)
