"""The route about sources."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request

from dashboards.http import metric_answers as answers
from dashboards.http.reading import Reader
from dashboards.http.rollouts import UNREADABLE

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])


@router.get("", responses=UNREADABLE)
def sources(request: Request) -> answers.Sources:
    """Where every source stands that was ever polled, by the newest snapshot; 503 while no run has published one."""
    from dashboards.observing.reading import published

    reader: Reader = request.app.state.reader
    found = published(reader.data)
    shown = tuple(
        answers.Source(**asdict(one), state="complete" if one.degraded is None else "degraded") for one in found.sources
    )
    return answers.Sources(as_of=found.as_of, sources=shown)
