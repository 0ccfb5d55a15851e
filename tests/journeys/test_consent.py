"""What somebody agreed to: readable any time, changed item by item, never under another version."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot import consents
from bot.app import CONTENT
from bot.rows import Consent
from bot.sandbox.phones import Phone
from bot.wording import Wording
from tests.journeys.clinic import PATIENTS, Clinic, keys

NEW = 9001
BEFORE, AFTER = "The heron left", "An otter came"


async def robin(clinic: Clinic, share: str) -> tuple[Phone, str]:
    """Somebody newly enrolled, and their code."""
    await clinic.seed(supervisors=1)
    phone = clinic.phone(NEW, "Robin")
    invited = await clinic.enrol(phone, {"share_words": f"[{share}]", "signature": "Robin <Lee>"})
    return phone, invited.code


async def writes(clinic: Clinic, phone: Phone, words: str) -> None:
    await clinic.say(phone, "/checkin")
    await clinic.walk(phone, dict.fromkeys(("ask_helped", "ruler_why"), words))


async def consent_rows(clinic: Clinic, code: str, item: str) -> list[tuple[bool, bool, str]]:
    """Given, taken back, version; in order."""
    found = (await clinic.export(code))["consents"]
    return [(c["given"], bool(c["revoked_at"]), c["version"]) for c in found if c["item"] == item]


async def test_what_was_signed_can_be_read_again_with_its_date_and_version(each_clinic: Clinic) -> None:
    clinic = each_clinic
    phone, _ = await robin(clinic, "yes")
    await clinic.say(phone, "/privacy")
    [agreed] = await clinic.press(phone, "📜 What I agreed to")
    version = consents.version(CONTENT)
    assert agreed.text.count(f"version {version}") == 9
    assert "March 3, 2026" in agreed.text
    read = await clinic.press(phone, "📜 Read the words again")
    whole = "\n".join(message.text for message in read)
    for said in ("end-to-end encrypted", "42 CFR Part 2", "thought records", "Signed: Robin <Lee>"):
        assert said in whole


async def test_people_enrolled_elsewhere_are_told_where_their_words_are(clinic: Clinic) -> None:
    await clinic.seed()
    await clinic.say(clinic.sam, "/privacy")
    await clinic.press(clinic.sam, "📜 What I agreed to")
    [told] = await clinic.press(clinic.sam, "📜 Read the words again")
    assert "please ask" in told.text


async def test_reading_words_is_given_after_saying_what_and_taken_back_by_one_press(clinic: Clinic) -> None:
    phone, code = await robin(clinic, "no")
    version = consents.version(CONTENT)
    await clinic.say(phone, "/privacy")
    [asked] = await clinic.press(phone, "Let my counselor read my words")
    assert "from now on" in asked.text
    assert await consent_rows(clinic, code, "share_words") == [(False, False, version)]
    await clinic.press(phone, "Yes, they may")
    await clinic.say(phone, "/privacy")
    await clinic.press(phone, "Keep my words to myself")
    assert await consent_rows(clinic, code, "share_words") == [
        (False, True, version),
        (True, True, version),
        (False, False, version),
    ]
    actions = [line["action"] for line in (await clinic.export(code))["audit"]]
    assert actions.count("words_shared") == actions.count("words_unshared") == 1
    assert await clinic.app.store.read(lambda unit: unit.count(Consent, item="part_2", given=True)) >= 1


async def test_a_counselor_reads_what_was_written_since_they_may(each_clinic: Clinic) -> None:
    clinic = each_clinic
    phone, code = await robin(clinic, "no")
    await writes(clinic, phone, BEFORE)
    [page] = await clinic.say(clinic.dana, f"/patient {code}")
    assert not any((b.data or "").startswith("s:entries") for b in keys(page))
    await clinic.say(phone, "/privacy")
    await clinic.press(phone, "Let my counselor read my words")
    await clinic.press(phone, "Yes, they may")
    await clinic.pass_time(timedelta(days=1))
    await writes(clinic, phone, AFTER)
    await clinic.say(phone, "/settings")
    await clinic.press(phone, "o:settings:name")
    await clinic.say(phone, "Rob")
    await clinic.say(clinic.dana, f"/patient {code}")
    [listed] = await clinic.press(clinic.dana, "📖 What they wrote")
    assert listed.protected
    [entry] = [str(b.data) for b in keys(listed) if (b.data or "").startswith("s:entry:")]
    shown = await clinic.press(clinic.dana, entry)
    assert AFTER in shown[-1].text
    assert BEFORE not in shown[-1].text
    # What was written before, and what is not among the entries, stays closed to a button made by hand.
    records = (await clinic.export(code))["records"]
    closed = [one for one in records if one["dialog"] != "check_in" or BEFORE in str(one)]
    assert [one["dialog"] for one in closed] == ["enrolment", "check_in", "change_name"]
    for one in closed:
        toast, came = await clinic.push(clinic.dana, listed.message_id, f"s:entry:{one['session']}")
        assert ("Not shared" in toast, came) == (True, [])
    assert shown[-1].protected
    audit = [(line["actor"][:2], line["action"]) for line in (await clinic.export(code))["audit"]]
    assert ("S-", "entries_listed") in audit
    assert ("S-", "entry_read") in audit
    # Deleting takes it out of the chat.
    await clinic.press(clinic.dana, "🗑 Delete", shown[-1].message_id)
    assert AFTER not in str(clinic.dana)
    # Taken back, the list and the entry are closed, from old buttons too.
    await clinic.say(phone, "/privacy")
    await clinic.press(phone, "Keep my words to myself")
    toast, came = await clinic.push(clinic.dana, listed.message_id, entry)
    assert "Not shared" in toast
    assert came == []


@pytest.mark.parametrize("who", [PATIENTS - 2, 7000], ids=["a supervisor", "another counselor"])
async def test_nobody_else_reads_it(clinic: Clinic, who: int) -> None:
    phone, code = await robin(clinic, "yes")
    await clinic.seed(1, first=7001)
    await writes(clinic, phone, AFTER)
    await clinic.say(clinic.dana, f"/patient {code}")
    [listed] = await clinic.press(clinic.dana, "📖 What they wrote")
    [entry] = [str(b.data) for b in keys(listed) if (b.data or "").startswith("s:entry:")]
    other = clinic.tg.phone(who)
    [mine] = await clinic.say(other, "/help")
    for data in (
        f"s:entries:{code}",
        entry,
        "s:entry:ffff",
        "s:entry:x",
        "s:entries:",
        "s:entries:P-XXXXX:1",
    ):
        toast, came = await clinic.push(other, mine.message_id, data)
        assert "Not shared" in toast
        assert came == []


@pytest.mark.parametrize(
    ("file", "was", "is_now"),
    [
        ("enrolment", "Chats with a bot are", "Bot chats are"),
        ("enrolment", "Yes, I consent", "Yes"),
        ("privacy", "Nothing from before", "Only new things"),
        ("plans", "as it is now", "as it is today"),
    ],
)
def test_other_words_of_consent_are_another_version(tmp_path: Path, file: str, was: str, is_now: str) -> None:
    """Add a version to content/consents.toml; never change the mark of one that people agreed to."""
    assert consents.problem(Wording(CONTENT)) == ""
    shutil.copytree(CONTENT / "en", tmp_path / "en", ignore=shutil.ignore_patterns("phrases", "examples"))
    shutil.copy(CONTENT / consents.FILE, tmp_path)
    page = tmp_path / "en" / f"{file}.jinja"
    source = page.read_text("utf-8")
    assert was in source
    page.write_text(source.replace(was, is_now), "utf-8")
    said = consents.problem(Wording(tmp_path))
    assert f'words = "{consents.mark(Wording(tmp_path))}"' in said
