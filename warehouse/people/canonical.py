"""One text for one value: the JSON that the decision log stores and hashes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from warehouse.records.errors import UsageError

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def canonical(value: Any) -> str:
    """The canonical JSON of `value`: keys sorted by code point, no spaces, floats by `repr`, text as it is (UTF-8).

    Half of a surrogate pair has no UTF-8 form and becomes U+FFFD, so that hostile log text cannot keep a decision from
    being written. Writing, reading and writing again gives the same text.

    Raises:
        UsageError: NaN, an infinity, or a value that JSON does not have.
    """
    try:
        text = clean(_dump(value))
        return _dump(json.loads(text))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"This value cannot be written to the decision log: {error}. Allowed are text, finite numbers, true, "
            "false, null, lists and mappings with text keys; write what is unknown as null."
        ) from error


def clean(text: str) -> str:
    """`text` with every lone surrogate replaced by U+FFFD; all else is kept."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def time_text(at: datetime) -> str:
    """`at` in UTC with microseconds, always of the same width, so that text order is time order.

    Raises:
        UsageError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise UsageError(f"The time {at.isoformat()} has no time zone; give it in UTC.")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _dump(value: Any) -> str:
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), default=_mapping
    )


def _mapping(value: Any) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")
