"""Options that many commands share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from warehouse.records.errors import UsageError

Config = Annotated[
    Path,
    typer.Option(
        "--config", "-c", help="Configuration file, or the folder that holds gatehold.yaml.", show_default=True
    ),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="GATEHOLD_DATA", help="Data folder; .gatehold beside the configuration if not said."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Judge as if it were this moment (ISO 8601, UTC if no offset); now if not said."),
]

DEFAULT_CONFIG = Path("gatehold.yaml")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def moment(text: str | None, option: str = "--as-of") -> datetime:
    """The moment that an option names, or the present one; tz-aware, UTC.

    Raises:
        UsageError: the text is not an ISO 8601 date or time, or lies before 1970 or after 2199.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{option} {text!r} is not a date or time. Write it like 2026-03-01T12:00:00+00:00."
        ) from error
    if not EARLIEST <= found < LATEST:
        raise UsageError(f"{option} {text!r} is not a sensible time. Give one from 1970 to 2199.")
    return found
