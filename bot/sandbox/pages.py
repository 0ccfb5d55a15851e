"""The page's own files: two phones and a clock, in a browser.

The files are served as they stand, one route each, under a policy that lets the page load nothing from
elsewhere, run nothing inline and be framed by nobody. What the page talks to is in `control.py`.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

FILES = Path(__file__).parent / "page"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def routes() -> list[Route]:
    """The page at `/`, and its files beside it."""
    names = sorted(file.name for file in FILES.iterdir() if file.suffix in KINDS)
    return [_route("/", "index.html"), *(_route(f"/{name}", name) for name in names)]


def _route(path: str, name: str) -> Route:
    async def answer(request: Request) -> Response:
        return FileResponse(FILES / name, media_type=KINDS[Path(name).suffix], headers=HEADERS)

    return Route(path, answer, methods=["GET"])
