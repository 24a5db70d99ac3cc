"""The route about the decision log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from dashboards.http import answers
from dashboards.http.reading import Reader
from dashboards.http.rollouts import UNREADABLE

router = APIRouter(prefix="/api/v1/decisions", tags=["decisions"])
MOST = 500
LARGEST = 2**63 - 1


@router.get("", responses=UNREADABLE)
def decisions(
    request: Request,
    rollout: Annotated[str | None, Query(max_length=200, description="Only this rollout.")] = None,
    after: Annotated[int, Query(ge=0, le=LARGEST, description="Only entries behind this position.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many.")] = 100,
) -> answers.Decisions:
    """Entries of the decision log in order, without their bodies; `gatehold log show --json` gives whole ones."""
    reader: Reader = request.app.state.reader
    found = reader.decisions(rollout, after, limit + 1)
    shown = tuple(answers.Decision(**entry) for entry in found[:limit])
    return answers.Decisions(decisions=shown, next=shown[-1].seq if len(found) > limit else None)
