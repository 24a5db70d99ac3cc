"""The server that is asked: the board as `gatehold board` serves it, and beside it a page that only says hello.

`python -m benchmarks.board.server FOLDER` prints its address and serves until it is stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from dashboards.http import create
from dashboards.http.serving import address, listen, run
from flows import project as projects
from flows.boarding.port import Boarding


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
        run(app, listener)


if __name__ == "__main__":
    main(*sys.argv[1:])
