"""Text from logs made fit for one line of a finding; whoever shows it still escapes it."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]+")


def plain(text: str, limit: int) -> str:
    """The text on one line without control, direction or invisible characters, at most `limit` characters long."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def listed(names: list[str], most: int = 6) -> str:
    """The names in order, joined by commas; of more than `most` the rest is counted."""
    shown = [plain(name, 60) for name in names[:most]]
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join(shown + more)
