"""What each command of the command line does; `bot.__main__` says what they are called."""

import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TypeVar, cast

from bot import departures, invitations, journal, lines, people, seeding
from bot import export as exporting
from bot.app import CONTENT, App, Mode, clock_of, program_of
from bot.invitations import Invitation
from bot.process import run, until_stopped
from bot.rows import Patient, Role, Staff, Standing
from bot.settings import Demand, Settings, SettingsError, load, new_key
from bot.store.database import Store
from bot.store.opening import open_store
from bot.unit import Unit
from bot.wording import Wording

T = TypeVar("T")


class Failed(Exception):
    """What was asked for could not be done. Its text is one sentence."""


def demo(port: int) -> None:
    """The whole of Handrail in the browser, on people who are invented."""
    from bot.demo import main  # its web page is nothing that a server needs

    main(port)


def serve(mode: Mode) -> None:
    """Run until SIGTERM or SIGINT; a second one ends at once."""
    demands = [Demand.TELEGRAM, Demand.VAULT]
    if mode is not Mode.RUN:
        demands.append(Demand.SHARED_DATABASE)
    if mode is Mode.WEB:
        demands.append(Demand.WEBHOOK)
    settings = load(*demands)
    journal.configure(settings.log_level)
    app = App.build(settings, mode)
    run(until_stopped(app))


def migrate() -> None:
    """Bring the database to this code's schema, and give it its keys if it is new."""
    settings = load(Demand.VAULT)
    journal.configure(settings.log_level)
    run(_opened(settings, migrate=True).close())


def doctor() -> None:
    """A check in plain words; fails when something needs a person."""
    from bot.doctor import examine

    settings = load()
    journal.configure("ERROR")
    healthy, report = run(examine(settings))
    print(report)  # noqa: T201
    if not healthy:
        raise Failed("Something above needs you.")


def key(rewrap: bool) -> str:
    """A new master key, or the number of data keys that were wrapped anew with the current one."""
    if not rewrap:
        return new_key()
    settings = load(Demand.VAULT)
    store = _opened(settings, migrate=False)
    done = 0
    while count := store.rewrap():
        done += count
    run(store.close())
    return str(done)


def rehearse() -> str | None:
    """Open sessions against this code; fails when some would move."""
    from bot.rehearsal import moved

    found = _within(moved, reading=True)
    if found:
        for line in found:
            print(line)  # noqa: T201
        raise Failed(f"{len(found)} open sessions would move.")
    return None


def add_staff(name: str, role: str, as_json: bool) -> object:
    settings = load(Demand.VAULT)
    words = Wording(CONTENT, settings.crisis_region)
    program = program_of(settings, words, _username())
    made = _within(lambda unit: invitations.add_staff(unit, program, name, Role(role), "admin"))
    return _invitation(made, as_json)


def remove_staff(code: str, to: str | None) -> None:
    settings = load(Demand.VAULT)
    program = program_of(settings, Wording(CONTENT, settings.crisis_region), "")

    def remove(unit: Unit) -> None:
        leaving = _staff(unit, code)
        taking = _staff(unit, to) if to else departures.successor(unit, leaving)
        if taking is not None and taking.id == leaving.id:
            raise Failed(f"{code} cannot take over from themselves.")
        departures.leave(unit, program, leaving, taking, "admin")

    _within(remove)


def invite(counselor: str | None, patient: str | None, qr: Path | None, as_json: bool) -> object:
    if (counselor is None) == (patient is None):
        raise SettingsError("Name either --counselor S-… for a new patient or --patient P-… for a known one.")
    settings = load(Demand.VAULT)
    words = Wording(CONTENT, settings.crisis_region)
    program = program_of(settings, words, _username())

    def make(unit: Unit) -> Invitation:
        if patient is not None:
            return invitations.invite_again(unit, program, _patient(unit, patient), "admin")
        assert counselor is not None
        return invitations.invite_patient(unit, program, _staff(unit, counselor), "admin")

    made = _within(make)
    if qr is not None:
        from bot.staff import qr_picture

        qr.write_bytes(qr_picture(made.link))
    return _invitation(made, as_json)


def export(code: str) -> object:
    document = _within(lambda unit: exporting.document(unit, _patient(unit, code)), reading=True)
    _within(lambda unit: people.note(unit, "host", "exported", patient_id=_patient(unit, code).id))
    return document


def backup(file: Path) -> None:
    """The whole database, as it stands at this instant, in a new file."""
    from bot.store import backup as backups

    settings = load()
    journal.configure(settings.log_level)
    try:
        backups.take(settings.database, file, clock_of(settings).now())
    except FileExistsError:
        raise Failed(f"There is a file {file.name} already; a backup overwrites nothing.") from None
    except OSError as error:
        raise Failed(f"The backup could not be written to {file.name}: {error.strerror}.") from None
    except backups.NoDatabase:
        raise Failed("DATABASE_URL names no database of Handrail's: there is nothing to back up.") from None


