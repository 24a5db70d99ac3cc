"""The server that is asked: the board as `gatehold board` serves it, and beside it a page that only says hello.

`python -m benchmarks.board.server FOLDER` prints its address and serves until it is stopped. It also tells how long it
took over each answer since it was asked that last.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.routing import APIRoute

from dashboards.http import create
from dashboards.http.serving import address, listen, run
from flows import project as projects
from flows.boarding.port import Boarding

TIMES = "/times"


class Timed:
    """The application, with the milliseconds from a request's receipt to the last byte of its answer, by path."""

    def __init__(self, app: Any) -> None:
        """Begin with none."""
        self._app = app
        self._times: dict[str, list[float]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, and note how long that took."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin = time.perf_counter()
        if scope["path"] == TIMES:
            await JSONResponse(self._times)(scope, receive, send)
            self._times = {}
            return
        await self._app(scope, receive, send)
        self._times.setdefault(scope["path"], []).append((time.perf_counter() - begin) * 1000)


def hello() -> HTMLResponse:
    """What a page costs that reads nothing."""
    return HTMLResponse("<!doctype html><title>Hello</title><p>Hello")


def main(folder: str) -> None:
    """Serve on a free port."""
    project = projects.load(Path(folder), environment={})
    app = create(project.data, config=project.file, board=Boarding(project))
    app.router.routes.insert(0, APIRoute("/hello", hello))
    with listen("127.0.0.1", 0) as listener:
        print(address(listener), flush=True)
        run(cast(FastAPI, Timed(app)), listener)


if __name__ == "__main__":
    main(*sys.argv[1:])
