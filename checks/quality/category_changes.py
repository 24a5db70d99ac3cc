"""Finds when the most common value of a watched column gives way to another; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

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
    series = pools(_buckets(shares), min_rows)
    found: list[Finding] = []
    before = Pool(datetime.min.replace(tzinfo=UTC), 0, {}, True)
    leader: str | None = None
    for pool in series:
        top = _top(pool.counts, leader) if pool.judged else leader
        if leader is None:
            leader = top
        elif top is not None and top != leader and _rose(before, pool, top, min_change):
            found.append(_finding(before, pool, leader, top, stream, column))
            leader, before = top, Pool(pool.start, 0, {}, True)
        before = _together(before, pool)
    return [finding for finding in found if since is None or (finding.seen_at is not None and finding.seen_at >= since)]


def _buckets(shares: Sequence[CategoryShare]) -> list[Pool]:
    """Rows with a value per bucket; the gathered rest counts among them, but is no value of its own."""
    rows: dict[datetime, int] = {}
    counts: dict[datetime, dict[str, int]] = {}
    for share in shares:
        if share.value is None or share.rows <= 0:
            continue
        rows[share.bucket_start] = rows.get(share.bucket_start, 0) + share.rows
        here = counts.setdefault(share.bucket_start, {})
        if not share.other:
            here[share.value] = here.get(share.value, 0) + share.rows
    return [Pool(start, total, counts[start], True) for start, total in rows.items()]


def _together(before: Pool, pool: Pool) -> Pool:
    counts = dict(before.counts)
    for value, count in pool.counts.items():
        counts[value] = counts.get(value, 0) + count
    return Pool(before.start, before.rows + pool.rows, counts, True)


def _top(counts: Mapping[str, int], leader: str | None) -> str | None:
    return min(counts, key=lambda value: (-counts[value], value != leader, value), default=None)


def _rose(before: Pool, now: Pool, value: str, min_change: float) -> bool:
    count = before.counts.get(value, 0)
    rise = now.counts[value] / now.rows - count / before.rows
    pooled = (count + now.counts[value]) / (before.rows + now.rows)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / before.rows + 1 / now.rows))
    return rise >= min_change and rise > DEVIATIONS * spread


def _finding(before: Pool, now: Pool, old: str, new: str, stream: str, column: str) -> Finding:
    was, is_now = plain(old, 60), plain(new, 60)
    return Finding(
        kind="category_change",
        state="notice",
        severity="warning",
        stream=stream,
        subject=column,
        name="most common value",
        detail=(
            f"The most common value of {column} is now {is_now} ({_share(now, new)} of {now.rows} rows, "
            f"{_share(before, new)} before); it was {was} ({_share(before, old)} of {before.rows} rows, "
            f"{_share(now, old)} now)."
        ),
        observed=is_now,
        expected=was,
        seen_at=now.start,
    )


def _share(pool: Pool, value: str) -> str:
    return f"{pool.counts.get(value, 0) / pool.rows:.0%}"
