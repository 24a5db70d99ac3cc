"""The rows that are checked: one batch of interactions in which every column with a rule is filled."""

from __future__ import annotations

from warehouse.records.streams import BUILT_IN
from warehouse.store import Warehouse
from warehouse.tables import ensure

STREAM = BUILT_IN["interactions"]
BATCH = 1


def fill(warehouse: Warehouse, rows: int) -> None:
    """One batch of rows, the same at every run: one in a hundred has a latency below 0, one in ten no cost."""
    ensure(warehouse, STREAM)
    warehouse.connection.execute(
        "INSERT INTO events_interactions BY NAME SELECT 'e' || i AS event_id, "
        "TIMESTAMPTZ '2026-03-01 00:00:00+00' + INTERVAL (i) SECOND AS occurred_at, 'agent' AS rollout, "
        "CASE hash(i * 4096) % 3 WHEN 0 THEN 'control' WHEN 1 THEN 'candidate' END AS arm, "
        "(hash(i * 4096 + 1) % 1000) / 1000.0 AS confidence, (hash(i * 4096 + 2) % 600)::DOUBLE AS escalation_delay_s, "
        "(hash(i * 4096 + 3) % 50)::DOUBLE AS error_cost, (hash(i * 4096 + 4) % 4000)::BIGINT AS input_tokens, "
        "(hash(i * 4096 + 5) % 900)::BIGINT AS output_tokens, "
        "CASE WHEN i % 100 = 0 THEN -1 ELSE (hash(i * 4096 + 6) % 3000)::DOUBLE END AS latency_ms, "
        "CASE WHEN i % 10 > 0 THEN (hash(i * 4096 + 7) % 100) / 1000.0 END AS cost, "
        f"1 AS revision, {BATCH} AS batch FROM range($rows) t(i)",
        {"rows": rows},
    )
