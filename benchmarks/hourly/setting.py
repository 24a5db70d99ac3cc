"""A project with ten gates, and a year of history behind it, written straight into the stores."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from benchmarks.ingest.rows import BEGIN, FIELDS, STREAM
from flows import project as projects
from flows.project import Project
from flows.stores import Stores
from warehouse.tables import ensure, table_of

YEAR = timedelta(days=365)
ROLLOUT = "support"

_STATISTICAL = {
    "harm": ("harmful_output_rate", "at_most", 0.6),
    "refusals": ("refusals", "at_most", 0.1),
    "success": ("success", "at_least", 0.8),
    "escalations": ("escalations", "at_most", 0.05),
    "slow": ("slow", "at_most", 0.8),
    "dear": ("dear", "at_most", 0.6),
    "helpful": ("helpful", "at_least", 0.4),
}
_METRICS = {
    "refusals": ("rate", "refused", "lower"),
    "success": ("rate", "succeeded", "higher"),
    "escalations": ("rate", "escalated", "lower"),
    "slow": ("rate", "latency_ms > 3200", "lower"),
    "dear": ("rate", "cost > 0.05", "lower"),
    "helpful": ("mean", "scores.helpful", "higher"),
}

_EVENTS = """
INSERT INTO {table} BY NAME
SELECT 'old-' || lpad(i::VARCHAR, 12, '0') AS event_id, make_timestamptz({begin} + i * {step}) AS occurred_at,
       'past-' || (i // 4) AS session_id, '{rollout}' AS rollout, 'v0' AS release, 'candidate' AS arm,
       ['en', 'de', 'fr', 'es'][1 + (i // 4) % 4] AS segment,
       '{{"harm":' || (hash(i * 4096 + 7) % 10_000) / 10_000.0 || ',"helpful":' ||
       (hash(i * 4096 + 8) % 10_000) / 10_000.0 || '}}' AS scores,
       hash(i * 4096 + 10) % 4000 AS input_tokens, hash(i * 4096 + 11) % 2000 AS output_tokens,
       (hash(i * 4096 + 12) % 100_000) / 10.0 AS latency_ms, (hash(i * 4096 + 13) % 10_000) / 1e5 AS cost,
       hash(i * 4096 + 14) % 20 = 0 AS refused, hash(i * 4096 + 15) % 10 <> 0 AS succeeded,
       hash(i * 4096 + 16) % 50 = 0 AS escalated, '{{}}' AS attributes,
       make_timestamptz({begin} + i * {step}) AS arrived_at, 1 + i // {per_batch} AS batch,
       i % {per_batch} + 1 AS position, 'logs' AS source, 1 AS revision, md5(i::VARCHAR) AS digest
FROM range({rows}) numbers(i)
"""
_BATCHES = """
INSERT INTO batches BY NAME
SELECT nextval('batch_seq') AS batch, 'logs' AS source, '{stream}' AS stream, 'old-' || b AS file, 'old-' || b AS
       content_digest, '' AS mapping_digest, make_timestamptz({begin} + (b + 1) * {hours}) AS arrived_at,
       {per_batch} AS received, {per_batch} AS accepted, 0 AS duplicate, 0 AS restated, 0 AS quarantined, 0 AS late,
       make_timestamptz({begin} + b * {hours}) AS first_at, make_timestamptz({begin} + (b + 1) * {hours}) AS last_at,
       '{{}}' AS restated_columns, '{{}}' AS reasons, '{{}}' AS flagged
FROM range({batches}) numbers(b) ORDER BY b
"""


def make(folder: Path) -> Project:
    """The project in a folder."""
    folder.mkdir(parents=True)
    (folder / "logs").mkdir()
    (folder / projects.CONFIG_NAME).write_text(yaml.safe_dump(_policy()), encoding="utf-8")
    return projects.load(folder, environment={})


def fill(stores: Stores, rows: int, batches: int) -> None:
    """A year of rows that ends where the generated logs begin, in batches of one size."""
    ensure(stores.warehouse, STREAM)
    begin = int((BEGIN - YEAR - BEGIN.replace(year=1970, month=1, day=1)) / timedelta(microseconds=1))
    year = int(YEAR / timedelta(microseconds=1))
    per_batch = rows // batches
    parts: dict[str, Any] = {
        "begin": begin,
        "batches": batches,
        "per_batch": per_batch,
        "rows": per_batch * batches,
        "step": year // (per_batch * batches),
        "hours": year // batches,
        "table": f'"{table_of(STREAM.name)}"',
        "stream": STREAM.name,
        "rollout": ROLLOUT,
    }
    with stores.warehouse.transaction() as connection:
        connection.execute(_EVENTS.format(**parts))
        connection.execute(_BATCHES.format(**parts))
    stores.warehouse.connection.execute("CHECKPOINT")


def _policy() -> dict[str, Any]:
    person = {"name": "Ada", "contact": "ada@example.org"}
    metric = {"layer": "model", "stream": STREAM.name, "description": "Measured.", "range": [0, 1]}
    metrics = [
        {"name": name, "kind": kind, "value": value, "better": better, **metric}
        for name, (kind, value, better) in _METRICS.items()
    ]
    for each in metrics:
        if each["kind"] == "rate":
            del each["range"]
    gates = [
        {
            "name": name,
            "rollout": ROLLOUT,
            "metric": measured,
            limit: value,
            "alpha": 0.02,
            "beta": 0.05,
            "max_age": "6h",
        }
        for name, (measured, limit, value) in _STATISTICAL.items()
    ]
    gates += [
        {"name": "readable", "rollout": ROLLOUT, "metric": "quarantine_share", "at_most": 0.5},
        {"name": "fresh", "rollout": ROLLOUT, "metric": "freshness_hours", "at_most": 12},
        {"name": "people-named", "rollout": ROLLOUT, "metric": "owner_and_deputy_named", "at_least": 1},
    ]
    source = {"name": "logs", "kind": "jsonl", "path": "logs/*.jsonl", "stream": STREAM.name, "lateness": "1h"}
    return {
        "sources": [{**source, "fields": dict(FIELDS)}],
        "metrics": metrics,
        "rollouts": [{"name": ROLLOUT, "owner": person, "deputy": {**person, "name": "Bo"}, "stages": ["pilot"]}],
        "gates": gates,
    }
