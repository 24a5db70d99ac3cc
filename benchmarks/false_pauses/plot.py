"""The plot: one row per rule, false pauses to the left, delays to the right; plain SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.false_pauses.document import keeps_alpha, when
from benchmarks.false_pauses.setting import Change, Setting
from benchmarks.false_pauses.simulation import OURS, Found

WIDTH, ROW, TOP = 1060, 30, 92
LEFT_FROM, LEFT_TO = 250, 500
RIGHT_FROM, RIGHT_TO = 580, 1000
INK, FAINT, BAND = "#1f2933", "#c3cbd3", "#eaf3ee"
SHADES = ("#bcd3e6", "#8fb4d3", "#5f92bd", "#35709f", "#123f66")
MARKS = ("#b3261e", "#c77700", "#2f6f4f", "#5a4fa3")


def drawn(setting: Setting, found: Sequence[Found]) -> str:
    """The plot as an SVG document: delays are those after the longest quiet time far below the limit."""
    change = max(setting.changes, key=lambda one: (one.after, -one.quiet))
    height = TOP + ROW * len(found) + 62
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif" '
        f'font-size="13" fill="{INK}">',
        "<title>How often each rule pauses a healthy system, and how late it notices a decline</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        *_headings(setting, change),
        *_axes(setting, len(found)),
    ]
    for row, one in enumerate(found):
        parts += _row(setting, change, one, TOP + ROW * row)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _headings(setting: Setting, change: Change) -> Iterator[str]:
    yield _text(LEFT_FROM, 26, "Share of healthy systems ever paused", bold=True)
    yield _text(RIGHT_FROM, 26, f"Hours until a decline is noticed, {when(change)} of the limit", bold=True)
    for place, rate in enumerate(setting.healthy):
        x = LEFT_FROM + 6 + 50 * place
        yield _dot(x, 48, SHADES[place % len(SHADES)])
        yield _text(x + 9, 52, f"{rate:g}")
    yield _text(LEFT_FROM + 6 + 50 * len(setting.healthy), 52, "of limit")
    for place, decline in enumerate(setting.declines):
        x = RIGHT_FROM + 6 + 60 * place
        yield _dot(x, 48, MARKS[place % len(MARKS)])
        yield _text(x + 9, 52, f"{decline:g}x")
    yield _text(RIGHT_FROM + 6 + 60 * len(setting.declines), 52, "dot: half of the systems, line: to nine in ten")


def _axes(setting: Setting, rows: int) -> Iterator[str]:
    bottom = TOP + ROW * rows
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        yield _line(_share(share), TOP - 8, _share(share), bottom, FAINT)
        yield _text(_share(share), bottom + 18, f"{share:g}", anchor="middle")
    yield _line(_share(setting.alpha), TOP - 8, _share(setting.alpha), bottom, MARKS[0], dash=True)
    yield _text(_share(setting.alpha), TOP - 14, f"alpha {setting.alpha:g}", anchor="middle", colour=MARKS[0])
    for hours in (h for h in (1, 3, 10, 30, 100, 300, 1000, 3000) if h <= setting.looks):
        yield _line(_hours(setting, hours), TOP - 8, _hours(setting, hours), bottom, FAINT)
        yield _text(_hours(setting, hours), bottom + 18, f"{hours:,}", anchor="middle")
    yield _text(RIGHT_TO + 22, bottom + 18, "∞", anchor="middle")
    yield _text(
        20, bottom + 46, "* pauses a system at the limit more often than alpha. - all paused before the decline."
    )


def _row(setting: Setting, change: Change, one: Found, top: int) -> Iterator[str]:
    y, mine = top + ROW // 2, one.rule is OURS
    if mine:
        yield f'<rect x="10" y="{top}" width="{WIDTH - 20}" height="{ROW}" fill="{BAND}"/>'
    yield _text(20, y + 4, one.rule.name + ("" if keeps_alpha(setting, one) else " *"), bold=mine)
    for place, rate in enumerate(setting.healthy):
        yield _dot(_share(one.false[rate]), y, SHADES[place % len(SHADES)])
    delays = [one.delays[change, decline] for decline in setting.declines]
    if all(delay.median is None for delay in delays):
        yield _text(RIGHT_FROM, y + 4, "-")
    for place, delay in enumerate(delays):
        if delay.median is None or delay.ninety is None:
            continue
        # Three declines share a row: a little apart, so that none hides another.
        at, colour = y + 6 * (place - len(delays) // 2), MARKS[place % len(MARKS)]
        yield _line(_hours(setting, delay.median), at, _hours(setting, delay.ninety), at, colour)
        yield _dot(_hours(setting, delay.median), at, colour)


def _share(share: float) -> float:
    return LEFT_FROM + (LEFT_TO - LEFT_FROM) * share


def _hours(setting: Setting, hours: float) -> float:
    if math.isinf(hours):
        return RIGHT_TO + 22
    return RIGHT_FROM + (RIGHT_TO - RIGHT_FROM) * math.log(hours) / math.log(setting.looks)


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dash: bool = False) -> str:
    dashes = ' stroke-dasharray="4 3"' if dash else ""
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" stroke-width="1.5"{dashes}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False, colour: str = INK) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>{escape(text)}</text>'
