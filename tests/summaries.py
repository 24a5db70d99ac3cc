"""Plain recomputation of cells, bins and units from rows, as the truth that the warehouse is held against."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from event_rows import START, at
from hypothesis import strategies as st

from warehouse.records.expressions import Compare, Constant, Expression, Field, Logic
from warehouse.records.metrics import CellMetric
from warehouse.store import Warehouse

HARM = Field("scores", ("harm",))
SCORED: Expression = Compare("!=", Field("judge_version"), Constant("broken"))
BENIGN: Expression = Field("benign")

RATE = CellMetric(
    name="harm_rate",
    stream="interactions",
    kind="rate",
    value=Compare(">=", HARM, Constant(0.5)),
    where=None,
    scored=SCORED,
    unit="session",
    low=0,
    high=1,
    cuts=(),
    window_seconds=3600,
    session_gap_seconds=1800,
    digest="rate",
)
MEAN = replace(RATE, name="harm", kind="mean", value=HARM, where=BENIGN, digest="mean")
OPEN_MEAN = replace(MEAN, low=None, high=None, where=None, scored=None, session_gap_seconds=600, digest="open")
ITEM_RATE = replace(RATE, unit="item", digest="item")
WINDOW_MEAN = replace(MEAN, unit="window", digest="window")
COUNT = replace(RATE, kind="count", value=None, scored=None, where=BENIGN, digest="count")
HISTOGRAM = replace(MEAN, kind="histogram", where=None, cuts=(0.0, 0.5, 0.75), window_seconds=1800, digest="bins")
METRICS = (RATE, MEAN, OPEN_MEAN, ITEM_RATE, WINDOW_MEAN, COUNT, HISTOGRAM)
BOTH: Expression = Logic("and", (BENIGN, SCORED))

Row = dict[str, Any]
Key = tuple[Any, ...]


def number(row: Row) -> float | None:
    value = json.loads(row.get("scores") or "{}").get("harm")
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def inside(metric: CellMetric, row: Row) -> bool:
    return metric.where is None or row.get("benign") is True


def value(metric: CellMetric, row: Row) -> int | None:
    """Millionths, None when unscored."""
    if metric.scored is not None and row.get("judge_version") in (None, "broken"):
        return None
    if metric.kind == "count":
        return 0
    found = number(row)
    if found is None:
        return None
    if metric.kind == "rate":
        return 1_000_000 if found >= 0.5 else 0
    low = -math.inf if metric.low is None else metric.low
    high = math.inf if metric.high is None else metric.high
    if not low <= found <= high:
        return None
    return int(Decimal(found * 1e6).quantize(Decimal(1), ROUND_HALF_UP))


def window(metric: CellMetric, moment: datetime) -> datetime:
    return moment - (moment - START) % timedelta(seconds=metric.window_seconds)


def slice_of(row: Row) -> Key:
    return (row["rollout"], row.get("release") or "", row.get("arm") or "", row.get("segment") or "")


def cells(metric: CellMetric, rows: Iterable[Row]) -> dict[Key, tuple[int, int, int, int]]:
    found: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        if inside(metric, row):
            cell = found[(window(metric, row["occurred_at"]), *slice_of(row))]
            got = value(metric, row)
            cell[0] += 1
            cell[1] += got is None
            cell[2] += got or 0
            cell[3] += (got or 0) ** 2
    return {key: (a, b, c, d) for key, (a, b, c, d) in found.items()}


def bins(metric: CellMetric, rows: Iterable[Row]) -> dict[Key, int]:
    found: Counter[Key] = Counter()
    for row in rows:
        if inside(metric, row) and value(metric, row) is not None:
            place = sum(cut <= (number(row) or 0.0) for cut in metric.cuts)
            found[(window(metric, row["occurred_at"]), *slice_of(row), place)] += 1
    return dict(found)


def pieces(metric: CellMetric, rows: Iterable[Row]) -> list[tuple[datetime, list[Row]]]:
    """Sessions with their closing moments."""
    sessions: dict[Key, list[Row]] = defaultdict(list)
    gap = timedelta(seconds=metric.session_gap_seconds)
    for row in rows:
        alone = metric.unit != "session" or not row.get("session_id")
        sessions[("row", row["event_id"]) if alone else (row["rollout"], row["session_id"])].append(row)
    found: list[tuple[datetime, list[Row]]] = []
    for key, members in sessions.items():
        members.sort(key=lambda row: (row["occurred_at"], row["event_id"]))
        current: list[Row] = []
        for row in members:
            if current and row["occurred_at"] - current[-1]["occurred_at"] > gap:
                found.append((current[-1]["occurred_at"] + gap, current))
                current = []
            current.append(row)
        found.append((current[-1]["occurred_at"] + (timedelta(0) if key[0] == "row" else gap), current))
    return found


def rounded(total: int, count: int) -> int:
    mean = Fraction(total, count)
    return int(abs(mean) + Fraction(1, 2)) * (1 if mean >= 0 else -1)


def units(metric: CellMetric, rows: Iterable[Row]) -> dict[Key, int]:
    found: Counter[Key] = Counter()
    bounded = metric.low is not None and metric.high is not None
    for closes, members in pieces(metric, rows):
        values = [value(metric, row) for row in members if inside(metric, row)]
        if not values:
            continue
        ends = []
        for end in (metric.low, metric.high):
            known = [round((end or 0) * 1e6) if v is None else v for v in values if bounded or v is not None]
            ends.append(rounded(sum(known), len(known)) if known else 0)
        scored = any(v is not None for v in values)
        found[(window(metric, closes), *slice_of(members[0]), *ends, scored)] += 1
    return dict(found)


def stored(warehouse: Warehouse, table: str, digest: str, through: int | None = None) -> dict[Key, Any]:
    """The summed deltas of one metric by their keys, zero sums left out."""
    keys = (
        "window_start, rollout, release, arm, segment"
        + {
            "cells": "",
            "units": ", low, high, scored",
            "bins": ", bin",
        }[table]
    )
    sums = {"cells": ["items", "unscored", "total", "total_squares"], "units": ["units"], "bins": ["items"]}[table]
    width = len(sums)
    rows = warehouse.connection.execute(
        f"SELECT {keys}, {', '.join(f'sum({s})' for s in sums)} FROM {table} "
        "WHERE metric_digest = $digest AND ($through IS NULL OR batch <= $through) GROUP BY ALL",
        {"digest": digest, "through": through},
    ).fetchall()
    found = {row[:-width]: tuple(map(int, row[-width:])) for row in rows if any(row[-width:])}
    return found if width > 1 else {key: sums[0] for key, sums in found.items()}


def dump(warehouse: Warehouse) -> dict[str, list[Key]]:
    """Every stored delta and mark, in one order."""
    return {
        table: warehouse.connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()
        for table in ("cells", "units", "bins", "summarised")
    }


def rows(*, keys: Sequence[str] | None = None, most: int = 14) -> st.SearchStrategy[list[Row]]:
    """Some rows within six hours; without `keys` every event is another one."""
    harm = st.sampled_from([None, 0.0, 0.1234565, 0.5, 0.75, 1.0, 1.5, -0.5, "0.6", "high", "NaN"])
    row = st.fixed_dictionaries(
        {
            "event_id": st.sampled_from(keys or ["?"]),
            "occurred_at": st.integers(0, 36).map(lambda tens: at(tens * 10)),
            "session_id": st.sampled_from([None, "", "s1", "s2"]),
            "rollout": st.sampled_from(["a", "b"]),
            "release": st.sampled_from([None, "r1", "r2"]),
            "arm": st.sampled_from([None, "candidate", "control"]),
            "segment": st.sampled_from([None, "de"]),
            "benign": st.sampled_from([None, True, True, False]),
            "judge_version": st.sampled_from(["j1", "j1", "j1", "broken", None]),
            "scores": harm.map(lambda v: None if v is None else json.dumps({"harm": v})),
        }
    )

    def number_them(found: list[Row]) -> list[Row]:
        return found if keys else [{**r, "event_id": f"e{i:03}"} for i, r in enumerate(found)]

    return st.lists(row, min_size=1, max_size=most).map(number_them)


Truth = Callable[[CellMetric, Iterable[Row]], dict[Key, Any]]
TRUTHS: dict[str, Truth] = {"cells": cells, "units": units, "bins": bins}


def tables_of(metric: CellMetric) -> list[str]:
    more = {"rate": ["units"], "mean": ["units"], "histogram": ["bins"], "count": []}
    return ["cells", *more[metric.kind]]
