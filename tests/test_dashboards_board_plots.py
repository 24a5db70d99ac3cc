"""Figures drawn as SVG: every value inside the frame, gaps kept, foreign text harmless."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboards.board import plots

START = datetime(2026, 3, 1, tzinfo=UTC)


def figure(values: list[float | None], low: float = 0.0, high: float = 1.0, **layout: Any) -> dict[str, Any]:
    times = [(START + timedelta(hours=n)).isoformat() for n in range(len(values))]
    trace = {"x": times, "y": values, "name": "estimate", "line": {"width": 2, "color": "var(--accent)"}}
    axis = {"range": [low, high], "tickformat": ".3~%"}
    return {"data": [trace], "layout": {"yaxis": axis, "shapes": [], "annotations": [], **layout}}


def points(svg: str) -> list[tuple[float, float]]:
    found = re.findall(r'<polyline[^>]* points="([^"]*)"', svg)
    return [(float(x), float(y)) for part in found for x, y in (pair.split(",") for pair in part.split())]


@given(
    values=st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=1, max_size=40),
    low=st.floats(-1e5, 1e5),
    room=st.floats(1e-6, 1e5),
)
def test_every_point_lies_inside_the_frame(values: list[float | None], low: float, room: float) -> None:
    svg = plots.draw(figure(values, low, low + max(room, abs(low) * 1e-6)), "x")
    found = points(svg)
    assert len(found) == sum(value is not None for value in values)
    assert all(0 <= x <= 1000 and 0 <= y <= 1000 for x, y in found)


def test_a_gap_breaks_the_line() -> None:
    assert plots.draw(figure([0.1, 0.2, None, 0.3, 0.4]), "x").count("<polyline") == 2


def test_nothing_is_drawn_of_nothing() -> None:
    assert plots.draw(figure([]), "x") == ""


def test_foreign_text_is_text() -> None:
    attack = '"><script>alert(1)</script>\u202e'
    note = {"x": START.isoformat(), "y": 1, "xref": "x", "yref": "paper", "text": attack}
    limit = {"x": 1, "y": 0.5, "xref": "paper", "yref": "y", "text": attack}
    svg = plots.draw(figure([0.1, 0.2], annotations=[note, limit]), attack)
    assert "<script" not in svg
    assert svg.count("<svg") == 2


def test_marks_and_limits_have_their_place() -> None:
    level = {"xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 0.25, "y1": 0.25}
    mark = {"xref": "x", "yref": "paper", "x0": (START + timedelta(hours=1)).isoformat(), "y0": 0, "y1": 1}
    svg = plots.draw(figure([0.0, 0.5, 1.0], shapes=[level, mark]), "x")
    assert '<line class="limit" x1="0" x2="1000" y1="750" y2="750"/>' in svg
    assert '<line class="mark" x1="500" x2="500" y1="0" y2="1000"/>' in svg
    assert "25\u202f%" not in svg
    assert ">50\u202f%<" in svg or ">40\u202f%<" in svg
