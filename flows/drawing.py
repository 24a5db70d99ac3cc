"""Draw: how many rows people were given and labelled, of those that a prediction-powered gate rests on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from checks.evidence.assisted import Draws, lack
from checks.policy.assisted import draws
from flows import epochs
from warehouse import cells
from warehouse.records.metrics import SCALE

if TYPE_CHECKING:
    from datetime import datetime

    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from flows.stores import Stores
    from warehouse.records.evidence import Epoch

LATELY = timedelta(days=7)
"""The newest part of an epoch in which people must have gone on looking."""


def lacking(
    stores: Stores, policy: Policy, gate: GateSpec, epoch: Epoch | None, release: str | None
) -> tuple[str | None, str | None]:
    """What is wrong with the labels of the whole epoch and of its newest part; None for nothing.

    Both None for gates that do not rest on labels beside a judge, and before there is any evidence.
    """
    metric = policy.cell_metric(gate.metric, gate.unit)
    chosen = draws(metric)
    if chosen is None or epoch is None or epoch.folded_through <= epoch.first_window:
        return None, None
    scope = epochs.scope(gate, release)

    def since(start: datetime) -> Draws:
        rows, drawn = (
            cells.read_cells(stores.warehouse, m, scope, start, epoch.folded_through) for m in (metric, chosen)
        )
        number, open_rows = sum(c.items for c in drawn), sum(c.unscored for c in drawn)
        weight = sum(c.total for c in drawn) / SCALE
        return Draws(sum(c.items for c in rows), number, number - open_rows, weight)

    whole, newest = since(epoch.first_window), since(max(epoch.first_window, epoch.folded_through - LATELY))
    return (
        lack(whole) if whole.rows else None,
        lack(newest, least_labels=1) if newest.rows else None,
    )
