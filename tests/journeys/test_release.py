"""A new release with another check-in, while people are in the middle of the old one."""

from __future__ import annotations

from typing import Any

import pytest

from bot import app as wiring
from bot import rehearsal
from bot.rows import Session
from bot.sandbox.phones import Phone
from bot.wording import Wording
from dialogs import CATALOGUE
from tests.chaos import release
from tests.journeys.clinic import Clinic

PLAN = {"mood": "[6]", "craving": "[2]", "used": "[no]", "sleep": "[7]", "energy": "[4]"}


async def deployed(clinic: Clinic, patch: pytest.MonkeyPatch) -> None:
    """The process ends, and the next one is of the next release."""
    for module in (wiring, rehearsal):
        patch.setattr(module, "CATALOGUE", CATALOGUE)
    for name in ("prompt", "label"):
        patch.setattr(Wording, name, getattr(Wording, name))
    release.build_in()
    await clinic.restart()


async def kept(clinic: Clinic, code: str) -> dict[tuple[str, bool], Any]:
    """What is kept of the answers that both releases ask for, by key and whether it was superseded."""
    rows = (await clinic.export(code))["answers"]
    return {(row["key"], row["superseded"]): row["value"] for row in rows if row["key"] in PLAN}


ALL = {("mood", False): 6, ("craving", False): 2, ("used", False): False, ("energy", False): 4}


@pytest.mark.parametrize("way", ["press", "type"])
async def test_what_is_given_to_the_question_of_before_is_no_answer_to_the_one_of_now(
    each_clinic: Clinic, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The new release asks something else first: that comes, typed words are kept as words, and the question
    of before comes again at its turn."""
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam, PLAN, to="sleep")
    await deployed(clinic, monkeypatch)
    assert await clinic.give(clinic.sam, "[7]" if way == "press" else "7")
    assert (await opened(clinic, clinic.sam)) == "energy"
    assert ("energy", False) not in await kept(clinic, code)
    await clinic.walk(clinic.sam, PLAN | {"sleep": "[8]"})
    assert await kept(clinic, code) == ALL | {("sleep", False): 8}
    exported = await clinic.export(code)
    assert [row["text"] for row in exported["messages"]] == (["7"] if way == "type" else [])
    assert len(exported["records"]) == 1


async def test_what_means_the_same_stands_and_what_means_something_else_is_asked_again(
    each_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even an answer that was given; one under an old name is found, and nothing is asked that is gone."""
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam, PLAN, to="call")
    await deployed(clinic, monkeypatch)
    assert "another question" in (await clinic.app.store.read(rehearsal.moved))[0]
    await clinic.say(clinic.sam, "/checkin")
    await clinic.press(clinic.sam, f"o:resume:{(await clinic.row(Session)).id:x}")
    await clinic.walk(clinic.sam, PLAN | {"sleep": "[8]"})
    assert await kept(clinic, code) == ALL | {("sleep", True): 7, ("sleep", False): 8}


async def test_whose_question_stands_as_it_was_goes_on_without_noticing(
    each_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, "/checkin")
    await deployed(clinic, monkeypatch)
    assert await clinic.app.store.read(rehearsal.moved) == []
    await clinic.say(clinic.sam, "6")
    await clinic.walk(clinic.sam, PLAN)
    assert await kept(clinic, code) == ALL | {("sleep", False): 7}
    assert (await clinic.export(code))["messages"] == []


async def opened(clinic: Clinic, phone: Phone) -> str:
    prompt = await clinic.prompt(phone)
    assert prompt is not None
    return prompt.key
