"""The form of a gate, and what of it became looser: a limit that is moved in a breach is no evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from checks.gates.spec import GateSpec

REMOVED = "removed"
"""The digest of a form that is none: the gate left the policy."""


@dataclass(frozen=True, slots=True)
class Form:
    """What decides how hard a gate is to keep, as the policy says it; `max_age` is in seconds, None for never.

    `basis` covers what is measured and compared (metric, traffic, kind of test); empty where an older version did not
    say. Error budgets are the whole ones, whatever share an attempt has.
    """

    gate: str
    basis: str
    direction: str
    limit: float
    tolerance: float | None
    alpha: float | None
    beta: float | None
    unit: str
    on_breach: str
    required_from: str
    max_age: float | None
    min_units: int
    min_scored: float

    @property
    def digest(self) -> str:
        """SHA-256 of the whole form."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The form as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Form:
        """The form that `to_json` wrote."""
        return cls(**value)


def form(gate: GateSpec) -> Form:
    """The form of a gate; of one that a decision stored, as far as it can be told."""
    # What is held against its own past gets its limit from there: the policy's is the tolerance.
    limit = 0.0 if gate.test == "reference" else gate.limit
    return Form(
        gate=gate.name,
        basis=gate.basis,
        direction=gate.direction,
        limit=limit,
        tolerance=gate.tolerance,
        alpha=gate.alpha if gate.whole_alpha is None else gate.whole_alpha,
        beta=gate.beta if gate.whole_beta is None else gate.whole_beta,
        unit=gate.unit,
        on_breach=gate.on_breach,
        required_from=gate.required_from,
        max_age=gate.max_age.total_seconds() if gate.max_age else None,
        min_units=gate.min_units,
        min_scored=gate.min_scored,
    )


def looser(then: Form, now: Form | None, stages: Sequence[str] = ()) -> tuple[str, ...]:
    """What became looser between two forms of a gate, in words; empty when nothing did.

    None for `now` means that it left the policy. A change that cannot be told from a loosening (another metric, unit,
    direction or kind of test, a stage that `stages` lacks) counts as one.
    """
    return ("it left the policy",) if now is None else tuple(_looser(then, now, list(stages)))


def _looser(then: Form, now: Form, stages: list[str]) -> Iterator[str]:
    if then.basis and now.basis and then.basis != now.basis:
        yield "what it measures or compares was changed"
    if then.direction != now.direction or then.unit != now.unit:
        yield f"{then.direction} in {then.unit}s became {now.direction} in {now.unit}s"
    elif now.limit > then.limit if now.direction == "at_most" else now.limit < then.limit:
        yield f"the limit went from {then.limit:g} to {now.limit:g}"
    if _more(then.tolerance, now.tolerance):
        yield f"the tolerance went from {_said(then.tolerance)} to {_said(now.tolerance)}"
    if _more(now.alpha, then.alpha):
        yield f"alpha went from {_said(then.alpha)} to {_said(now.alpha)}, so a breach needs more proof"
    if _more(then.beta, now.beta):
        yield f"beta went from {_said(then.beta)} to {_said(now.beta)}, so a pass needs less proof"
    if then.on_breach == "pause" and now.on_breach != "pause":
        yield "a breach holds where it paused"
    if then.required_from != now.required_from and not _earlier(now.required_from, then.required_from, stages):
        yield f"it is required from {now.required_from} on, no longer from {then.required_from}"
    if then.max_age is not None and (now.max_age is None or now.max_age > then.max_age):
        yield "older data count"
    if now.min_units < then.min_units:
        yield f"a pass needs {now.min_units} units, no longer {then.min_units}"
    if now.min_scored < then.min_scored:
        yield f"a share of {now.min_scored:g} has to be scored, no longer {then.min_scored:g}"


def _more(less: float | None, more: float | None) -> bool:
    """Whether a value grew; a value that came or went cannot be compared."""
    if less is None or more is None:
        return less is not more
    return more > less


def _earlier(stage: str, than: str, stages: list[str]) -> bool:
    return stage in stages and than in stages and stages.index(stage) < stages.index(than)


def _said(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
