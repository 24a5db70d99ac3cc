"""Check the rows just ingested: expectations, changes of schema and categories, sources, and drift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from checks.quality import category_changes, expectations, schema_changes
from flows import drifting
from flows.drifting import Drifted
from flows.project import Project
from flows.stores import Stores
from flows.unclaimed import unclaimed
from warehouse import check_runs, findings, ledger, profile
from warehouse.check_runs import CheckRun, KeptResult
from warehouse.new_rows import new_rows
from warehouse.records.evidence import Finding
from warehouse.records.ingest import BatchReport

if TYPE_CHECKING:
    from warehouse.records.ingest import PullReport

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
LOOK_BACK = timedelta(weeks=6)
"""How much of the past a change of schema or categories is measured against."""


@dataclass(frozen=True, slots=True)
class DataChecks:
    """What the data checks of one pass saw: new findings, and the comparison of each drift section by its name."""

    findings: tuple[Finding, ...] = ()
    drift: dict[str, Drifted] = field(default_factory=dict)


def check(project: Project, stores: Stores, pulled: Sequence[PullReport], *, now: datetime) -> DataChecks:
    """Everything that can be said of the new rows; findings are stored, each once.

    New are the rows that no finished check has seen: those just pulled, and those of a run that died before its check.
    """
    found: list[Finding] = [*_sources(pulled, now)]
    runs: list[tuple[CheckRun, list[KeptResult]]] = []
    for stream in sorted({report.stream for report in pulled}):
        seen = check_runs.through(stores.warehouse, stream)
        batches = ledger.batches(stores.warehouse, stream=stream, after_batch=seen)
        run, broken = _expectations(project, stores, stream, batches, now=now)
        runs += [run] if run else []
        found += [*_batches(batches), *broken]
        found += _changes(project, stores, stream, batches)
        found += unclaimed(project, stores, stream, batches)
    drift = drifting.compare_all(project, stores, now=now)
    found += [finding for drifted in drift.values() for finding in drifted.findings]
    new = _not_known(stores, found, now=now)
    with stores.warehouse.transaction():
        # Together: a run that dies in between must not leave rows as checked and forget what was found in them.
        findings.record(stores.warehouse, new, now=now)
        for done, results in runs:
            check_runs.add(stores.warehouse, done, results)
    return DataChecks(tuple(new), drift)


def _expectations(
    project: Project, stores: Stores, stream: str, batches: Sequence[BatchReport], *, now: datetime
) -> tuple[tuple[CheckRun, list[KeptResult]] | None, list[Finding]]:
    """What the suite of the stream says of the rows of the batches, with what is to be kept; None without rows."""
    from checks.quality import gx

    new = [b for b in batches if b.accepted or b.restated]
    if not new:
        return None, []
    first, last = new[0].batch, new[-1].batch
    rows = new_rows(stores.warehouse, stream, first, last)
    suite = expectations.suite(project.policy.stream(stream), project.policy.expectations(stream))
    results = gx.run(rows.connect, rows.view, suite, stream=stream, batch=last)
    counts = {state: sum(r.state == state for r in results) for state in ("passed", "failed", "error", "no_data")}
    run = CheckRun(stream, first, last, now, *counts.values())
    kept = [
        KeptResult(r.name, r.state, r.severity, r.owner, r.observed, r.expected, r.unexpected, r.rows) for r in results
    ]
    return (run, kept), expectations.findings(results, seen_at=new[-1].last_at)


def _changes(project: Project, stores: Stores, stream: str, batches: Sequence[BatchReport]) -> list[Finding]:
    """Changes of schema and of watched columns since the first of the new rows."""
    times = [b.first_at for b in batches if b.first_at]
    if not times:
        return []
    since, known = min(times) - DAY, project.policy.stream(stream)
    start = min(times) - LOOK_BACK
    presence = profile.field_presence(stores.warehouse, known, None, bucket=DAY, start=start)
    found = schema_changes.detect(presence, stream=stream, since=since)
    for column in sorted({c for d in project.policy.drift if d.stream == stream for c in d.watch}):
        shares = profile.category_shares(stores.warehouse, known, column, bucket=WEEK, start=start)
        found += category_changes.detect(shares, stream=stream, column=column, since=since - WEEK)
    return found


def _sources(pulled: Sequence[PullReport], now: datetime) -> Iterator[Finding]:
    for report in pulled:
        if report.degraded:
            yield Finding(
                kind="source",
                state="error",
                severity="critical",
                stream=report.stream,
                subject=report.source,
                name="source can be read",
                detail=f"Source {report.source} could not be read in full: {report.degraded}",
                seen_at=now,
            )


def _batches(batches: Sequence[BatchReport]) -> Iterator[Finding]:
    for batch in batches:
        for column, count in sorted(batch.flagged.items()):
            yield Finding(
                kind="range",
                state="failed",
                severity="warning",
                stream=batch.stream,
                subject=column,
                name=f"{column} inside its range",
                detail=f"{count:,} row(s) of {batch.file} have a {column} outside its range; they are left unscored.",
                observed=f"{count} rows",
                batch=batch.batch,
                seen_at=batch.last_at,
            )
        if batch.restated:
            changed = ", ".join(f"{column} in {count:,}" for column, count in sorted(batch.restated_columns.items()))
            yield Finding(
                kind="restatement",
                state="notice",
                severity="warning",
                stream=batch.stream,
                subject=batch.source,
                name="rows restated",
                detail=f"{batch.file} restated {batch.restated:,} row(s): {changed}.",
                observed=f"{batch.restated} rows",
                batch=batch.batch,
                seen_at=batch.last_at,
            )


def _not_known(stores: Stores, found: Sequence[Finding], *, now: datetime) -> list[Finding]:
    """The findings that no earlier pass has stored; one of the present moment is always new."""
    known = {_identity(f) for _, f in findings.recent(stores.warehouse, since=now - LOOK_BACK, limit=10_000)}
    return [finding for finding in found if _identity(finding) not in known]


def _identity(finding: Finding) -> tuple[object, ...]:
    # Drift is a state that lasts: told once while it is known, and shown at every look in its own table.
    when = None if finding.kind == "drift" else finding.seen_at
    return (finding.kind, finding.state, finding.stream, finding.subject, finding.name, finding.batch, when)
