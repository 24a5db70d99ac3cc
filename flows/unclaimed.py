"""Rows that no rollout claims: they are in, yet no gate will ever count them, so that is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks.quality.text import listed
from flows.project import Project
from flows.stores import Stores
from warehouse import facts
from warehouse.records.evidence import Finding

if TYPE_CHECKING:
    from warehouse.records.ingest import BatchReport


def unclaimed(project: Project, stores: Stores, stream: str, batches: Sequence[BatchReport]) -> list[Finding]:
    """At most one finding: rows of the new batches that name a rollout which the configuration does not have."""
    new = [b for b in batches if b.accepted or b.restated]
    if not new:
        return []
    first, last = min(b.batch for b in new), max(b.batch for b in new)
    known = {rollout.name for rollout in project.policy.rollouts}
    named = facts.rollouts(stores.warehouse, project.policy.stream(stream), after_batch=first - 1, through_batch=last)
    strange = [(name, rows) for name, rows in named if name not in known]
    if not strange:
        return []
    rows, most = sum(rows for _, rows in strange), listed([name for name, _ in strange], 4)
    return [
        Finding(
            kind="source",
            state="notice",
            severity="warning",
            stream=stream,
            subject="rollout",
            name="rows of unknown rollouts",
            detail=f"{rows:,} new row(s) of {stream} name a rollout that the configuration does not have, so no gate "
            f"counts them: {most}.",
            observed=f"{rows} rows",
            batch=last,
            seen_at=max((b.last_at for b in new if b.last_at), default=None),
        )
    ]
