"""What Handrail is told from outside: the environment, and a `.env` file beside it.

Everything is read and checked once, at start, so that a wrong setting stops the program before it has
touched anything, with one sentence that names the setting. A setting's description is the half of that
sentence which says what it must be; the README's table is kept in step with it by a test.

Secrets are masked types, and no sentence repeats what was given: a mistyped key is still a key.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import SplitResult, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.hours import DutyHours, read_minutes

OFFICIAL_TELEGRAM = "https://api.telegram.org"
DEFAULT_DATABASE = "sqlite:///handrail.sqlite3"

T = TypeVar("T")


class SettingsError(Exception):
    """A setting is missing or malformed. Its text is one sentence that names it; exit code 2."""


def _secret(pattern: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, secret.get_secret_value()):
            raise ValueError
        return secret

    return AfterValidator(check)


def _address(url: str) -> str:
    parts = urlsplit(url)
    unfit = parts.username or parts.query or parts.fragment or any(character.isspace() for character in url)
    if parts.scheme not in ("http", "https") or not parts.hostname or unfit:
        raise ValueError
    _ = parts.port  # raises ValueError beyond 65535
    return url


def _telegram(url: str) -> str:
    parts = urlsplit(_address(url))
    if _is_official(parts) and parts.scheme != "https":
        raise ValueError
    return url.rstrip("/")


def _is_official(parts: SplitResult) -> bool:
    host = (parts.hostname or "").rstrip(".")
    return host == "telegram.org" or host.endswith(".telegram.org")


def _database(secret: SecretStr) -> SecretStr:
    """SQLAlchemy's name of the database, out of the several ways in which people and hosts write it.

    SQLite in memory is refused: it would forget everybody at the next start.
    """
    url = secret.get_secret_value()
    parts = urlsplit(url)
    match parts.scheme:
        case "postgres" | "postgresql" | "postgresql+psycopg" if parts.path.strip("/"):
            _ = parts.port
            return SecretStr(urlunsplit(parts._replace(scheme="postgresql+psycopg")))
        case "sqlite" if url.startswith("sqlite:///") and not _forgets(url):
            return secret
        case "" if url.endswith((".sqlite3", ".sqlite", ".db")):
            return SecretStr(f"sqlite:///{url}")
        case _:
            raise ValueError


def _forgets(url: str) -> bool:
    return url in ("sqlite:///", "sqlite:///:memory:") or "mode=memory" in url


def _decoded(keys: SecretStr) -> tuple[bytes, ...]:
    words = [word.strip().rstrip("=") for word in keys.get_secret_value().split(",")]
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{43}", word) for word in words):
        raise ValueError
    return tuple(base64.urlsafe_b64decode(word + "=") for word in words)


def _keys(keys: SecretStr) -> SecretStr:
    _decoded(keys)
    return keys


def _host(host: str) -> str:
    # A name must hold a letter at its end, or 127.0.0.999 would pass for one.
    if not re.fullmatch(r"([A-Za-z0-9-]+\.)*[A-Za-z0-9-]*[A-Za-z]", host):
        ip_address(host)
    return host


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError from None
    return name


def _one_of(*choices: str) -> AfterValidator:
    def check(word: str) -> str:
        if word.upper() not in choices:
            raise ValueError
        return word.upper()

    return AfterValidator(check)


def _readable(read: Callable[[str], object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        read(text)
        return text

    return check


def _smtp(secret: SecretStr) -> SecretStr:
    parts = urlsplit(secret.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        raise ValueError
    _ = parts.port
    return secret


def _emails(text: str) -> str:
    addresses = [address.strip() for address in text.split(",")]
    if not all(re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", address) for address in addresses):
        raise ValueError
    return ",".join(addresses)


def _hook(secret: SecretStr) -> SecretStr:
    """An address that may hold a token of its own, so it is a secret."""
    url = secret.get_secret_value()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(map(str.isspace, url)):
        raise ValueError
    _ = parts.port
    return secret


class Settings(BaseSettings):
    """Every setting there is. Fields that one command needs and another does not may be unset;
    `load` says which are demanded, and the properties below hand them out with precise types."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    bot_token: Annotated[SecretStr, _secret(r"[0-9]+:[A-Za-z0-9_-]+")] | None = Field(
        None, description="the token that BotFather gave you: digits, a colon, then letters"
    )
    telegram_api_url: Annotated[str, AfterValidator(_telegram)] = Field(
        OFFICIAL_TELEGRAM, description="an http or https address, and https for Telegram's own"
    )
    database_url: Annotated[SecretStr, AfterValidator(_database)] = Field(
        SecretStr(DEFAULT_DATABASE),
        description="sqlite:///a/file, postgresql://user@host/name or postgres://user@host/name",
    )
    master_keys: Annotated[SecretStr, AfterValidator(_keys)] | None = Field(
        None, description="one or more keys as `python -m bot key` prints them, with commas between"
    )
    webhook_url: Annotated[str, AfterValidator(_address)] | None = Field(
        None, description="an https address that Telegram can reach"
    )
    webhook_secret: Annotated[SecretStr, _secret(r"[A-Za-z0-9_-]{1,256}")] | None = Field(
        None, description="1 to 256 characters out of A-Z, a-z, 0-9, _ and -"
    )
    host: Annotated[str, AfterValidator(_host)] = Field(
        "127.0.0.1", description="an address of this machine, such as 127.0.0.1 or 0.0.0.0"
    )
    port: int = Field(8080, ge=0, le=65535, description="a whole number from 0 to 65535")
    program_name: Annotated[str, AfterValidator(_one_line)] = Field(
        "your program", min_length=1, max_length=80, description="a name of 1 to 80 characters on one line"
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="a zone of the IANA list, such as America/New_York"
    )
    crisis_region: Annotated[str, StringConstraints(pattern="^[A-Za-z]{2}$", to_upper=True)] = Field(
        "US", description="a country's code of two letters, such as US"
    )
    model: bool = Field(True, description="yes or no")
    send_rate: float = Field(30, ge=0, le=10_000, description="a number from 0 to 10000")
    clock_file: Path | None = Field(None, description="the path of a file that holds seconds")
    duty_hours: Annotated[str, AfterValidator(_readable(DutyHours.read))] = Field(
        "always", description='"always", or days and hours such as mon-fri 09:00-17:00, sat 10:00-12:00'
    )
    emergency_minutes: Annotated[str, AfterValidator(_readable(read_minutes))] = Field(
        "5,10,15", description="three rising numbers of minutes with commas between, such as 5,10,15"
    )
    urgent_minutes: Annotated[str, AfterValidator(_readable(read_minutes))] = Field(
        "15,30,60", description="three rising numbers of minutes with commas between, such as 15,30,60"
    )
    contact_minutes: int = Field(60, ge=5, le=1440, description="a whole number of minutes from 5 to 1440")
    flag_craving: int = Field(8, ge=1, le=10, description="a whole number from 1 to 10")
    flag_mood: int = Field(2, ge=0, le=9, description="a whole number from 0 to 9")
    flag_sleep: int = Field(4, ge=1, le=12, description="a whole number of hours from 1 to 12")
    flag_days: int = Field(3, ge=1, le=7, description="a whole number of days from 1 to 7")
    alert_details: bool = Field(False, description="yes or no")
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp)] | None = Field(
        None, description="smtp://user:password@host:587 or smtps://user:password@host:465"
    )
    alert_email: Annotated[str, AfterValidator(_emails)] | None = Field(
        None, description="one or more e-mail addresses with commas between"
    )
    alert_webhook: Annotated[SecretStr, AfterValidator(_hook)] | None = Field(
        None, description="an http or https address that takes a POST"
    )
    heartbeat_url: Annotated[SecretStr, AfterValidator(_hook)] | None = Field(
        None, description="an http or https address that an outside monitor watches"
    )
    log_level: Annotated[str, _one_of("DEBUG", "INFO", "WARNING", "ERROR")] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )

    @property
    def token(self) -> str:
        """The bot's token. It leaves its mask here and nowhere else; never log it, nor a URL with it."""
        return _given("bot_token", self.bot_token).get_secret_value()

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The master keys, 32 bytes each, the current one first and then those being rotated out."""
        if self.master_keys is None:
            raise SettingsError(
                "MASTER_KEYS is not set, and nothing is stored unencrypted: "
                "`python -m bot key` prints a new key."
            )
        return _decoded(self.master_keys)

    @property
    def database(self) -> str:
        """The database as SQLAlchemy names it. It may hold a password: never log it."""
        return self.database_url.get_secret_value()

    @property
    def on_sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def webhook(self) -> tuple[str, str]:
        """The address that Telegram is told to call, and the secret by which we know its calls."""
        secret = _given("webhook_secret", self.webhook_secret)
        return _given("webhook_url", self.webhook_url), secret.get_secret_value()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def real_telegram(self) -> bool:
        """Whether real people are at the other end."""
        return _is_official(urlsplit(self.telegram_api_url))


class Demand(Enum):
    """What a command cannot do without. Beyond these, what is set must be right even where unused."""

    TELEGRAM = "the bot's token"
    VAULT = "the master keys"
    WEBHOOK = "a webhook and its secret"
    SHARED_DATABASE = "a database that several processes can use"
    REHEARSAL = "any Telegram but the real one"


def load(*demands: Demand, env_file: Path | None = Path(".env")) -> Settings:
    """Read and check the settings, or raise SettingsError about the first thing that is wrong."""
    try:
        settings = Settings(_env_file=env_file)
    except ValidationError as error:
        name = str(error.errors(include_input=False)[0]["loc"][0])
        raise SettingsError(_must_be(name)) from None
    except UnicodeDecodeError:
        raise SettingsError(f"The settings file {env_file} must be plain text in UTF-8.") from None
    except OSError:
        raise SettingsError(f"The settings file {env_file} cannot be read.") from None
    _check_together(settings)
    for demand in demands:
        _DEMANDS[demand](settings)
    return settings


def new_key() -> str:
    """A fresh master key, written the way MASTER_KEYS wants it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _check_together(settings: Settings) -> None:
    """The rules that tie one setting to another."""
    if settings.real_telegram and settings.send_rate == 0:
        raise SettingsError("SEND_RATE=0 takes the pacing away and is refused against the real Telegram.")
    if settings.real_telegram and settings.clock_file is not None:
        raise SettingsError("CLOCK_FILE moves the time and is refused against the real Telegram.")
    if (settings.smtp_url is None) != (settings.alert_email is None):
        missing = "SMTP_URL" if settings.smtp_url is None else "ALERT_EMAIL"
        raise SettingsError(f"{missing} is not set, so no alert could go out by e-mail: set both or neither.")
    if settings.webhook_url is None:
        return
    # Plain http would carry patients' words across the network. Beside a Telegram that is itself
    # reached by plain http, on this machine or in a test network, it gives nothing more away.
    plain = urlsplit(settings.webhook_url).scheme == "http"
    if plain and urlsplit(settings.telegram_api_url).scheme != "http":
        raise SettingsError(_must_be("webhook_url"))
    if settings.webhook_secret is None:
        raise SettingsError(
            "WEBHOOK_SECRET is not set, so anyone could pose as Telegram at WEBHOOK_URL: "
            f"it must be {_description('webhook_secret')}."
        )


def _shared(settings: Settings) -> None:
    if settings.on_sqlite:
        raise SettingsError(
            "DATABASE_URL names SQLite, which serves one process alone: "
            "use the command `run`, or a PostgreSQL database."
        )


def _rehearsal(settings: Settings) -> None:
    if settings.real_telegram:
        raise SettingsError("TELEGRAM_API_URL is the real Telegram, where no people may be invented.")


_DEMANDS: dict[Demand, Callable[[Settings], object]] = {
    Demand.TELEGRAM: lambda settings: settings.token,
    Demand.VAULT: lambda settings: settings.keys,
    Demand.WEBHOOK: lambda settings: settings.webhook,
    Demand.SHARED_DATABASE: _shared,
    Demand.REHEARSAL: _rehearsal,
}


def _given(name: str, value: T | None) -> T:
    if value is None:
        raise SettingsError(f"{name.upper()} is not set: it must be {_description(name)}.")
    return value


def _must_be(name: str) -> str:
    return f"{name.upper()} must be {_description(name)}."


def _description(name: str) -> str:
    return str(Settings.model_fields[name].description)
