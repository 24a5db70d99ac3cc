"""Layers and metrics: what is measured, how it went, how it lies now, in which slices, and what rests on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from checks.gates.spec import LAYERS
from dashboards import format as fmt
from dashboards.board import metric_lines, metric_plots, views
from dashboards.board.answers import Turned, page
from dashboards.board.asking import Asker, Asking, board, may_read, reader
from dashboards.board.metric_records import FEW, SPAN_WORDS, SPANS, USUAL, Measured
from dashboards.board.rendering import segment as segment_of
from warehouse.records.metrics import Slice

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=200)]
Filter = Annotated[str | None, Query(max_length=200)]
POINTS = 200
"""Points that a page lists."""


@router.get("/layers", dependencies=[Depends(may_read)])
def layers(request: Request, asking: Asking) -> Response:
    """The four layers, from the top of the stack down."""
    known, now = views.known(request), reader(request).now()
    policy = views.needed(known)
    gates = metric_lines.gate_lines(policy, known.standings, now)
    lines = list(metric_lines.layer_lines(policy, gates))
    return page(views.shown(request, "layers_page", asking, lines=lines, simulated=known.simulated))


@router.get("/layers/{layer}", dependencies=[Depends(may_read)])
def layer(layer: Name, request: Request, asking: Asking) -> Response:
    """Every metric of one layer."""
    if layer not in LAYERS:
        raise Turned(404, "unknown", f"There is no such layer; there are {', '.join(LAYERS)}.")
    known, now = views.known(request), reader(request).now()
    policy = views.needed(known)
    glance = board(request).port.looking().glance(policy)
    gates = metric_lines.gate_lines(policy, known.standings, now)
    return page(
        views.shown(
            request,
            "layer_page",
            asking,
            layer=layer,
            layers=tuple(reversed(LAYERS)),
            glance=glance,
            lines=metric_lines.lines(policy, layer, glance, gates),
            idle=metric_lines.idle(policy, layer),
            spark=metric_plots.spark,
            simulated=known.simulated,
        )
    )


@router.get("/measured/{name}", dependencies=[Depends(may_read)])
def metric(
    name: Name,
    request: Request,
    asking: Asking,
    span: Annotated[str, Query(max_length=10)] = USUAL,
    rollout: Filter = None,
    release: Filter = None,
    arm: Filter = None,
    segment: Filter = None,
) -> Response:
    """One metric, over all of its traffic or a slice of it."""
    where, span = Slice(rollout, release, arm, segment), span if span in SPANS else USUAL
    return page(_metric(request, asking, name, where, span))


def _metric(request: Request, asking: Asker, name: str, where: Slice, span: str) -> str:
    known, now = views.known(request), reader(request).now()
    policy = views.needed(known)
    found, declared = board(request).port.looking().measured(policy, name, where, span), policy.metric(name)
    unit = metric_lines.measure(declared)
    gates = [g for g in metric_lines.gate_lines(policy, known.standings, now) if g.spec.metric == name]
    lines = metric_lines.limits(gates, where)
    words = metric_lines.course_words(found.course, unit)
    stream = declared.stream if found.how == "cells" else None
    groups = found.distribution.groups if found.distribution else ()
    moved = metric_lines.distribution_words(groups)
    return views.shown(
        request,
        "metric_page",
        asking,
        metric=declared,
        unit=unit,
        found=found,
        gates=gates,
        given=metric_lines.asked(found.where),
        span=span,
        spans={key: (SPAN_WORDS[key], _address(name, found.where, key)) for key in SPANS},
        points=found.course.points[: -POINTS - 1 : -1] if found.course else (),
        words=words,
        course_plot=metric_plots.course(found.course, unit, lines, words) if found.course else "",
        hits=_hits(found, name, stream) if stream and not getattr(request.app.state, "copied", "") else (),
        rows=lambda point: metric_lines.rows_address(stream, name, found.where, point) if stream else "",
        bars=metric_plots.bars(groups, moved),
        moved=moved,
        narrower=lambda kind, value: _address(name, _narrower(found.where, kind, value), span),
        wider=lambda kind: _address(name, _narrower(found.where, kind, None), span),
        few=FEW,
        length=fmt.span,
        own=any(m.name == name for m in policy.metrics),
        silent=metric_lines.old(found.course, found.as_of),
        simulated=known.simulated,
    )


def _hits(found: Measured, name: str, stream: str) -> list[tuple[float, float, str, str]]:
    """Where each point lies in the plot, in percent, with the address of its rows and what it is."""
    course = found.course
    if course is None or course.width is None:
        return []
    whole, width = course.end - course.start, 100.0 * (course.width / (course.end - course.start))
    return [
        (
            round(100.0 * ((p.start - course.start) / whole), 3),
            round(width, 3),
            metric_lines.rows_address(stream, name, found.where, p),
            f"{fmt.moment(p.start)} UTC: {fmt.number(p.value)}, {fmt.number(p.rows)} rows",
        )
        for p in course.points
        if p.value is not None
    ]


def _address(name: str, where: Slice, span: str) -> str:
    given = metric_lines.asked(where) | ({"span": span} if span != USUAL else {})
    return f"/measured/{segment_of(name)}" + (f"?{urlencode(given)}" if given else "")


def _narrower(where: Slice, kind: str, value: str | None) -> Slice:
    return replace(where, **{kind: value})
