"""Retain: the end of a run removes what has reached its age, and publishes what is left for readers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows.project import Project
from flows.stores import Stores
from warehouse.records.errors import StoreError
from warehouse.records.expressions import Field
from warehouse.records.storage import Removal, RetentionRules, Rewriting, StreamText

if TYPE_CHECKING:
    from checks.policy.privacy import Retention
    from warehouse.records.storage import Published

ATTRIBUTES = "attributes"


@dataclass(frozen=True, slots=True)
class Kept:
    """How a run left the store: what was removed, whether the file was written anew, what readers see from now on.

    `trouble` says in one sentence what could not be done; the decisions of the run stand all the same. `lake` says why
    what was removed may still be in the lake; empty when it is not, or there is none.
    """

    removed: tuple[Removal, ...] = ()
    rewritten: Rewriting | None = None
    snapshot: Published | None = None
    trouble: str = ""
    lake: str = ""


def keep(project: Project, stores: Stores, *, now: datetime) -> Kept:
    """Remove what is due, write the file anew when removed text has waited long enough, publish the snapshot."""
    from flows import erasing, snapshotting
    from warehouse import retention, storage

    removed: list[Removal] = []
    rewritten = None
    try:
        storage.sweep(stores.warehouse)
        erasing.log_pending(project, stores)
        asked = rules(project)
        removed = retention.apply(stores.warehouse, asked, now=now)
        if storage.is_due(stores.warehouse, asked.rewrite_after, now=now):
            rewritten = storage.compact(stores.warehouse, now=now, force=True)
        gone = any(removal.rows for removal in removed)
        published = snapshotting.publish(project, stores, now=now, fresh=gone)
    except StoreError as error:
        return Kept(tuple(removed), rewritten, trouble=str(error))
    return Kept(tuple(removed), rewritten, published)


def settings(project: Project) -> Retention:
    """The policy's retention; without one, everything is kept for good."""
    from checks.policy.privacy import Retention

    return project.policy.retention or Retention()


def rules(project: Project) -> RetentionRules:
    """Retention as the warehouse needs it."""
    asked = settings(project)
    return RetentionRules(
        raw_text=asked.raw_text,
        events=asked.events,
        cells=asked.cells,
        evidence=asked.evidence,
        text=texts(project),
        lasting=lasting(project),
        rewrite_after=asked.rewrite_after,
    )


def texts(project: Project) -> dict[str, StreamText]:
    """By stream, what its raw text is: the policy's columns without those that metrics read.

    A value that a metric reads has to be there when its row is restated: what is taken back then must be what was
    counted.
    """
    from checks.policy.metric_kinds import CELL_KINDS

    asked, policy = settings(project), project.policy
    read: dict[str, set[Field]] = {}
    for metric in policy.metrics_in_use():
        if metric.kind in CELL_KINDS and metric.stream is not None:
            read.setdefault(metric.stream, set()).update(_fields(policy.cell_metric(metric.name, metric.unit)))
    found = {}
    for name, stream in policy.all_streams().items():
        used = {field.column for field in read.get(name, ())}
        kept = sorted(field.path for field in read.get(name, ()) if field.column == ATTRIBUTES and field.path)
        found[name] = StreamText(tuple(c for c in asked.texts(stream) if c not in used), tuple(kept))
    return found


def lasting(project: Project) -> frozenset[str]:
    """Streams whose rows stay: what people have to do (governance), and what a metric reads to tell what is overdue."""
    policy = project.policy
    overdue = {metric.stream for metric in policy.metrics_in_use() if metric.kind == "overdue" and metric.stream}
    return frozenset({"governance", *overdue})


def _fields(record: Any) -> Iterator[Field]:
    """Every place in a row that a metric reads, wherever in its expressions it stands."""
    if isinstance(record, Field):
        yield record
    elif is_dataclass(record) and not isinstance(record, type):
        for part in fields(record):
            yield from _fields(getattr(record, part.name))
    elif isinstance(record, tuple):
        for part in record:
            yield from _fields(part)
