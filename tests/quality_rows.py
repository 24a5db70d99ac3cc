"""A stream of reviews, 1,500 rows of it in three batches, and expectations of them."""

from __future__ import annotations

from typing import Any

from checks.quality import gx
from checks.quality.records import CheckResult, Expectation
from warehouse.new_rows import new_rows
from warehouse.records.streams import COMMON, Column, Stream
from warehouse.store import Warehouse

STREAM = Stream(
    "reviews",
    "Reviews.",
    (
        Column("stars", "integer", "Stars.", low=0, high=6),
        Column("copy", "integer", "The same."),
        Column("more", "integer", "One more."),
        Column("kind", "text", "Kind.", choices=("x0", "x1", "x2", "x3", "x4")),
        Column("cost", "number", "Cost.", low=0),
        Column("empty", "number", "Nothing."),
        Column("scores", "json", "Scores."),
    ),
)
TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMPTZ",
    "json": "JSON",
}


def checked(warehouse: Warehouse, *checks: Expectation, batch: int = 0, **more: Any) -> tuple[CheckResult, ...]:
    rows = new_rows(warehouse, "reviews", batch)
    return gx.run(rows.connect, rows.view, checks, stream="reviews", batch=batch, **more)


def check(expectation: str, **arguments: Any) -> Expectation:
    return Expectation(expectation, expectation, arguments)


def fill(warehouse: Warehouse) -> None:
    columns = ", ".join(f"{c.name} {TYPES[c.type]}" for c in (*COMMON, *STREAM.columns))
    warehouse.connection.execute(f"CREATE TABLE events_reviews ({columns}, batch BIGINT, closed_by BIGINT)")
    warehouse.connection.execute(
        "INSERT INTO events_reviews SELECT 'e' || i, TIMESTAMPTZ '2026-01-01 00:00:00+00' + INTERVAL (i) SECOND, "
        "'s', 'r', NULL, CASE WHEN i % 2 = 0 THEN 'control' END, NULL, false, i % 7, i % 7, i % 7 + 1, "
        "'x' || (i % 5), i * 1.5, NULL, '{}', i // 500, NULL FROM range(1500) t(i)"
    )
    # A restated row: its first revision was closed by batch 2.
    warehouse.connection.execute("UPDATE events_reviews SET closed_by = 2 WHERE event_id = 'e3'")
