"""What Telegram refuses, in the words in which it refuses. A bot that meets one of these has a fault."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox import LocalTelegram
from bot.sandbox.refusals import Refusal
from tests.sandbox.conftest import Hands

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


def _refusal(tg: LocalTelegram, method: str, **given: Any) -> str:
    with pytest.raises(Refusal) as refused:
        tg.call(method, **given)
    assert tg.refused
    assert (tg.refused[-1].method, tg.refused[-1].status) == (method, refused.value.code)
    assert tg.refused[-1].result == refused.value.description
    return refused.value.description


def _keys(*data: str, text: str = "x") -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": text, "callback_data": one}] for one in data]}


@pytest.fixture
def started(tg: LocalTelegram) -> LocalTelegram:
    tg.phone(7).start()
    return tg


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"text": ""}, "message text is empty"),
        ({}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "🙂" * 2049}, "message is too long"),
        ({"text": "<b>x", "parse_mode": "HTML"},
         "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ({"text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ({"text": "x", "reply_markup": _keys("é" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": _keys("")}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}},
         "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "reply_markup": _keys("a", text=" ")},
         "can't parse inline keyboard button: Inline keyboard button text must be non-empty"),
        ({"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "url": "988"}]]}},
         "inline keyboard button URL '988' is invalid: Wrong HTTP URL"),
        ({"text": "x", "reply_markup": _keys(*map(str, range(101)))}, "REPLY_MARKUP_TOO_LONG"),
        ({"text": "x", "reply_markup": {"rows": []}}, "object expected as reply markup"),
        ({"text": "x", "reply_markup": "nonsense"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"text": "x", "reply_to": 1}, 'unknown parameter "reply_to" of sendMessage'),
        ({"text": "x", "link_preview_options": {"disabled": True}},
         'unknown field "disabled" of LinkPreviewOptions in "link_preview_options"'),
        ({"text": 7}, '"text" must be of type str, not int'),
        ({"text": "x", "protect_content": "maybe"}, '"protect_content" must be of type bool, not str'),
        ({"text": "x", "reply_markup": {"inline_keyboard": [{"text": "x"}]}},
         '"reply_markup.inline_keyboard[0]" must be an array'),
        ({"text": "x", "chat_id": 8}, "chat not found"),
        ({"text": "x", "chat_id": "sam"}, "chat not found"),
        ({"text": "x", "chat_id": "@sam"}, "chat not found"),
        ({"text": "x", "chat_id": None}, "chat_id is empty"),
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_sent(started: LocalTelegram, given: dict[str, Any], why: str) -> None:
    assert _refusal(started, "sendMessage", **{"chat_id": 7, **given}) == f"Bad Request: {why}"
    assert len(started.phone(7).messages) == 1


def test_lengths_are_counted_after_the_markup_is_read(started: LocalTelegram) -> None:
    started.call("sendMessage", chat_id=7, text="<b>" + "&lt;" * 4096 + "</b>", parse_mode="HTML")
    assert started.phone(7).last.text == "<" * 4096


def test_white_space_around_a_message_is_not_kept(started: LocalTelegram) -> None:
    started.call("sendMessage", chat_id=7, text="\n <b> a </b>\n", parse_mode="HTML")
    assert started.phone(7).last.html == "<b>a</b>"


def test_values_may_come_as_text_as_in_a_form(started: LocalTelegram) -> None:
    markup = '{"inline_keyboard":[[{"text":"x","callback_data":"y"}]]}'
    started.call("sendMessage", chat_id="7", text="x", protect_content="true", reply_markup=markup)
    assert started.phone(7).last.protected
    assert started.phone(7).last.labels == ["x"]


def test_a_lenient_telegram_lets_a_misspelt_parameter_pass_as_the_real_one_does(hands: Hands) -> None:
    tg = LocalTelegram(now=hands.now, strict=False)
    tg.phone(7).start()
    assert tg.call("sendMessage", chat_id=7, text="x", reply_to=1)["text"] == "x"


def test_a_bot_speaks_to_nobody_who_has_not_started_it(tg: LocalTelegram) -> None:
    phone = tg.phone(7)
    assert _refusal(tg, "sendMessage", chat_id=7, text="x") == (
        "Forbidden: bot can't initiate conversation with a user"
    )
    phone.start()
    tg.call("sendMessage", chat_id=7, text="x")


def test_a_blocked_bot_is_told_so_until_the_person_comes_back(started: LocalTelegram) -> None:
    phone = started.phone(7)
    phone.block()
    assert _refusal(started, "sendMessage", chat_id=7, text="x") == "Forbidden: bot was blocked by the user"
    phone.unblock()
    started.call("sendMessage", chat_id=7, text="x")
    updates = [pending.update for pending in started.updates.waiting.values()]
    changes = [u["my_chat_member"]["new_chat_member"]["status"] for u in updates if "my_chat_member" in u]
    assert changes == ["kicked", "member"]


def test_a_deactivated_account_is_told_so(started: LocalTelegram) -> None:
    started.phone(7).chat.deactivated = True
    assert _refusal(started, "sendMessage", chat_id=7, text="x") == "Forbidden: user is deactivated"


def test_edits_must_change_something(started: LocalTelegram) -> None:
    sent = started.call("sendMessage", chat_id=7, text="<b>x</b>", parse_mode="HTML", reply_markup=_keys("a"))
    which = {"chat_id": 7, "message_id": sent["message_id"]}
    same = {**which, "text": "<b>x</b> ", "parse_mode": "HTML"}
    assert _refusal(started, "editMessageText", **same, reply_markup=_keys("a")) == NOT_MODIFIED
    assert _refusal(started, "editMessageReplyMarkup", **which, reply_markup=_keys("a")) == NOT_MODIFIED
    started.call("editMessageText", **which, text="x", reply_markup=_keys("a"))
    started.call("editMessageText", **which, text="x")
    assert started.phone(7).last.buttons == []
    assert _refusal(started, "editMessageText", **which, text="x") == NOT_MODIFIED
    started.call("editMessageReplyMarkup", **which, reply_markup=_keys("b"))
    assert started.phone(7).last.labels == ["x"]
    assert started.phone(7).last.edited


def test_only_what_is_there_and_ones_own_can_be_edited(started: LocalTelegram) -> None:
    mine = started.phone(7).send("hi")
    edit = "editMessageText"
    assert (
        _refusal(started, edit, chat_id=7, message_id=999, text="x")
        == "Bad Request: message to edit not found"
    )
    assert (
        _refusal(started, edit, chat_id=7, message_id=mine, text="x")
        == "Bad Request: message can't be edited"
    )
    assert _refusal(started, edit, text="x") == "Bad Request: message identifier is not specified"
    keyed = started.call("sendMessage", chat_id=7, text="x", reply_markup={"keyboard": [[{"text": "y"}]]})
    assert "reply_markup" not in keyed
    which = {"chat_id": 7, "message_id": keyed["message_id"]}
    assert _refusal(started, edit, **which, text="z") == "Bad Request: message can't be edited"


def test_a_caption_is_not_a_text(started: LocalTelegram) -> None:
    text = started.call("sendMessage", chat_id=7, text="x")
    started.phone(7).photo()
    file_id = (started.phone(7).messages[-1].photo or {})["file_id"]
    photo = started.call("sendPhoto", chat_id=7, photo=file_id, caption="c")
    at_text = {"chat_id": 7, "message_id": text["message_id"]}
    at_photo = {"chat_id": 7, "message_id": photo["message_id"]}
    assert _refusal(started, "editMessageCaption", **at_text, caption="y") == (
        "Bad Request: there is no caption in the message to edit"
    )
    assert _refusal(started, "editMessageText", **at_photo, text="y") == (
        "Bad Request: there is no text in the message to edit"
    )
    long = "x" * 1025
    assert (
        _refusal(started, "editMessageCaption", **at_photo, caption=long)
        == "Bad Request: message caption is too long"
    )
    assert _refusal(started, "sendPhoto", chat_id=7, photo=file_id, caption=long) == (
        "Bad Request: message caption is too long"
    )
    assert _refusal(started, "sendPhoto", chat_id=7) == "Bad Request: there is no photo in the request"
    assert _refusal(started, "sendPhoto", chat_id=7, photo="https://a.org/b.png").startswith(
        "Bad Request: wrong"
    )


def test_what_is_gone_or_too_old_cannot_be_deleted(started: LocalTelegram, hands: Hands) -> None:
    sent = started.call("sendMessage", chat_id=7, text="x")["message_id"]
    old = started.call("sendMessage", chat_id=7, text="y")["message_id"]
    started.call("deleteMessage", chat_id=7, message_id=sent)
    gone = "Bad Request: message to delete not found"
    assert _refusal(started, "deleteMessage", chat_id=7, message_id=sent) == gone
    hands.at += timedelta(hours=49)
    late = "Bad Request: message can't be deleted for everyone"
    assert _refusal(started, "deleteMessage", chat_id=7, message_id=old) == late
    fresh = started.call("sendMessage", chat_id=7, text="z")["message_id"]
    started.call("deleteMessages", chat_id=7, message_ids=[sent, fresh])
    assert started.phone(7).message(fresh) is None


def test_a_press_is_answered_once_and_soon(started: LocalTelegram, hands: Hands) -> None:
    phone = started.phone(7)
    started.call("sendMessage", chat_id=7, text="x", reply_markup=_keys("a"))
    first, second = phone.press("a"), phone.press("a")
    assert _refusal(started, "answerCallbackQuery", callback_query_id=first, text="x" * 201) == (
        "Bad Request: MESSAGE_TOO_LONG"
    )
    started.call("answerCallbackQuery", callback_query_id=first)
    assert _refusal(started, "answerCallbackQuery", callback_query_id=first) == TOO_OLD
    assert _refusal(started, "answerCallbackQuery", callback_query_id="5") == TOO_OLD
    hands.at += timedelta(minutes=6)
    assert _refusal(started, "answerCallbackQuery", callback_query_id=second) == TOO_OLD


def test_commands_are_checked_and_the_narrowest_menu_is_shown(started: LocalTelegram) -> None:
    def commands(name: str, **more: Any) -> dict[str, Any]:
        return {"commands": [{"command": name, "description": "d"}], **more}

    assert _refusal(started, "setMyCommands", **commands("Help")) == "Bad Request: BOT_COMMAND_INVALID"
    assert _refusal(started, "setMyCommands", commands=[{"command": "a", "description": ""}]) == (
        "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID"
    )
    unknown = {"type": "chat", "chat_id": 9}
    assert _refusal(started, "setMyCommands", **commands("a", scope=unknown)) == "Bad Request: chat not found"
    assert _refusal(started, "setMyCommands", **commands("a", scope={"type": "moon"})).startswith(
        "Bad Request: can't parse BotCommandScope"
    )
    phone, guest = started.phone(7, language_code="en"), started.phone(8, language_code="es")
    menus: list[tuple[str, dict[str, Any]]] = [
        ("a", {}),
        ("b", {"language_code": "es"}),
        ("c", {"scope": {"type": "chat", "chat_id": 7}}),
    ]
    for name, more in menus:
        started.call("setMyCommands", **commands(name, **more))
    assert [command["command"] for command in phone.commands] == ["c"]
    assert [command["command"] for command in guest.commands] == ["b"]
    started.call("deleteMyCommands", scope={"type": "chat", "chat_id": 7})
    assert [command["command"] for command in phone.commands] == ["a"]


def test_a_group_that_the_bot_left_hears_nothing_more(started: LocalTelegram) -> None:
    group = started.group("Friends", started.phone(7))
    started.call("sendMessage", chat_id=group.id, text="I talk one to one only.")
    started.call("leaveChat", chat_id=group.id)
    assert group.left
    left = "Forbidden: bot is not a member of the group chat"
    assert _refusal(started, "sendMessage", chat_id=group.id, text="x") == left
    other = started.group("Others", started.phone(7), supergroup=True)
    other.kick(started.phone(7))
    kicked = "Forbidden: bot was kicked from the supergroup chat"
    assert _refusal(started, "sendMessage", chat_id=other.id, text="x") == kicked


def test_above_the_rate_limit_a_call_is_told_to_wait(started: LocalTelegram) -> None:
    at = 0.0
    started.limit(per_second=2, clock=lambda: at)
    for _ in range(2):
        started.call("sendMessage", chat_id=7, text="x")
    with pytest.raises(Refusal) as refused:
        started.call("sendMessage", chat_id=7, text="x")
    assert refused.value.body == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }
    at = 1.0
    started.call("sendMessage", chat_id=7, text="x")
    assert started.refused == []
    assert len(started.phone(7).messages) == 4


def test_other_actions_and_names_are_checked(started: LocalTelegram) -> None:
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("sendChatAction", {"chat_id": 7, "action": "dancing"}, "wrong parameter action in request"),
        ("setMessageReaction", {"chat_id": 7, "message_id": 99}, "message to react not found"),
        ("pinChatMessage", {"chat_id": 7, "message_id": 99}, "message to pin not found"),
        ("unpinChatMessage", {"chat_id": 7}, "message to unpin not found"),
        ("leaveChat", {"chat_id": 7}, "chat member status can't be changed in private chats"),
        ("getFile", {"file_id": "x"}, "invalid file_id"),
        ("getChat", {"chat_id": 9}, "chat not found"),
        ("setMyName", {"name": "x" * 65}, "name is too long"),
        ("setMyName", {"name": "x", "language_code": "english"}, "invalid language code specified"),
        (
            "setChatMenuButton",
            {"menu_button": {"type": "x"}},
            "can't parse MenuButton: Unsupported type specified",
        ),
    ]
    for method, given, why in calls:
        assert _refusal(started, method, **given) == f"Bad Request: {why}"
    with pytest.raises(Refusal, match="404 Not Found"):
        started.call("sendTelepathy", chat_id=7)
