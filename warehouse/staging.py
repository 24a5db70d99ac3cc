"""Chunks of a file, mapped and judged set-wise, into a temporary table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.casting import SQL_TYPES, Rule, outside, rules, typed
from warehouse.looking import parts
from warehouse.mapping import Plan
from warehouse.records.streams import Column
from warehouse.redaction import NOTHING, Redactor
from warehouse.shapes import Shape, pointers, shape
from warehouse.sources import jsonl
from warehouse.sources.chunks import Chunk, Reject
from warehouse.sql import load

_SAMPLE = 1_000
"""How many rows of a chunk are looked at for shapes."""

_SHAPES = 16
"""How many shapes are decided once for all their rows; rows of rarer ones are looked into one by one."""


def prepare(connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Make the empty temporary table that takes the rows of one file."""
    columns = ", ".join(f'"{c.name}" {SQL_TYPES[c.type]}' for c in plan.columns)
    connection.execute(load("ingest_staged").format(columns=columns))


def stage(
    connection: duckdb.DuckDBPyConnection,
    plan: Plan,
    chunk: Chunk,
    file: str,
    now: datetime,
    redactor: Redactor = NOTHING,
) -> None:
    """Map, type and judge the rows of one chunk and add them, the bad ones with their reason, to the staged rows.

    What `redactor` takes out is gone before a row is staged.
    """
    rejects = [*chunk.rejects]
    if chunk.rows.num_rows:
        named = bound_names(chunk)
        moment = {"file": file} if plan.uses_file else {}
        sql, bound = statement(plan, len(chunk.names), _shapes(connection, plan, chunk, named), redactor)
        (taken,) = _run(connection, sql, {**bound, **named, **moment, "now": now}, chunk.rows)[0]
        if taken < chunk.rows.num_rows:
            rejects += _not_json(connection, chunk.rows)
    if rejects:
        reject(connection, rejects, redactor)


def _shapes(connection: duckdb.DuckDBPyConnection, plan: Plan, chunk: Chunk, named: Mapping[str, str]) -> list[Shape]:
    """The shapes of the chunk's rows that can be decided by their keys, the most frequent first."""
    found = seen_shapes(connection, plan, chunk, named)
    return [plain for keys, _ in found if (plain := shape(plan, keys)) is not None]


