"""The command line: `python -m bot COMMAND`.

Results alone go to standard output, the log to standard error. Exit codes: 0 done; 1 the thing asked for
failed; 2 usage or a setting, in one sentence that names it; 3 the database needs `migrate`, or the
master key is not the one it was sealed under.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from bot import commands
from bot.app import Mode
from bot.commands import Failed
from bot.rows import Role
from bot.settings import SettingsError
from bot.store.opening import NeedsMigration, NotAlone, Unavailable
from bot.store.vault import WrongMasterKey
from bot.telegram.request import TokenRefused

DONE, FAILED, USAGE, DATABASE = 0, 1, 2, 3


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = vars(_parser().parse_args(argv))
    command: Callable[..., object] = arguments.pop("command")
    try:
        result = command(**arguments)
    except SettingsError as error:
        return _say(str(error), USAGE)
    except WrongMasterKey:
        return _say(
            "MASTER_KEYS does not hold the key that this database was sealed under; nothing was touched.",
            DATABASE,
        )
    except NeedsMigration:
        return _say(
            "The database has another schema than this code: run `python -m bot migrate` first.", DATABASE
        )
    except TokenRefused:
        return _say("BOT_TOKEN is not a token that Telegram knows.", USAGE)
    except NotAlone:
        return _say("Another process runs on this SQLite database: stop it first.", FAILED)
    except Unavailable:
        return _say("The database does not answer: its disk may be full, or its server gone.", FAILED)
    except Failed as error:
        return _say(str(error), FAILED)
    if isinstance(result, str):
        print(result)  # noqa: T201
    elif result is not None:
        print(json.dumps(result, ensure_ascii=False))  # noqa: T201
    return DONE


def _say(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Handrail, a recovery companion.")
    add = parser.add_subparsers(required=True, metavar="COMMAND").add_parser

    demo = add("demo", help="try it in the browser: two phones, a local Telegram, an invented clinic")
    demo.add_argument("--port", type=int, default=8080)
    demo.set_defaults(command=commands.demo)

    for mode, words in (
        (Mode.RUN, "intake, sender and clock in one process"),
        (Mode.WEB, "intake and replies, any number of processes, on PostgreSQL"),
        (Mode.WORKER, "clock, retries and the rest, any number of processes, on PostgreSQL"),
    ):
        add(mode, help=words).set_defaults(command=commands.serve, mode=mode)

    add("migrate", help="bring the database to this code's schema").set_defaults(command=commands.migrate)
    add("doctor", help="check settings, database, token, clock and who can be reached").set_defaults(
        command=commands.doctor
    )
    add("rehearse", help="replay every open session with this code").set_defaults(command=commands.rehearse)
    key = add("key", help="print a new master key; with --rewrap, wrap all data keys with the first")
    key.add_argument("--rewrap", action="store_true")
    key.set_defaults(command=commands.key)

    staff = add("staff", help="add and remove staff").add_subparsers(required=True, metavar="ACTION")
    joins = staff.add_parser("add", help="a new member of staff, with a one-time link")
    joins.add_argument("name")
    joins.add_argument("--role", choices=[role.value for role in Role], required=True)
    joins.add_argument("--json", action="store_true", dest="as_json")
    joins.set_defaults(command=commands.add_staff)
    leaves = staff.add_parser("remove", help="end somebody's access; their caseload is handed over")
    leaves.add_argument("code", metavar="S-…")
    leaves.add_argument("--to", metavar="S-…", help="who takes the caseload (default: a supervisor)")
    leaves.set_defaults(command=commands.remove_staff)

    invite = add("invite", help="a one-time link for a patient")
    invite.add_argument("--counselor", metavar="S-…")
    invite.add_argument("--patient", metavar="P-…", help="a new phone for a known person")
    invite.add_argument("--qr", type=Path, metavar="FILE", help="also write the link as a picture (PNG)")
    invite.add_argument("--json", action="store_true", dest="as_json")
    invite.set_defaults(command=commands.invite)

    export = add("export", help="everything about a patient as one JSON document")
    export.add_argument("code", metavar="P-…")
    export.set_defaults(command=commands.export)

    backup = add("backup", help="write the whole database, sealed, to a new file; the bot may run meanwhile")
    backup.add_argument("file", type=Path, metavar="FILE")
    backup.set_defaults(command=commands.backup)
    restore = add("restore", help="put a backup back; what may have been sent since is not sent again")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--overwrite", action="store_true", help="even if the database holds rows")
    restore.set_defaults(command=commands.restore)

    screen = add("screen", help="messages on standard input, one a line: LEVEL<TAB>CATEGORY each")
    screen.add_argument("--explain", action="store_true")
    screen.set_defaults(command=commands.screen)

    content = add("content", help="the words").add_subparsers(required=True, metavar="ACTION")
    content.add_parser("check", help="coverage and rules of wording").set_defaults(
        command=commands.check_content
    )
    preview = content.add_parser("preview", help="a dialog as a transcript and a map")
    preview.add_argument("dialog")
    preview.add_argument("--lang", default="en")
    preview.set_defaults(command=commands.preview_content)

    seed = add("seed", help="invented people for rehearsals; never on the real Telegram")
    seed.add_argument("--patients", type=int, required=True)
    seed.add_argument("--telegram-id-from", type=int, required=True, dest="first")
    seed.add_argument("--backups", type=int, default=0)
    seed.add_argument("--supervisors", type=int, default=0)
    seed.add_argument("--remind", metavar="HH:MM")
    seed.add_argument("--json", type=Path, metavar="FILE", dest="to_file")
    seed.set_defaults(command=commands.seed)
    return parser


if __name__ == "__main__":
    sys.exit(main())