def restore(file: Path, overwrite: bool) -> object:
    """The database as it was when the backup was taken, which sends nothing again."""
    from bot import restoring
    from bot.store import backup as backups

    settings = load(Demand.VAULT)
    journal.configure(settings.log_level)
    program = program_of(settings, Wording(CONTENT), "")

    def settle(unit: Unit, before: backups.Before) -> restoring.Restored:
        return restoring.settle(unit, program, before.taken_at, before.ended)

    try:
        done = backups.restore(
            settings.database, file, list(settings.keys), clock_of(settings), settle, overwrite=overwrite
        )
    except backups.NotABackup:
        raise Failed(f"{file.name} is no whole backup of a Handrail that this one knows.") from None
    except backups.NotEmpty:
        raise Failed(
            "The database holds rows already; with --overwrite they go, and the backup takes their place."
        ) from None
    except backups.InUse:
        raise Failed("Handrail still runs on this database: stop every process of it first.") from None
    return done.to_json()


def screen(explain: bool) -> None:
    """LEVEL and CATEGORY of each line of standard input."""
    from bot.understanding import Hearing, command

    hearing = Hearing(CONTENT)
    if not hearing.load():
        print(f"Only phrases are heard: {hearing.problem}.", file=sys.stderr)  # noqa: T201
    if isinstance(sys.stdin, TextIOWrapper):  # one broken letter must not leave the rest unread
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    found = command.explain(sys.stdin, hearing) if explain else command.lines(sys.stdin, hearing)
    for line in found:
        print(line)  # noqa: T201


def check_content() -> str | None:
    """What has to be put right before words go out; what a person has still to verify is only told."""
    from bot.content import check
    from dialogs import CATALOGUE

    spoken = lines.read(CONTENT / "lines.toml")
    problems = [str(problem) for problem in check(Wording(CONTENT), CATALOGUE)]
    problems += spoken.problems(clock_of(load()).now().date())
    told = problems + spoken.unverified()
    if told:
        print("\n".join(told))  # noqa: T201
    if problems:
        raise Failed(f"{len(problems)} problems in the words.")
    return None


def preview_content(dialog: str, lang: str) -> str:
    from bot.preview import preview
    from dialogs import CATALOGUE

    if dialog not in CATALOGUE:
        raise SettingsError(f"There is no such dialog; there are: {', '.join(CATALOGUE)}.")
    return preview(Wording(CONTENT), CATALOGUE[dialog], lang)


def seed(
    patients: int, first: int, backups: int, supervisors: int, remind: str | None, to_file: Path | None
) -> None:
    """Write invented people and, as JSON, who they are."""
    import json

    settings = load(Demand.VAULT, Demand.REHEARSAL)
    journal.configure(settings.log_level)
    remind = _clock(remind) if remind else None

    async def work(store: Store) -> dict[str, Any]:
        return await seeding.seed(store, patients, first, backups, supervisors, settings.time_zone, remind)

    try:
        made = _with_store(settings, work)
    except seeding.IdTaken:
        raise Failed("One of these Telegram ids belongs to somebody already; nothing was written.") from None
    if to_file is not None:
        to_file.write_text(json.dumps(made), encoding="utf-8")


def _within(work: Callable[[Unit], T], *, reading: bool = False) -> T:
    """Run one unit on the database of the settings; a reading one waits for nobody."""
    settings = load(Demand.VAULT)
    journal.configure(settings.log_level)

    async def once(store: Store) -> T:
        return await (store.read(work) if reading else store.write(work))

    return cast(T, _with_store(settings, once))


def _with_store(settings: Settings, work: Callable[[Store], Any]) -> Any:
    async def using() -> Any:
        store = _opened(settings, migrate=settings.on_sqlite)
        try:
            return await work(store)
        finally:
            await store.close()

    return run(using())


def _opened(settings: Settings, *, migrate: bool) -> Store:
    return open_store(settings.database, list(settings.keys), clock_of(settings), migrate=migrate)


def _username() -> str:
    """The bot's own username, for links: only Telegram knows it; "" when it cannot be asked."""
    from bot.telegram.outbound import Outbound
    from bot.telegram.request import bot as telegram_bot

    async def ask(settings: Settings) -> str:
        bot = telegram_bot(settings.token, settings.telegram_api_url)
        async with bot.request:
            return (await Outbound(bot).get_me())[1]

    try:
        return str(run(ask(load(Demand.TELEGRAM))))
    except Exception:
        print(  # noqa: T201
            "Telegram could not be asked for the bot's name: no link; `/start TOKEN` works all the same.",
            file=sys.stderr,
        )
        return ""


def _invitation(made: Invitation, as_json: bool) -> object:
    if as_json:
        return {"code": made.code, "token": made.token, "link": made.link or None}
    return "\n".join(line for line in (made.code, made.token, made.link) if line)


def _staff(unit: Unit, code: str) -> Staff:
    staff = unit.one(Staff, code=code.upper(), removed_at=None)
    if staff is None:
        raise Failed(f"There is no member of staff {code}.")
    return staff


def _patient(unit: Unit, code: str) -> Patient:
    patient = unit.one(Patient, code=code.upper())
    if patient is None or patient.standing == Standing.ERASED:
        raise Failed(f"There is no patient {code}.")
    return patient


def _clock(text: str) -> str:
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60):
        raise SettingsError("--remind must be a time of day such as 19:30.")
    return f"{int(hours):02}:{int(minutes):02}"