def seen_shapes(
    connection: duckdb.DuckDBPyConnection, plan: Plan, chunk: Chunk, named: Mapping[str, str]
) -> list[tuple[list[list[str] | None], int]]:
    """The keys of the rows in a sample of the chunk with how many have them, the most frequent first.

    `named` are the bound names of the chunk's columns.
    """
    sql = load("ingest_shapes").format(row=_row(len(chunk.names)))
    some = chunk.rows.take(pa.array(range(0, chunk.rows.num_rows, 1 + chunk.rows.num_rows // _SAMPLE)))
    bound = {**named, "keyed": pointers(plan.keyed), "most": _SHAPES}
    return [(keys, count) for keys, count in _run(connection, sql, bound, some)]


def _run(
    connection: duckdb.DuckDBPyConnection, sql: str, bound: dict[str, Any], incoming: pa.Table
) -> list[tuple[Any, ...]]:
    """The result of SQL that reads from ``incoming``.

    The engine finds the table by the name of this function's argument. A registered table would be held in memory
    until the end of the transaction, and with it the whole file.
    """
    return connection.execute(sql, bound).fetchall()


def statement(
    plan: Plan, width: int, shapes: Sequence[Shape] = (), redactor: Redactor = NOTHING
) -> tuple[str, dict[str, Any]]:
    """The staging SQL of a plan with the values it refers to; `width` is the number of table columns, 0 for JSON.

    `shapes` are those that the SQL decides by their keys alone.
    """
    rows, bound = judged(plan, width, shapes, redactor)
    flags = [(c, outside(c, bound)) for c in plan.columns if c.outside == "flag"]
    sql = load("ingest_stage").format(
        judged=rows,
        detail=redactor.detail("substr(_fault, instr(_fault, chr(31)) + 1)"),
        raw=redactor.raw("rtrim(_raw, chr(10) || chr(13))"),
        digest=digest(plan.columns),
        flags=_flagged(flags),
        columns=in_sql(plan.columns),
    )
    return sql, bound


def judged(
    plan: Plan, width: int, shapes: Sequence[Shape], redactor: Redactor, is_json: str = "_keys IS NOT NULL"
) -> tuple[str, dict[str, Any]]:
    """The SQL of the judged rows with the values it refers to; only rows that meet `is_json` are looked at."""
    bound: dict[str, Any] = {**plan.bound, **redactor.bound}
    tests = [rule for c in plan.columns for rule in _rules(plan, c, bound)]
    types = []
    for column in plan.columns:
        pattern = plan.formats[column.name]
        if column.type == "time" and pattern not in ("iso", "unix_s", "unix_ms"):
            bound[f"f_{column.name}"] = pattern
        types.append(f'{typed(column, pattern, f"$f_{column.name}")} AS "{column.name}"')
    values = {c.name: redactor.value(c, plan.values[c.name]) for c in plan.columns}
    look = parts(plan, shapes, bound)
    sql = load("ingest_judged").format(
        row=_row(width),
        is_json=is_json,
        **look,
        values=", ".join(f'{sql} AS "_g_{name}"' for name, sql in values.items()),
        attributes=redactor.attributes(f"CASE {look['kept']} ELSE {plan.attributes} END"),
        twice=plan.twice,
        types=", ".join(types),
        rules=" ".join(f"WHEN {r.condition} THEN '{r.reason}' || chr(31) || {r.detail}" for r in tests),
    )
    return sql, bound


def bound_names(chunk: Chunk) -> dict[str, str]:
    """The names of the chunk's columns as the SQL refers to them."""
    return {f"k{index}": name for index, name in enumerate(chunk.names)}


def in_sql(columns: Sequence[Column]) -> str:
    """The columns as a list in SQL."""
    return ", ".join(f'"{column.name}"' for column in columns)


def _rules(plan: Plan, column: Column, bound: dict[str, Any]) -> list[Rule]:
    return rules(column, plan.formats[column.name], bound, plan.origins[column.name], plan.given[column.name])


def digest(columns: Sequence[Column]) -> str:
    """SQL of a digest of all values of a row, equal for equal rows as long as the engine is of one version."""
    return f"""hash({", ".join(f'"{column.name}"' for column in columns)}, attributes)::VARCHAR"""


def _row(width: int) -> str:
    if not width:
        return "raw"
    return f"CAST(json_object({', '.join(f'$k{i}::VARCHAR, c{i}' for i in range(width))}) AS VARCHAR)"


def _flagged(flags: list[tuple[Column, str | None]]) -> str:
    cases = [f"CASE WHEN {condition} THEN '{column.name}' END" for column, condition in flags if condition]
    return f"list_filter([{', '.join(cases)}], x -> x IS NOT NULL)" if cases else "NULL::VARCHAR[]"


def _not_json(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> list[Reject]:
    bad = _run(connection, "SELECT position, raw FROM incoming WHERE NOT json_valid(raw)", {}, rows)
    return [fault for position, raw in bad if (fault := jsonl.fault(raw, position)) is not None]


def reject(connection: duckdb.DuckDBPyConnection, rejects: Sequence[Reject], redactor: Redactor) -> None:
    """Add rows that the reader could not make out to the staged rows."""
    fields = ("position", "reason", "detail", "raw", "raw_bytes")
    table = pa.table({_STAGED.get(name, name): [getattr(reject, name) for reject in rejects] for name in fields})
    taken = f"{redactor.detail('_detail')} AS _detail, {redactor.raw('_raw')} AS _raw"
    sql = f"INSERT INTO staged BY NAME SELECT * REPLACE ({taken}) FROM incoming"
    _run(connection, sql, {k: v for k, v in redactor.bound.items() if f"${k}:" in sql}, table)


_STAGED = {name: f"_{name}" for name in ("reason", "detail", "raw", "raw_bytes")}
