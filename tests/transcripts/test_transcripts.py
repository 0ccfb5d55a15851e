"""Golden transcripts: each file under this folder is a chat, read and reviewed as clinical text.

A line that begins with ">" is the person: words as typed, or [buttons] as pressed. The rest is Handrail, and
is rewritten by `pytest tests/transcripts --regenerate`. The lines "# facts:" at the top are what was known.
"""

import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.wording import Wording
from dialogs import CATALOGUE
from dialogs.engine import Answer, Turn, accept, before, expected, replay, without
from dialogs.facts import Facts
from dialogs.prompts import DONE, SKIP, Dialog, Identity, Input, Many, Prompt, Unclear

HERE = Path(__file__).parent
CHATS = sorted(HERE.glob("*/*.txt"))
NOON = datetime(2026, 3, 3, 20, 40, tzinfo=UTC)
TODAY = "2026-03-03"


@pytest.fixture(scope="module")
def words() -> Wording:
    return Wording(HERE.parents[1] / "content")


@pytest.mark.parametrize("path", CHATS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_chat_goes_as_it_was_reviewed(path: Path, words: Wording, regenerate: bool) -> None:
    """The same person's lines get the same replies, word for word, and lead to the end of the dialog."""
    reviewed = path.read_text("utf-8")
    chat = Chat(CATALOGUE[path.parent.name], reviewed, words).held()
    if regenerate:
        path.write_text(chat, "utf-8")
        return
    assert chat == reviewed


class Chat:
    """One chat, held again from the person's lines."""

    def __init__(self, dialog: Dialog[Any], written: str, words: Wording) -> None:
        lines = written.splitlines()
        self.head = [line for line in lines if line.startswith("# ")]
        self.person = [line[2:] for line in lines if line.startswith("> ")]
        known = json.loads(self.head[1].removeprefix("# facts: "))
        self.facts = Facts.from_json({"today": TODAY, **known})
        self.dialog, self.words = dialog, words
        self.answers: dict[Identity, Answer] = {}
        self.ticks: tuple[str, ...] = ()

    def held(self) -> str:
        out = [*self.head, "", *self._asked(self._turn)]
        for line in self.person:
            assert not self._turn.done, f"the chat is over before {line!r}"
            out += ["", f"> {line}", "", *self._replied(line)]
        assert self._turn.done, "the chat stops before its end"
        return "\n".join(out) + "\n"

    @property
    def _turn(self) -> Turn[Any]:
        return replay(self.dialog, self.facts, self.answers)

    def _replied(self, line: str) -> list[str]:
        pressed = re.findall(r"\[([^\]]+)\]", line) if line.startswith("[") else None
        turn = self._turn
        prompt = turn.prompt
        assert prompt is not None
        if pressed == ["Back"]:
            step = before(turn)
            assert step is not None
            self.answers = without(self.answers, step)
            return self._asked(self._turn)
        try:
            given = self._pressed(prompt, pressed) if pressed else self._given(prompt, text=line)
            stored = accept(turn, given)
        except Unclear as unclear:
            kind = self.words.text("en", "unclear", str(unclear.reason), prompt=prompt)
            return [*_plain(kind), "", *self._asked(turn)]
        self.answers[(stored.key, stored.item)] = stored
        return self._asked(self._turn)

    def _pressed(self, prompt: Prompt[Any], labels: list[str]) -> Input:
        values = {label: option for option, label in self._labels(prompt).items()}
        values["Skip"], values["Done"] = SKIP, DONE
        ticks: tuple[str, ...] = ()
        for label in labels:
            assert label in values, f"no button {label!r} among {sorted(values)}"
            if isinstance(prompt, Many) and values[label] in prompt.options:
                ticks = prompt.toggle(ticks, values[label])
        return self._given(prompt, data=values[labels[-1]], ticks=ticks)

    def _given(
        self,
        prompt: Prompt[Any],
        text: str | None = None,
        data: str | None = None,
        ticks: tuple[str, ...] = (),
    ) -> Input:
        return Input(NOON, text=text, data=data, ticks=ticks, labels=self._labels(prompt))

    def _labels(self, prompt: Prompt[Any]) -> dict[str, str]:
        return {o: self.words.label("en", self.dialog.name, prompt, o) for o in prompt.options}

    def _asked(self, turn: Turn[Any]) -> list[str]:
        name, facts = self.dialog.name, self.facts
        out: list[str] = []
        for say in turn.says:
            out += [*_plain(self.words.prompt("en", name, say, turn, facts)), ""]
        if turn.prompt is None:
            return [*out, *_plain(self.words.end("en", turn, facts))]
        out += _plain(self.words.prompt("en", name, turn.prompt, turn, facts))
        buttons = [f"[{label}]" for label in self._labels(turn.prompt).values()]
        buttons += ["[Done]"] * isinstance(turn.prompt, Many) + ["[Skip]"] * turn.prompt.optional
        position, total = expected(self.dialog, facts, self.answers)
        return [*out, "", f"{' '.join(buttons)}  ({position} of about {total})".strip()]


def _plain(words: str) -> list[str]:
    """Telegram HTML as it is read: quotations behind a bar, other tags gone."""
    quoted = re.sub(
        r"<blockquote>(.*?)</blockquote>", lambda m: "│ " + m[1].replace("\n", "\n│ "), words, flags=re.S
    )
    return html.unescape(re.sub(r"<[^>]+>", "", quoted)).strip().splitlines()
