"""The route that Prometheus scrapes."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from dashboards.http.reading import Reader

router = APIRouter(tags=["metrics"])


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request) -> Response:
    """Standings, gates, sources and the outbox for Prometheus. Always 200: read `gatehold_records_readable`."""
    from dashboards.observing import exposition, reading

    reader: Reader = request.app.state.reader
    content, content_type = exposition.text(reading.facts(reader), request.headers.get("accept", ""))
    return Response(content, headers={"Content-Type": content_type})
