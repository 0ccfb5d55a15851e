"""What Telegram allows in a keyboard under a message."""

from __future__ import annotations

from bot.sandbox.refusals import Json, bad

DATA = 64  # bytes
IN_ALL, IN_A_ROW = 100, 8
KINDS = frozenset({
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
})  # fmt: skip
SCHEMES = ("http://", "https://", "tg://")


def check_markup(markup: Json) -> None:
    rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
    inline = "inline_keyboard" in markup
    if sum(map(len, rows)) > IN_ALL:
        raise bad("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        if len(row) > IN_A_ROW:
            raise bad(f"{len(row)} buttons in one row: phones show no more than {IN_A_ROW}")
        for button in row:
            _check_inline(button) if inline else _check_plain(button)


def _check_plain(button: Json) -> None:
    if not button["text"].strip():
        raise bad("keyboard button text must be non-empty")


def _check_inline(button: Json) -> None:
    if not button["text"].strip():
        raise bad("can't parse inline keyboard button: Inline keyboard button text must be non-empty")
    kinds = KINDS & button.keys()
    if not kinds:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(kinds) > 1:
        raise bad("can't parse inline keyboard button: a button does exactly one thing")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= DATA:
        raise bad("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not (url.startswith(SCHEMES) and len(url.split("://", 1)[1]) > 0):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
