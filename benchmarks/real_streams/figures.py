"""Figures over several scores, and delays in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from benchmarks.real_streams.scoring import Score


def found_in(scores: Iterable[Score]) -> int:
    """Labelled windows found."""
    return sum(len(one.delays) for one in scores)


def labels_in(scores: Iterable[Score]) -> int:
    """Labelled windows there are."""
    return sum(one.labels for one in scores)


def false_in(scores: Iterable[Score]) -> int:
    """False alarms."""
    return sum(len(one.false) for one in scores)


def days(delay: timedelta | None) -> str:
    """A delay in days."""
    return "not found" if delay is None else f"{delay / timedelta(days=1):.1f} d"


def hours(delay: timedelta | None) -> str:
    """A delay in hours."""
    return "none found" if delay is None else f"{delay / timedelta(hours=1):.1f} h"
