"""Serves the pages that runs write, each under the content security policy that the page itself names."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboards.http.reading import Reader

router = APIRouter(include_in_schema=False)
FIRST = "index.html"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,120}\.html")
_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"<>]{1,4000})">')
_HEAD_BYTES = 4096
SANDBOXED = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)
"""For pages of other tools, which name no policy: they run by themselves, without an origin and without the network."""
NONE_YET = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Gatehold</title>"
    "<p>There is no page yet. <code>gatehold run</code> writes it."
)


@router.get("/")
def first(request: Request) -> Response:
    """The latest page of everything known."""
    return _page(request, FIRST)


@router.get("/{name}")
def page(name: str, request: Request) -> Response:
    """A page beside it: data checks, drift."""
    return _page(request, name)


def _page(request: Request, name: str) -> Response:
    reader: Reader = request.app.state.reader
    content = _content(reader.reports, name)
    if content is None:
        return HTMLResponse(NONE_YET, status_code=404)
    named = _POLICY.search(content[:_HEAD_BYTES])
    policy = unescape(named.group(1).decode("ascii", "replace")) if named else SANDBOXED
    return HTMLResponse(content, headers={"Content-Security-Policy": f"{policy}; frame-ancestors 'none'"})


def _content(folder: Path, name: str) -> bytes | None:
    """The bytes of a page of that folder; None if it has no such page."""
    path = folder / name
    try:
        if not _NAME.fullmatch(name) or path.is_symlink():
            return None
        return path.read_bytes()
    except OSError:
        return None
