"""What the bot says of itself: its name and descriptions, commands by scope and language, menu button."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.refusals import Json, bad

if TYPE_CHECKING:
    from bot.sandbox.telegram import LocalTelegram

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"(?:[a-z]{2})?")
SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}
Scope = tuple[str, ...]


@dataclass(slots=True)
class Profile:
    name: str
    words: dict[tuple[str, str], str] = field(default_factory=dict)  # (which, language)
    commands: dict[tuple[Scope, str], list[Json]] = field(default_factory=dict)
    buttons: dict[int | None, Json] = field(default_factory=dict)

    def commands_in(self, chat_id: int, language: str) -> list[Json]:
        """The menu that a person sees in their private chat: the narrowest scope that has one."""
        for scope in (("chat", str(chat_id)), ("all_private_chats",), ("default",)):
            for code in (language, "") if language else ("",):
                if found := self.commands.get((scope, code)):
                    return found
        return []

    def button_in(self, chat_id: int) -> Json:
        button = self.buttons.get(chat_id, {"type": "default"})
        return self.buttons.get(None, {"type": "commands"}) if button["type"] == "default" else button


def _language(given: Json) -> str:
    code: str = given.get("language_code", "")
    if not LANGUAGE.fullmatch(code):
        raise bad("invalid language code specified")
    return code


def _scope(tg: LocalTelegram, given: Json) -> Scope:
    scope = given.get("scope", {"type": "default"})
    needs = SCOPES.get(scope["type"])
    if needs is None:
        raise bad("can't parse BotCommandScope: Unsupported type specified")
    for name in needs:
        if name not in scope:
            raise bad(f"can't parse BotCommandScope: Can't find field \"{name}\"")
    if "chat_id" in needs and not tg.known(scope["chat_id"]).started:
        raise bad("chat not found")
    return (scope["type"], *(str(scope[name]) for name in needs))


def get_me(tg: LocalTelegram, given: Json) -> Json:
    return {
        **tg.me,
        "first_name": tg.profile.words.get(("name", ""), tg.profile.name),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_commands(tg: LocalTelegram, given: Json) -> bool:
    key = (_scope(tg, given), _language(given))
    if len(given["commands"]) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    seen = set()
    for command in given["commands"]:
        if not COMMAND.fullmatch(command["command"]) or command["command"] in seen:
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        seen.add(command["command"])
    tg.profile.commands[key] = given["commands"]
    _announce(tg)
    return True


def get_commands(tg: LocalTelegram, given: Json) -> list[Json]:
    return tg.profile.commands.get((_scope(tg, given), _language(given)), [])


def delete_commands(tg: LocalTelegram, given: Json) -> bool:
    tg.profile.commands.pop((_scope(tg, given), _language(given)), None)
    _announce(tg)
    return True


def _announce(tg: LocalTelegram) -> None:
    for phone in tg.people.values():
        tg.tell(phone.id, "commands", commands=phone.commands, menu_button=tg.profile.button_in(phone.id))


def _setter(which: str, field_name: str, most: int) -> Callable[[LocalTelegram, Json], bool]:
    def put(tg: LocalTelegram, given: Json) -> bool:
        words = given.get(field_name, "")
        if len(words) > most:
            raise bad(f"{field_name} is too long")
        tg.profile.words[which, _language(given)] = words
        return True

    return put


def _getter(which: str, field_name: str) -> Callable[[LocalTelegram, Json], Json]:
    def read(tg: LocalTelegram, given: Json) -> Json:
        words = tg.profile.words
        own = words.get((which, _language(given))) or words.get((which, ""))
        return {field_name: own or (tg.profile.name if which == "name" else "")}

    return read


def set_button(tg: LocalTelegram, given: Json) -> bool:
    button = given.get("menu_button", {"type": "default"})
    if button["type"] not in ("commands", "web_app", "default"):
        raise bad("can't parse MenuButton: Unsupported type specified")
    if button["type"] == "web_app" and not ("text" in button and "web_app" in button):
        raise bad("can't parse MenuButton: Can't find field \"web_app\"")
    where = given.get("chat_id")
    if where is not None:
        tg.chat(where)
    tg.profile.buttons[where] = button
    _announce(tg)
    return True


def get_button(tg: LocalTelegram, given: Json) -> Json:
    where = given.get("chat_id")
    return tg.profile.buttons.get(where, {"type": "default" if where is not None else "commands"})


HANDLERS: dict[str, Callable[[LocalTelegram, Json], Any]] = {
    "getMe": get_me,
    "setMyCommands": set_commands,
    "getMyCommands": get_commands,
    "deleteMyCommands": delete_commands,
    "setMyName": _setter("name", "name", 64),
    "getMyName": _getter("name", "name"),
    "setMyDescription": _setter("description", "description", 512),
    "getMyDescription": _getter("description", "description"),
    "setMyShortDescription": _setter("short", "short_description", 120),
    "getMyShortDescription": _getter("short", "short_description"),
    "setChatMenuButton": set_button,
    "getChatMenuButton": get_button,
}
