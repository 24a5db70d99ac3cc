"""Drift: columns by how far they moved from the reference, how each lies on both sides, and Evidently's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from dashboards.board import drift_lines, metric_lines, metric_plots, views
from dashboards.board.answers import Turned, moved, page
from dashboards.board.asking import Asking, Form, board, may_read, may_read_raw, needs, reader, writing
from dashboards.board.rendering import segment

if TYPE_CHECKING:
    from checks.policy import Policy
    from dashboards.board.drift_records import Compared, Past

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=200)]
Chosen = Annotated[str | None, Query(max_length=400)]
Page = Annotated[int, Query(ge=1, le=100_000, alias="page")]

APART = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' data:; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'none'; form-action 'none'"
)
"""The policy of Evidently's page, which is made of inline scripts: in an origin of its own, without any network."""


@router.get("/drift", dependencies=[Depends(may_read)])
def drifts(request: Request, asking: Asking) -> Response:
    """Every comparison, with the columns that moved most."""
    known = views.known(request)
    policy, looking = views.needed(known), board(request).port.looking()
    found = looking.drifts(policy)
    lines = [(one, drift_lines.ranked(one)) for one in found]
    spaces = list(dict.fromkeys(space for one in found if (space := looking.workspace(policy, one.name))))
    simulated = known.simulated
    return page(views.shown(request, "drifts_page", asking, lines=lines, workspaces=spaces, simulated=simulated))


@router.get("/drift/{name}", dependencies=[Depends(may_read)])
def drift(name: Name, request: Request, asking: Asking, column: Chosen = None, number: Page = 1) -> Response:
    """One comparison: every column, one of them on both sides, the past by pages, and where Evidently's page stands."""
    known = views.known(request)
    policy = views.needed(known)
    looking, found = board(request).port.looking(), _compared(request, policy, name)
    lines = drift_lines.ranked(found)
    chosen = found.column(column or (lines[0].found.name if lines else ""))
    groups = drift_lines.groups(*chosen[1:], quoted=asking.person is not None) if chosen else ()
    spans = found.past if number == 1 else _past(request, policy, name, number)
    said, past = drift_lines.words(spans.shares), drift_lines.history(spans.shares)
    moved_most = metric_lines.distribution_words(groups)
    judged = any(point.value is not None for point in past)
    figure = metric_plots.figure(past[0].start, past[-1].end, past, "share") if judged else None
    return page(
        views.shown(
            request,
            "drift_page",
            asking,
            found=found,
            lines=lines,
            chosen=chosen[0] if chosen else None,
            groups=groups,
            moved=moved_most,
            bars=metric_plots.bars(groups, moved_most),
            figure=figure,
            said=said,
            spans=spans,
            number=number,
            drawing=looking.drawing(policy, name),
            simulated=known.simulated,
        )
    )


@router.post("/drift/{name}/page")
def draw(name: Name, request: Request, given: Form, asking: Asking) -> Response:
    """Have Evidently's page drawn, which takes some seconds; whoever asks meanwhile waits for the same."""
    person = writing(request, given, asking, act=f"draw the drift page {name[:60]}")
    needs(request, person, "viewer", act="draw a drift page")
    policy = views.needed(views.known(request))
    _compared(request, policy, name)
    board(request).port.looking().draw(policy, name, now=reader(request).now())
    return moved(f"/drift/{segment(name)}")


@router.get("/drift/{name}/page", dependencies=[Depends(may_read_raw)])
def drawn(name: Name, request: Request) -> Response:
    """Evidently's page as it was drawn last, shut away from the board; it quotes the logs, so reading it is noted."""
    policy = views.needed(views.known(request))
    _compared(request, policy, name)
    content = board(request).port.looking().page(policy, name)
    if content is None:
        raise Turned(
            404, "not_drawn", "Evidently's page of this comparison was not drawn yet; its drift page has a button."
        )
    return Response(content, media_type="text/html", headers={"Content-Security-Policy": APART})


def _past(request: Request, policy: Policy, name: str, number: int) -> Past:
    found = board(request).port.looking().past(policy, name, number)
    if found is None or not (found.shares or found.why):
        raise Turned(404, "unknown", "The comparison does not go that far back.")
    return found


def _compared(request: Request, policy: Policy, name: str) -> Compared:
    found = board(request).port.looking().drift(policy, name)
    if found is None:
        raise Turned(404, "unknown", "The configuration has no drift comparison of that name with a reference.")
    return found
