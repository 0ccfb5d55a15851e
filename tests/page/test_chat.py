"""A phone shows what Telegram says, and sends what the person does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from bot.sandbox import LocalTelegram
from bot.sandbox.parameters import Upload
from tests.page.conftest import DANA, SAM, View

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

pytestmark = pytest.mark.asyncio(loop_scope="session")


def keyboard(*rows: list[str]) -> dict[str, Any]:
    """A button presses its own label."""
    return {"inline_keyboard": [[{"text": text, "callback_data": text} for text in row] for row in rows]}


def say(tg: LocalTelegram, text: str, chat: int = SAM, **about: Any) -> int:
    if chat == SAM and not tg.chats[SAM].started:
        tg.phone(SAM).start()
    sent = tg.call("sendMessage", chat_id=chat, text=text, parse_mode="HTML", **about)
    return int(sent["message_id"])


async def test_start_sends_the_invitation_that_the_phone_holds(tg: LocalTelegram, sam: View) -> None:
    await expect(sam.field).to_be_hidden()
    await sam.node.get_by_role("button", name="Start", exact=True).click()
    await expect(sam.texts).to_have_text(["/start p-TOKEN"])
    await expect(sam.field).to_be_focused()
    assert tg.phone(SAM).messages[-1].text == "/start p-TOKEN"


async def test_words_that_look_like_markup_stay_words(tg: LocalTelegram, sam: View) -> None:
    wicked = "<img src=x onerror=alert(1)> & <b>not bold</b>"
    say(tg, "Hello")
    tg.phone(SAM).send(wicked)
    await expect(sam.texts.last).to_have_text(wicked)
    assert await sam.log.locator("img, b").count() == 0


async def test_formatting_falls_on_the_right_letters_even_after_emoji(tg: LocalTelegram, sam: View) -> None:
    say(
        tg,
        "😀👍🏽 <b>bold <i>both</i></b> <u>u</u> <s>s</s> <code>x &lt; y</code> <a href='https://a.example/'>there</a>",
    )
    await expect(sam.texts).to_have_count(2)
    drawn = await sam.texts.last.evaluate(
        "(node) => [...node.querySelectorAll('b,i,u,s,code,a')].map((one) => [one.tagName, one.textContent])"
    )
    assert drawn == [
        ["B", "bold both"],
        ["I", "both"],
        ["U", "u"],
        ["S", "s"],
        ["CODE", "x < y"],
        ["A", "there"],
    ]
    link = sam.texts.last.get_by_role("link")
    assert await link.get_attribute("rel") == "noopener noreferrer"


async def test_a_quotation_brings_no_empty_lines_of_its_own(tg: LocalTelegram, sam: View) -> None:
    say(tg, "Before\n<blockquote>We agreed.</blockquote>\nAfter")
    await expect(sam.texts).to_have_count(2)
    parts = await sam.texts.last.evaluate("(node) => [...node.childNodes].map((each) => each.textContent)")
    assert parts == ["Before", "We agreed.", "After", ""]


async def test_entities_that_overlap_are_cut_and_lose_no_letter(page: Page) -> None:
    drawn = await page.evaluate(
        """async () => {
          const { formatted } = await import("/text.js");
          const box = document.createElement("div");
          const italic = { type: "italic", offset: 2, length: 4 };
          const bold = { type: "bold", offset: 0, length: 4 };
          box.append(...formatted("abcdef", [italic, bold], {}));
          return [box.textContent, [...box.children].map((each) => [each.tagName, each.textContent])];
        }"""
    )
    assert drawn == ["abcdef", [["B", "abcd"], ["I", "ef"]]]


async def test_a_link_that_would_run_something_is_no_link(page: Page) -> None:
    drawn = await page.evaluate(
        """async () => {
          const { formatted } = await import("/text.js");
          const box = document.createElement("div");
          const link = { type: "text_link", offset: 0, length: 4, url: "javascript:alert(1)" };
          box.append(...formatted("here", [link], {}));
          return [box.textContent, box.querySelectorAll("a").length];
        }"""
    )
    assert drawn == ["here", 0]


async def test_a_spoiler_is_hidden_from_everybody_until_it_is_pressed(tg: LocalTelegram, sam: View) -> None:
    say(tg, "My secret is <tg-spoiler>the river</tg-spoiler> and <tg-spoiler>the bench</tg-spoiler>.")
    covers = sam.texts.last.get_by_role("button", name="Hidden text")
    await expect(covers).to_have_count(2)
    assert await sam.texts.last.get_by_text("the river").evaluate("(n) => getComputedStyle(n).opacity") == "0"
    await covers.first.press("Enter")
    await expect(covers).to_have_count(0)
    await expect(sam.texts.last.get_by_text("the bench")).to_have_css("opacity", "1")


async def test_a_pressed_button_waits_until_its_press_is_answered(tg: LocalTelegram, sam: View) -> None:
    say(tg, "How is your mood?", reply_markup=keyboard(["6", "7"], ["Skip"]))
    await sam.key("7").click()
    await expect(sam.key("7")).to_have_attribute("aria-busy", "true")
    await expect(sam.key("6")).not_to_have_attribute("aria-busy", "true")
    tg.call("answerCallbackQuery", callback_query_id=next(iter(tg.queries)), text="Noted: 7")
    await expect(sam.key("7")).not_to_have_attribute("aria-busy", "true")
    await expect(sam.node.locator(".toast")).to_have_text("Noted: 7")


async def test_an_answer_that_overtakes_its_press_still_ends_the_waiting(
    tg: LocalTelegram, page: Page, sam: View
) -> None:
    pressed, answered = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        response = await route.fetch()
        pressed.set()
        await answered.wait()
        await route.fulfill(response=response)

    say(tg, "Ready?", reply_markup=keyboard(["Yes"]))
    await page.route("**/press", slow)
    async with page.expect_response("**/press"):
        await sam.key("Yes").click()
        await pressed.wait()
        tg.call("answerCallbackQuery", callback_query_id=next(iter(tg.queries)), text="Already")
        await expect(sam.node.locator(".toast")).to_have_text("Already")
        answered.set()
    await expect(sam.key("Yes")).not_to_have_attribute("aria-busy", "true")


async def test_an_alert_waits_for_ok_and_keeps_the_keyboard_to_itself(tg: LocalTelegram, sam: View) -> None:
    say(tg, "Ready?", reply_markup=keyboard(["Yes"]))
    await sam.key("Yes").click()
    await expect(sam.key("Yes")).to_have_attribute("aria-busy", "true")
    query = next(iter(tg.queries))
    tg.call(
        "answerCallbackQuery", callback_query_id=query, text="This button is an old one.", show_alert=True
    )
    alert = sam.node.get_by_role("alertdialog")
    await expect(alert).to_contain_text("This button is an old one.")
    await expect(alert.get_by_role("button", name="OK")).to_be_focused()
    assert await sam.log.evaluate("(log) => log.closest('[inert]') !== null")
    await alert.press("Escape")
    await expect(alert).to_be_hidden()
    assert await sam.log.evaluate("(log) => log.closest('[inert]') === null")


async def test_edits_and_deletions_show_and_say_so(tg: LocalTelegram, sam: View) -> None:
    first = say(tg, "One", reply_markup=keyboard(["Yes"]))
    second = say(tg, "Two")
    await expect(sam.texts).to_have_text(["/start", "One", "Two"])
    tg.call("editMessageText", chat_id=SAM, message_id=first, text="One, better")
    await expect(sam.messages.nth(1)).to_contain_text("edited")
    await expect(sam.key("Yes")).to_have_count(0)
    tg.call("deleteMessage", chat_id=SAM, message_id=second)
    await expect(sam.texts).to_have_text(["/start", "One, better"])


async def test_enter_sends_and_shift_enter_begins_a_line(tg: LocalTelegram, sam: View) -> None:
    say(tg, "Tell me")
    await sam.field.fill("It was hard")
    await sam.field.press("Shift+Enter")
    await sam.field.press_sequentially("but I stayed 💚")
    await sam.field.press("Enter")
    await expect(sam.texts.last).to_have_text("It was hard\nbut I stayed 💚", use_inner_text=True)
    await expect(sam.field).to_have_value("")


async def test_what_is_sent_in_haste_arrives_in_order(tg: LocalTelegram, sam: View) -> None:
    say(tg, "Tell me")
    for words in ["one", "two", "three", "four"]:
        await sam.field.fill(words)
        await sam.field.press("Enter")
    await expect(sam.texts.last).to_have_text("four")
    assert [m.text for m in tg.phone(SAM).messages if m.mine] == ["/start", "one", "two", "three", "four"]


async def test_a_message_that_telegram_refuses_is_said_and_given_back(
    tg: LocalTelegram, page: Page, sam: View
) -> None:
    say(tg, "Tell me")
    await page.route("**/messages", lambda route: route.abort())
    await sam.field.fill("Do not lose this")
    await sam.field.press("Enter")
    await expect(sam.node.locator(".toast")).to_contain_text("No connection")
    await expect(sam.field).to_have_value("Do not lose this")


async def test_the_command_menu_sends_or_writes_a_command(tg: LocalTelegram, sam: View) -> None:
    say(tg, "Hello")
    tg.call(
        "setMyCommands",
        commands=[
            {"command": "checkin", "description": "How today is going"},
            {"command": "sos", "description": "Help now"},
        ],
    )
    await sam.node.get_by_role("button", name="Menu", exact=True).click()
    options = sam.node.get_by_role("option")
    await expect(options).to_have_text(["/checkinHow today is going", "/sosHelp now"])
    await sam.node.get_by_role("listbox").press("ArrowDown")
    await sam.node.get_by_role("listbox").press("Enter")
    await expect(sam.texts.last).to_have_text("/sos")
    await sam.field.press_sequentially("/ch")
    await expect(options).to_have_count(1)
    await sam.field.press("Tab")
    await expect(sam.field).to_have_value("/checkin ")
    await expect(options).to_have_count(0)


async def test_a_command_in_a_message_is_sent_by_a_press(tg: LocalTelegram, sam: View) -> None:
    say(tg, "Try /help any time")
    await sam.texts.last.get_by_role("button", name="/help").click()
    await expect(sam.texts.last).to_have_text("/help")
    assert tg.phone(SAM).messages[-1].mine


async def test_ones_own_last_message_is_edited_with_arrow_up(tg: LocalTelegram, sam: View) -> None:
    say(tg, "Tell me")
    tg.phone(SAM).send("a 6")
    await expect(sam.texts.last).to_have_text("a 6")
    await sam.field.press("ArrowUp")
    await expect(sam.field).to_have_value("a 6")
    await sam.field.fill("a 7")
    await sam.field.press("Enter")
    await expect(sam.texts.last).to_have_text("a 7")
    await expect(sam.messages.last).to_contain_text("edited")
    assert tg.phone(SAM).messages[-1].edited


async def test_the_menu_of_a_message_deletes_ones_own_and_only_copies_the_bots(
    tg: LocalTelegram, sam: View
) -> None:
    say(tg, "Hello")
    tg.phone(SAM).send("Oops")
    await expect(sam.texts.last).to_have_text("Oops")
    await sam.messages.nth(1).click(button="right")
    await expect(sam.node.get_by_role("menuitem")).to_have_text(["Copy text"])
    await sam.node.get_by_role("menu").press("Escape")
    await sam.messages.last.get_by_role("button", name="What to do").press("Enter")
    await sam.node.get_by_role("menuitem", name="Delete").click()
    await expect(sam.texts).to_have_text(["/start", "Hello"])


@pytest.mark.parametrize(
    ("choice", "kind", "shown"),
    [
        ("Photo", "photo", "Photo"),
        ("Voice note", "voice", "0:03"),
        ("Sticker", "sticker", "🙂"),
        ("Document", "document", "notes.txt"),
    ],
)
async def test_attachments_are_sent_and_shown(
    tg: LocalTelegram, sam: View, choice: str, kind: str, shown: str
) -> None:
    say(tg, "Hello")
    await sam.node.get_by_role("button", name="Attach").click()
    await sam.node.get_by_role("menuitem", name=choice).click()
    await expect(sam.messages.last).to_contain_text(shown)
    assert kind in tg.phone(SAM).messages[-1].json


async def test_a_document_can_be_read_and_saved_unless_it_is_protected(
    tg: LocalTelegram, page: Page, sam: View
) -> None:
    say(tg, "Here is everything")
    for protect in (False, True):
        export = Upload("export.json", "application/json", b'{"patient": {"code": "P-7QK2"}}')
        tg.call("sendDocument", chat_id=SAM, document=export, protect_content=protect)
        opened = sam.messages.get_by_role("button", name="Open export.json")
        await expect(opened).to_have_count(2 if protect else 1)
        await opened.last.click()
        viewer = page.get_by_role("dialog", name="Preview")
        await expect(viewer).to_contain_text('"code": "P-7QK2"')
        await expect(viewer.get_by_role("link", name="Save")).to_have_count(0 if protect else 1)
        await page.keyboard.press("Escape")
        await expect(viewer).to_be_hidden()
    await expect(sam.messages.last.get_by_role("img", name="Protected")).to_be_visible()
    await expect(sam.messages.last.get_by_role("button", name="What to do")).to_have_count(0)


async def test_a_link_to_this_bot_opens_on_this_very_phone(tg: LocalTelegram, page: Page, dana: View) -> None:
    say(tg, "Invite: https://t.me/handrail_bot?start=p-NEW", chat=DANA)
    await dana.texts.last.get_by_role("link").click()
    await dana.node.get_by_role("button", name="Start with this invitation").click()
    await expect(dana.texts.last).to_have_text("/start p-NEW")
    assert len(page.context.pages) == 1


async def test_a_person_can_block_the_bot_and_come_back(tg: LocalTelegram, sam: View) -> None:
    say(tg, "Hello")
    await sam.node.get_by_role("button", name="More about this chat").click()
    await sam.node.get_by_role("menuitem", name="Block Handrail").click()
    back = sam.node.get_by_role("button", name="Unblock")
    await expect(back).to_be_visible()
    assert tg.chats[SAM].blocked
    await back.click()
    await expect(sam.field).to_be_visible()
    assert not tg.chats[SAM].blocked


async def test_typing_shows_until_the_message_comes(tg: LocalTelegram, sam: View) -> None:
    say(tg, "Hello")
    tg.call("sendChatAction", chat_id=SAM, action="typing")
    await expect(sam.node.locator(".chat-state")).to_have_text("typing")
    say(tg, "Here I am")
    await expect(sam.node.locator(".chat-state")).to_have_text("bot")


async def test_what_is_new_never_moves_a_reader_who_is_further_up(tg: LocalTelegram, sam: View) -> None:
    for number in range(60):
        say(tg, f"Line {number}")
    await expect(sam.texts.last).to_have_text("Line 59")
    await expect(sam.texts.last).to_be_in_viewport()
    await sam.log.evaluate("(log) => { log.scrollTop = 200; }")
    end = sam.node.get_by_role("button", name="Go to the newest message")
    await expect(end).to_be_visible()
    say(tg, "New")
    await expect(end).to_have_text("1")
    assert await sam.log.evaluate("(log) => log.scrollTop") == 200
    await end.click()
    await expect(sam.texts.last).to_be_in_viewport()
    await expect(end).to_be_hidden()
    say(tg, "Newer")
    await expect(sam.texts.last).to_have_text("Newer")
    await expect(sam.texts.last).to_be_in_viewport()


async def test_a_message_taller_than_the_screen_is_shown_from_its_beginning(
    tg: LocalTelegram, sam: View
) -> None:
    for number in range(20):
        say(tg, f"Line {number}")
    say(tg, "A hundred ways", reply_markup=keyboard(*[[f"Way {number}"] for number in range(100)]))
    await expect(sam.texts.last).to_be_in_viewport()
    await expect(sam.key("Way 0")).to_be_in_viewport()
    await expect(sam.key("Way 99")).not_to_be_in_viewport()


async def test_days_are_told_apart_in_the_time_of_the_sandbox(
    tg: LocalTelegram, page: Page, sam: View
) -> None:
    say(tg, "Good evening")
    await expect(sam.log.get_by_role("heading")).to_have_text(["Today"])
    await page.get_by_role("button", name="Move time on to the next morning").click()
    await expect(sam.log.get_by_role("heading")).to_have_text(["Yesterday"])
    say(tg, "Good morning")
    await expect(sam.log.get_by_role("heading")).to_have_text(["Yesterday", "Today"])
