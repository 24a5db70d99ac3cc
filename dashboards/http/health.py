"""The route that says whether the server can answer."""

from __future__ import annotations

from fastapi import APIRouter, Request

from dashboards.http import answers
from dashboards.http.reading import Reader
from dashboards.http.rollouts import UNREADABLE

router = APIRouter(tags=["health"])


@router.get("/healthz", responses=UNREADABLE)
def healthz(request: Request) -> answers.Health:
    """That the records can be read, and whose word lapsed because no run renewed it."""
    reader: Reader = request.app.state.reader
    found = reader.standings()
    lapsed = tuple(one["rollout"] for one in found if any(r["code"] == "lease_lapsed" for r in one["reasons"]))
    return answers.Health(status="ok", rollouts=len(found), lapsed=lapsed)
