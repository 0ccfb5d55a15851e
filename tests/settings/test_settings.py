"""A wrong setting stops the program at start with one sentence that names it, and repeats no secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Demand, Settings, SettingsError, load, new_key

TOKEN = "123456:AAErfundenErfundenErfundenErfunden00"
LOCAL = "http://127.0.0.1:8081"
KEY_A = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
KEY_B = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def complaint(*demands: Demand) -> str:
    with pytest.raises(SettingsError) as caught:
        load(*demands)
    return str(caught.value)


def is_one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and not re.search(r"[.!?] [A-Z]", text)


def test_with_nothing_set_it_is_one_machine_on_sqlite_on_loopback() -> None:
    settings = load()
    assert settings.database == "sqlite:///handrail.sqlite3"
    assert settings.on_sqlite
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.real_telegram
    assert settings.send_rate == 30


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_TOKEN", "hunter2-is-no-token"),
        ("TELEGRAM_API_URL", "api.telegram.org"),
        ("TELEGRAM_API_URL", "http://api.telegram.org"),
        ("TELEGRAM_API_URL", "http://API.Telegram.org.:80/"),
        ("TELEGRAM_API_URL", "https://example.org/?a=b"),
        ("TELEGRAM_API_URL", "https://example.org:99999"),
        ("DATABASE_URL", "mysql://secretive@db/handrail"),
        ("DATABASE_URL", "postgresql://secretive@db"),
        ("DATABASE_URL", "sqlite://handrail"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///file:h?mode=memory&uri=true"),
        ("DATABASE_URL", "handrail"),
        ("MASTER_KEYS", "hunter2"),
        ("MASTER_KEYS", KEY_A + ","),
        ("MASTER_KEYS", KEY_A[:-4]),
        ("MASTER_KEYS", KEY_A.replace("Q", "+", 1)),
        ("WEBHOOK_URL", "ftp://example.org/hook"),
        ("WEBHOOK_URL", "http://example.org/hook"),
        ("WEBHOOK_SECRET", "has spaces"),
        ("WEBHOOK_SECRET", "x" * 257),
        ("HOST", "127.0.0.999"),
        ("HOST", "http://0.0.0.0"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("PROGRAM_NAME", "x" * 81),
        ("PROGRAM_NAME", "two\nlines"),
        ("FLAG_CRAVING", "99"),
        ("FLAG_CRAVING", "eight"),
        ("FLAG_MOOD", "99"),
        ("FLAG_SLEEP", "-3"),
        ("FLAG_DAYS", "99"),
        ("TIME_ZONE", "Mars/Olympus_Mons"),
        ("TIME_ZONE", "../etc/passwd"),
        ("CRISIS_REGION", "U.S."),
        ("SEND_RATE", "fast"),
        ("SEND_RATE", "-1"),
        ("SEND_RATE", "nan"),
        ("LOG_LEVEL", "chatty"),
    ],
)
def test_a_malformed_setting_is_named_in_one_sentence_that_does_not_repeat_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    given(monkeypatch, **{name: value})
    text = complaint()
    assert text.startswith(name)
    assert is_one_sentence(text)
    assert value not in text


@pytest.mark.parametrize(
    ("demand", "name"),
    [
        (Demand.TELEGRAM, "BOT_TOKEN"),
        (Demand.VAULT, "MASTER_KEYS"),
        (Demand.WEBHOOK, "WEBHOOK_"),
        (Demand.SHARED_DATABASE, "DATABASE_URL"),
        (Demand.REHEARSAL, "TELEGRAM_API_URL"),
    ],
)
def test_what_a_command_cannot_do_without_is_named_when_it_is_missing(demand: Demand, name: str) -> None:
    text = complaint(demand)
    assert text.startswith(name)
    assert is_one_sentence(text)


def test_without_a_master_key_the_way_to_one_is_told() -> None:
    assert "python -m bot key" in complaint(Demand.VAULT)


def test_a_region_and_a_level_may_be_written_small(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, CRISIS_REGION="us", LOG_LEVEL="debug")
    assert (load().crisis_region, load().log_level) == ("US", "DEBUG")


def test_an_empty_setting_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, BOT_TOKEN="", PORT="")
    assert load().port == 8080
    assert complaint(Demand.TELEGRAM).startswith("BOT_TOKEN is not set")


def test_master_keys_are_32_bytes_each_and_the_first_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, MASTER_KEYS=f"{KEY_A}, {KEY_B}")
    assert load(Demand.VAULT).keys == (b"A" * 32, b"B" * 32)


def test_a_new_key_is_one_that_is_accepted_and_no_two_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = new_key(), new_key()
    given(monkeypatch, MASTER_KEYS=f"{first},{second}")
    keys = load(Demand.VAULT).keys
    assert [len(key) for key in keys] == [32, 32]
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgres://user:pw@db.example/handrail", "postgresql+psycopg://user:pw@db.example/handrail"),
        ("postgresql://user@db/h?sslmode=require", "postgresql+psycopg://user@db/h?sslmode=require"),
        ("postgresql+psycopg://user@db/h", "postgresql+psycopg://user@db/h"),
        ("sqlite:///relative.sqlite3", "sqlite:///relative.sqlite3"),
        ("sqlite:////absolute/file", "sqlite:////absolute/file"),
        ("/absolute/file.db", "sqlite:////absolute/file.db"),
        ("with a space.sqlite3", "sqlite:///with a space.sqlite3"),
    ],
)
def test_the_database_may_be_written_as_hosts_write_it(
    monkeypatch: pytest.MonkeyPatch, url: str, name: str
) -> None:
    given(monkeypatch, DATABASE_URL=url)
    assert load().database == name


@pytest.mark.parametrize("telegram", ["https://api.telegram.org", "https://API.telegram.org:443/", None])
@pytest.mark.parametrize(("name", "value"), [("SEND_RATE", "0"), ("CLOCK_FILE", "offset")])
def test_pacing_and_time_are_not_played_with_against_the_real_telegram(
    monkeypatch: pytest.MonkeyPatch, telegram: str | None, name: str, value: str
) -> None:
    given(monkeypatch, **{name: value}, **({"TELEGRAM_API_URL": telegram} if telegram else {}))
    text = complaint()
    assert text.startswith(name)
    assert is_one_sentence(text)
    monkeypatch.setenv("TELEGRAM_API_URL", LOCAL)
    load()


def test_a_webhook_needs_a_secret_and_is_plain_only_beside_a_plain_telegram(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, WEBHOOK_URL="https://bot.example.org/telegram")
    assert complaint().startswith("WEBHOOK_SECRET")
    given(monkeypatch, WEBHOOK_SECRET="a-Secret_1")
    assert load(Demand.WEBHOOK).webhook == ("https://bot.example.org/telegram", "a-Secret_1")
    given(monkeypatch, WEBHOOK_URL="http://127.0.0.1:9000/telegram")
    assert complaint().startswith("WEBHOOK_URL")
    given(monkeypatch, TELEGRAM_API_URL=LOCAL)
    load(Demand.WEBHOOK)


def test_secrets_are_masked_however_the_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    given(
        monkeypatch,
        BOT_TOKEN=TOKEN,
        MASTER_KEYS=KEY_A,
        WEBHOOK_SECRET="open-sesame",
        DATABASE_URL="postgres://user:swordfish@db/handrail",
    )
    settings = load(Demand.TELEGRAM, Demand.VAULT)
    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    for secret in (TOKEN, KEY_A, "open-sesame", "swordfish"):
        assert secret not in shown
    assert settings.token == TOKEN


def test_even_pydantics_own_complaint_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, MASTER_KEYS="mistyped-swordfish")
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None)
    assert "swordfish" not in str(caught.value)


def test_the_environment_wins_over_the_file_beside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=1111\nPROGRAM_NAME='Harbor House'\nSOMETHING_ELSE=1\n")
    assert (load().port, load().program_name) == (1111, "Harbor House")
    given(monkeypatch, PORT="2222")
    assert load().port == 2222


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00PORT")
    text = complaint()
    assert ".env" in text
    assert is_one_sentence(text)
