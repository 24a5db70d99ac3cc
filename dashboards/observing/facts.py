"""What is known at one moment, as plain frozen values, before it is put into Prometheus' form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from checks.gates.records import Standing
from warehouse.people.glance import Tally
from warehouse.records.ingest import SourceState


@dataclass(frozen=True, slots=True)
class Expected:
    """What the configuration names: rollouts, the layer of each gate by rollout and gate, and sources."""

    rollouts: tuple[str, ...]
    gates: Mapping[tuple[str, str], str]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """What the snapshot holds: of when it is, and where each source stood then."""

    as_of: datetime
    sources: tuple[SourceState, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is told at `now`.

    `readable` says of each part whether it could be read: configuration (left out where the server was given none),
    people, snapshot. What could not be read is None, and nothing is told of it. `standings` are as they count
    at `now` (`checks.gates.saying`). With `expected`, only what the configuration names is told, and what nobody has
    judged or polled yet is told as such.
    """

    now: datetime
    version: str
    readable: Mapping[str, bool]
    expected: Expected | None
    standings: tuple[Standing, ...] | None
    tally: Tally | None
    published: Published | None
