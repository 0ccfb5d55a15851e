"""Bears processes of Handrail quickly, so that they can be killed often.

Run as `python -m tests.chaos.nursery`. It imports the program once and reads its words once; then, for each
order on standard input, it forks a process that does what `python -m bot ARGV` does, with an environment, a
folder and a log of its own. What it saves is only the second or two in which Python reads files.

An order may name a fault (see `faults`): the child then is a Handrail with exactly that mistake built in.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from functools import cache
from typing import Any

from bot import __main__ as command_line
from bot import app
from tests.chaos.faults import FAULTS, HARMLESS

BROKEN = 70


def main() -> None:
    """Serve until standard input ends; the children that still live are killed."""
    read_once("Wording")
    read_once("Screen")
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(theirs.fileno())
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin, selectors.EVENT_READ)
    waiting.register(ours, selectors.EVENT_READ)
    children: set[int] = set()
    while True:
        for key, _ in waiting.select():
            if key.fileobj is ours:
                ours.recv(4096)
                _bury(children)
                continue
            line = sys.stdin.readline()
            if not line:
                for child in children:
                    os.kill(child, signal.SIGKILL)
                return
            order = json.loads(line)
            child = os.fork()
            if not child:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _live(order)
            children.add(child)
            _tell({"order": order["order"], "pid": child})


def read_once(name: str) -> None:
    """What `bot.app` builds from the words in content/ is built now, and the same for every child."""
    build = cache(getattr(app, name))
    build(app.CONTENT)
    setattr(app, name, build)


def _bury(children: set[int]) -> None:
    for child in [*children]:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            children.remove(child)
            _tell({"pid": child, "exit": os.waitstatus_to_exitcode(status)})


def _tell(what: dict[str, int]) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201


def _live(order: dict[str, Any]) -> None:
    """Be the child; it never comes back."""
    code = BROKEN
    try:
        os.chdir(order["folder"])
        for number, path in ((0, os.devnull), (1, order["out"]), (2, order["log"])):
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(file, number)
        os.environ.clear()
        os.environ.update(order["environment"])
        if order["fault"]:
            (FAULTS | HARMLESS)[order["fault"]].build_in()
        for argv in order["argvs"]:
            code = command_line.main(argv)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else BROKEN
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
