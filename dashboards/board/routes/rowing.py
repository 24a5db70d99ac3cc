"""The rows behind a point of a plot, for people who are signed in."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from dashboards import format as fmt
from dashboards.board import metric_lines, views
from dashboards.board.answers import Turned, page
from dashboards.board.asking import Asking, board, may_read_raw
from dashboards.board.data_records import Point
from warehouse.behind import Behind
from warehouse.records.metrics import Slice

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=63)]
Filter = Annotated[str | None, Query(max_length=200)]
Moment = Annotated[str, Query(max_length=40)]


@router.get("/rows/{stream}", dependencies=[Depends(may_read_raw)])
def rows(
    stream: Name,
    request: Request,
    asking: Asking,
    start: Moment,
    end: Moment,
    metric: Filter = None,
    rollout: Filter = None,
    release: Filter = None,
    arm: Filter = None,
    segment: Filter = None,
) -> Response:
    """Rows of a stream within [start, end); reading them is noted in the log."""
    point = Point(stream, _moment("start", start), _moment("end", end), Slice(rollout, release, arm, segment), metric)
    known = views.known(request)
    found = board(request).port.data().rows(views.needed(known), point)
    asked = metric_lines.asked(point.where)
    return page(
        views.shown(
            request,
            "rows_page",
            asking,
            renews=False,
            point=point,
            found=found,
            asked=asked,
            shown=_shown(found.behind),
            command=command(point),
            simulated=known.simulated,
        )
    )


def _shown(found: Behind | None) -> list[tuple[str, int]]:
    """Columns that some row has a value in, with their places."""
    rows = found.rows if found else ()
    columns = enumerate(found.columns) if found else ()
    return [(name, at) for at, name in columns if any(row.values[at] is not None for row in rows)]


def command(point: Point) -> str:
    """The command that shows the same rows from the warehouse itself."""
    given = {"start": fmt.iso(point.start), "end": fmt.iso(point.end)}
    given |= {"metric": point.metric} if point.metric else {}
    given |= metric_lines.asked(point.where)
    return shlex.join(["gatehold", "rows", point.stream, *(f"--{name}={value}" for name, value in given.items())])


def _moment(name: str, text: str) -> datetime:
    """The moment that a text names, UTC if it says no offset.

    Raises:
        Turned: it names none, or one beyond the calendar that is kept.
    """
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        found = datetime(1, 1, 1, tzinfo=UTC)
    if not 1970 <= found.year <= 2199:
        raise Turned(422, "no_time", f"{name} is a time such as 2026-03-01T12:00:00Z, from 1970 to 2199.")
    return found
