"""The verdict of a gate that compares one number with its limit: kept, or held with the reason. Never a breach."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime

from checks.gates import wording
from checks.gates.records import Outcome, Verdict
from checks.gates.spec import GateSpec
from checks.gates.verdict import Numbers, Trouble, headroom_of, verdict
from checks.releases.change import CHANGED

AGE_KINDS = frozenset({"age"})
"""Kinds for which a value over the limit means that what is known is too old."""


def evaluate(
    gate: GateSpec,
    *,
    value: float | None,
    newest: datetime | None,
    now: datetime,
    trouble: Trouble | None = None,
    sentence: str = "",
    changed: Sequence[str] = (),
) -> Verdict:
    """What the gate says of `value` (metric unit, measured at `now`).

    Trouble or a value that is no number is `error`, None is `no_data`; a limit not kept is `stale` for ages and
    `insufficient` for anything else; a limit kept is `pass`. Data older than the gate's `max_age` are `stale`.
    `sentence` replaces or, where the limit is not kept, follows the detail sentence: what a person should know of
    the value. `newest` is the time of the newest row behind it; `changed` names the parts of the release that were
    changed after it, which makes it `stale`.
    """
    outcome, reason, detail = _judge(gate, value, newest, now, trouble, sentence, changed)
    known = value if value is not None and math.isfinite(value) else None
    digest = hashlib.sha256(f"{gate.digest}\n{value!r}\n{newest}\n{trouble}{_changed(changed)}".encode()).hexdigest()
    numbers = Numbers(estimate=known, newest=newest, headroom=headroom_of(gate, known))
    return verdict(gate, outcome, reason, detail, numbers, digest)


def _judge(
    gate: GateSpec,
    value: float | None,
    newest: datetime | None,
    now: datetime,
    trouble: Trouble | None,
    sentence: str,
    changed: Sequence[str],
) -> tuple[Outcome, str, str]:
    if trouble is not None:
        return "error", *trouble
    if value is None:
        nothing = f"There are no data for {gate.metric}, so nothing can be said."
        return "no_data", "no_rows", _joined(nothing, sentence)
    if not math.isfinite(value):
        return (
            "error",
            "check_failed",
            f"{gate.metric} came out as {value}, which is no number; look at how it is computed.",
        )
    if gate.max_age is not None and newest is not None and now - newest > gate.max_age:
        return "stale", "too_old", wording.silent(gate, newest, now - newest, gate.max_age)
    if changed:
        return "stale", CHANGED, wording.older_than_release(gate, changed)
    is_kept = value <= gate.limit if gate.direction == "at_most" else value >= gate.limit
    if is_kept:
        return "pass", "limit_kept", _joined(_compared(gate, value, "as required"), sentence)
    detail = _joined(_compared(gate, value, "which is not kept"), sentence)
    return ("stale", "too_old", detail) if gate.kind in AGE_KINDS else ("insufficient", "limit_not_met", detail)


def _changed(changed: Sequence[str]) -> str:
    """What the digest adds; nothing where nothing was changed, so that older decisions come out as they were."""
    return f"\n{list(changed)}" if changed else ""


def _compared(gate: GateSpec, value: float, so: str) -> str:
    words = "at most" if gate.direction == "at_most" else "at least"
    limit = wording.amount(gate, gate.limit)
    return f"{gate.metric} is {wording.amount(gate, value)}; the limit is {words} {limit}, {so}."


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)
