"""The decision log: in parts with a filter, whether it is whole, each entry with its explanation, and all as a file."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path as File
from typing import IO, Annotated, get_args

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from dashboards.board import views
from dashboards.board.answers import POLICY, Turned, page
from dashboards.board.asking import Asking, board, may_read, people, reader
from warehouse.people import log, outbox
from warehouse.people.store import People
from warehouse.records.decisions import ChainReport, DecisionKind

router = APIRouter(include_in_schema=False)
AT_A_TIME = 100
LARGEST = 2**63 - 1
VERIFIED_FOR = 60.0
"""Seconds for which the result of walking the log counts, unless it went on."""
KINDS: tuple[str, ...] = get_args(DecisionKind)


class Walks:
    """The last walk through the log; walking it takes time, and twenty readers need not each do it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._last: tuple[int, datetime, ChainReport] | None = None

    def report(self, people: People, entries: int, now: datetime) -> tuple[ChainReport, datetime]:
        """What the walk found, and when; walked anew when the log went on or a minute has passed."""
        with self._lock:
            last = self._last
            if last is None or last[0] != entries or abs((now - last[1]).total_seconds()) >= VERIFIED_FOR:
                last = self._last = (entries, now, log.verify(people))
            return last[2], last[1]


@router.get("/decisions", dependencies=[Depends(may_read)])
def decisions(
    request: Request,
    asking: Asking,
    rollout: Annotated[str, Query(max_length=200)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    before: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
) -> Response:
    """Entries, the newest first, of one rollout and one kind if asked for, and whether the log is whole."""
    known, now = views.known(request), reader(request).now()
    with people(request) as opened:
        total = log.newest(opened)
        chain, walked = request.app.state.walks.report(opened, total, now)
        chosen = log.latest(
            opened, rollout=rollout or None, kind=kind or None, before=before or None, limit=AT_A_TIME + 1
        )
    return page(
        views.shown(
            request,
            "decisions_page",
            asking,
            entries=chosen[:AT_A_TIME],
            more=len(chosen) > AT_A_TIME,
            chain=chain,
            walked=walked,
            kinds_known=KINDS,
            names=known.names,
            rollout=rollout,
            kind=kind,
            before=before,
            total=total,
            simulated=known.simulated,
        )
    )


@router.get("/decisions/{id}", dependencies=[Depends(may_read)])
def decision(
    id: Annotated[str, Path(max_length=100)],
    request: Request,
    asking: Asking,
    explain: Annotated[bool, Query()] = False,
    done: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """One entry: what it says, what it rested on, who was told, and whether it can be recomputed."""
    with people(request) as opened:
        found = log.entry(opened, id)
        if found is None:
            raise Turned(404, "unknown", "There is no such decision; the list of all is under Decisions.")
        sent = [one for one in outbox.all(opened, rollout=found.rollout) if one.decision_id == found.id]
    standing = found.body.get("standing") or found.body.get("standing_seen") or {}
    return page(
        views.shown(
            request,
            "decision_page",
            asking,
            entry=found,
            deliveries=sent,
            standing=standing,
            body=json.dumps(found.body, indent=1, sort_keys=True, ensure_ascii=False),
            explained=board(request).port.explain(found) if explain else None,
            done=bool(done),
            simulated=bool(standing.get("simulated")),
        )
    )


@router.get("/decisions.jsonl")
def export(request: Request, asking: Asking) -> Response:
    """The whole log as a file whose chain anybody can check; for people who are signed in."""
    if asking.person is None:
        raise Turned(401, "not_signed_in", "Sign in to take the decision log with you.")
    port, now = board(request).port, reader(request).now()
    port.looked(asking.person, "the whole decision log", now=now)
    with tempfile.TemporaryDirectory() as folder:
        out = File(folder) / "decisions.jsonl"
        port.export(out)
        file = out.open("rb")
    headers = {
        "Content-Disposition": f'attachment; filename="decisions-{now:%Y%m%dT%H%M}.jsonl"',
        "Content-Security-Policy": POLICY,
    }
    return StreamingResponse(_parts(file), media_type="application/x-ndjson", headers=headers)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(65_536):
            yield part
