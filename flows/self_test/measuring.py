"""Measuring: which of the candidate rows a metric counts, and with which value, found by the warehouse's own code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.evidence import badness
from flows.self_test import candidates, deriving
from flows.self_test.records import Candidate, NotTestableError, Row

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Metric, Policy
    from flows.project import Project
    from warehouse.records.expressions import Expression
    from warehouse.records.metrics import CellMetric
    from warehouse.row_values import RowValue

AT = datetime(2026, 1, 1, tzinfo=UTC)
"""When the candidate rows happened."""
RELEASE = "self-test"


def candidate_rows(policy: Policy, metric: Metric, gate: GateSpec) -> tuple[list[Row], list[str]]:
    """Rows to try the metric on, and the columns whose names it reads inside `attributes`.

    Raises:
        NotTestableError: the metric reads what cannot be chosen row by row.
    """
    stream = policy.stream(metric.stream or "")
    found = candidates.places(_trees(policy, metric))
    for column, path in found:
        if column in candidates.UNFORESEEN and not path:
            raise NotTestableError(f"{metric.name} reads {column}, which planted rows cannot be given at will.")
    fixed = [name for name in candidates.FIXED if name != "segment" or gate.segment is not None]
    made = candidates.choices(stream, found, numbers=_numbers(metric, gate), fixed=fixed)
    base = candidates.least_row(stream) | {"release": RELEASE, "simulated": True}
    taken = {path[0] for column, path in found if column == "attributes"} & set(stream.names())
    rows: list[Row] = [base | row | _given(gate) for row in candidates.table(made)]
    return rows, sorted(taken)


def measure(project: Project, metric: Metric, gate: GateSpec, rows: Sequence[Row]) -> list[Candidate]:
    """The rows that are inside the metric and scored, from the best to the worst; equals in the order given.

    `project` is the derived one; it gets a file of its own to read them from.

    Raises:
        NotTestableError: there are none.
    """
    policy = project.policy
    main = policy.cell_metric(gate.metric, "item")
    asked = [main, *_beside(main)]
    inside = [
        _candidate(gate, row, said)
        for row, said in _tried(project, rows, asked)
        if said[0][0] and said[0][1] is not None
    ]
    if not inside:
        raise NotTestableError(
            f"None of {len(rows):,} rows made from the constants of {metric.name} is inside it and has a value."
        )
    return sorted(inside, key=lambda candidate: candidate.badness)


def chosen_by(project: Project, metric: Metric, rows: Sequence[Row]) -> list[Row]:
    """The rows that `where` of a metric without a value lets in.

    Raises:
        NotTestableError: there are none.
    """
    policy = project.policy
    stream = policy.stream(metric.stream or "")
    asked = _counting(policy, metric)
    found = [row for row, said in _tried(project, rows, [asked]) if said[0][0]]
    if not found:
        raise NotTestableError(
            f"None of {len(rows):,} rows of {stream.name} made from the constants of {metric.name} is inside it."
        )
    return found


def as_line(row: Row, inside_attributes: Iterable[str]) -> dict[str, Any]:
    """The row as a line of the planted log: fields by name, what belongs in `attributes` beside them."""
    taken = set(inside_attributes)
    line = {deriving.field_name(column, taken): value for column, value in row.items() if column != "attributes"}
    return {**(row.get("attributes") or {}), **line}


def _trees(policy: Policy, metric: Metric) -> list[Expression | None]:
    trees: list[Expression | None] = list(metric.expressions(policy.stream(metric.stream or "")))
    if metric.kind == "assisted":
        assistance = policy.cell_metric(metric.name, "item").assistance
        assert assistance is not None, "an assisted metric without it is refused by the policy"
        trees += [assistance.predicted, assistance.chosen, assistance.chance]
    return trees


def _numbers(metric: Metric, gate: GateSpec) -> list[float]:
    """Numbers worth trying wherever one is read: over the metric's range, about its limit, between its cut points."""
    low, high = metric.low, metric.high
    if metric.kind == "assisted":
        return [0.5, 1.0, *metric.least_chance, *metric.cuts, *(cut - 0.01 for cut in metric.cuts)]
    if metric.kind == "histogram":
        cuts = metric.cuts
        between = [(a + b) / 2.0 for a, b in pairwise(cuts)]
        span = max(1.0, cuts[-1] - cuts[0]) if cuts else 1.0
        return [*between, *((cuts[0] - 0.1 * span, cuts[-1] + 0.1 * span) if cuts else (0.0,))]
    if metric.kind != "mean":
        return []
    ends = [end for end in (low, high) if end is not None]
    if low is None or high is None:
        return [*ends, 0.0, 1.0, 2.0, 5.0, 10.0, 100.0]
    near = [x for x in (gate.typical, gate.limit / 4.0, gate.limit) if x is not None and low <= x <= high]
    return [*near, *(low + (high - low) * part / 10.0 for part in range(11))]


