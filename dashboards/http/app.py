"""Puts the application together; each group of routes has a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI

from dashboards.http import decisions, health, metrics_api, pages, prometheus, rollouts, sources_api, trouble
from dashboards.http.configured import Configured
from dashboards.http.guard import Guard
from dashboards.http.reading import Reader

if TYPE_CHECKING:
    from dashboards.board.ports import Port

TITLE = "Gatehold"
ABOUT = (
    "What each rollout may do, with the reasons and until when. Reading changes nothing, and nothing else is offered."
)


def make(
    data: Path,
    *,
    config: Path | None,
    hosts: Sequence[str],
    clock: Callable[[], datetime] | None,
    board: Port | None = None,
    open_reads: bool = True,
) -> FastAPI:
    """As `dashboards.http.create`."""
    # The usual pages about an interface load scripts from elsewhere; the description itself is served.
    app = FastAPI(
        title=TITLE,
        description=ABOUT,
        version=metadata.version("gatehold"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=None if board is None else _ahead(),
    )
    app.state.reader = Reader(
        data, None if config is None else Configured(config), clock or (lambda: datetime.now(UTC))
    )
    trouble.install(app)
    if board is not None:
        _with_board(app, board, open_reads=open_reads)
    reading = [] if board is None else [Depends(_asking().may_read)]
    for part in (rollouts, decisions, metrics_api, sources_api, prometheus):
        app.include_router(part.router, dependencies=reading)
    app.include_router(health.router)
    app.include_router(pages.router, dependencies=[] if board is None else [Depends(_asking().may_read_raw)])
    app.add_middleware(Guard, hosts=frozenset(hosts))
    return app


def _with_board(app: FastAPI, port: Port, *, open_reads: bool) -> None:
    from dashboards.board.install import install

    install(app, port, open_reads=open_reads)


def _ahead() -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    from dashboards.board.warming import lifespan

    return lifespan


def _asking() -> ModuleType:
    # Templates and people's records are loaded only where there is a board.
    from dashboards.board import asking

    return asking
