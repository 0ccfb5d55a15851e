"""The bodies in which a call may come: JSON, a urlencoded form, a multipart form."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Scope

from bot.sandbox.parameters import Upload
from bot.sandbox.refusals import bad


def read(scope: Scope, body: bytes) -> dict[str, Any]:
    """What the call brought, by name: text, JSON values, or uploads."""
    given: dict[str, Any] = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    if not body:
        return given
    kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    match kind.partition(";")[0].strip().lower():
        case "application/json":
            try:
                sent = orjson.loads(body)
            except ValueError:
                raise bad("can't parse request JSON object") from None
            if not isinstance(sent, dict):
                raise bad("the request's JSON must be an object")
            given |= sent
        case "application/x-www-form-urlencoded":
            given |= parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        case "multipart/form-data":
            given |= multipart(kind, body)
        case _:
            raise bad("a body must be JSON, a urlencoded form or a multipart form")
    return given


def multipart(kind: str, body: bytes) -> dict[str, str | Upload]:
    """The parts of a form: text, or uploads where a part has a file name."""
    boundary = _attributes(kind).get("boundary", "")
    if not boundary:
        raise bad("the multipart form names no boundary")
    parts: dict[str, str | Upload] = {}
    for part in (b"\r\n" + body).split(f"\r\n--{boundary}".encode())[1:]:
        if part.startswith(b"--"):
            return parts
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = {}
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        about = _attributes(headers.get("content-disposition", ""))
        if "filename" in about:
            upload = Upload(
                about["filename"], headers.get("content-type", "application/octet-stream"), content
            )
            parts[about["name"]] = upload
        elif "name" in about:
            parts[about["name"]] = content.decode()
    raise bad("the multipart form has no end")


def _attributes(header: str) -> dict[str, str]:
    """`a; b=c; d="e; f"` as {b: c, d: "e; f"}."""
    found: dict[str, str] = {}
    rest = header.partition(";")[2]
    while rest:
        name, _, rest = rest.partition("=")
        rest = rest.lstrip()
        if rest.startswith('"'):
            value, _, rest = rest[1:].partition('"')
            rest = rest.partition(";")[2]
        else:
            value, _, rest = rest.partition(";")
        found[name.strip().lower()] = value.strip() if not value.startswith('"') else value
    return found
