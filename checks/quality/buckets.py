"""Which buckets of time have enough rows to be judged; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pool:
    """One bucket, or several small ones in a row together. `judged` is False where the rows are too few to judge."""

    start: datetime
    rows: int
    counts: Mapping[str, int]
    judged: bool


def pools(buckets: Sequence[Pool], min_rows: int) -> Iterator[Pool]:
    """The buckets in order of time; small ones are joined until they hold `min_rows` rows.

    Small buckets before a large one are not joined with it, so that what changes in the large one is not dated too
    early: they come out unjudged. So do the last ones while they are too few.
    """
    small: list[Pool] = []
    for bucket in sorted(buckets, key=lambda pool: pool.start):
        if bucket.rows >= min_rows:
            yield from _joined(small, min_rows)
            yield Pool(bucket.start, bucket.rows, bucket.counts, True)
            small = []
            continue
        small.append(bucket)
        if sum(pool.rows for pool in small) >= min_rows:
            yield from _joined(small, min_rows)
            small = []
    yield from _joined(small, min_rows)


def _joined(small: Sequence[Pool], min_rows: int) -> Iterator[Pool]:
    if not small:
        return
    counts: dict[str, int] = {}
    for pool in small:
        for name, count in pool.counts.items():
            counts[name] = counts.get(name, 0) + count
    rows = sum(pool.rows for pool in small)
    yield Pool(small[0].start, rows, counts, rows >= min_rows)
