"""What a replay found, as it is shown: where another policy would have decided otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class GateDifference:
    """A gate whose outcome differs: what it said then ("" where that policy had no such gate), and replayed."""

    gate: str
    then: str
    replayed: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Moments one after the other, from `start` to `end` (both judged), at which the standings differ in one way.

    `then` is what the log says, `replayed` what the other policy comes to, `reason` its first reason at `start`.
    """

    rollout: str
    start: datetime
    end: datetime
    then: str
    replayed: str
    reason: str
    gates: tuple[GateDifference, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a rollout stood where: by standing, in moments, as the log says and replayed."""

    rollout: str
    then: Mapping[str, int]
    replayed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Replay:
    """What another policy would have decided. `moments` counts the moments judged; `exploratory` is always true."""

    start: datetime
    end: datetime
    policy: str
    policy_digest: str
    moments: int
    tallies: tuple[Tally, ...]
    differences: tuple[Difference, ...]
    exploratory: bool = True
