"""The webhook that is set: its address and secret, and what went wrong last. `delivery.py` calls it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.sandbox.refusals import Json, bad, conflict

if TYPE_CHECKING:
    from bot.sandbox.telegram import LocalTelegram

SECRET = re.compile(r"[A-Za-z0-9_-]*")


@dataclass(slots=True)
class Webhook:
    url: str = ""
    secret: str = ""
    max_connections: int = 40
    allowed: list[str] | None = None
    last_error_date: int | None = None
    last_error_message: str | None = None
    patience: float = 60  # seconds until an answer must be there
    first_pause: float = 0.2  # seconds before the first redelivery; each next pause is twice as long
    longest_pause: float = 30
    failures: list[Callable[[str], None]] = field(default_factory=list)
    watchers: list[Callable[[], None]] = field(default_factory=list)

    def failed(self, date: int, why: str) -> None:
        self.last_error_date, self.last_error_message = date, why
        for listener in self.failures:
            listener(why)

    def changed(self) -> None:
        for watcher in list(self.watchers):
            watcher()


@dataclass(frozen=True, slots=True)
class Told:
    """True, with a word on what was done, as these methods answer."""

    description: str


def set_webhook(tg: LocalTelegram, given: Json) -> Told:
    url = given["url"]
    if not url:
        return delete_webhook(tg, {"drop_pending_updates": given.get("drop_pending_updates", False)})
    _check_address(url)
    secret = given.get("secret_token", "")
    if len(secret) > 256:
        raise bad("secret token is too long")
    if not SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    tg.updates.allow(given.get("allowed_updates"))
    if given.get("drop_pending_updates"):
        tg.updates.drop()
    tg.polling.end(conflict("terminated by setWebhook request"))
    hook = tg.webhook
    connections = min(max(given.get("max_connections", 40), 1), 100)
    same = (hook.url, hook.secret, hook.max_connections) == (url, secret, connections)
    hook.url, hook.secret, hook.max_connections = url, secret, connections
    hook.allowed = given.get("allowed_updates", hook.allowed)
    hook.last_error_date = hook.last_error_message = None
    hook.changed()
    return Told("Webhook is already set" if same else "Webhook was set")


def _check_address(url: str) -> None:
    """Telegram wants HTTPS on the open internet; this one calls nobody but this machine, by either."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise bad("bad webhook: invalid webhook URL specified")
    try:
        local = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        local = False
    if not local:
        raise bad("bad webhook: the local Telegram calls this machine only")


def delete_webhook(tg: LocalTelegram, given: Json) -> Told:
    if given.get("drop_pending_updates"):
        tg.updates.drop()
    had = bool(tg.webhook.url)
    tg.webhook.url = tg.webhook.secret = ""
    tg.webhook.allowed = None
    tg.webhook.last_error_date = tg.webhook.last_error_message = None
    tg.webhook.changed()
    return Told("Webhook was deleted" if had else "Webhook is already deleted")


def get_webhook_info(tg: LocalTelegram, given: Json) -> Json:
    hook = tg.webhook
    tg.updates.expire()
    info: Json = {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(tg.updates.waiting),
    }
    if not hook.url:
        return info
    info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
    if hook.allowed:
        info["allowed_updates"] = hook.allowed
    if hook.last_error_date is not None:
        info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
    return info


HANDLERS: dict[str, Callable[[LocalTelegram, Json], Any]] = {
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
