"""Routes about rollouts: what each may do, and the two yes-or-no questions that other systems ask by status alone."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from dashboards.http import answers
from dashboards.http.reading import Reader

router = APIRouter(prefix="/api/v1/rollouts", tags=["rollouts"])
Name = Annotated[str, Path(max_length=200, description="Name of the rollout.")]
UNREADABLE: dict[int | str, dict[str, Any]] = {
    503: {"model": answers.Trouble, "description": "The records cannot be read now; treat it as hold."}
}
UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"model": answers.Trouble, "description": "No run has looked at such a rollout."}
}
NO_GATE = {403: {"model": answers.Gate, "description": "hold or pause"}} | UNKNOWN | UNREADABLE
NO_PAUSED = {403: {"model": answers.Gate, "description": "go or hold"}} | UNKNOWN | UNREADABLE


@router.get("", responses=UNREADABLE)
def rollouts(request: Request) -> answers.Rollouts:
    """Every rollout that a run has looked at, and what it may do now."""
    return answers.Rollouts(rollouts=tuple(answers.gate(found) for found in _reader(request).standings()))


@router.get("/{name}", responses=UNKNOWN | UNREADABLE)
def rollout(name: Name, request: Request) -> answers.Rollout:
    """What one rollout may do now, and what every gate and layer says. Always 200: read `standing`."""
    return answers.rollout(_reader(request).standing(name))


@router.get("/{name}/gate", response_model=answers.Gate, responses=NO_GATE)
@router.post("/{name}/gate", response_model=answers.Gate, responses=NO_GATE)
def gate(name: Name, request: Request) -> JSONResponse:
    """Whether a rollout may expand: 200 go, 403 hold or pause. A body that is sent is not read."""
    found = answers.gate(_reader(request).standing(name))
    return _told(found, found.go)


@router.get("/{name}/paused", response_model=answers.Gate, responses=NO_PAUSED)
@router.post("/{name}/paused", response_model=answers.Gate, responses=NO_PAUSED)
def paused(name: Name, request: Request) -> JSONResponse:
    """Whether a rollout is paused: 200 pause, 403 go or hold; for systems that undo when they are told 200."""
    found = answers.gate(_reader(request).standing(name))
    return _told(found, found.standing == "pause")


def _told(found: answers.Gate, yes: bool) -> JSONResponse:
    return JSONResponse(found.model_dump(mode="json"), status_code=200 if yes else 403)


def _reader(request: Request) -> Reader:
    reader: Reader = request.app.state.reader
    return reader
