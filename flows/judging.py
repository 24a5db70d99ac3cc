"""Judge: read what each gate needs from the warehouse, and let the checks say what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from checks.gates import deterministic, drawn, judges, statistical
from checks.gates.judges import JudgeState
from checks.releases import Release
from checks.releases.change import since
from flows import drawing, folding, qualifying, readings, referencing, releasing, self_testing, sourcing
from flows.folding import GateEvidence
from flows.readings import Reading
from flows.referencing import Unready
from flows.sourcing import Ledger
from warehouse.records.evidence import SelfTest

if TYPE_CHECKING:
    from checks.gates.records import Verdict
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from flows.checking import DataChecks
    from flows.stores import Stores


@dataclass(frozen=True, slots=True)
class Case:
    """One rollout at one moment: what every one of its gates is judged under.

    `remembered` is, by gate, which epochs the decision log names, each with the time of the newest decision on it;
    `ledger` is what the ledger of ingest says; `self_tests` is the newest by gate and configuration. `versions` are
    those of the release that is judged.
    """

    rollout: str
    stage: str
    release: str | None
    paused: bool
    not_before: datetime | None
    now: datetime
    remembered: Mapping[str, Mapping[str, datetime]]
    ledger: Ledger
    self_tests: Mapping[tuple[str, str], SelfTest] = field(default_factory=dict)
    versions: Release = field(default_factory=Release)


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with the gate and the JSON-ready inputs that it can be recomputed from."""

    gate: GateSpec
    verdict: Verdict
    inputs: Mapping[str, Any]


def judge(stores: Stores, policy: Policy, case: Case, checks: DataChecks) -> list[Judged]:
    """What every gate of the rollout says, statistical ones after folding what is mature."""
    # In one transaction: what every gate folds is written to the disk once.
    with stores.warehouse.transaction():
        return [
            _statistical(stores, policy, gate, case)
            if gate.statistical
            else _deterministic(stores, policy, gate, case, checks)
            for gate in policy.gate_specs(case.rollout, case.stage)
        ]


def _statistical(stores: Stores, policy: Policy, gate: GateSpec, case: Case) -> Judged:
    metric = policy.cell_metric(gate.metric, gate.unit)
    mature = folding.mature_through(case.ledger, policy, metric)
    ready = referencing.resolve(stores, policy, gate, mature=mature, ledger=case.ledger, now=case.now)
    if isinstance(ready, Unready):
        verdict = statistical.unready(gate, ready.outcome, ready.reason, ready.detail)
        return Judged(gate, verdict, {"unready": [ready.outcome, ready.reason, ready.detail]})
    held = releasing.rests_on(policy, gate, case.versions)
    release = releasing.named(gate, case.release, held)
    found = folding.fold_gate(
        stores,
        policy,
        ready,
        release=release,
        versions=held,
        paused=case.paused,
        not_before=case.not_before,
        remembered=case.remembered.get(gate.key, {}),
        ledger=case.ledger,
        now=case.now,
    )
    trouble = sourcing.trouble(case.ledger, policy, metric.stream)
    judge = qualifying.qualify(stores, policy, gate, case)
    lacking = drawing.lacking(stores, policy, found.gate, found.epoch, release)
    basis = Basis(trouble, judge, lacking, self_testing.trouble(case.self_tests, gate))
    verdict = evaluate_evidence(found, now=case.now, window=policy.window, basis=basis)
    epoch = found.epoch.epoch if found.epoch else None
    looked = [(e, rows) for e, rows in [(found.epoch, found.rows), *found.corrected] if e]
    rows = {e.epoch: len(rows) for e, rows in looked}
    folded = {e.epoch: e.windows for e, _ in looked}
    return Judged(found.gate, verdict, {"epoch": epoch, "rows": rows, "folded": folded, **basis.to_json()})


@dataclass(frozen=True, slots=True)
class Basis:
    """What a verdict rests on beside the ledger.

    `trouble` is why a check could not be carried out, `judge` whether the gate's judge has earned the right to gate,
    `lacking` what is wrong with people's labels of the whole epoch and lately, `distrust` why the gate's own proofs
    cannot be trusted.
    """

    trouble: tuple[str, str] | None = None
    judge: JudgeState | None = None
    lacking: tuple[str | None, str | None] = (None, None)
    distrust: tuple[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The basis as JSON values."""
        judge = self.judge.to_json() if self.judge else None
        lacking = list(self.lacking)
        return {"trouble": self.trouble, "judge": judge, "lacking": lacking, "distrust": self.distrust}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Basis:
        """The basis that `to_json` wrote; older decisions knew of trouble only."""
        trouble, distrust = (
            (found[0], found[1]) if (found := value.get(name)) else None for name in ("trouble", "distrust")
        )
        judge = JudgeState.from_json(value["judge"]) if value.get("judge") else None
        over_epoch, lately = value.get("lacking", (None, None))
        return cls(trouble, judge, (over_epoch, lately), distrust)


def evaluate_evidence(found: GateEvidence, *, now: datetime, window: timedelta, basis: Basis) -> Verdict:
    """The verdict of a statistical gate on stored evidence."""
    verdict = statistical.evaluate(
        found.gate,
        found.epoch,
        found.rows,
        now=now,
        window_seconds=int(window.total_seconds()),
        corrected=found.corrected,
        trouble=basis.trouble,
        distrust=basis.distrust,
    )
    return judges.apply(drawn.apply(verdict, *basis.lacking), basis.judge, found.gate.judged)


def _deterministic(stores: Stores, policy: Policy, gate: GateSpec, case: Case, checks: DataChecks) -> Judged:
    reading = readings.read(stores, policy, gate, case, checks)
    # What people have to do is not about the parts of the release.
    if reading.newest is not None and gate.kind != "overdue":
        changed = since(releasing.rests_on(policy, gate, case.versions), reading.newest)
        reading = replace(reading, changed=changed)
    if reading.trouble is None:
        reading = replace(reading, trouble=self_testing.trouble(case.self_tests, gate))
    return Judged(gate, evaluate_reading(gate, reading, now=case.now), reading.to_json())


def evaluate_reading(gate: GateSpec, reading: Reading, *, now: datetime) -> Verdict:
    """The verdict of a deterministic gate on one reading."""
    return deterministic.evaluate(
        gate,
        value=reading.value,
        newest=reading.newest,
        now=now,
        trouble=reading.trouble,
        sentence=reading.sentence,
        changed=reading.changed,
    )
