"""What every run said, for charts: decisions are written only when something changes, this is written every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from warehouse.records.folded import moment
from warehouse.scope import statement, utc
from warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class StandingThen:
    """What a rollout was allowed at `at`, until `valid_until`, with the first reason and the gate that decided."""

    at: datetime
    valid_until: datetime
    standing: str
    stage: str
    reason: str
    binding: str | None


@dataclass(frozen=True, slots=True)
class VerdictThen:
    """What a gate said at `at`; `estimate` is in the metric's unit, None where there was nothing to estimate."""

    gate: str
    at: datetime
    outcome: str
    estimate: float | None
    units: int
    release: str | None


def add(warehouse: Warehouse, rollout: str, standing: StandingThen, verdicts: Sequence[VerdictThen]) -> None:
    """Keep one run of one rollout; a run repeated at the same time replaces what it said before."""
    values = {name: getattr(standing, name) for name in StandingThen.__dataclass_fields__}
    with warehouse.transaction() as connection:
        connection.execute(statement("history_standing_add"), {"rollout": rollout, **values})
        if not verdicts:
            return
        lists = {
            "gates": [v.gate for v in verdicts],
            "outcomes": [v.outcome for v in verdicts],
            "estimates": [v.estimate for v in verdicts],
            "units": [v.units for v in verdicts],
        }
        each = {"rollout": rollout, "at": standing.at, "release": verdicts[0].release}
        connection.execute(statement("history_verdict_add"), lists | each)


def standings(warehouse: Warehouse, rollout: str) -> list[StandingThen]:
    """Every run of the rollout, in order of time; empty before the first."""
    found = warehouse.connection.execute(statement("history_standings"), {"rollout": rollout}).fetchall()
    return [StandingThen(utc(row[0]), utc(row[1]), *row[2:]) for row in found]


def verdicts(warehouse: Warehouse, rollout: str, gate: str) -> list[VerdictThen]:
    """Every run of one gate of the rollout, in order of time; empty before the first."""
    found = warehouse.connection.execute(statement("history_verdicts"), {"rollout": rollout, "gate": gate}).fetchall()
    return [VerdictThen(gate, utc(row[0]), *row[1:]) for row in found]


def course(warehouse: Warehouse) -> dict[str, list[StandingThen]]:
    """Every rollout's standings over time, runs that said the same in one; in order of time, {} before the first run.

    One stands for runs of the same standing and stage whose leases leave no gap: from the first of them until the
    lease of the last one ends, with the last one's reason.
    """
    found: dict[str, list[StandingThen]] = {}
    for rollout, at, until, *rest in warehouse.connection.execute(statement("history_course")).fetchall():
        found.setdefault(rollout, []).append(StandingThen(moment(at), moment(until), *rest))
    return found


def curves(warehouse: Warehouse, rollout: str, gates: Sequence[str], *, most: int) -> dict[str, list[VerdictThen]]:
    """Runs of several gates, thinned for plots: by gate, in order of time; a gate without runs is left out.

    Of each of at most `most` parts of equal numbers of runs there are the least and the greatest estimate and the
    first run without one; besides the first and the last run, and those on either side of a change of release.
    """
    values = {"rollout": rollout, "gates": list(gates), "parts": most}
    found: dict[str, list[VerdictThen]] = {}
    for gate, at, *rest in warehouse.connection.execute(statement("history_curves"), values).fetchall():
        found.setdefault(gate, []).append(VerdictThen(gate, moment(at), *rest))
    return found


def points(
    warehouse: Warehouse,
    rollout: str,
    gate: str,
    *,
    after: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> list[VerdictThen]:
    """Runs of one gate after `after` and not after `until` (None: no bound), in order of time, at most `limit`."""
    bound = {"after": None if after is None else utc(after), "until": None if until is None else utc(until)}
    values = {"rollout": rollout, "gate": gate, "limit": limit, **bound}
    found = warehouse.connection.execute(statement("history_verdict_points"), values).fetchall()
    return [VerdictThen(gate, utc(row[0]), *row[1:]) for row in found]


def outcomes(warehouse: Warehouse, rollout: str, start: datetime, end: datetime) -> list[tuple[str, datetime, str]]:
    """Gate, time and outcome of every run of the rollout within [start, end), in order of time and gate."""
    values = {"rollout": rollout, "start": utc(start), "end": utc(end)}
    found = warehouse.connection.execute(statement("history_outcomes"), values).fetchall()
    return [(gate, utc(at), outcome) for gate, at, outcome in found]
