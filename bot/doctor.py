"""`doctor`: settings, database, token, clock and people, checked and told in plain words."""

from datetime import date

from bot import housekeeping, lines, rota, second_channel
from bot.app import CONTENT, clock_of
from bot.program import local_date
from bot.rows import Flag, Incoming, Leave, Patient, Pulse, Receipt, Staff
from bot.settings import Settings, SettingsError
from bot.store import schema
from bot.store.database import Store
from bot.store.vault import WrongMasterKey
from bot.telegram.outbound import Outbound
from bot.telegram.request import bot as telegram_bot
from bot.understanding import Hearing
from bot.unit import Unit

Finding = tuple[bool | None, str]
"""Whether it is well, and a sentence; None: nothing is wrong now, and a person has still to see to it."""
_SIGNS = {True: "ok   ", None: "note ", False: "LOOK "}


async def examine(settings: Settings) -> tuple[bool, str]:
    """Whether all is well, and one line for each thing looked at. Changes nothing."""
    findings: list[Finding] = [
        *_lines(clock_of(settings).now().date()),
        await _telegram(settings),
        _second_channel(settings),
        _model(settings),
    ]
    try:
        findings += await _database(settings)
    except SettingsError as error:
        findings.append((False, str(error)))
    report = "\n".join(_SIGNS[good] + words for good, words in findings)
    return all(good is not False for good, _ in findings), report


def _lines(today: date) -> list[Finding]:
    spoken = lines.read(CONTENT / "lines.toml")
    old = spoken.problems(today)
    found: list[Finding] = [(False, f"Crisis line {problem}.") for problem in old]
    found += [(None, f"Crisis line {wanted}.") for wanted in spoken.unverified()]
    return found or [(True, "The crisis lines are verified and in date.")]


async def _telegram(settings: Settings) -> tuple[bool, str]:
    try:
        bot = telegram_bot(settings.token, settings.telegram_api_url)
        async with bot.request:
            _, username = await Outbound(bot).get_me()
    except SettingsError as error:
        return False, str(error)
    except Exception as error:
        return False, f"Telegram does not answer, or does not know the token ({type(error).__name__})."
    return True, f"Telegram answers; the bot is @{username}."


async def _database(settings: Settings) -> list[tuple[bool, str]]:
    try:
        current = schema.is_current(settings.database)
    except Exception as error:
        return [(False, f"The database cannot be reached ({type(error).__name__}).")]
    if not current:
        return [(False, "The database has another schema than this code: run `python -m bot migrate`.")]
    store = Store(settings.database, list(settings.keys), clock_of(settings))
    try:
        store.unlock()
        return [
            (True, "The database answers, and the master key is right."),
            *await store.read(_people),
            *await store.read(lambda unit: _on_leave(unit, settings)),
        ]
    except WrongMasterKey:
        return [(False, "MASTER_KEYS does not hold the key that this database was sealed under.")]
    finally:
        await store.close()


def _on_leave(unit: Unit, settings: Settings) -> list[tuple[bool, str]]:
    today = local_date(unit.now, settings.time_zone)
    away = {leave.staff_id for leave in unit.find(Leave, first__le=today, last__ge=today)}
    staff = [one for one in unit.find(Staff, removed_at=None) if rota.reachable(one)]
    if staff and all(one.id in away for one in staff):
        return [(False, "Everybody who can be reached is on leave: nobody is on call.")]
    return [(True, f"{len(away)} on leave.")] if away else []


def _second_channel(settings: Settings) -> Finding:
    kinds = list(second_channel.couriers(settings))
    if not kinds:
        return None, (
            "There is no second channel: where nobody answers, or Telegram is down, nobody else is told. "
            "Set SMTP_URL and ALERT_EMAIL, or ALERT_WEBHOOK."
        )
    return True, f"The second channel is {' and '.join(kinds)}; /drill tries it."


def _model(settings: Settings) -> tuple[bool, str]:
    if not settings.model:
        return (
            True,
            "The model that hears danger is switched off (MODEL=no): only explicit phrases are heard.",
        )
    hearing = Hearing(CONTENT)
    if not hearing.load():
        return False, f"Only explicit phrases of danger are heard: {hearing.problem}."
    return True, "The model that hears danger is in place."


def _people(unit: Unit) -> list[tuple[bool, str]]:
    staff = unit.find(Staff, removed_at=None)
    reachable = [one for one in staff if one.chat is not None and one.blocked_at is None]
    findings = [
        (
            bool(reachable),
            f"{len(reachable)} of {len(staff)} members of staff can be reached."
            if reachable
            else "Nobody can be reached: an alert would ring nowhere.",
        )
    ]
    findings += [
        (False, f"{one.code} ({one.role}) {'has blocked the bot' if one.chat else 'has not joined yet'}.")
        for one in staff
        if one not in reachable
    ]
    present = {one.id for one in reachable}
    alone = [
        patient for patient in unit.find(Patient, standing="enrolled") if patient.counselor_id not in present
    ]
    if alone:
        findings.append((False, f"{len(alone)} patients have no counselor who can be reached."))
    unseen = unit.count(Flag, seen_at=None, closed_at=None)
    findings.append((not unseen, f"{unseen} flags that nobody has seen."))
    gaps = unit.count(Flag, gap_at__not=None, closed_at=None)
    findings.append((not gaps, f"{gaps} open flags that can reach nobody on call."))
    dead = unit.count(Incoming, state=Receipt.DEAD)
    findings.append((not dead, f"{dead} dead letters."))
    for pulse in unit.find(Pulse):
        still = unit.now - pulse.at
        findings.append(
            (
                still < housekeeping.STANDSTILL,
                f"{pulse.name} was last seen {int(still.total_seconds())} seconds ago.",
            )
        )
    return findings
