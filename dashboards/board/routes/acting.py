"""Acting: what may be done to a rollout, with what is missing, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from checks.acts.refusal import Refusal
from dashboards.board import views
from dashboards.board.answers import moved, page, told, wants_json
from dashboards.board.asking import Asker, Asking, Form, board, may_read, reader, writing
from dashboards.board.rendering import segment
from dashboards.board.ways import ways

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=200)]
Act = Annotated[str, Path(max_length=40)]


@router.get("/rollouts/{name}/acts", dependencies=[Depends(may_read)])
def acts(name: Name, request: Request, asking: Asking) -> Response:
    """Every act on the rollout, with what stands against it."""
    return page(_acts(request, name, asking))


@router.post("/rollouts/{name}/acts/{act}")
def act(name: Name, act: Act, request: Request, given: Form, asking: Asking) -> Response:
    """Do it: the decision, or everything that stands against it."""
    person = writing(request, given, asking, act=act.replace("_", " "), rollout=name)
    now, port = reader(request).now(), board(request).port
    found = port.perform(act, name, person, given, now=now)
    if isinstance(found, Refusal):
        missing = [{"code": one.code, "detail": one.detail} for one in found.missing]
        if wants_json(request):
            return told({"code": found.code, "detail": found.detail, "missing": missing}, 409)
        return page(_acts(request, name, asking, tried=act, refusal=found, given=given), 409)
    # A switch that is slow must not keep anybody waiting for the page.
    after = BackgroundTask(port.hand_out)
    if wants_json(request):
        answer = told({"seq": found.seq, "id": found.id, "kind": found.kind, "summary": found.summary})
    else:
        answer = moved(f"/decisions/{segment(found.id)}?done=yes")
    answer.background = after
    return answer


def _acts(
    request: Request,
    name: str,
    asking: Asker,
    *,
    tried: str = "",
    refusal: Refusal | None = None,
    given: Mapping[str, str] | None = None,
) -> str:
    standing, now = views.standing(request, name), reader(request).now()
    possible = board(request).port.possible(name, asking.person, now=now)
    return views.shown(
        request, "acts_page", asking, renews=False, name=name, standing=standing, acts=possible, tried=tried,
        refusal=refusal, given=given or {}, ways=ways(name, {one.act for one in possible}),
        simulated=standing is not None and standing.simulated,
    )  # fmt: skip
