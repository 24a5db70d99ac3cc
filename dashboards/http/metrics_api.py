"""Routes about metrics: what each gate says now, and what it said at the runs before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import AfterValidator, AwareDatetime, ValidationError

from dashboards.http import metric_answers as answers
from dashboards.http.reading import Reader
from dashboards.http.rollouts import UNKNOWN, UNREADABLE
from warehouse.records.errors import StoreError, UsageError

router = APIRouter(prefix="/api/v1/metrics", tags=["metrics"])
MOST, MOST_POINTS = 500, 1000


EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _bounded(moment: datetime) -> datetime:
    """The moment in UTC; one that lies before or behind everything that can be stored is moved to where that begins."""
    # By the year first: at the ends of the calendar, no other offset can be told.
    if moment.year < EARLIEST.year:
        return EARLIEST
    return LATEST if moment.year >= LATEST.year else moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_bounded)]
Name = Annotated[str, Path(max_length=200)]
Filter = Annotated[str | None, Query(max_length=200)]


@router.get("", responses=UNREADABLE)
def metrics(
    request: Request,
    rollout: Filter = None,
    metric: Filter = None,
    gate: Filter = None,
    after: Annotated[int, Query(ge=0, le=2**31, description="Only what follows this position.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many.")] = 100,
) -> answers.Metrics:
    """What every gate says of its metric, by the last run; `rollout`, `metric` and `gate` narrow it to one name."""
    wanted = {"rollout": rollout, "metric": metric, "gate": gate}
    reader: Reader = request.app.state.reader
    found = [
        one
        for standing in reader.standings()
        for one in _said(standing, reader.now())
        if all(name is None or getattr(one, key) == name for key, name in wanted.items())
    ]
    shown = tuple(found[after : after + limit])
    return answers.Metrics(metrics=shown, next=after + limit if after + limit < len(found) else None)


@router.get("/{rollout}/{gate}", responses=UNKNOWN | UNREADABLE)
def metric(
    request: Request,
    rollout: Name,
    gate: Name,
    after: Annotated[Moment | None, Query(description="Only runs after this time.")] = None,
    until: Annotated[Moment | None, Query(description="Only runs up to this time.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_POINTS, description="At most so many points.")] = 200,
) -> answers.MetricHistory:
    """What one gate says of its metric, and what it said at every run before, from the newest snapshot."""
    from warehouse import history
    from warehouse.snapshot import Snapshot

    reader: Reader = request.app.state.reader
    now = next((one for one in _said(reader.standing(rollout), reader.now()) if one.gate == gate), None)
    if now is None:
        raise UsageError("The rollout has no such gate, or no run has judged it yet: `gatehold run`.")
    with Snapshot.open(reader.data) as snapshot:
        then = history.points(snapshot.view, rollout, gate, after=after, until=until, limit=limit + 1)
        as_of = snapshot.as_of
    points = tuple(
        answers.Point(at=p.at, outcome=p.outcome, estimate=p.estimate, units=p.units, release=p.release)
        for p in then[:limit]
    )
    further = points[-1].at if len(then) > limit else None
    return answers.MetricHistory(**now.model_dump(), snapshot_as_of=as_of, points=points, next=further)


def _said(standing: Mapping[str, Any], now: datetime) -> Iterator[answers.GateMetric]:
    try:
        until = datetime.fromisoformat(standing["valid_until"])
        for verdict in standing["verdicts"]:
            known = {**verdict, "as_of": standing["at"], "valid_until": until, "lapsed": now >= until}
            yield answers.GateMetric(**known)
    except (KeyError, TypeError, ValidationError) as error:
        raise StoreError("A standing cannot be read; run the monitor again to publish a new one.") from error
