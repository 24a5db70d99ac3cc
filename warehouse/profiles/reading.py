"""Profiles read back: sums of deltas, or counted afresh from the rows of a span (a reference)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from warehouse.profiles import counting
from warehouse.profiles.counting import TEXTS, Counts, Integers, Rows
from warehouse.profiles.wording import columns, needs_texts
from warehouse.records.errors import LedgerError
from warehouse.records.metrics import Slice
from warehouse.records.profiles import MISSING, UNUSABLE, Profile, Scheme
from warehouse.records.streams import Stream
from warehouse.scope import events_table, sliced, statement, utc
from warehouse.store import Warehouse

_SUMS = "TRY_CAST(sum(total) AS {sum}) AS total, TRY_CAST(sum(total_squares) AS {sum}) AS squares"
_NO_SUMS = "0::BIGINT AS total, 0::BIGINT AS squares"


@dataclass(frozen=True, slots=True)
class _Lines:
    """Sums by scheme and bin as parallel arrays; `total` and `squares` are Python integers where 64 bits do not do."""

    place: Integers
    bin: Integers
    items: Integers
    total: Any
    squares: Any

    def of(self, chosen: Integers) -> _Lines:
        """Those at some places."""
        parts = (self.place, self.bin, self.items, self.total, self.squares)
        return _Lines(*(part[chosen] for part in parts))


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
    parts = _apart(_sums(warehouse, "profiles_read", values), len(schemes))
    return [_profile(scheme, lines) for scheme, lines in zip(schemes, parts, strict=True)]


def read_spans(
    warehouse: Warehouse,
    schemes: Sequence[Scheme],
    where: Slice,
    start: datetime,
    end: datetime,
    length: timedelta,
    number: int,
) -> list[list[Profile]]:
    """What `read` gives for each of `number` spans of one length before `end`, the newest first, in one look.

    Nothing before `start` is counted, so that the oldest span may be a shorter one.

    Raises:
        LedgerError: a count is negative, so that deltas are missing or doubled.
    """
    values = {
        "start": utc(max(start, end - number * length)),
        "end": utc(end),
        "length": length // timedelta(microseconds=1),
        "number": number,
        **sliced(where),
    }
    found: list[list[Profile]] = [[] for _ in schemes]
    # Only numbers have sums of values, and reading those takes far longer than the counts.
    for summed, sums in ((True, _SUMS), (False, _NO_SUMS)):
        places = [place for place, scheme in enumerate(schemes) if (scheme.kind == "number") is summed]
        some = {**values, "schemes": [schemes[place].digest for place in places]}
        parts = _apart(_sums(warehouse, "profiles_read_spans", some, sums), len(places) * number)
        for nth, place in enumerate(places):
            found[place] = [_profile(schemes[place], lines) for lines in parts[nth * number : (nth + 1) * number]]
    return [[profiles[span] for profiles in found] for span in range(number)]


def _apart(found: _Lines, places: int) -> list[_Lines]:
    """The lines of every place."""
    order = np.argsort(found.place, kind="stable")
    ends = np.searchsorted(found.place[order], np.arange(places + 1)).tolist()
    return [found.of(order[start:end]) for start, end in pairwise(ends)]


def _sums(warehouse: Warehouse, name: str, values: dict[str, object], sums: str = _SUMS) -> _Lines:
    """The stored sums; nearly always they fit 64 bits, and reading larger ones takes several times as long."""
    found: dict[str, Any] = warehouse.connection.execute(
        statement(name, sums=sums.format(sum="BIGINT")), values
    ).fetchnumpy()
    parts = [found[name] for name in ("place", "bin", "items", "total", "squares")]
    if not any(np.ma.getmaskarray(part).any() for part in parts):
        return _Lines(*(np.ma.getdata(part).astype(np.int64) for part in parts))
    rows = warehouse.connection.execute(statement(name, sums=sums.format(sum="HUGEINT")), values).fetchall()
    place, bin_, items, *large = zip(*rows, strict=True)
    small = (np.array(part, dtype=np.int64) for part in (place, bin_, items))
    return _Lines(*small, *(np.array(part, dtype=object) for part in large))


def count_span(
    warehouse: Warehouse, schemes: Sequence[Scheme], stream: Stream, where: Slice, start: datetime, end: datetime
) -> list[Profile]:
    """One profile per scheme, counted from the current rows of a slice that occurred within [start, end).

    Raises:
        UsageError: a scheme does not fit the stream.
    """
    events = events_table(warehouse, stream.name)
    if events is None:
        return [_profile(scheme, _lines(counting.none())) for scheme in schemes]
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


def _lines(counts: Counts) -> _Lines:
    plain = (counts.cell, counts.bin, counts.items, counts.total, counts.squares)
    if not counts.large:
        return _Lines(*plain)
    parts = [[*some.tolist(), *more] for some, more in zip(plain, zip(*counts.large, strict=True), strict=True)]
    small = (np.array(part, dtype=np.int64) for part in parts[:3])
    return _Lines(*small, *(np.array(part, dtype=object) for part in parts[3:]))


def _profile(scheme: Scheme, lines: _Lines) -> Profile:
    inside = lines.bin >= 0
    counts = _summed(scheme, lines.bin[inside], lines.items[inside])
    apart = {bin_: int(lines.items[lines.bin == bin_].sum()) for bin_ in (MISSING, UNUSABLE, TEXTS)}
    if min(counts, default=0) < 0 or min(apart.values()) < 0:
        raise LedgerError(
            f"The profile of {scheme.name!r} of stream {scheme.stream!r} counts fewer than no rows, which cannot be. "
            "It is damaged: count it again from the stored rows."
        )
    totals = _summed(scheme, lines.bin[inside], lines.total[inside]) if scheme.kind == "number" else ()
    squares = sum(lines.squares[inside].tolist())
    rows = apart[TEXTS] if scheme.kind == "token" else sum(counts)
    return Profile(scheme.digest, rows, apart[MISSING], apart[UNUSABLE], counts, totals, squares)


def _summed(scheme: Scheme, bins: Integers, numbers: Any) -> tuple[int, ...]:
    found = np.zeros(scheme.bins, dtype=numbers.dtype)
    np.add.at(found, bins, numbers)
    return tuple(found.tolist())
