"""The reference of a drift section: read once, pinned with how its columns are counted, and never changed after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warehouse import ledger, pins
from warehouse.profiles import reading, sampling
from warehouse.records import profiles
from warehouse.records.evidence import Pin
from warehouse.records.metrics import Slice
from warehouse.records.profiles import Profile, Scheme

if TYPE_CHECKING:
    from checks.policy import Policy
    from checks.policy.drift import Drift
    from flows.stores import Stores
    from warehouse.store import Warehouse

TOP = 50
"""Categories of the reference that are counted apart."""


@dataclass(frozen=True, slots=True)
class Reference:
    """How the columns of a section are counted, and what the reference held; `digest` covers both."""

    schemes: tuple[Scheme, ...]
    profiles: tuple[Profile, ...]
    digest: str


def pinned(stores: Stores, policy: Policy, section: Drift, columns: Sequence[str], *, now: datetime) -> Reference:
    """The reference of a section over some of its columns, read and pinned if that was not done before.

    Where values are counted by hash it is pinned anew for an engine that hashes otherwise.
    """
    key, digest = f"drift/{section.name}", _config(policy, section, columns)
    version = sampling.hash_version(stores.warehouse)
    for attempt in (digest, hashlib.sha256(f"{digest}|{version}".encode()).hexdigest()):
        pin = pins.find(stores.warehouse, key, attempt)
        if pin is None:
            body = _read(stores, policy, section, columns)
            pin = Pin(key, attempt, now, ledger.newest_batch(stores.warehouse), body)
            pins.add(stores.warehouse, pin)
        found = _from_body(pin.body)
        if all(scheme.hashed_by in ("", version) for scheme in found.schemes):
            break
    return found


def found(warehouse: Warehouse, policy: Policy, section: Drift) -> Reference | None:
    """The reference of a section as a run has pinned it; None if none did. Nothing is read or pinned for it."""
    key, version = f"drift/{section.name}", sampling.hash_version(warehouse)
    for columns in (list(section.columns), _declared(policy, section)):
        digest = _config(policy, section, columns)
        for attempt in (digest, hashlib.sha256(f"{digest}|{version}".encode()).hexdigest()):
            pin = pins.find(warehouse, key, attempt)
            known = None if pin is None else _from_body(pin.body)
            if known is not None and all(scheme.hashed_by in ("", version) for scheme in known.schemes):
                return known
    return None


def _declared(policy: Policy, section: Drift) -> list[str]:
    """The columns that the stream declares: one that it does not is in no event table."""
    stream = policy.stream(section.stream)
    return [name for name in section.columns if stream.column(name) is not None]


def after(moment: datetime, length: timedelta) -> datetime:
    """The start of the first window at or after a moment; windows are aligned to the Unix epoch."""
    since = (moment - datetime.fromtimestamp(0, moment.tzinfo)) % length
    return moment if not since else moment + (length - since)


def complete(stores: Stores, policy: Policy, section: Drift) -> bool:
    """Whether every source of the section's stream is complete up to the end of the reference."""
    assert section.reference is not None
    marks = {state.source: state.watermark for state in ledger.source_states(stores.warehouse)}
    feeding = [marks.get(spec.name) for spec in policy.source_specs() if spec.stream == section.stream]
    return all(mark is not None and mark >= section.reference.end for mark in feeding)


def _config(policy: Policy, section: Drift, columns: Sequence[str]) -> str:
    """Digest of everything that changes how the reference is read."""
    assert section.reference is not None
    stream = policy.stream(section.stream)
    declared = [(name, column.type if (column := stream.column(name)) else "") for name in columns]
    parts = [
        section.stream,
        section.rollout,
        declared,
        section.reference.start.isoformat(),
        section.reference.end.isoformat(),
        section.texts,
        policy.window.total_seconds(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _read(stores: Stores, policy: Policy, section: Drift, columns: Sequence[str]) -> dict[str, Any]:
    from checks.drift import choosing

    assert section.reference is not None
    start, end = section.reference.start, section.reference.end
    stream, scope = policy.stream(section.stream), Slice(rollout=section.rollout)
    setting = choosing.Setting(
        stream=stream,
        texts=section.texts,
        top=TOP,
        since=after(end, policy.window),
        window_seconds=int(policy.window.total_seconds()),
        hashed_by=sampling.hash_version(stores.warehouse),
    )
    schemes = choosing.schemes(sampling.held(stores.warehouse, stream, columns, scope, start, end), setting)
    counted = reading.count_span(stores.warehouse, schemes, stream, scope, start, end)
    return {
        "schemes": [profiles.to_json(scheme) for scheme in schemes],
        "profiles": [profiles.profile_to_json(profile) for profile in counted],
    }


def _from_body(body: Mapping[str, Any]) -> Reference:
    return Reference(
        tuple(profiles.from_json(scheme) for scheme in body["schemes"]),
        tuple(profiles.profile_from_json(profile) for profile in body["profiles"]),
        hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(),
    )
