"""The server that is asked: the real application, and beside it a route that only says hello.

`python -m benchmarks.gate_endpoint.server FOLDER CONFIG` prints its address and serves until it is stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fastapi.routing import APIRoute

from dashboards.http import create
from dashboards.http.serving import address, listen, run


def hello() -> dict[str, str]:
    """What a route costs that reads nothing."""
    return {"hello": "there"}


def main(data: str, config: str) -> None:
    """Serve on a free port."""
    app = create(Path(data), config=Path(config))
    # Before the route for pages, which would take the name for one.
    app.router.routes.insert(0, APIRoute("/hello", hello))
    with listen("127.0.0.1", 0) as listener:
        print(address(listener), flush=True)
        run(app, listener)


if __name__ == "__main__":
    main(*sys.argv[1:])
