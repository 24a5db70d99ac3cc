"""Profiles read back: sums of deltas, or counted afresh from the rows of a span (a reference)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from warehouse.profiles import counting
from warehouse.profiles.counting import TEXTS, Counts, Rows
from warehouse.profiles.wording import columns, needs_texts
from warehouse.records.errors import LedgerError
from warehouse.records.metrics import Slice
from warehouse.records.profiles import MISSING, UNUSABLE, Profile, Scheme
from warehouse.records.streams import Stream
from warehouse.scope import events_table, sliced, statement, utc
from warehouse.store import Warehouse

Line = tuple[int, int, int, int]
"""Bin, items, total, squares."""


def read(
    warehouse: Warehouse,
    schemes: Sequence[Scheme],
    where: Slice,
    start: datetime,
    end: datetime,
    *,
    through_batch: int | None = None,
) -> list[Profile]:
    """One profile per scheme over the windows that start within [start, end); all zeros where nothing was counted.

    `through_batch` asks what was known when that batch was in.

    Raises:
        LedgerError: a count is negative, so that deltas are missing or doubled.
    """
    values = {
        "schemes": [scheme.digest for scheme in schemes],
        "start": utc(start),
        "end": utc(end),
        "through": through_batch,
        **sliced(where),
    }
    lines: dict[str, list[Line]] = {}
    for digest, *line in warehouse.connection.execute(statement("profiles_read"), values).fetchall():
        lines.setdefault(digest, []).append((int(line[0]), int(line[1]), int(line[2]), int(line[3])))
    return [_profile(scheme, lines.get(scheme.digest, ())) for scheme in schemes]


def count_span(
    warehouse: Warehouse, schemes: Sequence[Scheme], stream: Stream, where: Slice, start: datetime, end: datetime
) -> list[Profile]:
    """One profile per scheme, counted from the current rows of a slice that occurred within [start, end).

    Raises:
        UsageError: a scheme does not fit the stream.
    """
    events = events_table(warehouse, stream.name)
    if events is None:
        return [_profile(scheme, ()) for scheme in schemes]
    connection = warehouse.connection
    span = {"start": utc(start), "end": utc(end), **sliced(where)}
    straight = Rows(statement("profiles_span", events=events), span)
    prepared = Rows("profile_rows", {}, prepared=True)
    if texts := [scheme for scheme in schemes if needs_texts(scheme)]:
        text = statement("profiles_span_rows", columns=columns(texts), rows=straight.sql)
        connection.execute(text, span)
    found = []
    with counting.counting_in_arrays(connection, counting.ARRAY_ROWS):
        for scheme in schemes:
            rows = prepared if needs_texts(scheme) else straight
            found.append(_profile(scheme, _lines(counting.count(connection, scheme, stream, rows))))
    connection.execute("DROP TABLE IF EXISTS profile_rows")
    return found


def _lines(counts: Counts) -> Iterable[Line]:
    plain = zip(counts.bin.tolist(), counts.items.tolist(), counts.total.tolist(), counts.squares.tolist(), strict=True)
    return [*plain, *((bin_, items, total, squares) for _, bin_, items, total, squares in counts.large)]


def _profile(scheme: Scheme, lines: Iterable[Line]) -> Profile:
    counts, totals = [0] * scheme.bins, [0] * (scheme.bins if scheme.kind == "number" else 0)
    apart = {MISSING: 0, UNUSABLE: 0, TEXTS: 0}
    all_squares = 0
    for bin_, items, total, squares in lines:
        if bin_ < 0:
            apart[bin_] += items
            continue
        counts[bin_] += items
        all_squares += squares
        if totals:
            totals[bin_] += total
    if min(counts, default=0) < 0 or min(apart.values()) < 0:
        raise LedgerError(
            f"The profile of {scheme.name!r} of stream {scheme.stream!r} counts fewer than no rows, which cannot be. "
            "It is damaged: count it again from the stored rows."
        )
    rows = apart[TEXTS] if scheme.kind == "token" else sum(counts)
    return Profile(scheme.digest, rows, apart[MISSING], apart[UNUSABLE], tuple(counts), tuple(totals), all_squares)
