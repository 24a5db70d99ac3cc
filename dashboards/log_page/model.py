"""What the page of the decision log is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from warehouse.records.decisions import ChainReport


@dataclass(frozen=True, slots=True)
class Evidence:
    """Gates of one outcome that a step names: one with its sentence, or several by name alone (`detail` empty)."""

    outcome: str
    gates: tuple[str, ...]
    detail: str = ""
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, or several in a row that the monitor made and that say the same.

    `count` is how many entries it stands for, from `first_seq` at `since` to `last_seq` at `until`; `why` and
    `evidence` are those of the last. `stage` and `release` are empty where none is named.
    """

    kind: str
    first_seq: int
    last_seq: int
    count: int
    since: datetime
    until: datetime
    by: str
    by_person: bool
    why: str
    stage: str
    release: str
    evidence: tuple[Evidence, ...]
    evidence_digest: str
    hash: str


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of the log as it stands there."""

    seq: int
    at: datetime
    rollout: str
    kind: str
    by: str
    why: str
    evidence_digest: str
    hash: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One rollout: who answers for it, where it stands, how often what was decided, and every step.

    `name` is empty for what is about no rollout: people and their rights.
    """

    name: str
    owner: str
    deputy: str
    standing: str
    stage: str
    since: datetime | None
    counts: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class LogPage:
    """Everything that the page shows; `left_out` counts entries that are too old for the full list at its end."""

    made_at: datetime
    version: str
    chain: ChainReport
    config_digest: str
    simulated: bool
    begins: datetime | None
    ends: datetime | None
    chapters: tuple[Chapter, ...]
    rows: tuple[Row, ...]
    left_out: int
