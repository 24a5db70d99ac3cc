"""Puts the board into the application: its routes, and what is said when a page cannot be shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse, Response

from dashboards.board import views
from dashboards.board.answers import Turned, moved, page, wants_json
from dashboards.board.asking import Board
from dashboards.board.mains import Mains
from dashboards.board.ports import Port
from dashboards.board.rendering import render
from dashboards.board.routes import (
    acting,
    data,
    deciding,
    drifting,
    looking,
    managing,
    measuring,
    reviewing,
    rowing,
    signing,
)
from dashboards.board.warming import MOST_WARM, Warmer
from dashboards.http import trouble
from warehouse.records.errors import GateholdError, UsageError

PROGRAMS = ("/api/", "/healthz", "/metrics", "/openapi.json", "/version", "/static/")
"""Paths whose answers are for programs."""


def install(app: FastAPI, port: Port, *, open_reads: bool) -> None:
    """Add the pages; `open_reads` lets whoever reaches the server read without signing in.

    Their errors are pages too, so this comes after `dashboards.http.trouble.install`.
    """
    app.state.board = Board(port, open_reads)
    app.state.walks = deciding.Walks()
    app.state.mains = Mains()
    # Nobody asks: what is made ahead is the same for everybody.
    asked = Request({"type": "http", "app": app, "method": "GET", "path": "/", "headers": []})
    app.state.warmer = Warmer(app.state.mains, lambda: views.versions(asked), lambda: looking.pages(asked, MOST_WARM))
    for part in (looking, acting, deciding, signing, managing, reviewing, data, rowing, measuring, drifting):
        app.include_router(part.router)
    app.add_exception_handler(Turned, _turned)
    app.add_exception_handler(UsageError, _or_page(trouble.unknown))
    app.add_exception_handler(GateholdError, _or_page(trouble.unreadable))
    app.add_exception_handler(RequestValidationError, _invalid)


def _or_page(answer: Callable[[Request, Exception], JSONResponse]) -> Callable[[Request, Exception], Response]:
    """The same answer, as a page where people ask."""

    def handle(request: Request, error: Exception) -> Response:
        found = answer(request, error)
        if _for_programs(request):
            return found
        detail = str(json.loads(bytes(found.body))["detail"])
        return page(render("trouble_page", detail=detail, status=found.status_code), found.status_code)

    return handle


def _turned(request: Request, error: Exception) -> Response:
    assert isinstance(error, Turned)
    for_programs = _for_programs(request)
    if error.code == "not_signed_in" and request.method == "GET" and not for_programs:
        where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return moved(f"/signin?next={quote(where, safe='')}")
    if for_programs:
        return JSONResponse({"code": error.code, "detail": error.detail}, error.status, dict(error.headers or {}))
    answer = page(render("trouble_page", detail=error.detail, status=error.status), error.status)
    answer.headers.update(error.headers or {})
    return answer


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    places = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
    detail = f"This cannot be asked for: {', '.join(places)[:300]}."
    if _for_programs(request):
        return JSONResponse({"detail": [{"loc": p, "msg": "not allowed"} for p in places]}, 422)
    return page(render("trouble_page", detail=detail, status=422), 422)


def _for_programs(request: Request) -> bool:
    return wants_json(request) or request.url.path.startswith(PROGRAMS)
