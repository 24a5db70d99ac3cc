"""Finds fields of the payload that vanish, appear, or suddenly occur in far more or fewer rows; pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal as OneOf

from checks.quality.buckets import Pool, pools
from checks.quality.text import listed
from warehouse.records.evidence import Finding
from warehouse.records.profile import FieldPresence

GONE = 0.05
"""A field is gone when it occurs at most this often, as a part of how often it did before."""
EXPECTED_ROWS = 30
"""A field of a minority of rows is missed only where at least this many rows with it were to be expected."""
DEVIATIONS = 5.0
"""A change of share must be this many standard deviations of a binomial share."""

Change = OneOf["vanished", "minor_vanished", "appeared", "shifted"]
_SEVERITY: dict[Change, OneOf["info", "warning", "critical"]] = {
    "vanished": "critical",
    "minor_vanished": "warning",
    "appeared": "info",
    "shifted": "warning",
}


@dataclass(frozen=True, slots=True)
class _Seen:
    """One change of one field, with its share of rows before and after."""

    start: datetime
    change: Change
    field: str
    before: float
    after: float


def detect(
    presence: Sequence[FieldPresence],
    *,
    stream: str,
    min_rows: int = 50,
    most: float = 0.5,
    min_change: float = 0.25,
    since: datetime | None = None,
) -> list[Finding]:
    """One finding per moment and kind of change, in order of time, naming the fields together.

    - A field of most rows (`most`) vanishes: "failed", critical, seen in the first bucket without it.
    - A field of fewer rows vanishes: notice, warning; it must be gone from two buckets in a row.
    - A field never seen before appears and stays (most rows, or two buckets in a row): notice, info.
    - The share of rows with a field moves by `min_change` and stays there for two buckets: notice, warning.

    Shares are taken since the field's last change. Buckets with fewer than `min_rows` rows are joined with their small
    neighbours; while these too are few, nothing is said of them. The first bucket is what the others are measured
    against. A field without a record in a bucket was absent from it. `since` leaves out what was seen earlier.
    """
    buckets: dict[datetime, dict[str, FieldPresence]] = {}
    for record in presence:
        buckets.setdefault(record.bucket_start, {})[record.field] = record
    series = list(pools([_pool(start, fields) for start, fields in buckets.items()], min_rows))
    seen = [
        change
        for field in sorted({record.field for record in presence})
        for change in _changes(field, series, most, min_change)
        if since is None or change.start >= since
    ]
    groups: dict[tuple[datetime, Change], list[_Seen]] = {}
    for change in sorted(seen, key=lambda change: (change.start, change.change, change.field)):
        groups.setdefault((change.start, change.change), []).append(change)
    return [_finding(group, stream) for group in groups.values()]


def _pool(start: datetime, fields: dict[str, FieldPresence]) -> Pool:
    rows = max(record.rows for record in fields.values())
    return Pool(start, rows, {name: record.present for name, record in fields.items()}, True)


def _changes(field: str, series: Sequence[Pool], most: float, min_change: float) -> Iterator[_Seen]:
    rows = present = ever = 0
    gone = False
    for index, pool in enumerate(series):
        count = pool.counts.get(field, 0)
        if pool.judged and rows:
            after = next((later for later in series[index + 1 :] if later.judged), None)
            change = _change((rows, present), ever > 0, (pool.rows, count), _counted(after, field), most, min_change)
            # The stragglers of a field that is gone already dry up without another word.
            if change is not None and not (gone and change == "minor_vanished"):
                gone = change in ("vanished", "minor_vanished")
                yield _Seen(pool.start, change, field, present / rows, count / pool.rows)
                rows = present = 0
        rows, present, ever = rows + pool.rows, present + count, ever + count


def _counted(pool: Pool | None, field: str) -> tuple[int, int] | None:
    return None if pool is None else (pool.rows, pool.counts.get(field, 0))


def _change(
    before: tuple[int, int],
    known: bool,
    now: tuple[int, int],
    after: tuple[int, int] | None,
    most: float,
    min_change: float,
) -> Change | None:
    """What happened to a field, from (rows, rows with it) before, now, and in the next judged bucket if any."""
    base, share = before[1] / before[0], now[1] / now[0]
    if not known:
        stays = share >= most or (after is not None and after[1] > 0)
        return "appeared" if now[1] and stays else None
    if base >= most and share <= base * GONE:
        return "vanished"
    if after is None:
        return None
    if base < most and now[1] == 0 and after[1] == 0 and base * now[0] >= EXPECTED_ROWS:
        return "minor_vanished"
    same_side = (share - base) * (after[1] / after[0] - base) > 0
    far = min(abs(share - base), abs(after[1] / after[0] - base)) >= min_change
    return "shifted" if same_side and far and _deviations(before, now) >= DEVIATIONS else None


def _deviations(before: tuple[int, int], now: tuple[int, int]) -> float:
    pooled = (before[1] + now[1]) / (before[0] + now[0])
    spread = math.sqrt(pooled * (1 - pooled) * (1 / before[0] + 1 / now[0]))
    return math.inf if spread == 0 else abs(now[1] / now[0] - before[1] / before[0]) / spread


def _finding(group: Sequence[_Seen], stream: str) -> Finding:
    fields = listed([change.field for change in group])
    before = _range([change.before for change in group])
    after = _range([change.after for change in group])
    name, what = {
        "vanished": ("fields vanished", "vanished"),
        "minor_vanished": ("fields vanished", "vanished"),
        "appeared": ("fields appeared", "appeared"),
        "shifted": ("fields shifted", "suddenly occur in another share of the rows"),
    }[group[0].change]
    return Finding(
        kind="schema_change",
        state="failed" if group[0].change == "vanished" else "notice",
        severity=_SEVERITY[group[0].change],
        stream=stream,
        subject=fields,
        name=name,
        detail=f"Fields of {stream} {what}: {fields} (in {before} of the rows before, {after} since).",
        observed=after,
        expected=before,
        seen_at=group[0].start,
    )


def _range(shares: Sequence[float]) -> str:
    low, high = f"{min(shares):.0%}", f"{max(shares):.0%}"
    return low if low == high else f"{low} to {high}"
