"""The same batch behind a short and a long history: what a batch costs must not depend on what came before it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks.ingest import rows
from benchmarks.ingest.reading import NOW
from benchmarks.timing import Timed, in_turn, stopwatch
from warehouse.ingest import pull
from warehouse.records.ingest import BatchReport
from warehouse.store import Warehouse
from warehouse.tables import ensure, table_of

CHANGED = 100
"""One row in how many of a batch restates a row of the day before."""

_EVENTS = """
INSERT INTO {table} BY NAME
SELECT 'evt-' || lpad(i::VARCHAR, 12, '0') AS event_id,
       make_timestamptz({begin} + i * {step}) AS occurred_at,
       'conv-' || (i // 4) AS session_id, 'support' AS rollout, 'v' || (i // 10_000_000) AS release,
       'candidate' AS arm, ['en', 'de', 'fr', 'es'][1 + (i // 4) % 4] AS segment,
       hash(i * 4096 + 10) % 4000 AS input_tokens, hash(i * 4096 + 11) % 2000 AS output_tokens,
       (hash(i * 4096 + 12) % 100_000) / 10.0 AS latency_ms, '{{}}' AS attributes,
       make_timestamptz({begin} + i * {step}) AS arrived_at, 1 + (i - {first}) // {per_batch} AS batch,
       (i - {first}) % {per_batch} + 1 AS position, 'logs' AS source, 1 AS revision, hash(i)::VARCHAR AS digest
FROM range({first}, {end}) numbers(i)
"""

_BATCHES = """
INSERT INTO batches
SELECT nextval('batch_seq'), 'logs', 'interactions', 'history-' || n, 'history-' || n, '', TIMESTAMPTZ '2025-03-01',
       {per_batch}, {per_batch}, 0, 0, 0, 0, NULL, NULL, '{{}}', '{{}}', '{{}}', NULL
FROM range({batches}) numbers(n)
"""


def compare(folder: Path, short: int, long: int, batch: int, rounds: int) -> Timed:
    """Seconds of one batch of `batch` rows behind ``short`` and ``long`` histories, commit included.

    Traffic is of the same rate in both, so a longer history reaches further back. Every round brings new rows and a
    few that restate rows of the day before. Raises AssertionError when a batch does not come out the same in both.
    """
    stores = {}
    for name, count in (("short", short), ("long", long)):
        stores[name] = Warehouse.open(folder / name)
        _fill(stores[name], long - count, long)
    reports: dict[str, list[tuple[int, ...]]] = {name: [] for name in stores}

    def one(name: str) -> float:
        number = len(reports[name])
        path = folder / f"batch-{number}.jsonl"
        if not path.exists():
            few = batch // CHANGED
            rows.write(path, long + number * batch, batch - few, changed=(long - (number + 1) * few, few))
        found: list[BatchReport] = []
        seconds = stopwatch(lambda: found.extend(_pull(stores[name], folder, path.name)))
        reports[name].append((found[0].accepted, found[0].restated, found[0].duplicate, found[0].quarantined))
        return seconds

    timed = in_turn({name: partial(one, name) for name in stores}, rounds)
    expected = (batch - batch // CHANGED, batch // CHANGED, 0, 0)
    for name, warehouse in stores.items():
        assert set(reports[name]) == {expected}, (name, reports[name])
        warehouse.close()
    return timed


def _pull(warehouse: Warehouse, folder: Path, name: str) -> tuple[BatchReport, ...]:
    report = pull(warehouse, rows.source(name), rows.STREAM, now=NOW, window_seconds=3600, base=folder)
    assert report.degraded is None, report.degraded
    return report.batches


def _fill(warehouse: Warehouse, first: int, end: int) -> None:
    """Rows `first` to `end` straight into the event table and the ledger, as hourly batches."""
    ensure(warehouse, rows.STREAM)
    step, per_batch = 86_400_000_000 // rows.PER_DAY, rows.PER_DAY // 24
    begin = int((rows.BEGIN - rows.BEGIN.replace(year=1970, month=1, day=1)) / timedelta(microseconds=1))
    parts = {"table": f'"{table_of(rows.STREAM.name)}"', "begin": begin, "step": step, "per_batch": per_batch}
    with warehouse.transaction() as connection:
        connection.execute(_EVENTS.format(first=first, end=end, **parts))
        connection.execute(_BATCHES.format(batches=-(-(end - first) // per_batch), per_batch=per_batch))
    warehouse.connection.execute("CHECKPOINT")
