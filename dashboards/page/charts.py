"""Figures for Plotly as plain dictionaries, and Plotly's own script, which is loaded only when it is asked for.

Colours are names of the style sheet's variables (``var(--ink)``): the page's script puts the real ones in, so that a
figure fits light and dark. The little foreign text in a figure (releases, units) is cut and has its markup taken out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from checks.gates.records import Verdict
from dashboards import format as fmt
from dashboards.page.model import EvidencePoint
from dashboards.page.words import axis, measure

Figure = dict[str, Any]
MOST_POINTS = 300
_NO_MARKUP = str.maketrans({"<": "(", ">": ")", "&": "+"})


def plotly_script() -> str:
    """Plotly's JavaScript, to be put into the page once (about 4.5 MB)."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def thinned(points: Sequence[EvidencePoint], most: int = MOST_POINTS) -> list[EvidencePoint]:
    """At most about `most` points, evenly taken, with the first and last of every epoch always among them."""
    if len(points) <= most:
        return list(points)
    step = -(-len(points) // most)
    ends = {0, len(points) - 1}
    for index in range(1, len(points)):
        if _line(points[index]) != _line(points[index - 1]):
            ends |= {index - 1, index}
    return [point for index, point in enumerate(points) if index % step == 0 or index in ends]


def _line(point: EvidencePoint) -> tuple[str | None, str | None]:
    return point.release, point.epoch


def estimate_figure(verdict: Verdict, points: Sequence[EvidencePoint]) -> Figure:
    """The estimate with its interval against the limit, one line per epoch."""
    kept = thinned(points)
    x, middle = _columns(kept, "estimate")
    unit = measure(verdict)
    percent = fmt.is_share(unit)
    data = [trace for _, epoch in groupby(kept, key=_line) for trace in _band(list(epoch))]
    data.append(_trace(x, middle, "estimate", line={"width": 2, "color": "var(--accent)"}))
    layout = _layout(kept, axis(verdict))
    layout["yaxis"]["tickformat"] = ".3~%" if percent else ".4~g"
    layout["shapes"].append(_level(verdict.limit))
    layout["annotations"].append(_note(verdict.limit, "limit " + fmt.value(verdict.limit, unit)))
    layout["yaxis"]["range"] = _range(verdict, kept)
    return {"data": data, "layout": layout}


def evidence_figure(verdict: Verdict, points: Sequence[EvidencePoint]) -> Figure:
    """Evidence both ways as a share of what a proof takes: 100 % proves."""
    kept = thinned(points)
    x, breach = _columns(kept, "evidence_breach")
    _, kept_limit = _columns(kept, "evidence_pass")
    data = [
        _trace(
            x,
            _shares(breach, verdict.proof_breach),
            "that the limit is exceeded",
            line={"width": 2, "color": "var(--bad)", "dash": "solid"},
        ),
        _trace(
            x,
            _shares(kept_limit, verdict.proof_pass),
            "that the limit is kept",
            line={"width": 2, "color": "var(--good)", "dash": "dash"},
        ),
    ]
    layout = _layout(kept, "share of the proof needed")
    layout["yaxis"] |= {"tickformat": ".0%", "range": [-0.55, 1.45]}
    layout["shapes"].append(_level(1.0))
    layout["annotations"].append(_note(1.0, "proven"))
    layout["showlegend"] = True
    return {"data": data, "layout": layout}


def _band(points: Sequence[EvidencePoint]) -> list[Figure]:
    """The interval of one epoch as an upper and a lower edge with the space between them filled; empty without one."""
    known = [point for point in points if _finite(point.low) is not None and _finite(point.high) is not None]
    if not known:
        return []
    edge: Figure = {"line": {"width": 0, "color": "var(--accent)"}, "hoverinfo": "skip"}
    x, upper = _columns(known, "high")
    _, lower = _columns(known, "low")
    filled = {"fill": "tonexty", "fillcolor": "var(--accent-veil)"}
    return [_trace(x, upper, "upper end", **edge), _trace(x, lower, "interval", **edge, **filled)]


def _columns(points: Sequence[EvidencePoint], name: str) -> tuple[list[str | None], list[float | None]]:
    """Times and values of one attribute, with a gap wherever an epoch ends."""
    times: list[str | None] = []
    values: list[float | None] = []
    for index, point in enumerate(points):
        if index and _line(point) != _line(points[index - 1]):
            times.append(None)
            values.append(None)
        times.append(_iso(point.window_end))
        amount = _finite(getattr(point, name))
        values.append(None if amount is None else float(f"{amount:.5g}"))
    return times, values


@lru_cache(maxsize=20_000)
def _iso(at: datetime) -> str:
    # Gates share their windows, and every line of a figure has the same times.
    return fmt.iso(at)


def _shares(values: Sequence[float | None], needed: float | None) -> list[float | None]:
    if not needed:
        return [None for _ in values]
    return [None if value is None else round(max(-0.5, min(1.4, value / needed)), 4) for value in values]


def _trace(x: Sequence[Any], y: Sequence[Any], name: str, **more: Any) -> Figure:
    return {"type": "scatter", "mode": "lines", "x": list(x), "y": list(y), "name": name, **more}


def _range(verdict: Verdict, points: Sequence[EvidencePoint]) -> list[float]:
    """A range that shows limit and estimates; early intervals, as wide as the whole scale, may leave it."""
    middles = _known(point.estimate for point in points) or [verdict.limit]
    lasts = _known(list(epoch)[-1].estimate for _, epoch in groupby(points, key=_line))
    settled = points[len(points) // 3 :]
    lows, highs = _known(point.low for point in settled), _known(point.high for point in settled)
    # The first windows of an epoch swing widely: they may leave the picture, what the epoch came to may not.
    reach = max([abs(verdict.limit) * 3, *(1.2 * last for last in lasts)])
    if verdict.test not in ("limit", "reference"):
        at_last = _known((points[-1].low, points[-1].high, points[-1].estimate))
        return _around(verdict.limit, [*middles, *lows, *highs], max([reach, *(1.2 * abs(end) for end in at_last)]))
    top = max(verdict.limit, *(min(value, reach) for value in (*middles, *highs)))
    bottom = min(verdict.limit, *middles, *lows) if verdict.direction == "at_least" else min(0.0, *middles)
    return _padded(bottom, top, below=bool(bottom))


def _around(limit: float, values: Sequence[float], reach: float) -> list[float]:
    """A range around the limit of a comparison, in which nothing lies at an end: values may have either sign."""
    within = [max(-reach, min(reach, value)) for value in values] if reach else list(values)
    return _padded(min(limit, *within), max(limit, *within), below=True)


def _padded(bottom: float, top: float, *, below: bool) -> list[float]:
    pad = (top - bottom) * 0.12 or abs(top) * 0.1 or 1.0
    return [bottom - (pad if below else 0.0), top + pad]


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in map(_finite, values) if value is not None]


def _finite(value: float | None) -> float | None:
    """The value; None for none, and for an end that nothing bounds."""
    return value if value is not None and math.isfinite(value) else None


def _layout(points: Sequence[EvidencePoint], title: str) -> Figure:
    shapes: list[Figure] = []
    notes: list[Figure] = []
    for index, point in enumerate(points):
        if index and point.release != points[index - 1].release:
            at = fmt.iso(point.window_end)
            line = {"color": "var(--muted)", "width": 1, "dash": "dot"}
            shapes.append(
                {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": line}
            )
            notes.append(_release_note(at, point.release, len(notes) % 2))
    return {
        "margin": {"l": 58, "r": 12, "t": 18, "b": 34},
        "height": 260,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "var(--ink)"},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "var(--card)", "bordercolor": "var(--line)", "font": {"color": "var(--ink)"}},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "var(--muted)", "activecolor": "var(--accent)"},
        "showlegend": False,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
        "xaxis": {"type": "date", "gridcolor": "var(--line)", "linecolor": "var(--line)", "zeroline": False},
        "yaxis": {"title": {"text": _plain(title, 40), "standoff": 6}, "gridcolor": "var(--line)", "zeroline": False},
        "shapes": shapes,
        "annotations": notes,
    }


def _release_note(at: str, release: str | None, row: int) -> Figure:
    name = _plain(release or "unnamed", 24)
    return {
        "x": at,
        "y": 1 - 0.09 * row,
        "xref": "x",
        "yref": "paper",
        "text": f"release {name}",
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "top",
        "font": {"size": 11, "color": "var(--muted)"},
    }


def _plain(text: str, most: int) -> str:
    """Text for a figure: Plotly reads some markup in its texts, so there is none."""
    return fmt.visible(text, most).translate(_NO_MARKUP)


def _level(height: float) -> Figure:
    line = {"color": "var(--ink)", "width": 1.5, "dash": "dash"}
    return {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": height, "y1": height, "line": line}


def _note(height: float, text: str) -> Figure:
    return {
        "x": 1,
        "y": height,
        "xref": "paper",
        "yref": "y",
        "text": _plain(text, 60),
        "showarrow": False,
        "xanchor": "right",
        "yanchor": "bottom",
        "font": {"size": 11, "color": "var(--ink)"},
    }
