"""What the stored rows say of a judge: how often people agreed with it, and which versions of it score now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LabelCount:
    """Labelled items of one judge version, rubric version and segment ('' for none named) that say the same.

    `units` sessions (rows that name none: items) whose agreement lies between `low` and `high`, in millionths: verdicts
    that could not be read count as disagreement in the one and as agreement in the other. `labels` and `unreadable`
    are the items in them with and without a verdict that could be read. `in_time` tells labels that still count from
    older ones; `newest` is when the newest was given.
    """

    version: str
    rubric: str
    segment: str
    in_time: bool
    low: int
    high: int
    units: int
    labels: int
    unreadable: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """How many recent rows of one segment one judge version scored; '' for none named."""

    version: str
    segment: str
    rows: int
