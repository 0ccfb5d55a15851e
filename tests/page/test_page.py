"""The page around the phones: ringing, time, the line to the sandbox, and that everybody can use it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from bot.sandbox import LocalTelegram
from tests.page.conftest import DANA, SAM, Hands, Opening, View, serving
from tests.page.test_chat import keyboard, say

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_no_string_can_become_markup_and_nothing_inline_can_run(chromium: Browser, url: str) -> None:
    page = await chromium.new_page()
    answer = await page.goto(url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    refused = await page.evaluate(
        "() => { try { document.createElement('p').innerHTML = '<b>x</b>'; }"
        " catch (error) { return error.name; } }"
    )
    assert refused == "TypeError"
    assert await page.locator("[style], script:not([src]), style").count() == 0


async def test_the_counselors_phone_rings_when_it_is_not_in_hand(
    tg: LocalTelegram, page: Page, sam: View, dana: View
) -> None:
    say(tg, "Hello")
    await sam.field.click()
    alert = {"inline_keyboard": [[{"text": "Seen", "callback_data": "s:seen:1"}]]}
    say(tg, "P-7QK2: craving 9 of 10", chat=DANA, reply_markup=alert)
    await expect(dana.node.locator(".bell")).to_be_visible()
    await expect(dana.node).to_contain_class("calling")
    await expect(page).to_have_title("(1) Handrail · two phones")
    await expect(page.locator("#announcer")).to_have_text("Dana’s phone rings: P-7QK2: craving 9 of 10")
    await expect(page.get_by_role("checkbox", name="Watch the other phone ring")).to_be_checked()
    await dana.field.click()
    await expect(dana.node.locator(".bell")).to_be_hidden()
    await expect(page).to_have_title("Handrail · two phones")


async def test_the_guide_ticks_what_was_done_before_the_page_was_opened(
    tg: LocalTelegram, page: Page, sam: View
) -> None:
    """Whoever comes back, or loads the page anew, does not begin again."""
    menu = {"inline_keyboard": [[{"text": "Check in", "callback_data": "o:checkin"}]]}
    alert = {"inline_keyboard": [[{"text": "Seen", "callback_data": "s:seen:1"}]]}
    tg.phone(SAM).send("/checkin")
    say(tg, "Here is what I can do", reply_markup=menu)
    say(tg, "P-7QK2: craving 9 of 10", chat=DANA, reply_markup=alert)
    await expect(sam.texts.last).to_have_text("Here is what I can do")
    await page.reload()
    await page.locator(".log[aria-busy=false]").first.wait_for(state="attached")
    for step in ("enrol", "checkin", "ring"):
        await expect(page.locator(f'[data-step="{step}"] input')).to_be_checked()
    await expect(page.locator('[data-step="trigger"] input')).not_to_be_checked()
    await expect(page).to_have_title("Handrail · two phones")


async def test_a_phone_in_hand_does_not_ring(tg: LocalTelegram, page: Page, dana: View) -> None:
    await dana.field.click()
    say(tg, "Your caseload", chat=DANA)
    await expect(dana.texts.last).to_have_text("Your caseload")
    await expect(page).to_have_title("Handrail · two phones")
    await expect(dana.node.locator(".bell")).to_be_hidden()


async def test_time_is_moved_on_by_steps_and_to_the_next_reminder(page: Page, hands: Hands) -> None:
    now = page.locator(".clock time")
    await expect(now).to_have_text("Mon, Mar 2, 12:41 PM")
    await page.get_by_role("button", name="Move time on by 30 minutes").click()
    await expect(now).to_have_text("Mon, Mar 2, 1:11 PM")
    await page.get_by_role("button", name="Move time on by 2 hours").click()
    await expect(now).to_have_text("Mon, Mar 2, 3:11 PM")
    hands.reminder = hands.at + timedelta(hours=4, minutes=49)
    await page.get_by_role("button", name="Move time on to the next reminder").click()
    await expect(now).to_have_text("Mon, Mar 2, 8:00 PM")
    await expect(page.locator(".status-bar time").first).to_have_text("8:00")
    await expect(page.get_by_role("checkbox", name="Move time on")).to_be_checked()


async def test_without_a_reminder_to_come_the_page_says_what_to_do(page: Page) -> None:
    await page.get_by_role("button", name="Move time on to the next reminder").click()
    await expect(page.get_by_text("No reminder is planned yet")).to_be_visible()


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        (datetime(2026, 3, 3, 4, 0, tzinfo=UTC), datetime(2026, 3, 3, 13, 0, tzinfo=UTC)),
        (datetime(2026, 3, 3, 13, 0, tzinfo=UTC), datetime(2026, 3, 4, 13, 0, tzinfo=UTC)),
        (datetime(2026, 3, 8, 3, 0, tzinfo=UTC), datetime(2026, 3, 8, 12, 0, tzinfo=UTC)),
        (datetime(2026, 11, 1, 3, 30, tzinfo=UTC), datetime(2026, 11, 1, 13, 0, tzinfo=UTC)),
    ],
    ids=["late evening", "exactly eight", "clocks go forward", "clocks go back"],
)
async def test_the_next_morning_is_eight_by_the_clock_on_the_wall(
    page: Page, now: datetime, morning: datetime
) -> None:
    found = await page.evaluate(
        """async (now) => {
          const { Clock } = await import("/clock.js");
          const clock = new Clock();
          clock.set({ now, zone: "America/New_York" });
          return clock.next(8).toISOString();
        }""",
        now.isoformat(),
    )
    assert datetime.fromisoformat(found) == morning


async def test_a_line_that_breaks_is_said_and_nothing_is_missed(
    tg: LocalTelegram, hands: Hands, browse: Opening
) -> None:
    gone = say(tg, "This will be deleted")
    changed = say(tg, "This will change")
    async with serving(tg, hands) as url:
        page = await browse(url)
        sam = View(page, SAM)
        await expect(sam.texts).to_have_count(3)
    await expect(page.get_by_text("Connection lost")).to_be_visible()
    tg.call("deleteMessage", chat_id=SAM, message_id=gone)
    tg.call("editMessageText", chat_id=SAM, message_id=changed, text="This has changed")
    say(tg, "This is new")
    say(tg, "P-7QK2: please call me", chat=DANA)
    async with serving(tg, hands, port=urlsplit(url).port or 0):
        await expect(sam.texts).to_have_text(["/start", "This has changed", "This is new"], timeout=15_000)
        await expect(page.get_by_text("Connection lost")).to_be_hidden()
        await expect(View(page, DANA).node.locator(".bell")).to_be_visible()
        say(tg, "And live again")
        await expect(sam.texts.last).to_have_text("And live again")
        await page.close()


async def test_with_more_phones_each_side_has_tabs(tg: LocalTelegram, browse: Opening) -> None:
    tg.phone(9, "Ines", role="supervisor")
    page = await browse()
    tabs = page.locator(".slot[data-side=staff]").get_by_role("tab")
    await expect(tabs).to_have_text(["Danacounselor", "Inessupervisor"])
    say(tg, "Unread for you", chat=DANA)
    await tabs.nth(1).click()
    await expect(page.locator("#phone-9")).to_be_visible()
    await expect(page.locator(f"#phone-{DANA}")).to_be_hidden()
    say(tg, "An escalation", chat=DANA)
    await expect(tabs.first.locator(".unread")).to_be_visible()
    await tabs.nth(1).press("ArrowLeft")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#phone-{DANA}")).to_be_visible()


async def test_a_narrow_page_shows_one_phone_and_a_switch(tg: LocalTelegram, browse: Opening) -> None:
    say(tg, "Hello")
    page = await browse(width=390, height=844)
    sam, dana = View(page, SAM), View(page, DANA)
    await expect(sam.node).to_be_visible()
    await expect(dana.node).to_be_hidden()
    await sam.field.click()
    say(tg, "P-7QK2: craving 9 of 10", chat=DANA)
    tab = page.locator(".switch").get_by_role("tab", name="Dana")
    await expect(tab.locator(".unread")).to_have_text("1")
    await tab.click()
    await expect(dana.node).to_be_visible()
    await expect(dana.texts.last).to_be_in_viewport()
    await expect(tab.locator(".unread")).to_have_count(0)
    await expect(dana.node.get_by_role("button", name="Go to the newest message")).to_be_hidden()


async def test_the_guide_sends_what_it_suggests_and_ticks_what_was_done(
    tg: LocalTelegram, page: Page, sam: View
) -> None:
    first = page.get_by_role("checkbox", name="Start a phone")
    await expect(first).not_to_be_checked()
    await sam.node.get_by_role("button", name="Start", exact=True).click()
    await expect(first).to_be_checked()
    await page.get_by_role("complementary").get_by_role("button", name="/trigger").click()
    await expect(sam.texts.last).to_have_text("/trigger")
    await expect(page.get_by_role("checkbox", name="Log a craving of 9")).to_be_checked()
    enrolled, rang = (
        page.get_by_role("checkbox", name=name) for name in ("Enrol", "Watch the other phone ring")
    )
    say(tg, "Sam has enrolled", chat=DANA)
    say(
        tg,
        "You're all set",
        reply_markup={"inline_keyboard": [[{"text": "Go", "callback_data": "o:checkin"}]]},
    )
    await expect(enrolled).to_be_checked()
    await expect(rang).not_to_be_checked()
    await page.get_by_role("button", name="Close the guide").click()
    await page.reload()
    await expect(page.get_by_role("button", name="Guide")).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("width", [320, 390, 860, 1280])
async def test_nothing_however_long_makes_the_page_scroll_sideways(
    tg: LocalTelegram, browse: Opening, width: int
) -> None:
    say(tg, "Hello")
    tg.phone(SAM).send("Supercalifragilistic" * 40)
    say(tg, "שלום " * 60)
    say(
        tg,
        "<pre>" + "x" * 300 + "</pre> https://example.org/" + "y" * 300,
        reply_markup=keyboard(["A long label " * 4] * 2, [str(n) for n in range(8)]),
    )
    page = await browse(width=width)
    await expect(View(page, SAM).messages).to_have_count(5)
    wide = await page.evaluate(
        "() => [document.documentElement, ...document.querySelectorAll('.log, .bubble, .key, .top')]"
        ".filter((node) => node.scrollWidth > node.clientWidth + 1).map((node) => node.className)"
    )
    assert wide == []


async def test_right_to_left_words_keep_clear_of_the_time(tg: LocalTelegram, sam: View) -> None:
    say(tg, "שלום, איך עובר עליך היום?")
    say(tg, "How is today?")
    await expect(sam.messages).to_have_count(3)
    sides = await sam.messages.evaluate_all(
        "(all) => all.slice(1).map((each) => ['.meta', '.bubble']"
        ".map((part) => each.querySelector(part).getBoundingClientRect().left))"
        ".map(([time, bubble]) => time - bubble < 20)"
    )
    assert sides == [True, False]


CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_what_they_stand_on(browse: Opening, scheme: str) -> None:
    page = await browse(color_scheme=scheme)
    pairs = await page.evaluate(CONTRAST)
    assert len(pairs) == 34
    assert [(what, round(ratio, 2)) for what, ratio in pairs if ratio < 4.5] == []


async def test_less_motion_means_none(tg: LocalTelegram, browse: Opening) -> None:
    page = await browse(reduced_motion="reduce")
    say(tg, "Hello", reply_markup=keyboard(["Yes"]))
    await View(page, SAM).key("Yes").click()
    say(tg, "P-7QK2: craving 9 of 10", chat=DANA)
    await expect(View(page, DANA).node.locator(".bell")).to_be_visible()
    long = await page.evaluate(
        "() => document.getAnimations().map((each) => each.effect.getComputedTiming().activeDuration)"
    )
    assert [duration for duration in long if duration > 50] == []


async def test_everything_that_can_be_pressed_has_a_name(tg: LocalTelegram, page: Page, sam: View) -> None:
    say(tg, "Hello", reply_markup=keyboard(["Yes"]))
    tg.phone(SAM).photo("A walk")
    await expect(sam.messages).to_have_count(3)
    nameless = await page.evaluate(
        "() => [...document.querySelectorAll('button, a[href], input, textarea, dialog, [role]')]"
        ".filter((node) => node.role !== 'status')"
        ".filter((node) => !node.getAttribute('aria-label'))"
        ".filter((node) => !node.textContent.trim() && !node.labels?.[0]?.textContent.trim())"
        ".map((node) => node.outerHTML)"
    )
    assert nameless == []
    ids = await page.evaluate("() => [...document.querySelectorAll('[id]')].map((node) => node.id).sort()")
    assert [one for one, other in pairwise(ids) if one == other] == []
