"""What a policy may say and probably does not mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from checks.metrics import catalogue
from checks.policy import judge_checks, privacy
from checks.policy.metric_kinds import CELL_KINDS
from checks.policy.policy import Policy
from checks.policy.report import Place, listed
from warehouse.records.errors import Problem

Places = Mapping[str, Sequence[Place]]
"""By section, where its entries stand, in their order."""


def warnings(policy: Policy, places: Places, root: Place) -> Iterator[Problem]:
    """Every warning, each with its place."""
    yield from _lease(policy, root)
    yield from _replaced(policy, places["metrics"])
    yield from _rollouts(policy, places["rollouts"])
    yield from _gates(policy, places["gates"])
    yield from _sources(policy, places["sources"])
    yield from judge_checks.warnings(policy, places)
    yield from _kept(policy, places["drift"], root)


def _lease(policy: Policy, root: Place) -> Iterator[Problem]:
    if policy.lease < policy.window:
        message = "is shorter than a window, so a standing lapses to hold before the next run can renew it."
        yield root.problem(("lease",), message, hint="Make it a few windows long.")


def _replaced(policy: Policy, places: Sequence[Place]) -> Iterator[Problem]:
    for metric, place in zip(policy.metrics, places, strict=True):
        if metric.name in catalogue.built_in():
            message = "takes the place of the built-in metric of that name."
            yield place.problem(("name",), message, given=metric.name, hint="Rename it if that is not meant.")


def _rollouts(policy: Policy, places: Sequence[Place]) -> Iterator[Problem]:
    for rollout, place in zip(policy.rollouts, places, strict=True):
        layers = {policy.metric(g.metric).layer for g in policy.gates if rollout.name in g.rollout}
        if not layers:
            message = f"rollout {rollout.name} has no gate, so nothing can hold or pause it."
            yield place.problem((), message, hint="Add gates for it.")
        elif "workflow" not in layers:
            message = f"no gate of rollout {rollout.name} rests on an outcome (layer workflow)."
            hint = "Faults that cancel out between layers show only there; add a gate such as task_success_rate."
            yield place.problem((), message, hint=hint)


def _gates(policy: Policy, places: Sequence[Place]) -> Iterator[Problem]:
    fed = {source.stream for source in policy.sources}
    for gate, place in zip(policy.gates, places, strict=True):
        metric = policy.metric(gate.metric)
        if metric.kind in (*CELL_KINDS, "overdue") and gate.max_age is None:
            message = "has no max_age, so it may go on passing on old data when rows stop coming."
            yield place.problem((), message, hint='Add "max_age:".')
        if metric.stream is not None and metric.stream not in fed:
            message = f"no source feeds stream {metric.stream}, so there will be no data for it."
            yield place.problem(("metric",), message, given=gate.metric, hint="Add a source.")
        if metric.of == "received_share" and not _expected(policy, metric.stream):
            message = "no source behind it says how many rows to expect, so there will be no data for it."
            yield place.problem(("metric",), message, given=gate.metric, hint='Add "expected_per_window:" to a source.')


def _expected(policy: Policy, stream: str | None) -> bool:
    return any(s.expected_per_window for s in policy.sources if stream is None or s.stream == stream)


def _sources(policy: Policy, places: Sequence[Place]) -> Iterator[Problem]:
    names = [*(gate.metric for gate in policy.gates), *(judge.metric for judge in policy.judges)]
    used = [policy.metric(name) for name in names]
    if any(m.kind == "source" and m.stream is None for m in used):
        return
    streams = {m.stream for m in used if m.stream is not None}
    for source, place in zip(policy.sources, places, strict=True):
        if source.stream not in streams:
            message = f"no gate depends on source {source.name}: nobody will be stopped when it fails."
            hint = f"Gates read streams {listed(sorted(streams))}. Add a gate, such as one on received_share."
            yield place.problem((), message, hint=hint)


def _kept(policy: Policy, drifts: Sequence[Place], root: Place) -> Iterator[Problem]:
    """What retention takes away from a comparison, and what it does not reach."""
    kept = policy.retention
    if kept is None or (kept.raw_text is None and kept.events is None):
        return
    if policy.storage is not None:
        message = "does not reach the lake, which has a copy of every event."
        yield root.problem(("retention",), message, hint="Remove what is due there as well.", at_key=True)
    for drift, place in zip(policy.drift, drifts, strict=True):
        lost = [c for c in drift.columns if c in kept.texts(policy.stream(drift.stream))]
        if lost and kept.raw_text is not None:
            message = f"compares raw text ({listed(lost)}), which is gone after {privacy.age_text(kept.raw_text)}."
            hint = "Let its reference be younger, or take the column out of retention.text_columns."
            yield place.problem(("columns",), message, hint=hint)
