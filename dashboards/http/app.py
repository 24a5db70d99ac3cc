"""Puts the application together; each group of routes has a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from fastapi import FastAPI

from dashboards.http import decisions, health, pages, rollouts, trouble
from dashboards.http.configured import Configured
from dashboards.http.guard import Guard
from dashboards.http.reading import Reader

TITLE = "Gatehold"
ABOUT = (
    "What each rollout may do, with the reasons and until when. Reading changes nothing, and nothing else is offered."
)


def make(data: Path, *, config: Path | None, hosts: Sequence[str], clock: Callable[[], datetime] | None) -> FastAPI:
    """As `dashboards.http.create`."""
    # The usual pages about an interface load scripts from elsewhere; the description itself is served.
    app = FastAPI(
        title=TITLE,
        description=ABOUT,
        version=metadata.version("gatehold"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.reader = Reader(
        data, None if config is None else Configured(config), clock or (lambda: datetime.now(UTC))
    )
    for part in (rollouts, decisions, health, pages):
        app.include_router(part.router)
    trouble.install(app)
    app.add_middleware(Guard, hosts=frozenset(hosts))
    return app
