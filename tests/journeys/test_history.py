"""What somebody said is theirs: to page through, to read, to take along, to erase."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from bot.sandbox.screens import Shown
from tests.journeys.clinic import PATIENTS, Clinic, keys

WORDS = "Kestrel at dusk <b>& a long walk"


def entries(shown: Shown) -> list[str]:
    return [str(button.data) for button in keys(shown) if (button.data or "").startswith("o:entry")]


def content(clinic: Clinic, shown: Shown) -> bytes:
    document = shown.document
    assert document is not None
    return clinic.tg.files[document["file_id"]].content


async def test_every_entry_can_be_paged_to_and_read(each_clinic: Clinic) -> None:
    clinic = each_clinic
    await clinic.seed()
    said = [f"Words of day {n}" for n in range(15)]
    for words in said:
        await clinic.say(clinic.sam, words)
        await clinic.pass_time(timedelta(hours=3))
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam)
    [page] = await clinic.say(clinic.sam, "/history")
    found: list[str] = []
    while True:
        found += entries(page)
        older = [b for b in keys(page) if (b.data or "").startswith("o:history:") and "Older" in b.text]
        if not older:
            break
        [page] = await clinic.press(clinic.sam, str(older[0].data), page.message_id)
    assert len(found) == len(set(found)) == 16
    assert any(button.data == "o:history" for button in keys(page)), "no way back to the newest"
    read = []
    for data in reversed(found):
        where = next(m for m in clinic.sam.messages if m.button(data))
        [entry] = await clinic.press(clinic.sam, data, where.message_id)
        read.append(entry.text)
        assert any((b.data or "").startswith("o:history:") for b in keys(entry))
    assert all(words in text for words, text in zip(said, read, strict=False))
    assert "mood" in read[-1].lower()


async def test_a_long_text_is_read_whole(clinic: Clinic) -> None:
    await clinic.seed()
    long = "&<b>" * 1024
    await clinic.say(clinic.sam, long)
    [page] = await clinic.say(clinic.sam, "/history")
    parts = await clinic.press(clinic.sam, entries(page)[0])
    assert len(parts) > 1
    assert sum(part.text.count("&<b>") for part in parts) >= 1022
    assert "".join(part.text for part in parts).count("<") == 1024


async def test_nobody_reads_an_entry_of_somebody_elses(clinic: Clinic) -> None:
    await clinic.seed(2)
    await clinic.say(clinic.sam, WORDS)
    [page] = await clinic.say(clinic.sam, "/history")
    other = clinic.tg.phone(PATIENTS + 1)
    [theirs] = await clinic.say(other, "/help")
    toast, came = await clinic.push(other, theirs.message_id, entries(page)[0])
    assert toast
    assert came == []


async def test_an_empty_history_says_so(clinic: Clinic) -> None:
    await clinic.seed()
    [told] = await clinic.say(clinic.sam, "/history")
    assert entries(told) == []
    assert "o:checkin" in [button.data for button in keys(told)]


async def test_progress_tells_how_often_and_where_mood_is_heading(clinic: Clinic) -> None:
    await clinic.seed()
    for day, mood in enumerate((8, 8, 8, 3, 3, 3)):
        await clinic.say(clinic.sam, "/checkin")
        await clinic.walk(clinic.sam, {"mood": f"[{mood}]"})
        assert day < 6
        await clinic.pass_time(timedelta(days=1))
    [told] = await clinic.say(clinic.sam, "/progress")
    assert "on 6 of the last 14 days" in told.text
    assert "lower than it was" in told.text
    assert "Mood: mostly in the middle" in told.text
    assert "From 3 on the hardest day to 8 on the best" in told.text


async def test_recovery_days_are_a_sum_that_no_lapse_sets_back(clinic: Clinic) -> None:
    await clinic.seed()
    for used in ("no", "no", "yes", "no"):
        await clinic.say(clinic.sam, "/checkin")
        await clinic.walk(clinic.sam, {"used": f"[{used}]"})
        if used == "yes":  # two days say nothing about most days
            [told] = await clinic.say(clinic.sam, "/progress")
            assert "2 recovery days in all" in told.text
        await clinic.pass_time(timedelta(days=1))
    [told] = await clinic.say(clinic.sam, "/progress")
    assert "3 recovery days in all" in told.text
    assert "Craving: mostly quiet" in told.text


async def test_a_look_back_on_nothing_is_kind(clinic: Clinic) -> None:
    await clinic.seed()
    [told] = await clinic.say(clinic.sam, "/progress")
    assert "You can start again any time" in told.text
    for empty in ("recovery day", "Mood", "Craving"):
        assert empty not in told.text


async def test_my_data_comes_as_a_document_to_read_and_as_the_export(each_clinic: Clinic) -> None:
    clinic = each_clinic
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, WORDS)
    await clinic.say(clinic.sam, "/thought")
    await clinic.walk(clinic.sam, {"situation": WORDS, "thought": "I <i>failed</i>"})
    await clinic.say(clinic.sam, "/mydata")
    [readable] = await clinic.press(clinic.sam, "o:mydata:read")
    page = content(clinic, readable).decode()
    assert page.lower().startswith("<!doctype html>")
    assert "Kestrel at dusk &lt;b&gt;&amp; a long walk" in page
    assert WORDS not in page, "words of the person's are taken for markup"
    for elsewhere in ("http://", "https://", "src="):
        assert elsewhere not in page
    [raw] = await clinic.press(clinic.sam, "o:mydata:json")
    mine = json.loads(content(clinic, raw))
    exported = await clinic.export(code)
    assert {**mine, "audit": []} == {**exported, "audit": []}
    assert set(mine) >= {
        "patient",
        "answers",
        "records",
        "messages",
        "flags",
        "reminders",
        "consents",
        "audit",
    }
    assert "export_read" in [line["action"] for line in mine["audit"]]


async def test_erasing_takes_two_steps_and_leaves_nothing_of_the_person(each_clinic: Clinic) -> None:
    clinic = each_clinic
    code, other = await clinic.seed(2, remind="19:00")
    await clinic.say(clinic.sam, "/start")
    await clinic.say(clinic.sam, WORDS)
    await clinic.say(clinic.sam, "/checkin")
    await clinic.walk(clinic.sam, {"note": WORDS, "craving": "[9]"})
    await clinic.say(clinic.tg.phone(PATIENTS + 1), "Mine stays")
    await clinic.say(clinic.sam, "/mydata")
    await clinic.press(clinic.sam, "o:mydata:erase")
    # One step alone erases nothing, and keeping is one press.
    await clinic.press(clinic.sam, "Keep it")
    assert WORDS in str(await clinic.export(code))
    [told] = await clinic.press(clinic.sam, "Yes, erase everything")
    assert keys(told) == []
    assert "988" in told.text
    assert code in clinic.dana.last.text
    assert "checkin" not in [command["command"] for command in clinic.sam.commands]
    # Nothing is left but the code, the consents and who looked when.
    exported = await clinic.export(code)
    for part in ("answers", "records", "messages", "reminders", "nudges"):
        assert exported[part] == [], part
    assert exported["patient"]["name"] is None
    assert exported["consents"]
    assert [m["text"] for m in (await clinic.export(other))["messages"]] == ["Mine stays"]
    # Every button is dead, and nothing comes any more.
    with_entry = next(m for m in clinic.sam.messages if keys(m))
    toast, came = await clinic.push(clinic.sam, with_entry.message_id, "o:history")
    assert toast
    assert came == []
    seen = len(clinic.sam.messages)
    await clinic.pass_time(timedelta(days=2))
    assert len(clinic.sam.messages) == seen
    [stranger] = await clinic.say(clinic.sam, "hello?")
    assert "o:checkin" not in str(keys(stranger))


async def test_nothing_that_was_said_stands_readable_in_the_database(clinic: Clinic) -> None:
    """Neither before erasing nor after: not in the file, not in its log."""
    [code] = await clinic.seed()
    await clinic.say(clinic.sam, WORDS)
    await clinic.say(clinic.sam, "/thought")
    await clinic.walk(clinic.sam, {"situation": WORDS}, to="thought")
    folder = Path(clinic.environment["DATABASE_URL"].removeprefix("sqlite:///")).parent
    for _ in range(2):
        stored = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
        assert len(stored) > 10_000
        for secret in (WORDS.encode(), b"Kestrel", b"Alex", str(PATIENTS).encode(), b"123456:TEST"):
            assert secret not in stored, secret
        assert code.encode() in stored
        if clinic.sam.last.text.startswith("It's done"):
            break
        await clinic.say(clinic.sam, "/mydata")
        await clinic.press(clinic.sam, "o:mydata:erase")
        await clinic.press(clinic.sam, "Yes, erase everything")


async def test_taking_consent_back_ends_it_and_tells_the_counselor_once(clinic: Clinic) -> None:
    [code] = await clinic.seed(remind="19:00")
    await clinic.say(clinic.sam, "/privacy")
    await clinic.press(clinic.sam, "o:privacy:withdraw")
    told = len(clinic.dana.messages)
    await clinic.press(clinic.sam, f"o:privacy:withdraw:{code}")
    assert [code in m.text for m in clinic.dana.messages[told:]] == [True]
    exported = await clinic.export(code)
    assert all(consent["revoked_at"] for consent in exported["consents"])
    assert exported["reminders"] == []
    seen = len(clinic.sam.messages)
    await clinic.pass_time(timedelta(days=1))
    assert len(clinic.sam.messages) == seen
