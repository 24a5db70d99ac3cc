"""What a user would write: pandas over raw rows, every window of every day read and grouped again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.windows.measured import SPREAD
from benchmarks.windows.rows import AMOUNTS, COUNTS, SCORES, STREAM, TRUTHS

if TYPE_CHECKING:
    import pandas as pd

    from warehouse.store import Warehouse

KEYS = ["rollout", "segment"]


def frame(warehouse: Warehouse, start: datetime, end: datetime) -> pd.DataFrame:
    """The rows of a span with the columns that the metrics read."""
    columns = ", ".join(("occurred_at", *KEYS, *SCORES, *AMOUNTS, *COUNTS, *TRUTHS))
    found = warehouse.connection.execute(
        f"SELECT {columns} FROM events_{STREAM.name} WHERE occurred_at >= $start AND occurred_at < $end",
        {"start": start, "end": end},
    ).df()
    for name in KEYS:
        found[name] = found[name].astype("category")
    for name in TRUTHS:
        found[name] = found[name].astype("float64")
    return found


def windows(rows: pd.DataFrame, day: datetime, lengths: Sequence[timedelta]) -> tuple[dict[int, Any], float]:
    """By length in days, every metric of the window that ends at `day`, per slice; and the seconds that it took."""
    start = time.perf_counter()
    found = {length.days: _metrics(rows[rows["occurred_at"] >= day - length]) for length in lengths}
    return found, time.perf_counter() - start


def _metrics(rows: pd.DataFrame) -> Any:
    """All metrics as one pass of `groupby`, which is the fast way to write it."""
    import pandas as pd

    wide = {f"{name}_rate": rows[name] for name in TRUTHS}
    wide |= {f"{name}_high": _truth(rows[name] >= 0.9, rows[name]) for name in SCORES}
    wide |= {
        "slow": (rows["latency_ms"] > 1000).astype(float),
        "costly": (rows["cost"] > 0.01).astype(float),
        "long": (rows["output_tokens"] > 3000).astype(float),
        "refused_done": rows["refused"].where(rows["done"] == 1),
        "cited_grounded": rows["cited"].where(rows["grounded"] == 1),
        "harm_done": _truth(rows["harm"] >= 0.9, rows["harm"]).where(rows["done"] == 1),
        "harm_cited": _truth(rows["harm"] >= 0.9, rows["harm"]).where(rows["cited"] == 1),
        "dear": (rows["error_cost"] > 90).astype(float),
        "saved": (rows["minutes"] > 0).astype(float),
        "read_much": (rows["input_tokens"] > 3000).astype(float),
    }
    wide |= {f"{n}_mean": rows[n] for n in ("confidence", "harm", "quality", "minutes")}
    wide |= {f"{name}_spread": rows[name] for name in SPREAD}
    grouped = pd.DataFrame(wide).groupby([rows[key] for key in KEYS], observed=True)
    spread = grouped[[f"{name}_spread" for name in SPREAD]]
    counts = rows.groupby(KEYS, observed=True)["done"].agg(["size", "sum"])
    return grouped.mean(), grouped.count(), spread.quantile(0.5), spread.quantile(0.95), counts


def _truth(test: Any, value: Any) -> Any:
    return test.astype(float).where(value.notna())
