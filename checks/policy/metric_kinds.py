"""What each kind of metric needs, and what it leaves no choice about."""

from __future__ import annotations

from dataclasses import dataclass

from checks.gates.spec import STATISTICAL_KINDS
from checks.policy.assisted import NEEDS
from warehouse.records.metrics import CellKind

_CELLS: dict[str, CellKind] = {
    "rate": "rate",
    "mean": "mean",
    "count": "count",
    "histogram": "histogram",
    "assisted": "assisted",
}
CELL_KINDS = frozenset(_CELLS)
"""Kinds that are sums over the rows of a stream."""

SOURCE_FACTS = ("received_share", "duplicate_share", "quarantine_share", "late_share", "freshness_hours")
"""What a source metric can be `of`: facts of the ingest ledger.

received_share: rows received against rows expected, at most 1; duplicate_share, quarantine_share: against rows
received; late_share: against rows accepted; freshness_hours: hours since the newest row. Of several sources, the worst.
"""

POLICY_FACTS = ("owner_and_deputy_named", "policy_age_days")
"""What a policy metric can be `of`.

owner_and_deputy_named: 1 when two different people are named for the rollout, else 0; policy_age_days: days by which
the newest approval (a row that `where` chooses) is older than the first row of the release; 0 when it is not older.
"""

Span = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """The keys that a kind of metric must have, those it may have, and its natural measure and range."""

    needs: tuple[str, ...]
    takes: tuple[str, ...]
    measure: str = ""
    range: Span | None = None


KINDS: dict[str, Kind] = {
    "rate": Kind(("stream", "value"), ("where", "scored", "unit"), "share", (0.0, 1.0)),
    "mean": Kind(("stream", "value"), ("where", "scored", "unit")),
    "count": Kind(("stream",), ("where", "over"), "rows", (0.0, None)),
    "histogram": Kind(("stream", "value", "cuts"), ("where", "scored")),
    "assisted": Kind(("stream", "value", *NEEDS), ("where", "scored", "unit", "cuts", "unpredicted"), "share"),
    "age": Kind(("stream",), ("where",), "hours", (0.0, None)),
    "overdue": Kind(("stream",), ("where",), "subjects", (0.0, None)),
    "source": Kind(("of",), ("stream", "over"), "share", (0.0, 1.0)),
    "drift": Kind((), ("stream",), "share", (0.0, 1.0)),
    "quality": Kind((), ("stream", "over"), "checks", (0.0, None)),
    "policy": Kind(("of",), ("stream", "where")),
}

_ALL = ("stream", "value", "where", "scored", "unit", "cuts", "of", "over", *NEEDS, "unpredicted")
"""Keys that not every kind uses."""


def unused(kind: str) -> tuple[str, ...]:
    """Keys that a metric of that kind must not have, for they would be silently ignored."""
    spec = KINDS[kind]
    return tuple(key for key in _ALL if key not in spec.needs and key not in spec.takes)


def natural(kind: object, of: object) -> tuple[str, Span | None]:
    """Measure and range that follow from the kind (and the fact); empty and None where they do not."""
    if of == "freshness_hours":
        return "hours", (0.0, None)
    if of == "policy_age_days":
        return "days", (0.0, None)
    if of == "owner_and_deputy_named":
        return "of 1", (0.0, 1.0)
    spec = KINDS.get(kind) if isinstance(kind, str) else None
    return (spec.measure, spec.range) if spec else ("", None)


def facts_of(kind: str) -> tuple[str, ...]:
    """What a metric of that kind can be `of`."""
    return {"source": SOURCE_FACTS, "policy": POLICY_FACTS}.get(kind, ())


def cell_kind(kind: str) -> CellKind | None:
    """The kind of cell that a kind of metric is summarised into; None for one that is not."""
    return _CELLS.get(kind)


def is_statistical(kind: str) -> bool:
    """True for kinds whose gates gather evidence."""
    return kind in STATISTICAL_KINDS
