"""The program says from where on its team is told of an answer, and keeps to what each person was told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.sandbox.phones import Phone
from tests.journeys.clinic import Clinic, opened


async def rules(clinic: Clinic, phone: Phone, code: str, **answers: int) -> set[str]:
    """What one check-in with these answers raises, a day after the last."""
    before = {flag["id"] for flag in (await clinic.export(code))["flags"]}
    await clinic.pass_time(timedelta(days=1))
    await clinic.say(phone, "/checkin")
    await clinic.walk(phone, {key: f"[{value}]" for key, value in answers.items()})
    return {flag["rule"] for flag in (await clinic.export(code))["flags"] if flag["id"] not in before}


async def test_the_settings_decide_and_never_tell_more_than_somebody_agreed_to(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"FLAG_CRAVING": "6", "FLAG_MOOD": "5", "FLAG_DAYS": "1"}
    async with opened(sqlite_url, monkeypatch, **settings) as clinic:
        await clinic.seed()
        kim = clinic.phone(9001, "Kim")
        invited = await clinic.invite()
        await clinic.say(kim, f"/start {invited.token}")
        asked = await clinic.walk(kim, to="always_told")
        assert "a craving of 6 or more" in asked.text
        assert "a day of very low mood" in asked.text
        await clinic.walk(kim)
        assert await rules(clinic, kim, invited.code, craving=5, mood=6) == set()
        assert await rules(clinic, kim, invited.code, craving=6, mood=5) == {"craving", "mood"}
        assert any("\nMood 5 or less\n" in m.text for m in clinic.dana.messages)

        monkeypatch.setenv("FLAG_CRAVING", "4")
        await clinic.restart()
        assert await rules(clinic, kim, invited.code, craving=5, mood=6) == set()
        [shown] = await clinic.say(kim, "/privacy")
        assert "a craving of 6 or more" in shown.text

        monkeypatch.setenv("FLAG_CRAVING", "9")
        await clinic.restart()
        assert await rules(clinic, kim, invited.code, craving=8, mood=6) == set()
        assert await rules(clinic, kim, invited.code, craving=9, mood=6) == {"craving"}
