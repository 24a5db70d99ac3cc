"""Readings: the one number that a deterministic gate compares with its limit, read from the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows import sourcing
from warehouse import cells, check_runs, facts, findings, ledger
from warehouse.records.errors import UsageError
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Metric, Policy
    from flows.checking import DataChecks
    from flows.judging import Case
    from flows.stores import Stores


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read for one gate.

    `value` is in the metric's unit and None where there is nothing to read. `newest` is the newest row it rests on,
    `trouble` a code and a sentence when it could not be read, `sentence` what else a reader should know. `changed` are
    the parts of the release that were changed after the newest row, in words.
    """

    value: float | None
    newest: datetime | None = None
    trouble: tuple[str, str] | None = None
    sentence: str = ""
    changed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The reading as JSON values."""
        return {
            "value": self.value,
            "newest": self.newest.isoformat() if self.newest else None,
            "trouble": list(self.trouble) if self.trouble else None,
            "sentence": self.sentence,
            "changed": list(self.changed),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Reading:
        """The reading that `to_json` wrote."""
        newest = datetime.fromisoformat(value["newest"]) if value["newest"] else None
        trouble = (value["trouble"][0], value["trouble"][1]) if value["trouble"] else None
        # Older decisions knew of no parts.
        return cls(value["value"], newest, trouble, value["sentence"], tuple(value.get("changed", ())))


def read(stores: Stores, policy: Policy, gate: GateSpec, case: Case, checks: DataChecks) -> Reading:
    """What the gate compares with its limit.

    Raises:
        UsageError: gates of that kind are not read (the policy refuses them).
    """
    if gate.kind not in _READERS:
        raise UsageError(f"Gate {gate.key} has a metric of kind {gate.kind}, which cannot be compared with a limit.")
    return _READERS[gate.kind](stores, policy, policy.metric(gate.metric), case, checks)


def _count(stores: Stores, policy: Policy, metric: Metric, case: Case, _: DataChecks) -> Reading:
    cell_metric = policy.cell_metric(metric.name, metric.unit)
    found = cells.read_cells(
        stores.warehouse, cell_metric, Slice(rollout=case.rollout), case.now - metric.over, case.now
    )
    newest = max((cell.window_end for cell in found), default=None)
    return Reading(
        float(sum(cell.items for cell in found)) if found else None,
        newest,
        sourcing.trouble(case.ledger, policy, metric.stream),
    )


def _age(stores: Stores, policy: Policy, metric: Metric, case: Case, _: DataChecks) -> Reading:
    newest = _newest(stores, policy, metric, case)
    hours = (case.now - newest).total_seconds() / 3600 if newest else None
    return Reading(hours, newest, sourcing.trouble(case.ledger, policy, metric.stream))


def _overdue(stores: Stores, policy: Policy, metric: Metric, case: Case, _: DataChecks) -> Reading:
    stream = policy.stream(metric.stream or "governance")
    where = metric.expressions(stream)[1]
    found = facts.overdue(stores.warehouse, stream, where, Slice(rollout=case.rollout), now=case.now)
    trouble = sourcing.trouble(case.ledger, policy, metric.stream)
    # Any row of the stream tells that it is alive: who has nothing to do writes no action.
    heard = facts.newest_row(stores.warehouse, stream, None, Slice(rollout=case.rollout), now=case.now)
    if found is None:
        # Nothing was ever opened: none is overdue if the stream has been heard of and its source is alive.
        alive = heard is not None and sourcing.polled(case.ledger, policy, metric.stream)
        why = "No such subject was ever entered." if heard else f"Stream {stream.name} never brought a row."
        return Reading(0.0 if alive else None, heard, trouble, why)
    named = ", ".join(found.subjects[:5])
    return Reading(float(found.count), heard, trouble, f"Overdue: {named}." if found.count else "")


def _source(stores: Stores, policy: Policy, metric: Metric, case: Case, _: DataChecks) -> Reading:
    value, which = sourcing.fact(stores, policy, metric, now=case.now)
    # What could not be read is in no share: a source in trouble would look the better for it.
    trouble = sourcing.trouble(case.ledger, policy, metric.stream)
    return Reading(value, None, trouble, f"Source {which}." if which else "")


def _drift(stores: Stores, policy: Policy, metric: Metric, case: Case, checks: DataChecks) -> Reading:
    mine = [d for d in checks.drift.values() if d.rollout == case.rollout and metric.stream in (None, d.stream)]
    broken = next((d for d in mine if d.trouble), None)
    if broken is not None:
        return Reading(None, None, ("check_failed", f"The comparison {broken.name} failed: {broken.trouble}"))
    streams = sorted({d.stream for d in mine})
    unread = next((t for stream in streams if (t := sourcing.trouble(case.ledger, policy, stream))), None)
    if unread is not None:
        return Reading(None, None, unread)
    early = next((d for d in mine if d.early), None)
    if early is not None or not mine:
        return Reading(None, None, None, (early.early or "") if early else "No comparison is configured.")
    worst = [d.report for d in mine if d.report is not None]
    shares = [report.share_drifted for report in worst]
    open_columns = sum(c.drifted is None for report in worst for c in report.columns)
    if any(share is None for share in shares):
        return Reading(None, None, None, f"{open_columns} column(s) could not be judged.")
    drifted = sorted({c.column for report in worst for c in report.columns if c.drifted})
    newest = max((d.current_end for d in mine if d.current_end), default=None)
    said = f"Drifted: {', '.join(drifted)}." if drifted else ""
    return Reading(max(share for share in shares if share is not None), newest, None, said)


def _quality(stores: Stores, policy: Policy, metric: Metric, case: Case, _: DataChecks) -> Reading:
    since = case.now - metric.over
    ran = check_runs.since(stores.warehouse, since=since, until=case.now)
    unread = sourcing.trouble(case.ledger, policy, metric.stream)
    if unread is not None:
        return Reading(None, None, unread)
    if not any(metric.stream in (None, stream) for stream in ran):
        return Reading(None, None, None, "No expectation was carried out in that time.")
    if metric.stream is None and (left := _brought(stores, case, since) - ran.keys()):
        return Reading(None, None, None, f"No row was checked in that time of: {', '.join(sorted(left))}.")
    found = [
        finding
        for at, finding in findings.recent(stores.warehouse, since=since, limit=10_000)
        if finding.kind == "expectation" and metric.stream in (None, finding.stream) and since < at <= case.now
    ]
    errors = sorted({f"{f.stream}: {f.name}" for f in found if f.state == "error"})
    if errors:
        return Reading(None, None, ("check_failed", f"Not carried out: {'; '.join(errors[:5])}."))
    failed = sorted({f"{f.stream}: {f.name}" for f in found if f.state == "failed"})
    return Reading(float(len(failed)), None, None, f"Broken: {'; '.join(failed[:5])}." if failed else "")


def _brought(stores: Stores, case: Case, since: datetime) -> set[str]:
    """The streams of which new rows came, so that some ought to have been checked.

    Rows that were all quarantined broke no expectation, for none was asked of them.
    """
    states = ledger.source_states(stores.warehouse, since=since, until=case.now)
    return {state.stream for state in states if state.received > state.duplicate}


def _policy(stores: Stores, policy: Policy, metric: Metric, case: Case, _: DataChecks) -> Reading:
    if metric.of == "owner_and_deputy_named":
        return Reading(float(policy.rollout(case.rollout).owner_and_deputy_named))
    newest = _newest(stores, policy, metric, case)
    streams = [policy.stream(name) for name in policy.evidence_streams(case.rollout)]
    seen = {r.release: r for r in facts.releases(stores.warehouse, streams, case.rollout)}
    trouble = sourcing.trouble(case.ledger, policy, metric.stream)
    by_fingerprint = policy.rollout(case.rollout).releases.by == "fingerprint"
    began = case.versions.since if by_fingerprint else seen[case.release].first_at if case.release in seen else None
    if newest is None or began is None:
        return Reading(None, newest, trouble)
    age = (began - newest).total_seconds() / 86_400
    return Reading(max(0.0, age), newest, trouble)


def _newest(stores: Stores, policy: Policy, metric: Metric, case: Case) -> datetime | None:
    stream = policy.stream(metric.stream or "governance")
    where = metric.expressions(stream)[1]
    return facts.newest_row(stores.warehouse, stream, where, Slice(rollout=case.rollout), now=case.now)


_Reader = Callable[["Stores", "Policy", "Metric", "Case", "DataChecks"], Reading]
_READERS: dict[str, _Reader] = {
    "count": _count,
    "age": _age,
    "overdue": _overdue,
    "source": _source,
    "drift": _drift,
    "quality": _quality,
    "policy": _policy,
}
