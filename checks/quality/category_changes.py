"""Finds when the most common value of a watched column gives way to another; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from checks.quality.buckets import Pool, pools
from checks.quality.text import plain
from warehouse.records.evidence import Finding
from warehouse.records.profile import CategoryShare

DEVIATIONS = 3.0
"""The rise of the new value must be this many standard deviations of a binomial share."""


def detect(
    shares: Sequence[CategoryShare],
    *,
    stream: str,
    column: str,
    min_rows: int = 20,
    min_change: float = 0.1,
    since: datetime | None = None,
) -> list[Finding]:
    """One notice per switch of the most common value, in order of time.

    A switch needs more than a changed order: the new value's share must have risen, against all rows since the last
    switch, by `min_change` and beyond chance, so two values that are equally common do not flicker. Missing values are
    left out (a column that empties is a schema change). Buckets with fewer than `min_rows` values are joined with their
    small neighbours; while these too are few, nothing is said of them. Ties go to the value that was most common
    before, else to the first in order of the alphabet. `since` leaves out what was seen earlier. Choose buckets in
    which a mix settles (a week): what one person does in an hour switches often, and every switch is told.
    """
    buckets: dict[datetime, dict[str, int]] = {}
    for share in shares:
        if share.value is not None and share.rows > 0:
            counts = buckets.setdefault(share.bucket_start, {})
            counts[share.value] = counts.get(share.value, 0) + share.rows
    series = pools([Pool(start, sum(c.values()), c, True) for start, c in buckets.items()], min_rows)
    found: list[Finding] = []
    regime: dict[str, int] = {}
    leader: str | None = None
    for pool in series:
        top = _top(pool.counts, leader) if pool.judged else leader
        if leader is None:
            leader = top
        elif top is not None and top != leader and _rose(regime, pool, top, min_change):
            found.append(_finding(regime, pool, leader, top, stream, column))
            leader, regime = top, {}
        for value, count in pool.counts.items():
            regime[value] = regime.get(value, 0) + count
    return [finding for finding in found if since is None or (finding.seen_at is not None and finding.seen_at >= since)]


def _top(counts: Mapping[str, int], leader: str | None) -> str | None:
    return min(counts, key=lambda value: (-counts[value], value != leader, value), default=None)


def _rose(regime: dict[str, int], pool: Pool, value: str, min_change: float) -> bool:
    rows, count = sum(regime.values()), regime.get(value, 0)
    rise = pool.counts[value] / pool.rows - count / rows
    pooled = (count + pool.counts[value]) / (rows + pool.rows)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / pool.rows))
    return rise >= min_change and rise > DEVIATIONS * spread


def _finding(regime: dict[str, int], pool: Pool, old: str, new: str, stream: str, column: str) -> Finding:
    rows = sum(regime.values())
    before, after = plain(old, 60), plain(new, 60)
    was, now = regime.get(old, 0) / rows, pool.counts[new] / pool.rows
    return Finding(
        kind="category_change",
        state="notice",
        severity="warning",
        stream=stream,
        subject=column,
        name="most common value",
        detail=(
            f"The most common value of {column} is now {after} ({now:.0%} of {pool.rows} rows, "
            f"{regime.get(new, 0) / rows:.0%} before); it was {before} ({was:.0%} of {rows} rows, "
            f"{pool.counts.get(old, 0) / pool.rows:.0%} now)."
        ),
        observed=after,
        expected=before,
        seen_at=pool.start,
    )