def _given(gate: GateSpec) -> dict[str, Any]:
    given: dict[str, Any] = {"rollout": gate.rollout}
    if gate.arm is not None:
        given["arm"] = gate.arm
    if gate.segment is not None:
        given["segment"] = gate.segment
    return given


def _beside(main: CellMetric) -> list[CellMetric]:
    """What else is asked of each row of an assisted metric: the judge's word, drawn or not, the chance, the label."""
    found = main.assistance
    if found is None or main.value is None:
        return []
    # Nothing but the value is asked, so that rows outside and unscored ones are told as well.
    plain = replace(main, kind="rate", where=None, scored=None, assistance=None, cuts=(), low=0.0, high=1.0)
    verdict = replace(plain, kind="mean", low=None, high=None) if main.cuts else plain
    return [
        replace(verdict, value=found.predicted),
        replace(plain, value=found.chosen),
        replace(plain, kind="mean", value=found.chance),
        replace(plain, value=main.value, scored=main.scored),
    ]


def _candidate(gate: GateSpec, row: Row, said: tuple[RowValue, ...]) -> Candidate:
    value = said[0][1]
    assert value is not None, "rows without a value are left out before"
    # Of a histogram and of an open range, the value itself orders the rows.
    worth = badness.of_value(gate, value) if _bounded(gate) else value
    if len(said) == 1:
        return Candidate(row, value, worth)
    verdict, chosen, chance, label = (number for _, number in said[1:])
    return Candidate(
        row,
        value,
        worth,
        verdict=verdict,
        chosen=None if chosen is None else chosen > 0.5,
        chance=chance,
        label=None if label is None else label > 0.5,
    )


def _bounded(gate: GateSpec) -> bool:
    return gate.test != "distribution" and gate.low is not None and gate.high is not None


def _counting(policy: Policy, metric: Metric) -> CellMetric:
    from warehouse.records.metrics import CellMetric

    stream = policy.stream(metric.stream or "")
    return CellMetric(
        name=metric.name,
        stream=stream.name,
        kind="count",
        value=None,
        where=metric.expressions(stream)[1],
        scored=None,
        unit="item",
        low=None,
        high=None,
        cuts=(),
        window_seconds=int(policy.window.total_seconds()),
        session_gap_seconds=int(policy.session_gap.total_seconds()),
        digest=metric.name,
    )


def _tried(
    project: Project, rows: Sequence[Row], asked: Sequence[CellMetric]
) -> list[tuple[Row, tuple[RowValue, ...]]]:
    """The rows that ingest takes, each with what the metrics make of it."""
    from warehouse import ingest
    from warehouse.row_values import row_values
    from warehouse.store import Warehouse

    (source,) = project.policy.source_specs()
    stream = project.policy.stream(source.stream)
    folder: Path = project.base / "candidates" / deriving.LOGS
    folder.mkdir(parents=True, exist_ok=True)
    names = {column for column, name in source.fields.items() if name != column}
    known: Mapping[str, Row] = {f"c{number:06d}": row for number, row in enumerate(rows)}
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as out:
        for key, row in known.items():
            line = as_line({**row, "event_id": key, "occurred_at": AT.isoformat()}, names)
            out.write(json.dumps(line) + "\n")
    with Warehouse.in_memory(folder) as warehouse:
        ingest.pull(
            warehouse,
            source,
            stream,
            now=AT,
            window_seconds=int(project.policy.window.total_seconds()),
            base=folder.parent,
        )
        found = row_values(warehouse, asked, stream)
    return [(known[key], said) for key, said in found.items()]
