"""The right to act at any moment of a test: the clock that says what is present is the test's own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from unittest import mock

from flows import capability
from flows.capability import Acting
from warehouse.people.store import People


def acting(where: People | Path, now: datetime) -> Acting:
    """The right to act on a data folder as if `now` were the present."""
    folder = where.folder if isinstance(where, People) else where
    with mock.patch.object(capability, "present", return_value=now):
        return capability.asked_for(folder, now=now)
