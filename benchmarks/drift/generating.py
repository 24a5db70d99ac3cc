"""Generated rows of a stream with 20 columns: a reference day and a current day, in a warehouse as ingest leaves it.

Twelve numbers as AI logs hold them (times, prices, scores with few decimals, counts), six categories, one of them with
some 50,000 values, and two texts of which only the length is compared. Of the numbers three, of the categories one
and of the texts one change on the current day. Fixed seeds: row i is made of hashes of i alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from warehouse import tables
from warehouse.records.streams import Column, ColumnType, Stream
from warehouse.store import Warehouse

REFERENCE = datetime(2026, 3, 2, tzinfo=UTC)
CURRENT = REFERENCE + timedelta(days=1)
END = CURRENT + timedelta(days=1)
DAY_SECONDS = 86_400
ROLLOUT = "support-agent"
USERS = 50_000
"""Values of the column with many of them."""


def _uniform(key: int) -> str:
    return f"((hash(i * 4096 + {key}) >> 11)::DOUBLE / 9007199254740992.0)"


def _normal(key: int) -> str:
    away = f"sqrt(-2.0 * ln(greatest({_uniform(key)}, 1e-300)))"
    return f"({away} * cos(6.283185307179586 * {_uniform(key + 1)}))"


# `now` is 0 on the reference day and 1 on the current one.
NUMBERS: dict[str, tuple[ColumnType, str]] = {
    "latency_ms": ("number", f"round(800 * exp(0.6 * {_normal(10)} + 0.25 * now), 1)"),
    "first_token_ms": ("number", f"round(250 * exp(0.5 * {_normal(12)}), 1)"),
    "cost": ("number", f"round(0.004 * exp(0.8 * {_normal(14)}), 6)"),
    "confidence": ("number", f"round(1 - {_uniform(16)} * {_uniform(17)} * (1 + 0.15 * now), 4)"),
    "harm": ("number", f"round({_uniform(18)} * {_uniform(19)} * {_uniform(20)}, 4)"),
    "helpfulness": ("number", f"round(sqrt({_uniform(21)}), 4)"),
    "reward": ("number", f"1.5 * {_normal(22)} + {_uniform(24)}"),
    "similarity": ("number", f"tanh(0.8 + 0.4 * {_normal(25)})"),
    "perplexity": ("number", f"exp(1.5 + 0.4 * {_normal(27)})"),
    "minutes_saved": ("number", f"CASE WHEN {_uniform(29)} < 0.3 THEN 0 ELSE round(30 * {_uniform(30)}, 2) END"),
    "input_tokens": ("integer", f"floor(600 * exp(0.7 * {_normal(31)} + 0.3 * now))"),
    "output_tokens": ("integer", f"floor(300 * exp(0.6 * {_normal(33)}))"),
}
CATEGORIES: dict[str, str] = {
    "model": f"'model-' || floor(4 * {_uniform(40)} * {_uniform(41)} + now * 0.5)::INTEGER",
    "topic": f"'topic ' || floor(12 * {_uniform(42)})::INTEGER",
    "language": f"'lang-' || floor(20 * {_uniform(43)} * {_uniform(44)})::INTEGER",
    "country": f"'country-' || floor(50 * {_uniform(45)} * {_uniform(46)})::INTEGER",
    "refused": f"CASE WHEN {_uniform(47)} < 0.04 THEN 'yes' ELSE 'no' END",
    "customer": f"'customer-' || floor({USERS} * {_uniform(48)} * {_uniform(49)})::INTEGER",
}
_WORDS = "could you please tell me where the order is that was sent last week and when it will come to my address "
TEXTS: dict[str, str] = {
    "prompt": f"'Order ' || i || ': ' || left(repeat('{_WORDS}', 12), (180 * exp(0.6 * {_normal(50)}))::INTEGER)",
    "response": f"'About order ' || i || ': ' || left(repeat('{_WORDS}', 12), "
    f"(350 * exp(0.4 * {_normal(52)} + 0.2 * now))::INTEGER)",
}
COLUMNS = (*NUMBERS, *CATEGORIES, *TEXTS)
STREAM = Stream(
    "answers",
    "Generated answers.",
    (
        *(Column(name, kind, "generated") for name, (kind, _) in NUMBERS.items()),
        *(Column(name, "text", "generated") for name in (*CATEGORIES, *TEXTS)),
    ),
)


def fill(warehouse: Warehouse, rows: int, *, segments: int = 1) -> None:
    """Write a reference day and a current day of `rows` rows each, one batch a day, in so many segments."""
    tables.ensure(warehouse, STREAM)
    expressions = {name: text for name, (_, text) in NUMBERS.items()} | CATEGORIES | TEXTS
    columns = ", ".join(f"{text} AS {name}" for name, text in expressions.items())
    names = ", ".join(expressions)
    with warehouse.transaction() as connection:
        for now, start in enumerate((REFERENCE, CURRENT)):
            connection.execute(
                f"INSERT INTO events_answers (event_id, occurred_at, rollout, release, segment, {names}, attributes, "
                "arrived_at, batch, position, source, revision, digest) SELECT 'e' || i, "
                f"$start::TIMESTAMPTZ + to_microseconds(((i - {now * rows}) * 86400000000) // {rows}), "
                f"'{ROLLOUT}', 'r1', 'segment ' || (hash(i) % {segments}), {columns}, "
                f"'{{}}', $start::TIMESTAMPTZ + INTERVAL 1 DAY, {now + 1}, "
                f"i, 'logs', 1, '' FROM (SELECT range AS i, {now} AS now FROM range({now * rows}, {(now + 1) * rows}))",
                {"start": start},
            )
            _note_batch(warehouse, now + 1, rows, start)
    warehouse.connection.execute("CHECKPOINT")


def _note_batch(warehouse: Warehouse, batch: int, rows: int, start: datetime) -> None:
    last = start + timedelta(days=1) - timedelta(microseconds=1)
    warehouse.connection.execute(
        "INSERT INTO batches VALUES ($batch, 'logs', 'answers', 'generated', 'digest', 'digest', $arrived, $rows, "
        "$rows, 0, 0, 0, 0, $first, $last, '{}', '{}', '{}', NULL)",
        {"batch": batch, "arrived": last, "rows": rows, "first": start, "last": last},
    )
