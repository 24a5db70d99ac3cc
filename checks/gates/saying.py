"""What a published standing is worth now: a lease that lapsed is `hold`, whatever it said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def now_says(
    standing: Mapping[str, Any],
    now: datetime,
    *,
    config_digest: str | None = None,
    paused: str | None = None,
    retired: str | None = None,
) -> dict[str, Any]:
    """The stored standing as it counts at `now`: never better than it was, with the reason first if it is worse.

    `config_digest` is that of the configuration as it stands now (None: not known, not compared); `paused` and
    `retired` say in a sentence that the rollout was paused or retired since the standing was published.

    Raises:
        KeyError, ValueError: it is not a standing that `checks.gates.codec` wrote.
    """
    found = dict(standing)
    was, until = found["standing"], datetime.fromisoformat(found["valid_until"])
    if was == "pause":
        return found
    if paused is not None:
        _worse(found, "pause", "paused", paused)
        return found
    if now >= until:
        detail = f"The last run's word ({was}) held until {_time(until)}; run the monitor again."
        _worse(found, "hold", "lease_lapsed", detail)
    if config_digest is not None and found["config_digest"] != config_digest:
        detail = f"The configuration was changed after the last run, whose word was {was}; run the monitor again."
        _worse(found, "hold", "configuration_changed", detail)
    if retired is not None:
        _worse(found, "hold", "retired", retired)
    return found


def unreadable(standing: Mapping[str, Any], detail: str) -> dict[str, Any]:
    """The standing as `hold`, because the configuration it would have to be compared with cannot be read."""
    found = dict(standing)
    if found["standing"] != "pause":
        _worse(found, "hold", "configuration_unreadable", detail)
    return found


def _worse(found: dict[str, Any], standing: str, code: str, detail: str) -> None:
    found["standing"] = standing
    found["reasons"] = [{"code": code, "detail": detail, "gate": None}, *found["reasons"]]


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
