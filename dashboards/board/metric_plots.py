"""Plots of metrics and distributions as SVG: a course with its gaps, a small one for tables, and bars side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from dashboards import format as fmt
from dashboards.board import plots
from dashboards.board.metric_records import Course, Group, Point
from dashboards.page.charts import Figure

Limit = tuple[float, str]
"""A level, and what is written beside it."""
_SPARK_WIDE, _SPARK_HIGH = 140.0, 30.0
_BARS_HIGH, _BARS_BOTTOM = 170, 22


def course(found: Course, measure: str, limits: Sequence[Limit], label: str) -> Markup:
    """The course as steps, broken where there are no rows; empty without any point."""
    known = [p for p in found.points if p.value is not None]
    if not known:
        return Markup("")
    return plots.draw(figure(found.start, found.end, found.points, measure, limits), label)


def figure(
    start: datetime, end: datetime, points: Sequence[Point], measure: str, limits: Sequence[Limit] = ()
) -> Figure:
    """The figure of a course over the whole of [start, end), so that silence at either end shows."""
    x: list[str | None] = [fmt.iso(start)]
    y: list[float | None] = [None]
    before: Point | None = None
    for point in points:
        gap = before is None or point.value is None or (before.start != before.end and point.start > before.end)
        if gap:
            x.append(None)
            y.append(None)
        if point.value is not None:
            ends = [point.start, point.end] if point.start != point.end else [point.start]
            x += [fmt.iso(at) for at in ends]
            y += [point.value] * len(ends)
        before = point if point.value is not None else None
    x += [None, fmt.iso(end)]
    y += [None, None]
    layout: dict[str, Any] = {
        "yaxis": {"range": reach([p.value for p in points], [level for level, _ in limits]), "tickformat": ""},
        "shapes": [_level(level) for level, _ in limits],
        "annotations": [_note(level, text) for level, text in limits],
    }
    if fmt.is_share(measure):
        layout["yaxis"]["tickformat"] = ".3~%"
    line = {"width": 2, "color": "var(--accent)"}
    return {"data": [{"x": x, "y": y, "name": "value", "line": line}], "layout": layout}


def reach(values: Sequence[float | None], limits: Sequence[float]) -> list[float]:
    """A range that shows every value and limit, and 0 where that is near."""
    known = [value for value in values if value is not None] + list(limits) or [0.0]
    low, high = min(known), max(known)
    if 0.0 < low < (high - low) * 2.0 or low == high > 0.0:
        low = 0.0
    pad = (high - low) * 0.12 or abs(high) * 0.1 or 1.0
    return [low if low == 0.0 else low - pad, high + pad]


def spark(found: Course) -> Markup:
    """A small course for a table, hidden from those who cannot see it: the table says the values."""
    known = [p for p in found.points if p.value is not None]
    if not known:
        return Markup("")
    low, high = reach([p.value for p in known], [])
    whole = (found.end - found.start).total_seconds() or 1.0

    def place(at: datetime, value: float) -> str:
        x = (at - found.start).total_seconds() / whole * _SPARK_WIDE
        return f"{x:.1f},{(high - value) / (high - low) * _SPARK_HIGH:.1f}"

    lines = []
    for part in _unbroken(found.points):
        ends = [place(at, p.value or 0.0) for p in part for at in dict.fromkeys((p.start, p.end))]
        if len(ends) == 1:
            ends = [ends[0], ends[0]]
        lines.append(f'<polyline points="{" ".join(ends)}"/>')
    size = f'width="{_SPARK_WIDE:g}" height="{_SPARK_HIGH:g}" viewBox="0 -2 {_SPARK_WIDE:g} {_SPARK_HIGH + 4:g}"'
    return Markup(f'<svg class="spark-plot" aria-hidden="true" {size}>{"".join(lines)}</svg>')


def _unbroken(points: Sequence[Point]) -> list[list[Point]]:
    parts: list[list[Point]] = [[]]
    for point in points:
        last = parts[-1][-1] if parts[-1] else None
        if point.value is None or (last is not None and last.start != last.end and point.start > last.end):
            parts.append([])
        if point.value is not None:
            parts[-1].append(point)
    return [part for part in parts if part]


def bars(groups: Sequence[Group], label: str) -> Markup:
    """Shares of the reference and of now side by side, one pair a group; empty without rows on either side."""
    before, now = (sum(g.before for g in groups), sum(g.now for g in groups))
    if not groups or not (before or now):
        return Markup("")
    shares = [(g.before / before if before else 0.0, g.now / now if now else 0.0) for g in groups]
    top = max(max(pair) for pair in shares) * 1.08
    wide = 100.0 / len(groups)
    drawn = []
    for number, pair in enumerate(shares):
        for side, (name, share) in enumerate(zip(("of-before", "of-now"), pair, strict=True)):
            high = share / top * _BARS_HIGH
            x = number * wide + wide * (0.08 + 0.42 * side)
            drawn.append(
                f'<rect class="{name}" x="{x:.2f}%" y="{_BARS_HIGH - high:.1f}" width="{wide * 0.4:.2f}%" '
                f'height="{high:.1f}"/>'
            )
    drawn.append(f'<line class="base" x1="0" x2="100%" y1="{_BARS_HIGH}" y2="{_BARS_HIGH}"/>')
    drawn.append(f'<text class="of-value" x="0" y="12">{fmt.percent(top / 1.08)}</text>')
    drawn += [_bar_label(number, wide, groups[number].label) for number in _labelled(len(groups))]
    said = Markup.escape(fmt.visible(label, 400))
    high = _BARS_HIGH + _BARS_BOTTOM
    return Markup(f'<svg class="plot bars" role="img" aria-label="{said}" width="100%" height="{high}">') + Markup(
        f"{''.join(drawn)}</svg>"
    )


def _labelled(number: int) -> list[int]:
    """The groups whose names have room below the plot."""
    return list(range(number)) if number <= 4 else sorted({0, number // 2, number - 1})


def _bar_label(number: int, wide: float, text: str) -> str:
    at = (number + 0.5) * wide
    place = " start" if at < 12 else " end" if at > 88 else " middle"
    x = 0.0 if at < 12 else 100.0 if at > 88 else at
    said = Markup.escape(fmt.visible(text, 24))
    return f'<text class="of-group{place}" x="{x:.2f}%" y="{_BARS_HIGH + 16}">{said}</text>'


def _level(height: float) -> Figure:
    return {"xref": "paper", "y0": height, "y1": height}


def _note(height: float, text: str) -> Figure:
    return {"xref": "paper", "y": height, "text": fmt.visible(text, 60)}
