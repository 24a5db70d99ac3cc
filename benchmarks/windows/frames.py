"""What a user would write in pandas over raw rows: every window of every day read again, in two ways.

The loop takes each slice of each window by itself and computes one metric after the other. The grouping computes all
metrics of all slices of a window at once, which is the fast way, and seldom the one that is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.windows.measured import SPREAD
from benchmarks.windows.ours import SHARES, SLICES
from benchmarks.windows.rows import AMOUNTS, COUNTS, SCORES, STREAM, TRUTHS

if TYPE_CHECKING:
    import pandas as pd

    from warehouse.store import Warehouse

KEYS = ["rollout", "segment"]
MEANS = ("confidence", "harm", "quality", "minutes")

Results = Mapping[tuple[str, str, str], float]
"""By metric, rollout and segment."""


def frame(warehouse: Warehouse, start: datetime, end: datetime) -> pd.DataFrame:
    """The rows of a span with the columns that the metrics read; truth values as numbers, missing ones as NaN."""
    columns = ", ".join(("occurred_at", *KEYS, *SCORES, *AMOUNTS, *COUNTS, *TRUTHS))
    found = warehouse.connection.execute(
        f"SELECT {columns} FROM events_{STREAM.name} WHERE occurred_at >= $start AND occurred_at < $end",
        {"start": start, "end": end},
    ).df()
    for name in TRUTHS:
        found[name] = found[name].astype("float64")
    return found


def timed(
    way: Callable[[pd.DataFrame], Results], rows: pd.DataFrame, day: datetime, lengths: Sequence[timedelta]
) -> tuple[dict[int, Results], float]:
    """By length in days, every metric of the window that ends at `day`, and the seconds that it took."""
    start = time.perf_counter()
    found = {length.days: way(rows[rows["occurred_at"] >= day - length]) for length in lengths}
    return found, time.perf_counter() - start


def loop(rows: pd.DataFrame) -> Results:
    """Slice by slice, metric by metric."""
    found: dict[tuple[str, str, str], float] = {}
    for where in SLICES:
        part = rows
        for key in KEYS:
            if (wanted := getattr(where, key)) is not None:
                part = part[part[key] == wanted]
        place = (where.rollout or "", where.segment or "")
        for name, measure in {**rates(), **means()}.items():
            found[name, *place] = measure(part).mean()
        for name in SPREAD:
            for share in SHARES:
                found[f"{name}_{share}", *place] = part[name].quantile(share)
        found["calls", *place] = len(part)
        found["calls_done", *place] = (part["done"] == 1).sum()
    return found


def grouping(rows: pd.DataFrame) -> Results:
    """All slices and metrics at once: four groupings."""
    import pandas as pd

    wide = pd.DataFrame({name: measure(rows) for name, measure in {**rates(), **means()}.items()})
    named = {key: rows[key].astype("category") for key in KEYS}
    found: dict[tuple[str, str, str], float] = {}
    for chosen in ([], ["rollout"], ["segment"], KEYS):
        keys = [named[key] for key in chosen] or [pd.Series(0, index=rows.index)]
        spread = rows[list(SPREAD)].groupby(keys, observed=True)
        done = (rows["done"] == 1).groupby(keys, observed=True)
        tables = [wide.groupby(keys, observed=True).mean()]
        tables += [spread.quantile(share).add_suffix(f"_{share}") for share in SHARES]
        tables += [pd.DataFrame({"calls": done.size(), "calls_done": done.sum()})]
        for table in tables:
            for name, column in table.items():
                for key, value in column.items():
                    given = dict(zip(chosen, key if isinstance(key, tuple) else (key,), strict=False))
                    found[str(name), given.get("rollout", ""), given.get("segment", "")] = value
    return found


def rates() -> dict[str, Callable[[pd.DataFrame], pd.Series[Any]]]:
    """By name, what each rate makes of rows: 1, 0, or NaN where it says nothing."""

    def given(name: str) -> Callable[[pd.DataFrame], pd.Series[Any]]:
        return lambda rows: rows[name]

    def high(name: str, limit: float = 0.9, *, least: bool = True) -> Callable[[pd.DataFrame], pd.Series[Any]]:
        return lambda rows: ((rows[name] >= limit) if least else (rows[name] > limit)).where(rows[name].notna()) * 1.0

    def only(name: str, measure: Callable[[pd.DataFrame], pd.Series[Any]]) -> Callable[[pd.DataFrame], pd.Series[Any]]:
        return lambda rows: measure(rows).where(rows[name] == 1)

    above = {"slow": ("latency_ms", 1000), "costly": ("cost", 0.01), "long": ("output_tokens", 3000)}
    above |= {"dear": ("error_cost", 90), "saved": ("minutes", 0), "read_much": ("input_tokens", 3000)}
    return {
        **{f"{name}_rate": given(name) for name in TRUTHS},
        **{f"{name}_high": high(name) for name in SCORES},
        **{name: high(column, limit, least=False) for name, (column, limit) in above.items()},
        "refused_done": only("done", given("refused")),
        "cited_grounded": only("grounded", given("cited")),
        "harm_done": only("done", high("harm")),
        "harm_cited": only("cited", high("harm")),
    }


def means() -> dict[str, Callable[[pd.DataFrame], pd.Series[Any]]]:
    """By name, what each mean makes of rows."""

    def given(name: str) -> Callable[[pd.DataFrame], pd.Series[Any]]:
        return lambda rows: rows[name]

    return {f"{name}_mean": given(name) for name in MEANS}
