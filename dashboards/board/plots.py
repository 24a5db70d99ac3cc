"""Figures as SVG made here: the same figures that the static page gives to Plotly, for pages that need no script.

Lines lie in a drawing that stretches with the page, texts beside them at places in percent, so that nothing is
distorted on a narrow screen. Colours are classes of the style sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from dashboards import format as fmt
from dashboards.page.charts import Figure

_WIDE, _HIGH = 1000, 1000
_HEIGHT, _BOTTOM = 220, 24
_COLOURS = {
    "var(--accent)": "accent",
    "var(--bad)": "bad-line",
    "var(--good)": "good-line",
    "var(--ink)": "ink",
    "var(--muted)": "muted",
}


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where times and values lie: both in thousandths of the drawing."""

    first: datetime
    last: datetime
    low: float
    high: float

    def x(self, at: str) -> float:
        whole = (self.last - self.first).total_seconds() or 1.0
        return round((_time(at) - self.first).total_seconds() / whole * _WIDE, 2)

    def y(self, value: float) -> float:
        clipped = min(max(value, self.low), self.high)
        return round((self.high - clipped) / (self.high - self.low) * _HIGH, 2)


def draw(figure: Figure, label: str) -> Markup:
    """The figure as one SVG that is named `label`; empty where it holds no point."""
    times = [_time(at) for trace in figure["data"] for at in trace["x"] if at is not None]
    if not times:
        return Markup("")
    low, high = figure["layout"]["yaxis"]["range"]
    frame = _Frame(min(times), max(times), float(low), float(high))
    said = Markup.escape(fmt.visible(label, 400))
    ticks, lines, texts = _ticks(frame, figure), _lines(frame, figure), _texts(frame, figure)
    return Markup(
        f'<svg class="plot" role="img" aria-label="{said}" width="100%" height="{_HEIGHT + _BOTTOM}">'
        f'<svg width="100%" height="{_HEIGHT}" viewBox="0 0 {_WIDE} {_HIGH}" preserveAspectRatio="none">'
        f"{''.join(lines)}</svg>{''.join([*ticks, *texts])}</svg>"
    )


def legend(figure: Figure) -> list[tuple[str, str]]:
    """Class and name of each line that needs one; empty for a figure that explains itself."""
    if not figure["layout"].get("showlegend"):
        return []
    return [(_class(trace["line"]), str(trace["name"])) for trace in figure["data"]]


def _lines(frame: _Frame, figure: Figure) -> list[str]:
    drawn = [_grid(frame, value) for value in _steps(frame)]
    before: list[tuple[float, float]] = []
    for trace in figure["data"]:
        parts = _parts(frame, trace)
        if trace.get("fill") == "tonexty" and parts:
            drawn.append(f'<polygon class="band" points="{_points([*before, *reversed(parts[0])])}"/>')
        elif trace["line"].get("width"):
            dash = " dashed" if trace["line"].get("dash", "solid") != "solid" else ""
            drawn += [f'<polyline class="{_class(trace["line"])}{dash}" points="{_points(part)}"/>' for part in parts]
        before = parts[0] if parts else []
    return drawn + [_shape(frame, shape) for shape in figure["layout"]["shapes"]]


def _parts(frame: _Frame, trace: dict[str, Any]) -> list[list[tuple[float, float]]]:
    """The points of a trace, broken where it has a gap."""
    parts: list[list[tuple[float, float]]] = [[]]
    for at, value in zip(trace["x"], trace["y"], strict=True):
        if at is None or value is None:
            parts.append([])
        else:
            parts[-1].append((frame.x(at), frame.y(float(value))))
    return [part for part in parts if part]


def _points(part: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in part)


def _shape(frame: _Frame, shape: dict[str, Any]) -> str:
    if shape["xref"] == "paper":
        y = frame.y(float(shape["y0"]))
        return f'<line class="limit" x1="0" x2="{_WIDE}" y1="{y:g}" y2="{y:g}"/>'
    x = frame.x(shape["x0"])
    return f'<line class="mark" x1="{x:g}" x2="{x:g}" y1="0" y2="{_HIGH}"/>'


def _grid(frame: _Frame, value: float) -> str:
    return f'<line class="grid" x1="0" x2="{_WIDE}" y1="{frame.y(value):g}" y2="{frame.y(value):g}"/>'


def _texts(frame: _Frame, figure: Figure) -> list[str]:
    drawn = []
    for note in figure["layout"]["annotations"]:
        text = Markup.escape(str(note["text"]))
        if note["xref"] == "paper":
            y = frame.y(float(note["y"])) / _HIGH * _HEIGHT
            below = 14 if y < 16 else -4
            drawn.append(f'<text class="of-limit" x="100%" y="{y + below:.1f}">{text}</text>')
        else:
            x, y = frame.x(note["x"]) / _WIDE * 100, (1 - float(note["y"])) * _HEIGHT + 12
            end = " end" if x > 70 else ""
            drawn.append(f'<text class="of-mark{end}" x="{x:.2f}%" dx="{-4 if end else 4}" y="{y:.1f}">{text}</text>')
    return drawn


def _ticks(frame: _Frame, figure: Figure) -> list[str]:
    percent = "%" in str(figure["layout"]["yaxis"].get("tickformat", ""))
    drawn = []
    for value in _steps(frame):
        y = frame.y(value) / _HIGH * _HEIGHT
        said = fmt.percent(value) if percent else fmt.number(value)
        drawn.append(f'<text class="of-value" x="0" y="{max(10.0, y - 3):.1f}">{said}</text>')
    days = max(1, round((frame.last - frame.first) / timedelta(days=1) / 6))
    at = frame.first.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    number = 0
    while at < frame.last and number < 12:
        x = frame.x(fmt.iso(at)) / 10
        minor = " minor" if number % 2 else ""
        if 2 < x < 96:
            drawn.append(f'<text class="of-time{minor}" x="{x:.2f}%" y="{_HEIGHT + 17}">{fmt.day(at)}</text>')
        at, number = at + timedelta(days=days), number + 1
    return drawn


def _steps(frame: _Frame) -> Sequence[float]:
    """Some round values within the frame."""
    rough = (frame.high - frame.low) / 4
    size = 10.0 ** _exponent(rough)
    step = next(size * f for f in (1, 2, 5, 10) if size * f >= rough)
    first = int(frame.low / step) - 1
    found = [round(step * (first + n), 12) for n in range(12)]
    return [value for value in found if frame.low <= value <= frame.high]


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def _class(line: dict[str, Any]) -> str:
    return _COLOURS.get(str(line.get("color")), "ink")


@lru_cache(maxsize=20_000)
def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
