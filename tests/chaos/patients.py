"""People who talk to Handrail by buttons and by words that nobody else has, and write down what came of it.

Each waits for the reply before doing the next thing, as people do, whoever is killed meanwhile. They know
nothing of the dialogs: a question is a message with buttons that answer or navigate, its session and turn
stand in the button's data, and a message with neither ends the dialog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from random import Random
from typing import TypeVar

from bot.app import CONTENT
from bot.clock import Clock
from bot.sandbox import Btn, Phone, Shown
from bot.sessions import MARK
from bot.wording import Wording

T = TypeVar("T")
ASKED_WITHIN = 3.0
"""Seconds in which Handrail asks on by itself after a cry for help."""
UNASKED = "unasked"
"""A dialog that Handrail opened, not the person."""
SILENCE = timedelta(hours=2)
"""After so long a typed text is no answer any more."""
AGAIN = 5.0
"""Seconds for which one waits on seeing words that came before: they may be a reply that is said again."""
COMMANDS = {"check_in": "/checkin", "thought_record": "/thought", "trigger_log": "/trigger"}
NEVER_AN_END = -1
"""In place of a count of restarts: words that end no dialog."""
ASIDE = ("/help", "/history", "/settings", "/privacy")
PAST_STORAGE = "I can't keep this or pass it on right now"
"""What a press meets while it cannot be kept: its reply comes later."""
DONE, SKIP, TICK = "+done", "+skip", "✅"
REFUSAL = "rather_not"
"""What one may answer to questions about safety alone."""


@dataclass(slots=True)
class Given:
    """One answer: what was said (data of a button, words, or the ticks), and whether it was taken back."""

    turn: int
    said: str | frozenset[str]
    message_id: int
    typed: bool
    taken_back: bool = False


@dataclass(slots=True)
class Talk:
    """One session as the person knows it. `state`: open, done or cancelled. `moved`: it was open when a
    release came whose script is another."""

    session: str
    dialog: str
    state: str = "open"
    given: list[Given] = field(default_factory=list)
    edited: bool = False
    moved: bool = False
    ended_by: str = ""
    """What it was seen to end with."""


@dataclass(frozen=True, slots=True)
class Question:
    """An open question as it stands on the phone."""

    shown: Shown
    session: str
    turn: int

    @property
    def options(self) -> list[Btn]:
        return [button for button in self._buttons if _data(button).startswith("a:") and not _is_done(button)]

    @property
    def done(self) -> Btn | None:
        return next((button for button in self._buttons if _is_done(button)), None)

    @property
    def words(self) -> str:
        """The question without what led it."""
        return "\n\n".join(self.shown.text.split("\n\n")[-2:])

    @property
    def is_anew(self) -> bool:
        """Whether it comes in place of the one that was on the phone."""
        return self.shown.text.startswith(asked_anew())

    @property
    def is_about_safety(self) -> bool:
        """Whether Handrail asks this by itself; after a kill that may come long after the cry."""
        return any(_value(button) == REFUSAL for button in self.options)

    def navigates(self, verb: str) -> Btn | None:
        """Its button back, skip or cancel."""
        wanted = f"n:{self.session}:{self.turn}:{verb}"
        return next((button for button in self._buttons if _data(button).replace(MARK, "") == wanted), None)

    @property
    def _buttons(self) -> list[Btn]:
        return [button for row in self.shown.buttons for button in row]


@dataclass
class Diary:
    """What a person did and saw, for the judge."""

    code: str
    telegram_id: int
    talks: dict[str, Talk] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    cries: int = 0
    troubles: list[str] = field(default_factory=list)
    steps: int = 0
    resumed: int = 0


class Silence(Exception):
    """No reply came."""


class Patient:
    """One person and their phone. `restarts` tells how often the bot was killed so far."""

    def __init__(
        self,
        phone: Phone,
        code: str,
        clock: Clock,
        chance: Random,
        restarts: Callable[[], int],
        *,
        patience: float = 60,
    ) -> None:
        self.phone = phone
        self.clock = clock
        self.chance = chance
        self.restarts = restarts
        self.patience = patience
        self.diary = Diary(code, phone.id)
        self.question: Question | None = None
        self.asked_at = clock.now()
        self.resting = asyncio.Event()
        self._last: dict[str, Question] = {}
        self._said_before: dict[tuple[str, tuple[str, ...]], int] = {}

    async def live(self, awake: asyncio.Event, over: asyncio.Event) -> None:
        """Do one thing after another while `awake`, until it is `over`; the one begun is finished."""
        while not over.is_set():
            if not awake.is_set():
                self.resting.set()
                waits = [asyncio.ensure_future(event.wait()) for event in (awake, over)]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
                self.resting.clear()
                continue
            await self.step()
        self.resting.set()

    async def step(self) -> None:
        """One thing, and its reply; a silence is written down and the person begins afresh."""
        self.diary.steps += 1
        try:
            if self.question is None:
                await self._idle()
            else:
                await self._in_dialog(self.question)
        except (Silence, LookupError) as trouble:
            self.diary.troubles.append(str(trouble))
            self.question = None

    def meets_release(self, dialog: str) -> None:
        """From here on the script of this dialog is another."""
        for talk in self.diary.talks.values():
            talk.moved = talk.moved or (talk.dialog == dialog and talk.state == "open")

    async def finish(self) -> None:
        """Take up what was left unfinished where it was, and answer it to its end."""
        for talk in [*self.diary.talks.values()]:
            if talk.state == "open" and talk.dialog in COMMANDS:
                try:
                    await self._open(talk.dialog, fresh=False)
                    while self.question is not None:
                        await self._answer(self.question)
                except (Silence, LookupError) as trouble:
                    self.diary.troubles.append(str(trouble))
                    self.question = None

    # What people do

    async def _idle(self) -> None:
        roll = self.chance.random()
        if (asked := self._asked_unasked()) is not None:
            self._ask(asked)
        elif roll < 0.12:
            await self._say_something()
        elif roll < 0.15 and not self._helped_just_now():
            await self._cry()
        elif roll < 0.2:
            await self._look_around()
        else:
            await self._open(self.chance.choice([*COMMANDS]), fresh=self.chance.random() < 0.4)

    async def _in_dialog(self, question: Question) -> None:
        talk, roll = self.diary.talks[question.session], self.chance.random()
        if talk.dialog == UNASKED or (talk.moved and not self._is_late()):
            await self._answer(question)
        elif self._is_late():
            self.question = None
            if roll < 0.5:
                await self._say_something()
            else:
                await self._open(talk.dialog, fresh=False)
        elif roll < 0.05 and talk.given and not talk.edited and question.navigates("back"):
            await self._go_back(question, talk)
        elif roll < 0.09 and any(not given.taken_back for given in talk.given):
            await self._change(question, talk)
        elif roll < 0.12 and any(given.typed and not given.taken_back for given in talk.given):
            await self._edit(question, talk)
        elif roll < 0.135:
            await self._cancel(question, talk)
        elif roll < 0.15:
            await self._open(self.chance.choice([*COMMANDS]), fresh=True)
        elif roll < 0.19 and question.options:
            await self._mumble(question)
        else:
            await self._answer(question)

    async def _answer(self, question: Question) -> None:
        talk = self.diary.talks[question.session]
        if question.done is not None:
            options = question.options
            pressed = self.chance.sample(options, min(len(options), self.chance.choice([1, 1, 2])))
            for button in pressed:
                if (anew := await self._tick(question, button)) is not None:
                    self._ask(anew)
                    return
            said: str | frozenset[str] = await self._ticked(question)
            message_id, typed = self._press(question.shown, question.done), False
        elif isinstance(found := self._chosen(question), Btn):
            said, typed = SKIP if _data(found).startswith("n:") else _value(found), False
            message_id = self._press(question.shown, found)
        else:
            said, typed = found, True
            message_id = self._send(said)
        following = await self._follows(question)
        if not (talk.moved and isinstance(following, Question) and following.is_anew):
            talk.given.append(Given(question.turn, said, message_id, typed))
        elif typed:
            self.diary.words.append(str(said))
        self._goes_on(talk, following)

    def _chosen(self, question: Question) -> Btn | str:
        """What this person answers: a button, or words."""
        options, skip = question.options, question.navigates("skip")
        if skip is not None and self.chance.random() < 0.3:
            return skip
        if options and not (_is_scale(options) and self.chance.random() < 0.25):
            return self.chance.choice(options)
        return self._number(options) if options else self._invented()

    async def _tick(self, question: Question, button: Btn) -> Question | None:
        """Tick an option; the question that is asked instead, if this one is no longer the open one."""
        message_id = self._press(question.shown, button)

        def ticked() -> Shown | Question | None:
            if (anew := self._later(question)) is not None:
                return anew
            shown = self.phone.message(message_id)
            label = (
                next((b.text for row in shown.buttons for b in row if b.data == button.data), "")
                if shown
                else ""
            )
            return shown if label != button.text else None

        found: Shown | Question = await self._until(ticked, f"tick {button.data}")
        return found if isinstance(found, Question) else None

    async def _ticked(self, question: Question) -> frozenset[str]:
        """What is ticked now (an answer that is changed begins with its old ticks), at least one."""
        asked = question_in(self.phone.message(question.shown.message_id) or question.shown) or question
        ticked = frozenset(_value(button) for button in asked.options if button.text.startswith(TICK))
        if ticked:
            return ticked
        await self._tick(asked, asked.options[0])
        return await self._ticked(question)

    async def _go_back(self, question: Question, talk: Talk) -> None:
        back = question.navigates("back")
        assert back is not None
        self._press(question.shown, back)
        following = await self._follows(question)
        next(given for given in reversed(talk.given) if not given.taken_back).taken_back = True
        self._goes_on(talk, following)

    async def _change(self, question: Question, talk: Talk) -> None:
        """Press the answer that stands under an earlier question; it may be too old, which a toast says."""
        pressed = [given for given in talk.given if not given.taken_back and not given.typed]
        if not pressed:
            return
        given = self.chance.choice(pressed)
        query = self.phone.press_data(given.message_id, f"n:{question.session}:{given.turn}:change")
        self.phone.mark()
        restarts = self.restarts()

        def follows() -> Question | str | None:
            answer = self.phone.tg.queries[query].answer
            if answer is not None and answer["text"]:
                return str(answer["text"])
            return self._later(question)

        try:
            following: Question | str = await self._until(follows, "change an answer")
        except Silence:
            if restarts == self.restarts() and not self._toast_was_lost(query):
                raise
            return  # A toast is best effort: a kill may take it, and the question stands as it was.
        if isinstance(following, Question):
            given.taken_back = talk.edited = True
            self._goes_on(talk, following)

    def _toast_was_lost(self, query: str) -> bool:
        """Whether the call that answers a press was made, and something happened to it on its way."""
        return any(
            call.fault is not None and call.params.get("callback_query_id") == query
            for call in self.phone.tg.calls
            if call.method == "answerCallbackQuery"
        )

    async def _edit(self, question: Question, talk: Talk) -> None:
        """Edit a message that was an answer: either it takes the answer's place, or its words are kept."""
        typed = [
            given for given in talk.given if given.typed and not given.taken_back and not _is_number(given)
        ]
        if not typed:
            return
        given, words = self.chance.choice(typed), self._invented()
        self.phone.mark()
        self.phone.edit(given.message_id, words)
        following = await self._follows(question)
        if isinstance(following, Question):
            given.taken_back = talk.edited = True
            talk.given.append(Given(question.turn, words, given.message_id, typed=True))
            self._goes_on(talk, following)
        else:
            self.diary.words.append(words)

    async def _cancel(self, question: Question, talk: Talk) -> None:
        cancel = question.navigates("cancel")
        assert cancel is not None
        self._press(question.shown, cancel)
        newest = self._newest
        await self._until(lambda: self._plain(newest), "cancel")
        talk.state = "cancelled"
        self.question = None

    async def _mumble(self, question: Question) -> None:
        """Words where a button is asked for: kept, and the question comes again."""
        words = self._invented()
        mine = self._send(words)

        def again() -> Question | None:
            return next(
                (
                    asked
                    for asked in self._questions(mine)
                    if (asked.session, asked.turn) == (question.session, question.turn)
                ),
                None,
            )

        asked = await self._until(again, "mumble")
        self.diary.words.append(words)
        self._ask(asked)

    async def _say_something(self) -> None:
        words = self._invented()
        mine = self._send(words)

        def replied() -> Shown | Question | None:
            about_safety = (asked for asked in self._questions(mine) if asked.is_about_safety)
            return self._plain(mine) or next(about_safety, None)

        await self._until(replied, "say something")
        self.diary.words.append(words)

    async def _cry(self) -> None:
        words = f"I want to kill myself {self._invented()}"
        mine = self._send(words)

        def card() -> Shown | None:
            return next((shown for shown in self._new(mine) if offers(shown, "o:safe") is not None), None)

        self._said(await self._until(card, "cry for help"))
        self.diary.words.append(words)
        self.diary.cries += 1
        with suppress(Silence):
            self._ask(await self._until(self._asked_unasked, "", within=ASKED_WITHIN))

    async def _look_around(self) -> None:
        mine = self._send(self.chance.choice(ASIDE))
        found = await self._until(lambda: next(self._new(mine), None), "look around")
        self._said_before[_words(found)] = NEVER_AN_END

    async def _open(self, dialog: str, *, fresh: bool) -> None:
        """Open a dialog; what was left of it is taken up, or begun anew if `fresh`."""
        self.phone.mark()
        nudge = next(
            (m for m in reversed(self.phone.messages[-6:]) if offers(m, "o:checkin") is not None), None
        )
        if dialog == "check_in" and nudge is not None and self.chance.random() < 0.5:
            newest = self._newest
            self.phone.press_data(nudge.message_id, "o:checkin")
        else:
            newest = self._send(COMMANDS[dialog])

        def opened() -> Question | Shown | None:
            for shown in self._new(newest):
                asked = question_in(shown)
                if asked is not None and self._is_new(asked):
                    return asked
                left = offers(shown, "o:fresh:")
                known = self.diary.talks.get(left) if left is not None else None
                if known is not None and known.dialog == dialog:
                    return shown
            return None

        found: Question | Shown = await self._until(opened, f"open {dialog}")
        if isinstance(found, Question):
            self.diary.talks[found.session] = Talk(found.session, dialog)
            self._ask(found)
            return
        left = self.diary.talks[offers(found, "o:fresh:") or ""]
        self.phone.mark()
        newest = self._newest
        if fresh:
            self.phone.press_data(found.message_id, f"o:fresh:{left.session}")
            asked = await self._until(
                lambda: next((a for a in self._questions(newest) if self._is_new(a)), None),
                f"start {dialog} over",
            )
            left.state = "cancelled"
            self.diary.talks[asked.session] = Talk(asked.session, dialog)
        else:
            before = self._last[left.session]
            self.phone.press_data(found.message_id, f"o:resume:{left.session}")
            asked = await self._until(
                lambda: next(
                    (
                        a
                        for a in self._questions(newest)
                        if a.session == left.session and a.turn > before.turn
                    ),
                    None,
                ),
                f"go on with {dialog}",
            )
            self.diary.resumed += 1
            if asked.words != before.words and not left.moved:
                self.diary.troubles.append(
                    f"went on with another question: {before.words!r}, {asked.words!r}"
                )
        self._ask(asked)

    # What they see

    def _asked_unasked(self) -> Question | None:
        """What Handrail asks by itself and nobody has answered: then that is the dialog they are in."""
        newest = next((shown for shown in reversed(self.phone.messages) if not shown.mine), None)
        asked = question_in(newest) if newest is not None else None
        if asked is None or not asked.is_about_safety:
            return None
        self.diary.talks.setdefault(asked.session, Talk(asked.session, UNASKED))
        return asked

    def _helped_just_now(self) -> bool:
        """Whether help is offered last: then questions about safety may be on their way, and take what is
        typed for an answer."""
        newest = next((shown for shown in reversed(self.phone.messages) if not shown.mine), None)
        return newest is not None and offers(newest, "o:safe") is not None

    def _is_new(self, asked: Question) -> bool:
        return asked.session not in self.diary.talks and not asked.is_about_safety

    async def _follows(self, question: Question) -> Question | Shown:
        """The next question of this session, or the words that end it."""
        newest = self._newest

        def look() -> Question | Shown | None:
            return self._later(question) or self._plain(newest, help_first=True)

        found: Question | Shown = await self._until(
            look, f"answer turn {question.turn} of {question.session}"
        )
        if isinstance(found, Shown) and self._said(found) != self.restarts():
            with suppress(Silence):
                return await self._until(lambda: self._later(question), "", within=AGAIN)
            self._said_before[_words(found)] = self.restarts()
        return found

    def _said(self, shown: Shown) -> int:
        """After how many restarts these words came first. A card that is said again ends no dialog, nor does
        help that a Telegram with faults shows twice."""
        return self._said_before.setdefault(_words(shown), self.restarts())

    def _goes_on(self, talk: Talk, following: Question | Shown) -> None:
        if isinstance(following, Question):
            self._ask(following)
        else:
            talk.state, talk.ended_by = "done", f"{following.text[:60]!r} {following.labels[:3]}"
            self.question = None

    def _ask(self, question: Question) -> None:
        self.question, self.asked_at = question, self.clock.now()
        self._last[question.session] = question

    def _is_late(self) -> bool:
        return self.clock.now() - self.asked_at > SILENCE - timedelta(minutes=1)

    def _later(self, question: Question) -> Question | None:
        return next(
            (a for a in self._questions(0) if a.session == question.session and a.turn > question.turn), None
        )

    def _questions(self, after: int) -> Iterator[Question]:
        """Questions that came or changed since the last mark, in messages younger than `after`."""
        for shown in self._new(after):
            asked = question_in(shown)
            if asked is not None:
                yield asked

    def _plain(self, after: int, *, help_first: bool = False) -> Shown | None:
        """A message that asks nothing and offers the menu: the end of a dialog, or a word outside one.

        With `help_first` also one that offers help instead, as a dialog may end; else that is a crisis card.
        """
        others = ("o:snooze:", "o:fresh:") if help_first else ("o:snooze:", "o:fresh:", "o:safe")
        return next(
            (
                shown
                for shown in self._new(after)
                if question_in(shown) is None
                and PAST_STORAGE not in shown.text
                and offers(shown, "o:") is not None
                and all(offers(shown, other) is None for other in others)
            ),
            None,
        )

    def _new(self, after: int) -> Iterator[Shown]:
        for message_id in dict.fromkeys(self.phone.chat.log[self.phone._mark :]):
            shown = self.phone.message(message_id)
            if shown is not None and not shown.mine and message_id > after:
                yield shown

    async def _until(self, look: Callable[[], T | None], what: str, within: float | None = None) -> T:
        try:
            async with asyncio.timeout(self.patience if within is None else within):
                while (found := look()) is None:
                    await self.phone.changed()
                return found
        except TimeoutError:
            raise Silence(f"no reply to: {what}; last on the phone: {self._last_seen()}") from None

    def _last_seen(self) -> str:
        """The end of the chat in short, to find out what a silence was about."""
        return " / ".join(
            f"{'me' if shown.mine else 'bot'}: {shown.text[:60]!r} {shown.labels[:3]}"
            for shown in self.phone.messages[-4:]
        )

    # What they press and type

    @property
    def _newest(self) -> int:
        return next(reversed(self.phone.chat.messages), 0)

    def _press(self, shown: Shown, button: Btn) -> int:
        self.phone.mark()
        self.phone.press_data(shown.message_id, _data(button))
        return shown.message_id

    def _send(self, text: str) -> int:
        self.phone.mark()
        return self.phone.send(text)

    def _number(self, options: list[Btn]) -> str:
        numbers = [int(_value(button)) for button in options]
        return str(self.chance.randint(min(numbers), max(numbers)))

    def _invented(self) -> str:
        """Words that nobody has used before, so that each can be found again, or must not be."""
        made = [
            "".join(self.chance.choice("qxzvkj") + self.chance.choice("aeiou") for _ in range(5))
            for _ in "ab"
        ]
        return self.chance.choice([" ".join(made), f"<b>{made[0]} & {made[1]}", f"{made[0]}, “{made[1]}” 🌧"])


