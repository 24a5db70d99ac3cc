"""Erase a person's rows, leave nothing of them in any file, and say so in the decision log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flows.project import Project
from flows.stores import Stores
from warehouse.records.decisions import NewDecision
from warehouse.records.storage import Erased, Erasure, Rewriting

if TYPE_CHECKING:
    from warehouse.records.decisions import DecisionEntry
    from warehouse.records.storage import Published


@dataclass(frozen=True, slots=True)
class Erasing:
    """What an erasure did: its record, the entries of the decision log, the files that were written anew.

    `lake` says why the rows may still be in the lake; empty when they are not, or there is none.
    """

    record: Erased
    entries: tuple[DecisionEntry, ...]
    rewritten: Rewriting | None
    snapshot: Published | None
    lake: str = ""


def erase(
    project: Project, stores: Stores, *, column: str, value: str, by: str, reason: str, now: datetime
) -> Erasing | None:
    """What the erasure did; None when nothing stored matches, and nothing was changed.

    `value` is the id as people know it: where a source hashes the column, its digest is looked for as well.

    Raises:
        SourceError: the key under which a source hashes the column is not in the environment.
        UsageError: no stream has the column, or name or reason are missing.
        StoreError: the file cannot be written anew; the rows are gone, and `gatehold storage compact` tries again.
    """
    from flows import drifting, publishing, retaining, reviewing, snapshotting
    from flows.scaling import lake
    from warehouse import erasure, storage

    asked = Erasure(column=column, values=_forms(project, column, value), by=by, reason=reason)
    erasure.check(asked)
    reviewed = reviewing.forget(project, stores, column=column, values=asked.values)
    lasting = retaining.lasting(project)
    record = erasure.erase(stores.warehouse, asked, now=now, lasting=lasting, reviewed=reviewed)
    if record is None:
        return None
    entries = log_pending(project, stores)
    rewritten = storage.compact(stores.warehouse, now=now, force=True)
    published = snapshotting.publish(project, stores, now=now, fresh=True)
    drift = list(drifting.compare_all(project, stores, now=now).values())
    publishing.write_page(project, stores, now=now, drift=drift)
    return Erasing(record, tuple(entries), rewritten, published, lake.trouble_forgetting(project, stores, now=now))


def log_pending(project: Project, stores: Stores) -> list[DecisionEntry]:
    """Entries for erasures that the decision log does not have yet; an erasure whose process died gets its entry."""
    from warehouse import erasure
    from warehouse.people import log

    written = []
    for record in erasure.erasures(stores.warehouse, unlogged=True):
        for rollout in record.rollouts or ("",):
            entry = log.append(stores.people, _entry(project, record, rollout))
            written += [entry] if entry is not None else []
        erasure.mark_logged(stores.warehouse, record.erasure)
    return written


def _entry(project: Project, record: Erased, rollout: str) -> NewDecision:
    """The entry of the decision log; the person stands in it by a salted digest only."""
    counts = ", ".join(f"{count:,} of {stream}" for stream, count in sorted(record.rows.items())) or "none"
    mentions = f"; {record.quarantined:,} mentions in quarantine" if record.quarantined else ""
    return NewDecision(
        key=f"erase/{record.erasure}/{rollout}",
        at=record.at,
        rollout=rollout,
        kind="erase",
        actor=record.by,
        summary=f"Rows of one subject were erased ({counts}{mentions}): {record.reason}",
        evidence_digest="",
        config_digest=project.policy.digest,
        body={
            "erasure": record.erasure,
            "column": record.column,
            "subject_digest": record.subject_digest,
            "rows": dict(record.rows),
            "kept": dict(record.kept),
            "quarantined": record.quarantined,
        },
    )


def _forms(project: Project, column: str, value: str) -> tuple[str, ...]:
    """The value as it may be stored: as it is, and hashed under the key of every source that hashes the column."""
    from warehouse.redaction import hashing

    forms: Mapping[str, None] = {value: None}
    for source in project.policy.source_specs():
        asked = source.redaction
        if asked is not None and asked.key_env is not None and column in asked.hash_columns:
            forms = {**forms, hashing.hashed(value, hashing.key_of(asked.key_env, project.environment)): None}
    return tuple(forms)
