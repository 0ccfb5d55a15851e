"""A strict Telegram on this machine: for the demo, the tests and the crawls. It knows nothing of Handrail."""

from bot.sandbox.api import serve
from bot.sandbox.phones import Answer, Btn, Group, Phone, Shown
from bot.sandbox.telegram import Call, Event, LocalTelegram

__all__ = ["Answer", "Btn", "Call", "Event", "Group", "LocalTelegram", "Phone", "Shown", "serve"]