def question_in(shown: Shown) -> Question | None:
    """The question that a message asks, if its buttons answer one or navigate in one."""
    for row in shown.buttons:
        for button in row:
            parts = _data(button).split(":")
            if parts[0] in ("a", "n") and parts[-1] != "change":
                return Question(shown, parts[1].removeprefix(MARK), int(parts[2]))
    return None


@cache
def asked_anew() -> str:
    """How a question begins that comes in place of another."""
    return Wording(CONTENT).plain("en", "navigation", "asked_anew")


def _words(shown: Shown) -> tuple[str, tuple[str, ...]]:
    return shown.text, tuple(shown.labels)


def _data(button: Btn) -> str:
    return button.data or ""


def _value(button: Btn) -> str:
    return _data(button).split(":", 3)[3]


def _is_done(button: Btn) -> bool:
    return _data(button).startswith("a:") and _value(button) == DONE


def _is_scale(options: list[Btn]) -> bool:
    return all(_value(button).isdecimal() for button in options)


def _is_number(given: Given) -> bool:
    return isinstance(given.said, str) and given.said.isdecimal()


def offers(shown: Shown, start: str) -> str | None:
    """What follows `start` in the data of the first button that begins so; None if there is none."""
    for row in shown.buttons:
        for button in row:
            if _data(button).startswith(start):
                return _data(button).removeprefix(start)
    return None
