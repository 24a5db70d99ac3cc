"""Whether the drift page in the reports folder still tells the comparison: drawing it takes longer than comparing.

A note beside the page says what was judged when it was drawn, and when.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.drift.records import DriftReport

OLD = timedelta(weeks=1)
"""A page is drawn again after this time even when it would judge the same; it names the span that it shows."""


def is_current(page: Path, report: DriftReport, *, now: datetime) -> bool:
    """True when the page is there, judges every column as `report` does, and was drawn within the last week."""
    try:
        drawn = json.loads(_note(page).read_text(encoding="utf-8"))
        age = now - datetime.fromisoformat(drawn["at"])
        return page.exists() and drawn["judged"] == _judged(report) and timedelta(0) <= age < OLD
    except (OSError, ValueError, KeyError, TypeError):
        return False


def forget(page: Path) -> None:
    """Remove the note: the page is about to change."""
    _note(page).unlink(missing_ok=True)


def note(page: Path, report: DriftReport, *, now: datetime) -> None:
    """Note beside the page what it judges and that it was drawn at `now`."""
    text = json.dumps({"judged": _judged(report), "at": now.isoformat()})
    _note(page).write_text(text + "\n", encoding="utf-8")


def _note(page: Path) -> Path:
    return page.with_suffix(".json")


def _judged(report: DriftReport) -> str:
    columns = [(c.name, c.method, c.threshold, c.drifted) for c in report.columns]
    return hashlib.sha256(json.dumps([report.reference_digest, columns]).encode()).hexdigest()
