"""Lines of the drift pages: columns by how much they moved, and the groups of one column on both sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from checks.drift.records import ColumnDrift
from checks.gates.records import Outcome
from dashboards import format as fmt
from dashboards.board.drift_records import Compared, Share
from dashboards.board.metric_records import Group, Point
from warehouse.records.profiles import Profile, Scheme

MOST = 24
"""Groups that are drawn and listed; the others are added up."""

_LARGEST = 700.0

STATES: dict[str, tuple[Outcome, str]] = {
    "drifted": ("insufficient", "drifted"),
    "steady": ("pass", "no drift shown"),
    "too_few": ("no_data", "too few rows"),
    "no_data": ("no_data", "no rows"),
    "missing_column": ("error", "column is missing"),
    "all_missing": ("no_data", "no row has a value"),
    "constant": ("no_data", "one value in the reference"),
    "unusable": ("error", "values cannot be used"),
    "unjudged": ("no_data", "not judged"),
}
"""The badge and the words of what is known of a column: only the first two are verdicts."""


@dataclass(frozen=True, slots=True)
class Line:
    """One property of a column as it is listed; `effect` is its distance in tolerances, None where nothing is known."""

    found: ColumnDrift
    effect: float | None
    outcome: Outcome
    word: str


def ranked(compared: Compared) -> list[Line]:
    """Every property, the one that moved most first and those of which nothing is known last."""
    columns = compared.report.columns if compared.report else ()
    lines = [Line(column, _effect(column), *STATES[column.state]) for column in columns]
    return sorted(lines, key=lambda line: (line.effect is None, -(line.effect or 0.0), line.found.name))


def _effect(column: ColumnDrift) -> float | None:
    if column.statistic is None or column.threshold <= 0:
        return None
    return column.statistic / column.threshold


def groups(scheme: Scheme, before: Profile, now: Profile, *, quoted: bool = True) -> tuple[Group, ...]:
    """Rows in each bin on both sides, in the order of a number, else the largest first; few enough to be read.

    Categories are values of the logs; they are numbered where they must not be quoted.
    """
    if scheme.kind == "number":
        return _stretches(scheme, before.counts, now.counts)
    pairs = zip(_names(scheme, quoted=quoted), before.counts, now.counts, strict=True)
    by_size = sorted(pairs, key=lambda pair: (-max(pair[1:]), pair[0]))
    rest = by_size[MOST:]
    found = [Group(name, a, b) for name, a, b in by_size[:MOST] if a or b]
    if any(a or b for _, a, b in rest):
        found.append(Group(f"{len(rest)} more", sum(a for _, a, _ in rest), sum(b for _, _, b in rest)))
    return tuple(found)


def _stretches(scheme: Scheme, before: Sequence[int], now: Sequence[int]) -> tuple[Group, ...]:
    """Neighbouring bins of a number added up until there are few enough; empty ones at the ends are left out."""
    full = [number for number, counts in enumerate(zip(before, now, strict=True)) if any(counts)]
    if not full:
        return ()
    first, end = full[0], full[-1] + 1
    edges = [None, *(_value(scheme, code) for code in scheme.cuts), None]
    step = -(-(end - first) // MOST)
    spans = [(at, min(at + step, end)) for at in range(first, end, step)]
    return tuple(Group(fmt.between(edges[a], edges[b]), sum(before[a:b]), sum(now[a:b])) for a, b in spans)


def _names(scheme: Scheme, *, quoted: bool) -> list[str]:
    if scheme.kind != "category":
        return [f"bucket {number}" for number in range(scheme.buckets)]
    values = scheme.values if quoted else [f"value {number}" for number in range(1, len(scheme.values) + 1)]
    return [*values, "other values"]


def _value(scheme: Scheme, code: int) -> float:
    """Where the bin of that code begins: half a code below it."""
    at = (code - 0.5 - scheme.offset) / scheme.scale
    return math.exp(min(at, _LARGEST)) if scheme.logarithmic else at


def history(shares: Sequence[Share]) -> list[Point]:
    """The share of drifted columns over time; no value where a column could not be judged."""
    return [Point(one.start, one.end, one.share, 1) for one in shares]


def words(shares: Sequence[Share]) -> str:
    """The same in a sentence."""
    known = [one.share for one in shares if one.share is not None]
    if not known:
        return "In no span could all columns be judged."
    unjudged = len(shares) - len(known)
    more = f"; in {unjudged} more a column could not be judged" if unjudged else ""
    return (
        f"{len(known)} spans are judged{more}: the share of drifted columns lay between {fmt.percent(min(known))} and "
        f"{fmt.percent(max(known))}, and is {fmt.percent(known[-1])} in the newest of them."
    )
