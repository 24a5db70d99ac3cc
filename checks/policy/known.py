"""What the checks between sections know of the other sections, and the problems that names make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checks.policy.report import Place, closest, nearest, shown
from checks.policy.yaml_source import Path
from warehouse.records.errors import Problem

if TYPE_CHECKING:
    from checks.policy.judges import Judge
    from checks.policy.metrics import Metric
    from checks.policy.sources import Source
    from warehouse.records.streams import Stream

Raw = Mapping[str, Any]

NO_SUCH = "there is no "
"""How the message of an unknown name begins."""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is declared, by name; None stands for a declaration that is itself broken.

    A reference to a broken declaration is not reported: mending that declaration mends it.
    """

    streams: Mapping[str, Stream | None]
    metrics: Mapping[str, Metric | None]
    rollouts: Mapping[str, Sequence[str] | None]
    """By rollout, its stages."""
    judges: Mapping[str, Judge | None] = field(default_factory=dict)
    alerts: Sequence[str] = ()
    """Names of the channels."""
    sources: Sequence[Source | None] = ()


def text(raw: Raw, key: str) -> str | None:
    """The text under a key; None when there is none or it is no text (then another problem says so)."""
    value = raw.get(key)
    return value if isinstance(value, str) else None


def number(raw: Raw, key: str) -> float | None:
    """The number under a key; None when there is none or it is no number."""
    value = raw.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def texts(raw: Raw, key: str) -> list[tuple[int, str]]:
    """The texts of the list under a key, with their positions."""
    value = raw.get(key)
    return [(i, v) for i, v in enumerate(value) if isinstance(v, str)] if isinstance(value, list) else []


def unknown(place: Place, inner: Path, what: str, given: str, known: Iterable[str]) -> Problem:
    """The problem of a name that nothing has, with the nearest one that something has."""
    names = list(known)
    message = f"{NO_SUCH}{what} of that name."
    return place.problem(inner, message, given=shown(given), allowed=closest(given, names), hint=nearest(given, names))


def no_column(place: Place, inner: Path, stream: Stream, given: str, known: Iterable[str]) -> Problem:
    """The problem of a column that the stream does not have."""
    names = list(known)
    message = f"stream {stream.name} has no such column."
    return place.problem(inner, message, given=shown(given), allowed=closest(given, names), hint=nearest(given, names))


def repeated(place: Place, key: str, values: Iterable[tuple[int, str]]) -> list[Problem]:
    """One problem for each value that stands in a list a second time."""
    seen: dict[str, int] = {}
    problems = []
    for index, value in values:
        if value in seen:
            message = f"stands in the list twice; the first is {key}[{seen[value]}]."
            problems.append(place.problem((key, index), message, given=shown(value)))
        seen.setdefault(value, index)
    return problems
