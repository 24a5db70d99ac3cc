"""When a child that died is started again: soon at first, then later, and not for ever. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

STEADY = timedelta(minutes=5)
"""Deaths further back than this are forgiven."""
MOST = 5
"""So many deaths within `STEADY`, and it is given up."""
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=30)


def wait(deaths: Sequence[float], now: float) -> timedelta | None:
    """How long to wait before the next start, after deaths at these times (seconds); None when it is given up."""
    recent = sum(1 for death in deaths if now - death <= STEADY.total_seconds())
    if recent >= MOST:
        return None
    doubled: timedelta = FIRST_WAIT * 2 ** max(recent - 1, 0)
    return min(doubled, LONGEST_WAIT)
