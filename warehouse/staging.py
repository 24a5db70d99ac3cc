"""Chunks of a file, mapped and judged set-wise, into a temporary table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.casting import SQL_TYPES, outside, rules, typed
from warehouse.mapping import Plan
from warehouse.records.streams import Column
from warehouse.sources import jsonl
from warehouse.sources.chunks import Chunk, Reject
from warehouse.sql import load


def prepare(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Make the empty temporary table that takes the rows of one file."""
    columns = ", ".join(f'"{c.name}" {SQL_TYPES[c.type]}' for c in plan.columns)
    connection.execute(load("ingest_staged").format(columns=columns))


def stage(connection: duckdb.DuckDBPyConnection, plan: Plan, chunk: Chunk, file: str, now: datetime) -> None:
    """Map, type and judge the rows of one chunk and add them, the bad ones with their reason, to the staged rows."""
    rejects = [*chunk.rejects]
    if chunk.rows.num_rows:
        sql, bound = statement(plan, len(chunk.names))
        named = {f"k{index}": name for index, name in enumerate(chunk.names)}
        moment = {"file": file} if plan.uses_file else {}
        (taken,) = _run(connection, sql, {**bound, **named, **moment, "now": now}, chunk.rows)[0]
        if taken < chunk.rows.num_rows:
            rejects += _not_json(connection, chunk.rows)
    if rejects:
        _reject(connection, rejects)


def _run(
    connection: duckdb.DuckDBPyConnection, sql: str, bound: dict[str, Any], incoming: pa.Table
) -> list[tuple[Any, ...]]:
    """The result of SQL that reads from ``incoming``.

    The engine finds the table by the name of this function's argument. A registered table would be held in memory
    until the end of the transaction, and with it the whole file.
    """
    return connection.execute(sql, bound).fetchall()


def statement(plan: Plan, width: int) -> tuple[str, dict[str, Any]]:
    """The staging SQL of a plan with the values it refers to; `width` is the number of table columns, 0 for JSON."""
    bound: dict[str, Any] = dict(plan.bound)
    tests = [rule for c in plan.columns for rule in rules(c, plan.formats[c.name], bound, plan.origins[c.name])]
    flags = [(c, outside(c, bound)) for c in plan.columns if c.outside == "flag"]
    types = []
    for column in plan.columns:
        pattern = plan.formats[column.name]
        if column.type == "time" and pattern not in ("iso", "unix_s", "unix_ms"):
            bound[f"f_{column.name}"] = pattern
        types.append(f'{typed(column, pattern, f"$f_{column.name}")} AS "{column.name}"')
    names = [f'"{c.name}"' for c in plan.columns]
    sql = load("ingest_stage").format(
        row=_row(width),
        extracts=plan.extracts,
        values=", ".join(f'{sql} AS "g_{name}"' for name, sql in plan.values.items()),
        attributes=plan.attributes,
        twice=plan.twice,
        types=", ".join(types),
        rules=" ".join(f"WHEN {r.condition} THEN '{r.reason}' || chr(31) || {r.detail}" for r in tests),
        digests=", ".join([*(_digested(c) for c in plan.columns), "'attributes:' || attributes"]),
        flags=_flagged(flags),
        columns=", ".join(names),
    )
    return sql, bound


def _row(width: int) -> str:
    if not width:
        return "raw"
    return f"CAST(json_object({', '.join(f'$k{i}::VARCHAR, c{i}' for i in range(width))}) AS VARCHAR)"


def _digested(column: Column) -> str:
    """Name, length and text of a value; a missing one adds nothing, so that a new column changes no old digest."""
    name = f'"{column.name}"'
    text = f"epoch_us({name})::VARCHAR" if column.type == "time" else f"{name}::VARCHAR"
    # Only texts can hold what looks like the next value.
    length = f"strlen({text}) || ':' || " if column.type in ("text", "json") else ""
    return f"'{column.name}:' || {length}{text}"


def _flagged(flags: list[tuple[Column, str | None]]) -> str:
    cases = [f"CASE WHEN {condition} THEN '{column.name}' END" for column, condition in flags if condition]
    return f"list_filter([{', '.join(cases)}], x -> x IS NOT NULL)" if cases else "NULL::VARCHAR[]"


def _not_json(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> list[Reject]:
    bad = _run(connection, "SELECT position, raw FROM incoming WHERE NOT json_valid(raw)", {}, rows)
    return [fault for position, raw in bad if (fault := jsonl.fault(raw, position)) is not None]


def _reject(connection: duckdb.DuckDBPyConnection, rejects: Sequence[Reject]) -> None:
    fields = ("position", "reason", "detail", "raw", "raw_bytes")
    table = pa.table({name: [getattr(reject, name) for reject in rejects] for name in fields})
    _run(connection, "INSERT INTO staged BY NAME SELECT * FROM incoming", {}, table)
