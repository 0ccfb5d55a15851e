"""A script and its name: what the catalogue lists."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast, get_type_hints

from dialogs.facts import Facts
from dialogs.prompt import Prompt

R = TypeVar("R")

Script = Callable[[Facts], Coroutine[Prompt[Any], Any, R]]


@dataclass(frozen=True)
class Dialog(Generic[R]):
    """A script and the name under which its sessions and its words are kept."""

    name: str
    script: Script[R]
    result: type[R]


def dialog(name: str) -> Callable[[Script[R]], Dialog[R]]:
    """Make a script a dialog; its result is the class that the script says it returns."""

    def named(script: Script[R]) -> Dialog[R]:
        return Dialog(name, script, cast("type[R]", get_type_hints(script)["return"]))

    return named
