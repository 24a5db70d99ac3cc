"""Looking: the overview, each rollout, whether anything is new, and the files that pages are made with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request
from markupsafe import Markup
from starlette.responses import Response

from dashboards.board import assets, data_segments, reading, views
from dashboards.board.answers import Turned, page
from dashboards.board.asking import WAIT_SECONDS, Asker, Asking, board, may_read, reader
from dashboards.board.mains import Main, Mains
from dashboards.board.rendering import render
from dashboards.page import shape
from dashboards.page.words import STANDINGS
from warehouse.people import glance
from warehouse.records.errors import ConfigurationError

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=200)]
TOLD = 60
"""Decisions that the page of a rollout lists."""


@router.get("/", dependencies=[Depends(may_read)])
def overview(request: Request, asking: Asking) -> Response:
    """Every rollout at a glance."""
    return _main(request, asking, "", lambda: _overview(request))


@router.get("/rollouts/{name}", dependencies=[Depends(may_read)])
def rollout(name: Name, request: Request, asking: Asking) -> Response:
    """One rollout: its standing, its past, and every gate."""
    return _main(request, asking, name, lambda: _rollout(request, name))


def pages(request: Request, most: int) -> dict[str, Callable[[], Main]]:
    """What makes the parts that are the same for all, by name: the overview, then those of at most `most` rollouts."""
    rollouts: Sequence[str] = views.known(request).names[:most]
    return {"": partial(_overview, request), **{name: partial(_rollout, request, name) for name in rollouts}}


def _main(request: Request, asking: Asker, name: str, make: Callable[[], Main]) -> Response:
    mains: Mains = request.app.state.mains
    kept = mains.serve(name, lambda: views.versions(request), make)
    return page(
        views.shown(
            request,
            "main_page",
            asking,
            version=kept.version.all,
            now=kept.main.made_at,
            shown=kept.main,
            name=name,
            simulated=kept.main.simulated,
        )
    )


def _overview(request: Request) -> Main:
    known, now = views.known(request), reader(request).now()
    pasts = {name: board(request).port.past(name, series=False) for name in known.names}
    lines = [reading.line(name, known.standings[name], pasts[name], now) for name in known.names]
    order = {"bad": 0, "silent": 1, "wait": 2, "good": 3}
    lines.sort(key=lambda line: order[line.tone])
    newest = max((past.as_of for past in pasts.values() if past.as_of), default=None)
    text = render("overview_main", lines=lines, known=known, now=now)
    title = "1 rollout" if len(lines) == 1 else f"{len(lines)} rollouts"
    return Main(now, title, newest, known.simulated, Markup(text))


def _rollout(request: Request, name: str) -> Main:
    standing, port = views.standing(request, name), board(request).port
    past, now = port.past(name), reader(request).now()
    entries, count = glance.course(reader(request).data, name, last=TOLD, wait_seconds=WAIT_SECONDS)
    try:
        policy = reader(request).policy()
    except ConfigurationError:
        policy = None
    block = shape.rollout("r1", reading.whole(name, standing, past, entries, (), policy), now)
    simulated = standing is not None and standing.simulated
    text = render(
        "rollout_main",
        block=block,
        past=past,
        view={"simulated": simulated, "made_at": now},
        entries=entries[: -TOLD - 1 : -1],
        older=max(0, count - TOLD),
        segments=data_segments.part(port.data(), policy, name, standing),
    )
    return Main(now, f"{STANDINGS[block.shown.kind][0]}: {name}", past.as_of, simulated, Markup(text))


@router.get("/version", dependencies=[Depends(may_read)])
def version(request: Request, if_none_match: Annotated[str | None, Header(max_length=200)] = None) -> Response:
    """A number that changes when a page would; 304 while it has not."""
    tag = f'"{views.version(request)}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    return Response(tag, media_type="application/json", headers=headers)


@router.get("/static/{name}")
def static(name: Annotated[str, Path(max_length=100)]) -> Response:
    """Style, script and sign of the board; their names change with their content, so they are kept for good."""
    found = assets.served().get(name)
    if found is None:
        raise Turned(404, "unknown", "There is no such file.")
    kept = "public, max-age=31536000, immutable"
    return Response(found.content, media_type=found.media, headers={"Cache-Control": kept})
