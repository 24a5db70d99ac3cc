"""Rows of the evidence ledger and findings of the data layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from typing import Literal as OneOf


@dataclass(frozen=True, slots=True)
class Epoch:
    """The span over which one gate's evidence accumulates: one release, one configuration, since the last pause.

    `gate` is "rollout/name". `first_window` is the start of the first window that counts. `corrects` names the epoch
    whose windows this one folds again with restated data (None for an original). `folded_through` is the end of the
    last window folded: every window before it was a look, with or without data. `windows` counts the rows folded, so
    that a lost one is noticed (None: not counted). `opened_for` says in a few words what ended the epoch before; it is
    empty for the first of a release. `parts` are the versions that the gate depended on when it was opened, as
    `checks.releases.change.written` writes them ('' where that was not written down).
    """

    epoch: str
    gate: str
    rollout: str
    release: str
    config_digest: str
    first_window: datetime
    opened_at: datetime
    folded_through: datetime
    corrects: str | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    windows: int | None = None
    opened_for: str = ""
    parts: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One folded window of one epoch; windows without units leave no row, yet count as looks.

    `breach_growth` and `pass_growth` are the log-growths of the K fixed bets (natural logs). `total_low` and
    `total_high` are sums over units of the value in millionths, missing values at the low and at the high end.
    `through_batch` is the newest batch that was known. `source_digest` covers the unit counts that went in. `counts`
    are exact integers that the kind of gate needs to say what it measured (`checks.gates.kinds`).
    """

    epoch: str
    window_start: datetime
    window_end: datetime
    units: int
    scored_units: int
    total_low: int
    total_high: int
    breach_growth: tuple[float, ...]
    pass_growth: tuple[float, ...]
    through_batch: int
    source_digest: str
    folded_at: datetime
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pin:
    """What the reference period of a gate held when it was first read; `body` is JSON-ready and says what.

    `through_batch` is the newest batch that was known then.
    """

    gate: str
    config_digest: str
    pinned_at: datetime
    through_batch: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """How planted traffic came out at a gate: "held" (as it had to) or "failed"; `detail` is one plain sentence."""

    gate: str
    config_digest: str
    tested_at: datetime
    outcome: OneOf["held", "failed"]
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a check of the data layer saw.

    `kind` names the check family, `state` is "failed" (the data break the expectation) or "error" (the check itself
    could not be carried out) or "notice" (a change worth knowing, not a fault). `subject` names stream, source or
    column; `detail` is one plain sentence; `observed` and `expected` are short texts; `seen_at` is the time
    of the data.
    """

    kind: OneOf["expectation", "schema_change", "category_change", "range", "source", "drift", "restatement"]
    state: OneOf["failed", "error", "notice"]
    severity: OneOf["info", "warning", "critical"]
    stream: str
    subject: str
    name: str
    detail: str
    observed: str = ""
    expected: str = ""
    batch: int | None = None
    seen_at: datetime | None = None
