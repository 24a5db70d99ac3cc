"""Summarise: every metric in use, over the batches that it has not seen yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.policy.assisted import draws
from checks.policy.metric_kinds import CELL_KINDS
from flows.project import Project
from flows.stores import Stores

if TYPE_CHECKING:
    from warehouse.records.metrics import CellMetric


def cell_metrics(project: Project) -> list[CellMetric]:
    """The metrics that are sums over rows, as gates use them, each once."""
    policy = project.policy
    found: dict[str, CellMetric] = {}
    for rollout in policy.rollouts:
        for gate in policy.gate_specs(rollout.name, rollout.stages[0]):
            if gate.kind in CELL_KINDS:
                metric = policy.cell_metric(gate.metric, gate.unit)
                drawn = draws(metric)
                found |= {each.digest: each for each in (metric, drawn) if each is not None}
    return list(found.values())


def summarise(project: Project, stores: Stores) -> int:
    """Bring cells, units and bins up to the newest batch; returns how many metric and batch pairs were new."""
    from warehouse import cells

    return cells.summarise(stores.warehouse, cell_metrics(project), project.policy.all_streams())
