"""Forms that browsers send: small, urlencoded, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from dashboards.board.answers import Turned

MOST_BYTES = 64 * 1024
MOST_FIELDS = 40
_KIND = "application/x-www-form-urlencoded"


async def form(request: Request) -> Mapping[str, str]:
    """The fields of a form, the last value of each.

    Raises:
        Turned: it is not urlencoded text, or larger than a form of ours can be.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _KIND:
        raise Turned(415, "form_kind", f"A form is sent as {_KIND}.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Turned(413, "form_too_large", f"A form has at most {MOST_BYTES:,} bytes.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Turned(400, "form_unreadable", "The form cannot be read.") from None
    return dict(pairs)


def from_elsewhere(request: Request) -> bool:
    """Whether the browser says that another site sent the form."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
