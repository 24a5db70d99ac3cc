"""Gates, epochs and ledger rows for tests, made through the engine itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from checks.evidence.growth import window_growth
from checks.gates.spec import GateSpec
from warehouse.records.evidence import Epoch, EvidenceRow
from warehouse.records.folded import FoldedWindows, moment
from warehouse.records.metrics import SCALE, UnitCount

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

HARM = GateSpec(
    name="harm",
    rollout="support-agent",
    metric="harmful_output_rate",
    kind="rate",
    layer="model",
    direction="at_most",
    limit=0.005,
    measure="share of sessions",
    low=0.0,
    high=1.0,
    unit="session",
    alpha=0.02,
    beta=0.05,
    max_age=None,
    min_units=0,
    min_scored=0.0,
    on_breach="pause",
    required_from="pilot",
    required=True,
    segment=None,
    arm=None,
    owner="owner",
    digest="gate-digest",
)


def gate(**changes: Any) -> GateSpec:
    return replace(HARM, **changes)


def epoch(name: str = "e1", **changes: Any) -> Epoch:
    made = Epoch(name, HARM.key, HARM.rollout, "r1", "config", START, START, START)
    return replace(made, **changes)


def unit(value: float, count: int = 1, *, high: float | None = None, scored: bool = True) -> UnitCount:
    top = value if high is None else high
    return UnitCount(START, round(value * SCALE), round(top * SCALE), scored, count)


def coins(n: int, k: int, missing: int = 0) -> list[UnitCount]:
    """`n` scored 0/1 units, `k` of them 1, and `missing` units without a value."""
    made = [unit(0.0, n - k), unit(1.0, k), unit(0.0, missing, high=1.0, scored=False)]
    return [u for u in made if u.count]


def row(of: GateSpec, window: int, units: Sequence[UnitCount], name: str = "e1", **changes: Any) -> EvidenceRow:
    """The ledger row of the window with that number (from 0)."""
    growth = window_growth(units, of)
    start = START + window * HOUR
    made = EvidenceRow(
        epoch=name,
        window_start=start,
        window_end=start + HOUR,
        units=growth.units,
        scored_units=growth.scored,
        total_low=growth.total_low,
        total_high=growth.total_high,
        breach_growth=growth.breach,
        pass_growth=growth.passing,
        through_batch=window,
        source_digest=f"{window}",
        folded_at=start + HOUR,
        counts=growth.counts,
    )
    return replace(made, **changes)


def rows(of: GateSpec, windows: Sequence[Sequence[UnitCount]], name: str = "e1") -> list[EvidenceRow]:
    """The rows of consecutive windows; those without units leave none."""
    return [row(of, i, units, name) for i, units in enumerate(windows) if units]


def one_by_one(folded: FoldedWindows, name: str) -> list[EvidenceRow]:
    """The windows of epoch `name`, read back, as rows again."""
    return [
        EvidenceRow(
            epoch=name,
            window_start=moment(int(folded.start[i])),
            window_end=moment(int(folded.end[i])),
            units=int(folded.units[i]),
            scored_units=int(folded.scored[i]),
            total_low=folded.total_low[i],
            total_high=folded.total_high[i],
            breach_growth=tuple(folded.breach[i].tolist()),
            pass_growth=tuple(folded.passing[i].tolist()),
            through_batch=int(folded.through_batch[i]),
            source_digest=folded.source_digests[i],
            folded_at=moment(int(folded.folded_at[i])),
            counts=tuple(folded.counts[i].tolist()),
        )
        for i in range(len(folded))
    ]
