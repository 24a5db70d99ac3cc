"""The data: sources and their ledger, rows that were not let in, and what was restated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from dashboards import format as fmt
from dashboards.board import data_plots, views
from dashboards.board.answers import Turned, page
from dashboards.board.asking import Asking, board, may_read, may_read_raw, people
from dashboards.board.data_records import Ledger
from dashboards.board.metric_records import SPAN_WORDS, SPANS, USUAL
from dashboards.board.rendering import segment
from warehouse.people import log
from warehouse.records.decisions import DecisionEntry

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=200)]
Filter = Annotated[str, Query(max_length=200)]
Span = Annotated[str, Query(max_length=10)]
Page = Annotated[int, Query(alias="page", ge=1, le=100_000)]
MOST_NAMED = 200


@router.get("/data", dependencies=[Depends(may_read)])
def data(request: Request, asking: Asking, span: Span = USUAL) -> Response:
    """Every source and stream, and what came when."""
    span = span if span in SPANS else USUAL
    known = views.known(request)
    found = board(request).port.data().overview(known.policy, span)
    more = _ledger(found.ledger, "/data") if found.ledger else {}
    return page(views.shown(request, "data_page", asking, found=found, span=span, simulated=known.simulated, **more))


@router.get("/data/{name}", dependencies=[Depends(may_read)])
def source(name: Name, request: Request, asking: Asking, span: Span = USUAL) -> Response:
    """One source: its batches, its faults, and up to where it was complete."""
    span = span if span in SPANS else USUAL
    known = views.known(request)
    found = board(request).port.data().source(known.policy, name, span)
    if found is None:
        raise Turned(404, "unknown", "There is no such source; the list of all is under Data.")
    return page(
        views.shown(
            request,
            "source_page",
            asking,
            found=found,
            span=span,
            lag=data_plots.behind(found.polls),
            simulated=known.simulated,
            **_ledger(found.ledger, f"/data/{segment(name)}"),
        )
    )


@router.get("/quarantine", dependencies=[Depends(may_read_raw)])
def quarantine(request: Request, asking: Asking, source: Filter = "", reason: Filter = "", at: Page = 1) -> Response:
    """Rows that were not let in, with the reason and their text; reading it is noted in the log."""
    known = views.known(request)
    found = board(request).port.data().quarantine(known.policy, source or None, reason or None, at)

    def to(number: int, of: str = source, why: str = reason) -> str:
        given = {"source": of, "reason": why, "page": number if number > 1 else ""}
        named = urlencode({name: value for name, value in given.items() if value})
        return "/quarantine" + (f"?{named}" if named else "")

    return page(
        views.shown(
            request,
            "quarantine_page",
            asking,
            renews=False,
            found=found,
            source=source,
            reason=reason,
            names=sorted({one[0] for one in found.reasons})[:MOST_NAMED],
            whys=sorted({one[1] for one in found.reasons})[:MOST_NAMED],
            page=at,
            to=to,
            simulated=known.simulated,
        )
    )


@dataclass(frozen=True, slots=True)
class Naming:
    """An entry of the log that names decisions which rested on values restated since."""

    id: str
    seq: int
    at: datetime
    decisions: tuple[dict[str, Any], ...]


@router.get("/restatements", dependencies=[Depends(may_read)])
def restatements(request: Request, asking: Asking, at: Page = 1) -> Response:
    """What was restated, and which decisions rested on the old values."""
    found = board(request).port.data().corrections(at)
    entries: list[DecisionEntry] = []
    if found.found:
        with people(request) as opened:
            entries = log.entries(opened, kind="restate")
    batches = [one.batch.batch for one in found.found]
    naming = {batch: [_naming(e) for e in entries if batch in e.body.get("batches", ())] for batch in batches}
    return page(
        views.shown(
            request,
            "restatements_page",
            asking,
            found=found,
            naming=naming,
            page=at,
            to=lambda number: "/restatements" + (f"?page={number}" if number > 1 else ""),
            simulated=views.known(request).simulated,
        )
    )


def _naming(entry: DecisionEntry) -> Naming:
    return Naming(entry.id, entry.seq, entry.at, tuple(entry.body.get("decisions", ())))


def _ledger(ledger: Ledger, address: str) -> dict[str, Any]:
    """What the parts that show a ledger are given."""
    return {
        "plots": data_plots,
        "words": data_plots.words(ledger),
        "gaps": data_plots.silent(ledger),
        "length": fmt.span,
        "spans": {key: (SPAN_WORDS[key], address + (f"?span={key}" if key != USUAL else "")) for key in SPANS},
    }
