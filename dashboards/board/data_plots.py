"""Plots of the ledger: what came by the time it is of and by the time it came, and how far a source lies behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dashboards import format as fmt
from dashboards.board import metric_plots
from dashboards.board.data_records import Ledger
from dashboards.board.metric_records import Point
from dashboards.page.charts import Figure
from warehouse.ledger_views import Brought, Poll

_OF_WINDOWS = (("accepted", "var(--accent)"), ("restated", "var(--bad)"), ("late", "var(--muted)"))
_OF_ARRIVALS = (
    ("received", "var(--ink)"),
    ("accepted", "var(--accent)"),
    ("duplicate", "var(--muted)"),
    ("restated", "var(--good)"),
    ("quarantined", "var(--bad)"),
)


def windows(ledger: Ledger) -> Figure | None:
    """Rows by the time that they are of; None where there are none."""
    return _lines(ledger, ledger.windows, _OF_WINDOWS)


def arrivals(ledger: Ledger) -> Figure | None:
    """Rows by the time that they came; None where there are none."""
    return _lines(ledger, ledger.arrivals, _OF_ARRIVALS)


def behind(polls: Sequence[Poll]) -> Figure | None:
    """Hours between each poll and the time up to which the source was complete; None where it never was."""
    told = [Point(p.at, p.at, (p.at - p.watermark) / timedelta(hours=1), 1) for p in reversed(polls) if p.watermark]
    return metric_plots.figure(told[0].start, told[-1].end, told, "hours") if told else None


def words(ledger: Ledger) -> str:
    """What came, in a sentence, for those who cannot see the plots."""
    if not ledger.windows and not ledger.arrivals:
        return "Nothing came in that time."
    rows = sum(one.accepted for one in ledger.windows)
    kept_out = sum(one.quarantined or 0 for one in ledger.arrivals)
    came = sum(one.received or 0 for one in ledger.arrivals)
    gaps = silent(ledger)
    open_ = (
        "no stretch without rows" if not gaps else f"{fmt.number(sum(n for _, _, n in gaps))} stretches without rows"
    )
    return (
        f"{fmt.number(came)} rows came, {fmt.number(kept_out)} of them were not let in; of that time there are "
        f"{fmt.number(rows)} rows, with {open_}."
    )


def silent(ledger: Ledger, most: int = 20) -> list[tuple[datetime, datetime, int]]:
    """Spans without a row, the longest first: from, to, how many stretches. Before the first row nothing is told."""
    if not ledger.windows:
        return [(ledger.start, ledger.end, round((ledger.end - ledger.start) / ledger.width))]
    found, at = [], ledger.windows[0].start
    for start in [*(one.start for one in ledger.windows), ledger.end]:
        if start > at:
            found.append((at, start, round((start - at) / ledger.width)))
        at = max(at, start + ledger.width)
    return sorted(found, key=lambda gap: (gap[0] - gap[1], gap[0]))[:most]


def _lines(ledger: Ledger, brought: Sequence[Brought], fields: Sequence[tuple[str, str]]) -> Figure | None:
    if not brought:
        return None
    data: list[dict[str, Any]] = []
    every: list[float | None] = []
    for number, (name, colour) in enumerate(fields):
        points = [Point(one.start, one.start + ledger.width, float(getattr(one, name) or 0), 1) for one in brought]
        if number > 1 and not any(point.value for point in points):
            continue
        every += [point.value for point in points]
        drawn = metric_plots.figure(ledger.start, ledger.end, points, "")["data"][0]
        dash = {} if not data else {"dash": "dash"}
        data.append({**drawn, "name": name, "line": {"width": 2, "color": colour, **dash}})
    high = max((value for value in every if value is not None), default=0.0) or 1.0
    layout = {
        "yaxis": {"range": [0.0, high * 1.1], "tickformat": ""},
        "shapes": [],
        "annotations": [],
        "showlegend": True,
    }
    return {"data": data, "layout": layout}
