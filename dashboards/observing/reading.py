"""Reads the facts: what runs published, and what the configuration names."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from checks.gates.codec import standing_from_json
from dashboards.http.reading import Reader
from dashboards.observing.facts import Expected, Facts, Published
from warehouse.records.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from checks.policy import Policy


def facts(reader: Reader) -> Facts:
    """Everything known now; what cannot be read is None and named in `readable`, and no error is raised."""
    now, readable = reader.now(), dict[str, bool]()
    expected = standings = tally = found = None
    try:
        policy = reader.policy()
        if policy is not None:
            expected = named(policy)
            readable["configuration"] = True
    except ConfigurationError:
        readable["configuration"] = False
    try:
        standings, tally = tuple(standing_from_json(one) for one in reader.standings()), reader.tally()
        readable["people"] = True
    except (StoreError, ValidationError):
        standings = tally = None
        readable["people"] = False
    try:
        found = published(reader.data)
        readable["snapshot"] = True
    except StoreError:
        readable["snapshot"] = False
    return Facts(now, metadata.version("gatehold"), readable, expected, standings, tally, found)


def named(policy: Policy) -> Expected:
    """What a policy names."""
    return Expected(
        tuple(sorted(rollout.name for rollout in policy.rollouts)),
        {(r, g.name): policy.metric(g.metric).layer for g in policy.gates for r in g.rollout},
        tuple(sorted(source.name for source in policy.sources)),
    )


def published(data: Path) -> Published:
    """What the newest snapshot says of the sources.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    from warehouse import snapshot

    try:
        found = os.stat(data / snapshot.FILE_NAME)
    except OSError:
        return _read(data, ())
    return _read(data, (found.st_ino, found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=4)
def _read(data: Path, _stamp: tuple[int, ...]) -> Published:
    """What the file with this stamp says: one that is in place never changes, and opening one takes a while."""
    from warehouse import ledger
    from warehouse.snapshot import Snapshot

    with Snapshot.open(data) as snapshot:
        return Published(snapshot.as_of, tuple(ledger.source_states(snapshot.view)))
