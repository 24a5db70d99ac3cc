"""Small static drawings as SVG: the timeline, the evidence meters and the sparklines. They need no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from checks.gates.records import StandingKind, Verdict
from dashboards import format as fmt
from dashboards.page.charts import thinned
from dashboards.page.model import EvidencePoint, Marker, RolloutView, StandingPoint
from warehouse.records.decisions import DecisionEntry

LANES: tuple[StandingKind, ...] = ("go", "hold", "pause")
_STAGES, _LEVEL, _LANE, _BOTTOM = 32, 19, 30, 34
_APART = 5.5
"""Share of the width, in percent, that two numbers in one row need between them, also on a narrow screen."""
_EDGE = 80.0
"""Where, in percent of the width, names are set against the right edge."""
_PEOPLE = frozenset({"start", "expand", "pause", "resume", "waive", "restate"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time over which one standing was shown; `lapsed` when it is hold because nobody renewed the lease."""

    start: datetime
    end: datetime
    kind: StandingKind
    stage: str
    reason: str
    lapsed: bool


def stretches(history: Sequence[StandingPoint], now: datetime) -> list[Stretch]:
    """The history as stretches without gaps up to `now`; a lease that ended early leaves a stretch of lapsed hold.

    A pause does not lapse: only people end it. Neighbours that show the same are joined.
    """
    found: list[Stretch] = []
    for index, point in enumerate(history):
        until = history[index + 1].at if index + 1 < len(history) else max(now, point.at)
        held = until if point.standing == "pause" else min(until, point.valid_until)
        _join(found, Stretch(point.at, held, point.standing, point.stage, point.reason, False))
        if held < until:
            _join(found, Stretch(held, until, "hold", point.stage, "Nobody renewed the lease.", True))
    return found


def _join(found: list[Stretch], new: Stretch) -> None:
    if new.end <= new.start:
        return
    last = found[-1] if found else None
    if last is not None and (last.kind, last.stage, last.lapsed) == (new.kind, new.stage, new.lapsed):
        found[-1] = Stretch(last.start, new.end, last.kind, last.stage, new.reason, last.lapsed)
    else:
        found.append(new)


def acts(decisions: Sequence[DecisionEntry]) -> list[DecisionEntry]:
    """The decisions worth a mark: acts of people, pauses and restatements; not each renewed hold or go."""
    return [entry for entry in decisions if entry.kind in _PEOPLE]


def timeline(rollout: RolloutView, now: datetime) -> Markup | None:
    """Standings over time with incidents numbered and decisions lettered; None without history.

    Every x is a percentage, so the drawing follows the width of the page.
    """
    parts = stretches(rollout.history, now)
    if not parts:
        return None
    scale = _Scale(_first(rollout, parts[0].start, now), now)
    levels = _levels([scale.x(marker.at) for marker in rollout.markers])
    top = _STAGES + _LEVEL * (max(levels, default=0) + 1)
    height = top + _LANE * len(LANES) + _BOTTOM
    body = [*_weeks(scale, top, height), *_stages(scale, parts), *_lanes(scale, parts, top)]
    body += _incidents(scale, rollout.markers, levels, top)
    body += _decisions(scale, acts(rollout.decisions), top)
    label = Markup.escape(f"Standings of {fmt.visible(rollout.name, 80)} over time; the table beside it says the same.")
    return Markup(
        f'<svg class="timeline" role="img" aria-label="{label}" width="100%" height="{height}">{"".join(body)}</svg>'
    )


def _first(rollout: RolloutView, first: datetime, now: datetime) -> datetime:
    """A little before the first mark, so that nothing sticks to the edge."""
    begun = min([first, *(marker.at for marker in rollout.markers), *(entry.at for entry in acts(rollout.decisions))])
    return begun - (now - begun) / 80


@dataclass(frozen=True, slots=True)
class _Scale:
    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        whole = max((self.end - self.start).total_seconds(), 1.0)
        return round(min(100.0, max(0.0, (at - self.start).total_seconds() / whole * 100)), 3)


def _levels(places: Sequence[float]) -> list[int]:
    """A row for each number, counted upwards from the lanes, so that neighbours do not cover each other."""
    ends: list[float] = []
    levels = []
    for place in places:
        free = (level for level, end in enumerate(ends) if place - end >= _APART)
        level = next(free, len(ends) if len(ends) < 3 else 2)
        ends[level : level + 1] = [place]
        levels.append(level)
    return levels


def _weeks(scale: _Scale, top: int, height: int) -> list[str]:
    days = (scale.end - scale.start) / timedelta(days=1)
    step = max(1, round(days / 7))
    first = scale.start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    drawn = []
    for number, at in enumerate(first + timedelta(days=step * n) for n in range(12)):
        if at >= scale.end or scale.x(at) > 97:
            break
        x = scale.x(at)
        minor = ' class="minor"' if number % 2 else ""
        drawn.append(f'<line class="tick" x1="{x}%" x2="{x}%" y1="{top - 4}" y2="{height - _BOTTOM + 4}"/>')
        drawn.append(f'<text{minor} x="{x}%" y="{height - 4}">{fmt.day(at)}</text>')
    return drawn


