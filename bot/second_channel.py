"""The couriers of the second channel: a mail server and a webhook, beside Telegram behind one door.

What they get is a row of the outbox that `bot.channels` wrote: a code, a reason, a time. They say what
became of it in the sender's own terms, so that retries and their end are the same for all. They never
ask for a pause of everybody (`SlowDown`): Telegram's lanes do not wait for a pager.
"""

import asyncio
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from bot import channels
from bot.courier import Courier, NotSent, Refused, Unsure
from bot.settings import Settings

PATIENCE = 20.0
"""Seconds for one delivery: well under what the sender takes for a standstill."""
_TRY_AGAIN = frozenset({408, 425, 429})


def couriers(settings: Settings) -> dict[str, Courier]:
    """The second channel, as far as it is set up."""
    made: dict[str, Courier] = {}
    if settings.smtp_url is not None and settings.alert_email is not None:
        made[channels.EMAIL] = Mail(settings.smtp_url.get_secret_value(), settings.alert_email)
    if settings.alert_webhook is not None:
        made[channels.WEBHOOK] = Webhook(settings.alert_webhook.get_secret_value())
    return made


class Couriers:
    """One door: a body goes to the courier of its kind, and to Telegram by default."""

    def __init__(self, telegram: Courier, others: Mapping[str, Courier]) -> None:
        self._telegram = telegram
        self._others = others

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        courier = self._others.get(str(body.get("kind")), self._telegram)
        return await courier.deliver(body, message_id=message_id)


class Mail:
    """By SMTP. TLS where the server offers it; a password goes over TLS or not at all, save to ourselves."""

    def __init__(self, url: str, to: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._to = to
        self._from = self._user if "@" in self._user else to.split(",")[0]

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        await asyncio.to_thread(self._send, self._letter(body))
        return None

    def _letter(self, body: dict[str, Any]) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"] = self._from, self._to
        letter["Subject"] = " ".join(str(body["subject"]).split())
        letter["Date"] = formatdate()
        letter["Message-ID"] = f"<{str(body['id']).replace(':', '.')}@handrail>"
        letter["Importance"] = "high"
        letter.set_content(str(body["text"]))
        return letter

    def _send(self, letter: EmailMessage) -> None:
        trusted = ssl.create_default_context()
        given = False
        try:
            with self._server(trusted) as server:
                server.ehlo()
                if not self._tls and server.has_extn("starttls"):
                    server.starttls(context=trusted)
                    server.ehlo()
                elif not self._tls and self._user and not self._is_ours():
                    raise Refused("no_tls")
                if self._user:
                    server.login(self._user, self._password)
                given = True
                server.send_message(letter)
        except smtplib.SMTPAuthenticationError:
            raise NotSent from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise (Refused("recipients") if all(code >= 500 for code in codes) else NotSent()) from None
        except smtplib.SMTPResponseException as error:
            raise (Refused(f"smtp_{error.smtp_code}") if error.smtp_code >= 500 else NotSent()) from None
        except (smtplib.SMTPException, OSError):
            raise (Unsure() if given else NotSent()) from None

    def _server(self, trusted: ssl.SSLContext) -> smtplib.SMTP:
        if self._tls:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=PATIENCE, context=trusted)
        return smtplib.SMTP(self._host, self._port, timeout=PATIENCE)

    def _is_ours(self) -> bool:
        try:
            return ip_address(self._host).is_loopback
        except ValueError:
            return self._host == "localhost"


class Webhook:
    """One POST of JSON: id, why, code, level, reason, at, subject, text."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def deliver(self, body: dict[str, Any], *, message_id: int | None = None) -> int | None:
        said = {key: value for key, value in body.items() if key not in ("chat", "kind")}
        try:
            status = await _ask(self._url, said)
        except aiohttp.ClientConnectorError:
            raise NotSent from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Unsure from None
        if status >= 500 or status in _TRY_AGAIN:
            raise NotSent
        if status >= 300:
            raise Refused(f"http_{status}")
        return None


async def beat(url: str) -> bool:
    """Call the outside monitor; whether it answered well."""
    try:
        return await _ask(url) < 400
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


async def _ask(url: str, said: dict[str, Any] | None = None) -> int:
    """The status of one call; a redirect is not followed, for it may lead anywhere."""
    limit = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(timeout=limit, trust_env=True) as session:
        method = "GET" if said is None else "POST"
        async with session.request(method, url, json=said, allow_redirects=False) as response:
            return response.status
