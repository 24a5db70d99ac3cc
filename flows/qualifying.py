"""Qualify: read what people's labels say of a judge, and let the checks say whether it has earned the right to gate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from checks.gates import judges
from checks.rollout import LIVE
from flows import epochs, sourcing
from warehouse import judges as stored
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    from checks.gates.judges import JudgeState
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from checks.policy.judges import Judge
    from flows.judging import Case
    from flows.stores import Stores
    from warehouse.records.judges import JudgedRows, LabelCount


def qualify(stores: Stores, policy: Policy, gate: GateSpec, case: Case) -> JudgeState | None:
    """Whether the gate's judge may gate now; None for a gate that names none.

    Which versions score is read off the newest rows (a day of them) that the gate rests on, in both arms where it
    compares them; a reference must have been scored by the same. Labels are those of the rollout, of whatever release,
    for they speak of the judge; a gate on one segment needs labels of that segment.

    Raises:
        UsageError: the policy has no such judge.
    """
    if gate.judge is None:
        return None
    judge = policy.judge(gate.judge)
    stream = policy.metric(judge.metric).stream
    return judges.qualify(
        judge.spec(),
        _labels(stores, policy, judge, gate, case),
        _versions(stores, policy, judge, gate, case),
        sourcing.trouble(case.ledger, policy, stream),
        reference=_reference(stores, policy, judge, gate),
    )


def _labels(stores: Stores, policy: Policy, judge: Judge, gate: GateSpec, case: Case) -> list[LabelCount]:
    agreement = policy.cell_metric(judge.metric, "item")
    return stored.labels(
        stores.warehouse,
        policy.stream(agreement.stream),
        agreement,
        judge.label_version,
        Slice(rollout=case.rollout, segment=gate.segment),
        now=case.now,
        since=judges.counted_since(judge.max_age, case.now),
    )


def _versions(stores: Stores, policy: Policy, judge: Judge, gate: GateSpec, case: Case) -> list[JudgedRows]:
    """Which versions score the traffic that the gate rests on, in both arms where it compares them."""
    scopes = [epochs.scope(gate, case.release), *([epochs.control(gate)] if gate.control else [])]
    found = (_scored(stores, policy, judge, gate, scope, now=case.now, span=LIVE) for scope in scopes)
    return [row for rows in found for row in rows]


def _reference(stores: Stores, policy: Policy, judge: Judge, gate: GateSpec) -> list[JudgedRows] | None:
    """Which versions scored the period that the gate compares with; None for a gate that compares with none."""
    if gate.reference is None or gate.test not in ("reference", "distribution"):
        return None
    start, end = gate.reference
    scope = Slice(rollout=gate.rollout, arm=gate.arm or "candidate", segment=gate.segment)
    just_before = end - timedelta(microseconds=1)
    return _scored(stores, policy, judge, gate, scope, now=just_before, span=end - start, since=start)


def _scored(
    stores: Stores,
    policy: Policy,
    judge: Judge,
    gate: GateSpec,
    scope: Slice,
    *,
    now: datetime,
    span: timedelta,
    since: datetime | None = None,
) -> list[JudgedRows]:
    metric = policy.cell_metric(gate.metric, "item")
    stream = policy.stream(metric.stream)
    return stored.versions(stores.warehouse, stream, metric, judge.version, scope, now=now, span=span, since=since)
