"""Erasing a person's rows: all revisions, all text, while sums, evidence and decisions stay valid.

Sums are deltas of batches, so taking rows away changes none of them. What must not happen afterwards is that something
is taken back that was never counted so, or that something comes in again: values erased leave a tombstone (a salted
digest), and a session that lost some of its rows is sealed (its unit stays as it was counted).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb

from warehouse import sql
from warehouse.expressions import identifier
from warehouse.records.errors import UsageError
from warehouse.records.storage import REVIEWED, Erased, Erasure
from warehouse.scope import utc
from warehouse.store import Warehouse
from warehouse.tables import tables_with

_APART = "\x1f"


def erase(
    warehouse: Warehouse,
    asked: Erasure,
    *,
    now: datetime,
    lasting: frozenset[str] = frozenset(),
    reviewed: int = 0,
) -> Erased | None:
    """The record of an erasure, carried out in one transaction; None when nothing stored matches, and nothing changes.

    Erased are all revisions of every event of which one has the value, in every stream with that column; mentions of
    the value in quarantine lose their text. Matching rows of the streams in `lasting` (records of what people did)
    stay and are counted. Nothing of it is left in the file once it is written anew (`storage.compact`). `reviewed` rows
    of review queues went already: they alone make a record, too.

    Raises:
        UsageError: no stream has the column, a value is empty, or nobody is named.
    """
    check(asked)
    tables = [table.removeprefix("events_") for table in tables_with(warehouse, asked.column)]
    if not tables:
        raise UsageError(f"No stream has a column {asked.column!r}. Name one, for example session_id or event_id.")
    with warehouse.transaction() as connection:
        salt = _salt(connection)
        rows: dict[str, int] = {REVIEWED: reviewed} if reviewed else {}
        kept: dict[str, int] = {}
        rollouts: set[str] = set()
        for stream in tables:
            count, touched = _matched(connection, stream, asked)
            if stream in lasting:
                kept |= {stream: count} if count else {}
                continue
            if count:
                rows[stream] = count
                rollouts |= touched
                _remove(connection, stream, salt)
        mentions = _mentions(connection, asked.values)
        connection.execute("DROP TABLE IF EXISTS erased_keys")
        if not rows and not mentions:
            return None
        for stream in set(tables) - lasting:
            _bury(connection, stream, asked, salt)
        record = Erased(
            erasure=secrets.token_hex(8),
            at=utc(now),
            by=asked.by,
            reason=asked.reason,
            column=asked.column,
            subject_digest=digest(salt, "", asked.column, asked.values[0]),
            rows=rows,
            kept=kept,
            quarantined=mentions,
            rollouts=tuple(sorted(rollouts)),
        )
        _write(connection, record)
    return record


def erasures(warehouse: Warehouse, *, unlogged: bool = False) -> list[Erased]:
    """Every erasure, oldest first, or only those that the decision log does not have yet."""
    found = warehouse.connection.execute(sql.load("erasure_records"), {"unlogged": unlogged}).fetchall()
    return [_record(row) for row in found]


def _record(row: tuple[Any, ...]) -> Erased:
    erasure, at, by, reason, column, subject, rows, kept, quarantined, rollouts = row
    return Erased(
        erasure=erasure,
        at=utc(at),
        by=by,
        reason=reason,
        column=column,
        subject_digest=subject,
        rows=json.loads(rows),
        kept=json.loads(kept),
        quarantined=quarantined,
        rollouts=tuple(json.loads(rollouts)),
    )


def mark_logged(warehouse: Warehouse, erasure: str) -> None:
    """Note that the decision log has the erasure."""
    with warehouse.transaction() as connection:
        connection.execute("UPDATE erasures SET logged = true WHERE erasure = $erasure", {"erasure": erasure})


def screen(connection: duckdb.DuckDBPyConnection, stream: str, staged: str = "staged") -> int:
    """How many readable rows of the staging table are kept out: erased ones, and those older than rows are kept.

    They go to quarantine without any text. `staged` needs the columns _reason, _detail, _raw, _raw_bytes,
    attributes and those of the stream. Runs inside the transaction that takes a file in, before its
    rows are settled. Costs two small look-ups while nothing was erased and no row went.
    """
    table = identifier(staged)
    kept_out = 0
    bound = connection.execute(
        "SELECT bound FROM retention_marks WHERE what = 'events' AND stream = $stream", {"stream": stream}
    ).fetchone()
    if bound is not None:
        kept_out += _one(connection, sql.load("erasure_screen_old").format(staged=table), {"bound": bound[0]})
    columns = connection.execute(
        "SELECT DISTINCT column_name FROM tombstones WHERE stream = $stream ORDER BY 1", {"stream": stream}
    ).fetchall()
    for (column,) in columns:
        statement = sql.load("erasure_screen").format(staged=table, column=identifier(column))
        before = _APART.join((_salt(connection), stream, column, ""))
        values = {"stream": stream, "column": column, "before": before}
        kept_out += _one(connection, statement, values)
    return kept_out


def digest(salt: str, stream: str, column: str, value: str) -> str:
    """The salted digest of a value: SHA-256 in hexadecimal."""
    return hashlib.sha256(_APART.join((salt, stream, column, value)).encode()).hexdigest()


def check(asked: Erasure) -> None:
    """Nothing.

    Raises:
        UsageError: a value is empty, or name or reason are missing.
    """
    if not asked.values or not all(asked.values):
        raise UsageError("There is no value to erase by. Give one, for example --session ID.")
    if not asked.by.strip() or not asked.reason.strip():
        raise UsageError("An erasure needs a name and a reason. Give --by NAME and --reason TEXT.")


def _salt(connection: duckdb.DuckDBPyConnection) -> str:
    connection.execute("INSERT OR IGNORE INTO store_salts VALUES ('erasure', $salt)", {"salt": secrets.token_hex(32)})
    row = connection.execute("SELECT salt FROM store_salts WHERE name = 'erasure'").fetchone()
    assert row is not None
    return str(row[0])


def _matched(connection: duckdb.DuckDBPyConnection, stream: str, asked: Erasure) -> tuple[int, set[str]]:
    """Put the keys of matching events aside; how many rows they have, and the rollouts they are of."""
    events = identifier(f"events_{stream}")
    statement = sql.load("erasure_match").format(events=events, column=identifier(asked.column))
    connection.execute(statement, {"values": list(asked.values)})
    rollouts = connection.execute("SELECT DISTINCT rollout FROM erased_keys").fetchall()
    count = _one(connection, f"SELECT count(*) FROM {events} SEMI JOIN erased_keys USING (event_id)", {})
    return count, {name for (name,) in rollouts}


def _remove(connection: duckdb.DuckDBPyConnection, stream: str, salt: str) -> None:
    events = identifier(f"events_{stream}")
    connection.execute(sql.load("erasure_lost").format(events=events), {"stream": stream})
    connection.execute(sql.load("erasure_seal").format(events=events), {"stream": stream})
    before = _APART.join((salt, stream, "event_id", ""))
    connection.execute(sql.load("erasure_bury"), {"stream": stream, "before": before})
    connection.execute(f"DELETE FROM {events} WHERE event_id IN (SELECT event_id FROM erased_keys)")
    connection.execute(
        "DELETE FROM sealed_sessions WHERE stream = $stream AND session_id NOT IN "
        f"(SELECT session_id FROM {events} WHERE session_id IS NOT NULL)",
        {"stream": stream},
    )


def _bury(connection: duckdb.DuckDBPyConnection, stream: str, asked: Erasure, salt: str) -> None:
    """A tombstone for the value itself: rows with it that come later belong to the same person."""
    for value in asked.values:
        values = {"stream": stream, "column": asked.column, "digest": digest(salt, stream, asked.column, value)}
        connection.execute(
            "INSERT INTO tombstones SELECT $stream, $column, $digest WHERE NOT EXISTS "
            "(FROM tombstones WHERE stream = $stream AND column_name = $column AND digest = $digest)",
            values,
        )


def _mentions(connection: duckdb.DuckDBPyConnection, values: Sequence[str]) -> int:
    return sum(_one(connection, sql.load("erasure_mentions"), {"value": value}) for value in values)


def _write(connection: duckdb.DuckDBPyConnection, record: Erased) -> None:
    values = {
        "erasure": record.erasure,
        "at": record.at,
        "by": record.by,
        "reason": record.reason,
        "column": record.column,
        "subject": record.subject_digest,
        "rows": json.dumps(dict(record.rows), sort_keys=True),
        "kept": json.dumps(dict(record.kept), sort_keys=True),
        "quarantined": record.quarantined,
        "rollouts": json.dumps(list(record.rollouts)),
    }
    connection.execute(sql.load("erasure_add"), values)


def _one(connection: duckdb.DuckDBPyConnection, statement: str, values: dict[str, Any]) -> int:
    row = connection.execute(statement, values).fetchone()
    return int(row[0]) if row else 0
