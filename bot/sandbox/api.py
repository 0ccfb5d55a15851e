"""The Bot API over HTTP: `/bot<token>/<method>` by GET or POST, and `/file/bot<token>/<path>`.

Bodies as Telegram takes them: JSON, a urlencoded form, a multipart form; the query string too. `serve`
listens on this machine alone unless told otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import unquote

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sandbox.delivery import delivering
from bot.sandbox.forms import read
from bot.sandbox.ledger import Reply
from bot.sandbox.refusals import NOT_FOUND, UNAUTHORIZED, Refusal
from bot.sandbox.telegram import LocalTelegram

LARGEST = 60 * 1024 * 1024


def application(tg: LocalTelegram, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The Bot API, and further routes beside it."""
    return Starlette(routes=[*routes, Mount("/", app=BotApi(tg))])


class BotApi:
    """ASGI, without a framework between: it must be able to say nothing, and to hang up."""

    def __init__(self, tg: LocalTelegram) -> None:
        self.tg = tg

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            reply = await self._reply(scope, receive)
        except Refusal as refusal:
            reply = Reply(refusal.code, refusal.body)
        if isinstance(reply, bytes):
            await _respond(send, 200, "application/octet-stream", reply)
        elif reply.lost:
            if reply.lost == "held":
                await _hold(receive, reply.hold)
            hang_up(scope)
            await _hold(receive, None)
        else:
            await _respond(send, reply.status, "application/json", orjson.dumps(reply.body))

    async def _reply(self, scope: Scope, receive: Receive) -> Reply | bytes:
        body = await _body(receive)
        folder, _, rest = unquote(scope["path"]).removeprefix("/").partition("/")
        if folder == "file":
            folder, _, path = rest.partition("/")
            self._authorize(folder)
            return self._content(path)
        self._authorize(folder)
        given = read(scope, body)
        return await self.tg.answer(rest.removesuffix("/"), given)

    def _authorize(self, folder: str) -> None:
        if not folder.startswith("bot"):
            raise NOT_FOUND
        if folder != f"bot{self.tg.token}":
            raise UNAUTHORIZED

    def _content(self, path: str) -> bytes:
        for file in self.tg.files.values():
            if file.path == path:
                return file.content
        raise NOT_FOUND


async def _body(receive: Receive) -> bytes:
    taken = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(taken)
        taken += message.get("body", b"")
        if len(taken) > LARGEST:
            raise Refusal(413, "Request Entity Too Large")
        if not message.get("more_body"):
            return bytes(taken)


async def _respond(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _hold(receive: Receive, seconds: float | None) -> None:
    """Say nothing until the caller gives up."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


def hang_up(scope: Scope) -> None:
    """Cut the connection under the server's hands, which ASGI itself has no word for."""
    scope["handrail.transport"].abort()


class _Reachable:
    """Keeps the connection's transport where `hang_up` finds it: behind uvicorn's own `send`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["handrail.transport"] = getattr(getattr(send, "__self__", None), "transport", None)
        await self.app(scope, receive, send)


@asynccontextmanager
async def serve(
    tg: LocalTelegram, port: int = 0, host: str = "127.0.0.1", routes: Sequence[BaseRoute] = ()
) -> AsyncIterator[str]:
    """Telegram at an address, until the block ends. Yields the address without a slash at its end."""
    config = uvicorn.Config(
        _Reachable(application(tg, routes)),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    if server.should_exit:
        raise OSError(f"cannot listen on {host}:{port}")
    bound = server.servers[0].sockets[0].getsockname()[1]
    ticking = asyncio.create_task(server.main_loop())
    try:
        async with delivering(tg):
            yield f"http://{host}:{bound}"
    finally:
        tg.polling.end(ConnectionResetError())
        ticking.cancel()
        for connection in list(server.server_state.connections):
            connection.transport.abort()  # those held in silence would wait for ever
        await asyncio.sleep(0)
        await server.shutdown()
