"""What is answered when something cannot be: the reason in a sentence, and never a status that means go."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from dashboards.http.answers import Trouble
from warehouse.records.errors import GateholdError, UsageError

_LOG = logging.getLogger("gatehold.http")


def install(app: FastAPI) -> None:
    """Answer 404 for what does not exist, and 503 for what cannot be read now."""
    app.add_exception_handler(UsageError, unknown)
    app.add_exception_handler(GateholdError, unreadable)


def unknown(_: Request, error: Exception) -> JSONResponse:
    """404: there is no such thing."""
    return JSONResponse(Trouble(code="unknown", detail=str(error)).model_dump(), status_code=404)


def unreadable(_: Request, error: Exception) -> JSONResponse:
    """503: it cannot be read now."""
    # Paths of this machine are for its own log.
    _LOG.warning("cannot answer: %s", error)
    detail = "The records cannot be read now; the server's log says why. Treat the rollout as hold."
    body = Trouble(code="unreadable", detail=detail).model_dump()
    return JSONResponse(body, status_code=503, headers={"Retry-After": "10"})
