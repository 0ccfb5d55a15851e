"""The whole bot with its model: it hears what no phrase names; without it the phrases work on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot import app as wiring
from bot import intake
from bot.listening import Listening
from bot.understanding import Hearing, Screen
from tests.journeys.clinic import Clinic, keys, opened

VEILED = "everyone around me would get their lives back if I was out of the picture for good"
EXPLICIT = "I want to kill myself tonight"


@pytest.fixture(autouse=True)
def loaded_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes while the model loads is kept for a later tick; here it waits for it."""
    monkeypatch.setattr(intake, "LISTENS", 60)
    monkeypatch.setattr(Listening, "behind", False)


async def alerts(clinic: Clinic) -> int:
    await clinic.settle()
    return len([m for m in clinic.dana.messages if "s:seen" in str([b.data for b in keys(m)])])


async def test_a_veiled_message_brings_help_and_its_words_are_kept(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(sqlite_url, monkeypatch, MODEL="yes") as clinic:
        [code] = await clinic.seed()
        assert clinic.app.screen(VEILED) is None
        await clinic.say(clinic.sam, "/thought")
        shown = await clinic.say(clinic.sam, VEILED)
        assert "988" in shown[0].text
        assert await alerts(clinic) == 1
        exported = await clinic.export(code)
        assert exported["flags"][-1]["category"] == "suicide"
        assert VEILED in str(exported["messages"]) + str(exported["answers"])
        await clinic.say(clinic.sam, EXPLICIT)
        assert (await clinic.export(code))["flags"][-1]["level"] == "emergency"


async def test_with_a_broken_model_the_phrases_work_on(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "model.npz").write_bytes(b"not a model")

    def hearing(content: Any, screen: Screen) -> Hearing:
        return Hearing(tmp_path, screen)

    monkeypatch.setattr(wiring, "Hearing", hearing)
    async with opened(sqlite_url, monkeypatch, MODEL="yes") as clinic:
        await clinic.seed()
        assert not any("988" in shown.text for shown in await clinic.say(clinic.sam, VEILED))
        assert "988" in (await clinic.say(clinic.sam, EXPLICIT))[0].text
        assert await alerts(clinic) == 1
    warned = [str(entry.msg) for entry in caplog.records if entry.name == "bot.listening"]
    assert warned == ["listening.phrases_only"]
