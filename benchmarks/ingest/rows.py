"""Generated logs: newline JSON with nested fields, the same for the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from warehouse.records.ingest import SourceSpec
from warehouse.records.streams import BUILT_IN

STREAM = BUILT_IN["interactions"]
PER_DAY = 274_000
"""Rows a day: 100 million in a year."""
BEGIN = datetime(2025, 3, 1, tzinfo=UTC)

FIELDS = {
    "event_id": "id",
    "occurred_at": "timestamp",
    "session_id": "conversation",
    "rollout": "=support",
    "model_requested": "model.requested",
    "model_answered": "model.answered",
    "input_tokens": "usage.input_tokens",
    "output_tokens": "usage.output_tokens",
}

TYPED = """{id: 'VARCHAR', "timestamp": 'TIMESTAMPTZ', conversation: 'VARCHAR',
 model: 'STRUCT(requested VARCHAR, answered VARCHAR)', "release": 'VARCHAR', arm: 'VARCHAR', segment: 'VARCHAR',
 prompt: 'VARCHAR', response: 'VARCHAR', scores: 'STRUCT(harm DOUBLE, helpful DOUBLE, grounded DOUBLE)',
 usage: 'STRUCT(input_tokens BIGINT, output_tokens BIGINT)', latency_ms: 'DOUBLE', cost: 'DOUBLE', refused: 'BOOLEAN',
 succeeded: 'BOOLEAN', escalated: 'BOOLEAN',
 tool_calls: 'STRUCT(name VARCHAR, ok BOOLEAN, ms BIGINT, arguments STRUCT(q VARCHAR, "limit" BIGINT))[]'}"""
"""The types of all fields, for a reader that is told them."""

_ROW = """
    'evt-' || lpad(i::VARCHAR, 12, '0') AS id,
    strftime(TIMESTAMP '{begin}' + to_microseconds(i * {step}), '%Y-%m-%dT%H:%M:%S.%gZ') AS "timestamp",
    'conv-' || (i // 4) AS conversation,
    {{'requested': 'model-' || (h(i, 3) % 3), 'answered': 'model-' || (h(i, 3) % 3) || '-2026'}} AS model,
    'v' || (i // 10_000_000) AS "release",
    CASE WHEN h(i // 4, 5) % 5 = 0 THEN 'control' ELSE 'candidate' END AS arm,
    ['en', 'de', 'fr', 'es'][1 + (h(i // 4, 6) % 4)::INTEGER] AS segment,
    said(i, 100, 40) AS prompt,
    said(i + {shift}, 300, 80) || chr(10) || '"so" it is, é' AS response,
    {{'harm': part(i + {shift}, 7), 'helpful': part(i, 8), 'grounded': part(i, 9)}} AS scores,
    {{'input_tokens': h(i, 10) % 4000, 'output_tokens': h(i, 11) % 2000}} AS usage,
    round((h(i, 12) % 100_000) / 10.0, 1) AS latency_ms,
    round((h(i, 13) % 10_000) / 1e5, 5) AS cost,
    h(i, 14) % 20 = 0 AS refused, h(i, 15) % 10 <> 0 AS succeeded, h(i, 16) % 50 = 0 AS escalated,
    list_transform(range((h(i, 17) % 3)::INTEGER), lambda k: {{
        'name': 'tool_' || (h(i, 500 + k) % 12), 'ok': h(i, 600 + k) % 9 <> 0, 'ms': h(i, 700 + k) % 900,
        'arguments': {{'q': word(h(i, 800 + k)), 'limit': h(i, 900 + k) % 50}}}}) AS tool_calls
"""

_MACROS = """
CREATE MACRO h(i, k) AS hash(i * 4096 + k);
CREATE MACRO part(i, k) AS round((h(i, k) % 10_000) / 10_000.0, 4);
SET VARIABLE words = (SELECT list(chr((97 + h(i, 1) % 26)::INTEGER) || substr(md5(i::VARCHAR), 1,
    (2 + h(i, 2) % 7)::INTEGER) ORDER BY i) FROM range(2048) numbers(i));
CREATE MACRO word(n) AS getvariable('words')[1 + (n % 2048)::INTEGER];
CREATE MACRO said(i, k, n) AS array_to_string(list_transform(range(n), lambda w: word(h(i, k + w))), ' ');
"""


def source(path: str, fields: Mapping[str, str] = FIELDS) -> SourceSpec:
    """The source that takes the generated files in."""
    return SourceSpec("logs", "jsonl", path, STREAM.name, timedelta(hours=2), fields)


def write(path: Path, first: int, count: int, *, changed: tuple[int, int] = (0, 0)) -> int:
    """Write rows `first` and following as newline JSON, packed where the name ends in .gz or .zst; returns the bytes.

    `changed` is a first row and a count of rows before those that are written too, with other values.
    """
    packing = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix, "none")
    begin, step = BEGIN.strftime("%Y-%m-%d"), 86_400_000_000 // PER_DAY
    with duckdb.connect() as connection:
        connection.execute(_MACROS)
        parts = [
            f"SELECT {_ROW.format(begin=begin, step=step, shift=shift)} FROM range({start}, {start + rows}) numbers(i)"
            for start, rows, shift in ((first, count, 0), (*changed, 1))
        ]
        connection.execute(f"COPY ({' UNION ALL '.join(parts)}) TO '{path}' (FORMAT json, COMPRESSION {packing})")
    return path.stat().st_size
