"""Pages as answers: under one strict policy, with a number that changes when the page would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing of a page runs or colours itself: script and style are files, and no text can become either."""


@dataclass
class Turned(Exception):
    """Raised when a request is turned away: with a status, a code for programs and a sentence for people."""

    status: int
    code: str
    detail: str
    headers: Mapping[str, str] | None = None


def page(text: str, status: int = 200) -> Response:
    """A page."""
    # Without a referrer a browser would not say where a form comes from.
    return HTMLResponse(text, status, headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"})


def moved(to: str) -> Response:
    """Another page to look at; what was sent is not sent again."""
    return RedirectResponse(to, 303)


def wants_json(request: Request) -> bool:
    """Whether a program asks: it says so, or it shows a token."""
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted or "authorization" in request.headers


def told(body: Mapping[str, Any], status: int = 200) -> Response:
    """An answer for programs."""
    return JSONResponse(dict(body), status)