def _stages(scale: _Scale, parts: Sequence[Stretch]) -> list[str]:
    drawn = []
    begun = parts[0]
    for index, part in enumerate(parts):
        last = index + 1 == len(parts)
        if last or parts[index + 1].stage != begun.stage:
            x, width = scale.x(begun.start), scale.x(part.end) - scale.x(begun.start)
            name = Markup.escape(fmt.visible(begun.stage, 30))
            drawn.append(f'<rect class="stage" x="{x}%" width="{width:.3f}%" y="26" height="4" rx="2"/>')
            if width > 6:
                # A name that begins near the right edge would be cut off there.
                place = 'class="stage-name last" x="100%"' if x > _EDGE else f'class="stage-name" x="{x}%" dx="2"'
                drawn.append(f'<text {place} y="21">{name}</text>')
            if not last:
                begun = parts[index + 1]
    return drawn


def _lanes(scale: _Scale, parts: Sequence[Stretch], top: int) -> list[str]:
    drawn = []
    for row in range(len(LANES)):
        y = top + _LANE * row
        drawn.append(f'<rect class="lane" x="0" width="100%" y="{y + 4}" height="{_LANE - 8}" rx="4"/>')
    for part in parts:
        y = top + _LANE * LANES.index(part.kind)
        tone = "silent" if part.lapsed else {"go": "good", "hold": "wait", "pause": "bad"}[part.kind]
        x, width = scale.x(part.start), max(0.25, scale.x(part.end) - scale.x(part.start))
        word = "hold (lapsed)" if part.lapsed else part.kind
        title = Markup.escape(
            f"{word}, {fmt.moment(part.start)} to {fmt.moment(part.end)} UTC: {fmt.visible(part.reason, 200)}"
        )
        drawn.append(
            f'<rect class="bar {tone}" x="{x}%" width="{width:.3f}%" y="{y + 4}" height="{_LANE - 8}" rx="3">'
            f"<title>{title}</title></rect>"
        )
    return drawn


def _incidents(scale: _Scale, markers: Sequence[Marker], levels: Sequence[int], top: int) -> list[str]:
    drawn = []
    for number, (marker, level) in enumerate(zip(markers, levels, strict=True), start=1):
        x = scale.x(marker.at)
        y = top - 8 - _LEVEL * level
        if marker.until is not None:
            width = max(0.3, scale.x(marker.until) - x)
            drawn.append(
                f'<rect class="incident-span" x="{x}%" width="{width:.3f}%" y="{top}" height="{_LANE * len(LANES)}"/>'
            )
        title = Markup.escape(f"{number}: {fmt.visible(marker.title, 80)}, {fmt.moment(marker.at)} UTC")
        drawn.append(f'<g><title>{title}</title><circle class="incident" cx="{x}%" cy="{y}" r="8"/>')
        drawn.append(f'<text class="incident-number" x="{x}%" y="{y + 4}">{number}</text></g>')
    return drawn


def _decisions(scale: _Scale, entries: Sequence[DecisionEntry], top: int) -> list[str]:
    drawn = []
    y = top + _LANE * len(LANES) + 6
    for entry in entries:
        x = scale.x(entry.at)
        title = Markup.escape(f"{entry.kind} by {fmt.visible(entry.actor, 60)}, {fmt.moment(entry.at)} UTC")
        drawn.append(f'<svg class="decision {entry.kind}" x="{x}%" y="{y}" overflow="visible"><title>{title}</title>')
        drawn.append('<path d="M0 0 L5 8 L-5 8 Z"/></svg>')
    return drawn


def sparkline(verdict: Verdict, points: Sequence[EvidencePoint]) -> Markup | None:
    """The estimate over time with the limit as a dashed line; None with fewer than two points."""
    drawable = [(point, point.estimate) for point in thinned(points, 80) if point.estimate is not None]
    drawable = [(point, value) for point, value in drawable if math.isfinite(value)]
    if len(drawable) < 2:
        return None
    known, values = [point for point, _ in drawable], [value for _, value in drawable]
    top, bottom = max(*values, verdict.limit), min(*values, verdict.limit)
    room = (top - bottom) * 0.1 or 1.0
    begun, whole = known[0].window_end, (known[-1].window_end - known[0].window_end).total_seconds() or 1.0

    def y(amount: float) -> float:
        return round(32 * (top + room - amount) / (top - bottom + 2 * room), 2)

    lines: list[list[str]] = [[]]
    for index, (point, value) in enumerate(drawable):
        if index and point.release != known[index - 1].release:
            lines.append([])
        at = (point.window_end - begun).total_seconds() / whole * 140
        lines[-1].append(f"{at:.1f},{y(value)}")
    drawn = "".join(f'<polyline points="{" ".join(line)}"/>' for line in lines)
    level = y(verdict.limit)
    return Markup(
        '<svg class="spark" viewBox="0 0 140 32" preserveAspectRatio="none" aria-hidden="true">'
        f'<line x1="0" x2="140" y1="{level}" y2="{level}"/>{drawn}</svg>'
    )
