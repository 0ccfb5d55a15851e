"""A strict Telegram on this machine: for the demo, the tests and the crawls. It knows nothing of Handrail."""

from bot.sandbox.api import serve
from bot.sandbox.groups import Group
from bot.sandbox.ledger import Call, Event
from bot.sandbox.phones import Phone
from bot.sandbox.screens import Answer, Btn, Shown
from bot.sandbox.telegram import LocalTelegram

__all__ = ["Answer", "Btn", "Call", "Event", "Group", "LocalTelegram", "Phone", "Shown", "serve"]
