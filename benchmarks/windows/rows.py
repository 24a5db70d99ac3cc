"""A year of rows of a stream with typed columns, generated in the engine, straight into the table of events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from warehouse.records.streams import Column, Stream
from warehouse.store import Warehouse
from warehouse.tables import ensure

START = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ROLLOUTS, SEGMENTS, SESSION = 3, 4, 4

SCORES = ("confidence", "harm", "toxicity", "bias", "quality", "relevance")
AMOUNTS = ("minutes", "error_cost", "latency_ms", "cost")
COUNTS = ("input_tokens", "output_tokens")
TRUTHS = ("done", "refused", "escalated", "overridden", "grounded", "cited")
TEXTS = ("model", "category")

STREAM = Stream(
    "calls",
    "One call of an agent.",
    (
        *(Column(name, "number", "Generated.") for name in (*SCORES, *AMOUNTS)),
        *(Column(name, "integer", "Generated.") for name in COUNTS),
        *(Column(name, "boolean", "Generated.") for name in TRUTHS),
        *(Column(name, "text", "Generated.") for name in TEXTS),
    ),
)


def fill(warehouse: Warehouse, rows: int, days: int) -> int:
    """Write `rows` rows over `days` days, a batch a day, and the ledger of those batches; the rows of a day."""
    ensure(warehouse, STREAM)
    daily = max(1, rows // days)
    columns = ", ".join(f"{sql} AS {name}" for name, sql in _columns(daily).items())
    for first in range(0, days, 30):
        span = f"range({first * daily}, {min(first + 30, days) * daily})"
        warehouse.connection.execute(f"INSERT INTO events_{STREAM.name} BY NAME SELECT {columns} FROM {span} AS r(i)")
    ledger(warehouse, daily, range(1, days + 1))
    return daily


def ledger(warehouse: Warehouse, daily: int, batches: range) -> None:
    """Note batches of `daily` rows, one a day from START on."""
    warehouse.connection.execute(
        "INSERT INTO batches SELECT b, 'logs', $stream, 'day-' || b, b::VARCHAR, '', $start + to_days(b::INTEGER), "
        "$rows, $rows, 0, 0, 0, 0, $start + to_days(b::INTEGER - 1), $start + to_days(b::INTEGER), '{}', '{}', '{}', "
        "NULL FROM range($first, $end) AS r(b)",
        {"stream": STREAM.name, "start": START, "rows": daily, "first": batches.start, "end": batches.stop},
    )


def scan() -> str:
    """SQL of one sum of every column: numbers themselves, texts by their length."""
    sums = [f"sum({name})" for name in (*SCORES, *AMOUNTS, *COUNTS, "batch", "position", "revision", "closed_by")]
    sums += [f"count_if({name})" for name in (*TRUTHS, "simulated")]
    texts = ("event_id", "session_id", "rollout", "release", "arm", "segment", *TEXTS, "attributes", "source", "digest")
    sums += [f"sum(strlen({name}))" for name in texts]
    return f"SELECT {', '.join([*sums, 'max(occurred_at)', 'max(arrived_at)'])} FROM events_{STREAM.name}"


def _share(k: int, of: str = "i") -> str:
    """A number in [0, 1) that depends on the row and `k`; a hash of two arguments is not independent across k."""
    return f"(hash({of} * 4096 + {k}) % 1_000_000 / 1e6)"


def _columns(daily: int) -> dict[str, str]:
    begin = int(START.timestamp()) * 1_000_000
    session = f"(i // {SESSION})"
    found = {
        "event_id": "'evt-' || lpad(i::VARCHAR, 12, '0')",
        "occurred_at": f"make_timestamptz({begin} + i // {daily} * 86_400_000_000 + i % {daily} * "
        f"(86_400_000_000 // {daily}))",
        "session_id": f"'conv-' || {session}",
        "rollout": f"'rollout-' || (hash({session} * 4096 + 1) % {ROLLOUTS})",
        "release": "'r1'",
        "arm": f"CASE WHEN hash({session} * 4096 + 2) % 8 = 0 THEN 'control' ELSE 'candidate' END",
        "segment": f"'segment-' || (hash({session} * 4096 + 3) % {SEGMENTS})",
        "simulated": "true",
        "minutes": f"round(30 * {_share(10)}, 1)",
        "error_cost": f"round(100 * {_share(11)}, 2)",
        "latency_ms": f"round(exp(5 + 1.5 * {_share(12)} + {_share(13)}), 1)",
        "cost": f"round(exp(-6 + 2 * {_share(14)}), 5)",
        "attributes": "NULL",
        "arrived_at": f"make_timestamptz({begin} + (1 + i // {daily}) * 86_400_000_000)",
        "batch": f"1 + i // {daily}",
        "position": f"1 + i % {daily}",
        "source": "'logs'",
        "revision": "1",
        "digest": "md5(i::VARCHAR)",
    }
    found |= {
        n: f"CASE WHEN hash(i * 4096 + {40 + k}) % 20 > 0 THEN round({_share(20 + k)}, 4) END"
        for k, n in enumerate(SCORES)
    }
    found |= {n: f"(hash(i * 4096 + {60 + k}) % 4000)::BIGINT" for k, n in enumerate(COUNTS)}
    found |= {
        n: f"CASE WHEN hash(i * 4096 + {70 + k}) % 50 > 0 THEN hash(i * 4096 + {80 + k}) % 10 > 0 END"
        for k, n in enumerate(TRUTHS)
    }
    found |= {n: f"'{n}-' || (hash(i * 4096 + {90 + k}) % {3 + 9 * k})" for k, n in enumerate(TEXTS)}
    return found
