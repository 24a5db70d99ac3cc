"""Trying: every gate, or the gates named, through the stories that it must come out of; nothing is stored here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from flows import epochs
from flows.self_test import deriving, driving, expecting, measuring, plain, stories
from flows.self_test.records import GateResult, NotTestableError, Story
from warehouse.records.errors import GateholdError, UsageError

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from checks.policy.gates import Gate

Say = Callable[[str], None]

_TOLD: dict[Story, str] = {
    "healthy": "healthy traffic",
    "declined": "a decline",
    "control_declined": "a decline of the control alone",
    "equal_arms": "equal arms",
}
JUDGE = "its judge was not asked for the right to gate"


def chosen(policy: Policy, names: Sequence[str]) -> list[tuple[Gate, str]]:
    """The gates with those names ("name" or "rollout/name"), each with its rollout; all of them for no names.

    Raises:
        UsageError: a name is that of no gate.
    """
    known = [
        (gate, rollout.name) for rollout in policy.rollouts for gate in policy.gates if rollout.name in gate.rollout
    ]
    keys = [name for gate, rollout in known for name in (gate.name, f"{rollout}/{gate.name}")]
    for name in names:
        if name not in keys:
            near = get_close_matches(name, keys, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise UsageError(f"There is no gate {name!r}.{meant} Known: {', '.join(sorted(set(keys))) or 'none'}.")
    return [(g, rollout) for g, rollout in known if not names or {g.name, f"{rollout}/{g.name}"} & {*names}]


def try_all(policy: Policy, names: Sequence[str], *, say: Say, now: datetime) -> Iterator[GateResult]:
    """How each gate came through, in the order of the configuration.

    Raises:
        UsageError: a name is that of no gate.
    """
    gates = chosen(policy, names)
    for number, (gate, rollout) in enumerate(gates, 1):
        say(f"Gate {number} of {len(gates)}: {rollout}/{gate.name}")
        yield try_gate(policy, gate, rollout, now=now)


def try_gate(policy: Policy, gate: Gate, rollout: str, *, now: datetime) -> GateResult:
    """How one gate came through: failed with what it got wrong, or not testable with the reason."""
    stage = policy.rollout(rollout).stages[-1]
    spec = next(s for s in policy.gate_specs(rollout, stage) if s.name == gate.name)
    with TemporaryDirectory(prefix="gatehold-self-test-") as folder:
        try:
            tried = _statistical if spec.statistical else _plain
            return tried(policy, gate, spec, Path(folder), now)
        except NotTestableError as reason:
            return GateResult(spec.key, spec.digest, "not_testable", str(reason), remarks=_remarks(spec))
        except GateholdError as problem:
            return GateResult(spec.key, spec.digest, "failed", f"It could not be carried out: {problem}")


def _statistical(policy: Policy, gate: Gate, spec: GateSpec, folder: Path, now: datetime) -> GateResult:
    metric = policy.metric(gate.metric)
    rows, taken = measuring.candidate_rows(policy, metric, spec)
    project = deriving.derive(policy, gate, spec.rollout, folder, inside_attributes=taken)
    (alone,) = project.policy.gate_specs(spec.rollout, project.policy.rollouts[0].stages[0])
    found = measuring.measure(project, metric, spec, rows)
    planned = stories.plan(spec, found, _windows(policy, spec))
    told, total = [], 0
    for story in planned:
        shutil.rmtree(project.data, ignore_errors=True)
        shutil.rmtree(project.base / deriving.LOGS, ignore_errors=True)
        seen, sent = driving.drive(project, alone, story, taken)
        total += sent
        if wrong := expecting.trouble(alone, story.story, seen, rows=sent):
            return GateResult(spec.key, spec.digest, "failed", wrong, total, _remarks(spec))
        told.append(f"{_TOLD[story.story]} to {seen.outcome} ({seen.units:,} units)")
    return GateResult(spec.key, spec.digest, "held", f"It came on {', on '.join(told)}.", total, _remarks(spec))


def _windows(policy: Policy, spec: GateSpec) -> int:
    """Whole windows of the gate's reference period."""
    if spec.reference is None:
        return 0
    seconds = int(policy.window.total_seconds())
    start, end = (epochs.floor(moment, seconds) for moment in spec.reference)
    return (end - start) // policy.window


def _remarks(spec: GateSpec) -> tuple[str, ...]:
    return (JUDGE,) if spec.judge else ()


def _plain(policy: Policy, gate: Gate, spec: GateSpec, folder: Path, now: datetime) -> GateResult:
    remarks: list[str] = []
    total = 0
    wrong = plain.decision(plain.without_age(spec), now=now)
    if wrong is None:
        try:
            wrong, total = _in_full(policy, gate, spec, folder)
        except NotTestableError as reason:
            remarks.append(f"{plain.DECISION_ONLY} ({reason})")
        if not total and not remarks:
            remarks.append(plain.DECISION_ONLY)
    if wrong:
        return GateResult(spec.key, spec.digest, "failed", wrong, total, tuple(remarks))
    right = "It passes inside its limit and holds outside, without a value and on an error."
    return GateResult(spec.key, spec.digest, "held", right, total, tuple(remarks))


def _in_full(policy: Policy, gate: Gate, spec: GateSpec, folder: Path) -> tuple[str | None, int]:
    """What went wrong on the whole path, and how many rows were planted: none for a gate that has no such path."""
    if not plain.is_full(spec):
        return None, 0
    metric = policy.metric(gate.metric)
    rows, taken = measuring.candidate_rows(policy, metric, spec)
    project = deriving.derive(policy, gate, spec.rollout, folder, inside_attributes=taken)
    (alone,) = project.policy.gate_specs(spec.rollout, project.policy.rollouts[0].stages[0])
    total = 0
    for trial in plain.trials(project, metric, alone, rows):
        shutil.rmtree(project.data, ignore_errors=True)
        shutil.rmtree(project.base / deriving.LOGS, ignore_errors=True)
        total += len(trial.rows)
        if wrong := plain.attempt(project, alone, trial, taken):
            return wrong, total
    return None, total
