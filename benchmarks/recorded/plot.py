"""The plot: ratios on a logarithmic axis with the goal of each; plain SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.recorded.figures import Bar

WIDTH, ROW, HEAD = 1000, 30, 54
LEFT, RIGHT = 470, 940
INK, FAINT, GOOD, BAD, PLAIN = "#1f2933", "#c3cbd3", "#2f6f4f", "#b3261e", "#5f92bd"


def drawn(scans: Sequence[Bar], peers: Sequence[Bar]) -> str:
    """Both groups as one SVG document."""
    height = 2 * HEAD + ROW * (len(scans) + len(peers)) + 40
    below = HEAD + ROW * len(scans) + HEAD
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif" '
        f'font-size="13" fill="{INK}">',
        "<title>Ratios over a bare scan, and of other tools over Gatehold</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        _text(20, 24, "Gatehold over a bare scan or read: shorter is better", bold=True),
        *_group(scans, HEAD - 16, 1.0, 10.0),
        _text(20, below - 26, "Others over Gatehold: longer is better", bold=True),
        *_group(peers, below - 12, 1.0, 1000.0),
        _text(20, height - 14, "Line: the goal. Green: reached, red: missed, blue: no goal was set."),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _group(bars: Sequence[Bar], top: int, low: float, high: float) -> Iterator[str]:
    def place(ratio: float) -> float:
        share = math.log(min(max(ratio, low * 0.9), high) / (low * 0.9)) / math.log(high / (low * 0.9))
        return LEFT + (RIGHT - LEFT) * share

    for row, bar in enumerate(bars):
        y = top + ROW * row
        colour = PLAIN if bar.reached is None else GOOD if bar.reached else BAD
        yield _text(20, y + 17, f"{bar.name} / {bar.over}")
        yield (
            f'<rect x="{LEFT}" y="{y + 5}" width="{place(bar.ratio) - LEFT:.1f}" height="{ROW - 12}" fill="{colour}"/>'
        )
        yield _text(place(bar.ratio) + 6, y + 18, f"{bar.ratio:.3g}", bold=True)
        if bar.goal is not None:
            x = place(bar.goal)
            yield f'<line x1="{x:.1f}" y1="{y}" x2="{x:.1f}" y2="{y + ROW - 2}" stroke="{INK}" stroke-width="2"/>'


def _text(x: float, y: float, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y}"{weight}>{escape(text)}</text>'
