"""Reading a call's parameters: every one known, of its type, the required ones there.

Telegram itself lets a misspelt parameter pass in silence and the bot never learns; here it is refused
in our own words, which begin with "Bad Request: " as Telegram's do. At the top of a call a value may
stand as text (a form has nothing else), inside objects it must be of its type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.methods import MARKUPS, METHODS, OBJECTS, Parameter
from bot.sandbox.refusals import NOT_FOUND, Json, bad


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the call."""

    name: str
    type: str
    content: bytes


def check(method: str, given: Mapping[str, object], *, strict: bool = True) -> Json:
    """The call's parameters with their types. `given` has text, JSON values or `Upload`s by name."""
    shape = METHODS.get(method)
    if shape is None:
        raise NOT_FOUND
    uploads = {name: value for name, value in given.items() if isinstance(value, Upload)}
    checked: Json = {}
    for name, value in given.items():
        parameter = shape.get(name)
        if parameter is None:
            if strict and name not in uploads:
                raise bad(f'unknown parameter "{name}" of {method}')
            continue
        if value is None:
            continue
        if parameter.type == "file":
            checked[name] = _file(value, uploads, name)
        else:
            checked[name] = _value(_unwrapped(value, parameter), parameter.type, name)
    if strict:
        left = set(uploads) - set(shape)
        left -= {str(value)[9:] for value in given.values() if str(value).startswith("attach://")}
        if left:
            raise bad(f'uploaded part "{left.pop()}" is used by no parameter of {method}')
    for parameter in shape.values():
        if parameter.required and parameter.name not in checked:
            raise bad(_missing(parameter))
    return checked


def _missing(parameter: Parameter) -> str:
    match parameter.name:
        case "text":
            return "message text is empty"
        case "chat_id":
            return "chat_id is empty"
        case "photo" | "document":
            return f"there is no {parameter.name} in the request"
    return f'parameter "{parameter.name}" is required'


def _file(value: object, uploads: Mapping[str, Upload], name: str) -> Upload | str:
    if isinstance(value, Upload):
        return value
    if not isinstance(value, str):
        raise bad(f'parameter "{name}" must be an uploaded file or a file id')
    if value.startswith("attach://"):
        part = uploads.get(value.removeprefix("attach://"))
        if part is None:
            raise bad(f'uploaded part "{value.removeprefix("attach://")}" is missing')
        return part
    return value


def _unwrapped(value: object, parameter: Parameter) -> object:
    """What a form's text stands for; other values as they are."""
    if not isinstance(value, str):
        return value
    match parameter.type:
        case "str":
            return value
        case "int" | "chat":
            sign = value.strip().removeprefix("-")
            return int(value) if sign.isascii() and sign.isdigit() else value
        case "bool":
            return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
    try:
        return json.loads(value)
    except ValueError:
        raise bad(f"can't parse {_named(parameter)}JSON object") from None


def _named(parameter: Parameter) -> str:
    return "reply keyboard markup " if parameter.type == "markup" else f"{parameter.name} "


def _value(value: Any, kind: str, path: str) -> Any:
    match kind:
        case "str":
            fits = isinstance(value, str)
        case "int":
            fits = isinstance(value, int) and not isinstance(value, bool)
        case "bool":
            fits = isinstance(value, bool)
        case "chat":
            if isinstance(value, str) and not value.startswith("@"):
                raise bad("chat not found")
            fits = isinstance(value, int | str) and not isinstance(value, bool)
        case "json":
            fits = isinstance(value, dict)
        case _ if kind.startswith("["):
            if not isinstance(value, list):
                raise bad(f'"{path}" must be an array')
            return [_value(item, kind[1:-1], f"{path}[{at}]") for at, item in enumerate(value)]
        case _:
            return _object(value, kind, path)
    if not fits:
        raise bad(f'"{path}" must be of type {kind}, not {type(value).__name__}')
    return value


def _object(value: Any, kind: str, path: str) -> Any:
    if not isinstance(value, dict):
        raise bad("object expected as reply markup" if kind == "markup" else f'"{path}" must be an object')
    if kind == "markup":
        kinds = [name for mark, name in MARKUPS.items() if mark in value]
        if len(kinds) != 1:
            raise bad("object expected as reply markup")
        kind = kinds[0]
    shape = OBJECTS[kind]
    for name in value:
        if name not in shape:
            raise bad(f'unknown field "{name}" of {kind} in "{path}"')
    for parameter in shape.values():
        if parameter.required and parameter.name not in value:
            raise bad(f'can\'t parse {kind}: Can\'t find field "{parameter.name}" in "{path}"')
    return {name: _value(item, shape[name].type, f"{path}.{name}") for name, item in value.items()}
