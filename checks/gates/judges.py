"""Whether a judge has earned the right to gate: people agree with it, on enough items, as it scores now.

A judge's own word proves nothing about the judge. What proves something are items on which people gave a verdict too.
Agreement is tested like any gate: sixteen fixed bets that it is above the floor, on sessions of labelled items, and
right to gate when they have multiplied their stake by 1/error. As that holds at whatever look (Ville's inequality;
see `checks.gates.agreement`), a judge at or below the floor is ever let in with probability at most `error`,
although every run looks again. Of several versions that score at once each has to prove itself, which needs no
correction: a wrong version gets in no more often than its own proof fails. Verdicts that could not be read count
against the judge.

Assumption: the items that people label are chosen without regard to whether people will agree.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from typing import Literal as OneOf

from checks.gates import judge_wording as wording
from checks.gates.agreement import Measured, measure
from checks.gates.records import Agreement, Verdict
from checks.gates.verdict import Trouble
from warehouse.records.judges import JudgedRows, LabelCount

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Judged = OneOf["own", "proxy"]
"""What a judge's values are: the metric itself by definition, or a stand-in for what people would say."""

QUALIFIED = "judge_qualified"
SEVERITY = (
    "judge_disagrees",
    "judge_changed",
    "judge_unlabelled",
    "judge_rubric",
    "judge_stale",
    "judge_unproved",
    "judge_uncovered",
    QUALIFIED,
)
"""Reasons why a version has not earned the right, the one that is told first in front."""

_SHOWN = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """What a judge must show.

    At least `min_labels` labelled items and agreement proved to be above `min_agreement` (a share) at `error`, under
    the rubric version `rubric` (None: that of the newest label). Labels that are older than `max_age` do not count
    (None: none is too old). `min_coverage` is the share of the judge's rows that must lie in segments with labels.
    """

    name: str
    min_labels: int
    min_agreement: float
    error: float
    max_age: timedelta | None = None
    rubric: str | None = None
    min_coverage: float = 0.0


@dataclass(frozen=True, slots=True)
class JudgeState:
    """What is known of a judge, and whether it may gate.

    `versions` score now (at most twenty are named). The numbers are those of the version that decides: the first that
    has not earned the right, else the one with the lowest end of agreement; `by_version` has them all. `coverage` is
    the share of its rows in segments with labels. `more` is how many more labelled items it takes at the present
    agreement (None: unknown or none). `reason` is a code, `detail` one or two plain sentences.
    """

    name: str
    versions: tuple[str, ...]
    rubric: str
    labels: int
    unreadable: int
    agreement: float | None
    low: float
    high: float
    by_segment: tuple[Agreement, ...]
    by_version: tuple[Agreement, ...]
    coverage: float | None
    newest: datetime | None
    more: int | None
    qualified: bool
    reason: str
    detail: str

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON values; times as ISO 8601 with offset."""
        value: dict[str, Any] = _states().dump_python(self, mode="json")
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> JudgeState:
        """The state that `to_json` wrote; raises pydantic.ValidationError for anything else."""
        return _states().validate_python(value)


@cache
def _states() -> TypeAdapter[JudgeState]:
    from pydantic import TypeAdapter

    return TypeAdapter(JudgeState)


def counted_since(max_age: timedelta | None, now: datetime) -> datetime | None:
    """The moment from which on labels count; None when none is too old.

    It stays where it is for half of `max_age` and then moves on by as much, so that a label counts until it is
    between half and all of `max_age` old. Under a start that moved with every look, each look would be another test,
    and the proof would no longer hold at all of them; `error` is spent once for each start.
    """
    if max_age is None:
        return None
    half = max_age / 2
    return _EPOCH + ((now - _EPOCH) // half - 1) * half


def qualify(
    spec: JudgeSpec,
    labels: Sequence[LabelCount],
    rows: Sequence[JudgedRows],
    trouble: Trouble | None = None,
    *,
    reference: Sequence[JudgedRows] | None = None,
) -> JudgeState:
    """Whether the judge may gate, from what people's labels say and which versions scored the gate's newest rows.

    `trouble` says that the labels could not be read in full. Every version that scores must have earned the right.
    `reference` is which versions scored the rows that the gate compares with (None: it compares with none): others
    than those that score now, and a difference may be one between judges.
    """
    if trouble is not None:
        return _unknown(spec, trouble[0], wording.trouble(spec, trouble[1]))
    scored = _by_version(rows)
    if not scored:
        return _unknown(spec, "judge_unseen", wording.unseen(spec))
    if "" in scored:
        return _unknown(spec, "judge_unnamed", wording.unnamed(spec, sum(r.rows for r in scored[""]), _total(rows)))
    before = {row.version for row in reference or () if row.rows > 0}
    if before - set(scored):
        return _unknown(spec, "judge_changed", wording.other_reference(spec, sorted(before), sorted(scored)))
    rubric = _rubric(spec, labels, scored)
    order = sorted(scored, key=lambda version: (-_total(scored[version]), version))
    states = [_version(spec, version, labels, scored[version], rubric) for version in order]
    decides = min(states, key=lambda state: (SEVERITY.index(state.reason), state.low))
    return replace(
        decides,
        versions=tuple(order[:_SHOWN]),
        by_version=tuple(agreement for state in states[:_SHOWN] for agreement in state.by_version),
    )


def apply(verdict: Verdict, state: JudgeState | None, judged: Judged | None) -> Verdict:
    """The verdict that the judge's right to gate leaves: `insufficient` where it has not earned it.

    `state` is None for a gate that names no judge. Errors, missing and old data come before. What only stands for
    people's word (`proxy`) never passes and never breaches. What is not earned does not weigh in with other gates
    either. The evidence digest covers the state as well.
    """
    if state is not None:
        verdict = replace(verdict, agreements=_shown(state))
    earned = judged != "proxy" and (state is None or state.qualified)
    if verdict.outcome not in ("pass", "breach", "insufficient"):
        return verdict if earned else replace(verdict, weighs=False)
    if judged == "proxy":
        return _held(verdict, state, "judge_only", wording.judge_only(verdict, state.detail if state else ""))
    if state is None:
        return verdict
    if state.qualified:
        said = f"{verdict.detail} {state.detail}"
        return replace(verdict, detail=said, evidence_digest=_digest(verdict, state, QUALIFIED))
    return _held(verdict, state, state.reason, wording.not_earned(verdict, state.detail))


def _shown(state: JudgeState) -> tuple[Agreement, ...]:
    """Agreement of each version and, where there are segments, of the deciding version in each."""
    named = [replace(a, name=f"segment {a.name}") for a in state.by_segment if a.name]
    return (*state.by_version, *named)


def _held(verdict: Verdict, state: JudgeState | None, reason: str, detail: str) -> Verdict:
    return replace(
        verdict,
        outcome="insufficient",
        reason=reason,
        detail=detail,
        more_units=None,
        more_seconds=None,
        headroom=None,
        weighs=False,
        evidence_digest=_digest(verdict, state, reason),
    )


def _digest(verdict: Verdict, state: JudgeState | None, reason: str) -> str:
    whole = [verdict.evidence_digest, reason, state.to_json() if state else None]
    return hashlib.sha256(json.dumps(whole, separators=(",", ":")).encode()).hexdigest()


def _version(
    spec: JudgeSpec, version: str, labels: Sequence[LabelCount], rows: Sequence[JudgedRows], rubric: str
) -> JudgeState:
    """The state of one version, by itself."""
    mine = [c for c in labels if c.version == version]
    counted = [c for c in mine if c.rubric == rubric and c.in_time]
    found = measure(version, counted, spec.min_agreement, spec.error)
    agreements = [
        measure(name, [c for c in counted if c.segment == name], spec.min_agreement, spec.error).agreement
        for name in sorted({c.segment for c in counted})
    ]
    coverage = _total([r for r in rows if r.segment in {c.segment for c in counted if c.labels}]) / _total(rows)
    reason, more = _reason(spec, found, mine, counted, coverage, others=len(mine) < len(labels))
    agreement = found.agreement
    return JudgeState(
        name=spec.name,
        versions=(version,),
        rubric=rubric,
        labels=agreement.labels,
        unreadable=agreement.unreadable,
        agreement=agreement.agreement,
        low=agreement.low,
        high=agreement.high,
        by_segment=tuple(agreements),
        by_version=(agreement,),
        coverage=coverage,
        newest=max((c.newest for c in mine), default=None),
        more=more,
        qualified=reason == QUALIFIED,
        reason=reason,
        detail=wording.said(spec, reason, agreement, rubric=rubric, coverage=coverage, more=more),
    )


def _reason(
    spec: JudgeSpec,
    found: Measured,
    mine: Sequence[LabelCount],
    counted: Sequence[LabelCount],
    coverage: float,
    *,
    others: bool,
) -> tuple[str, int | None]:
    """The reason code, and how many more labelled items it takes."""
    labels, lacking = found.agreement.labels, spec.min_labels - found.agreement.labels
    if found.agreement.high < spec.min_agreement:
        return "judge_disagrees", None
    if lacking > 0:
        if not mine and others:
            return "judge_changed", lacking
        in_time = sum(c.labels for c in mine if c.in_time)
        if in_time > labels and (not counted or in_time >= spec.min_labels):
            return "judge_rubric", lacking
        old = sum(c.labels for c in mine if not c.in_time)
        return ("judge_stale" if labels + old >= spec.min_labels else "judge_unlabelled"), lacking
    if not found.proved:
        return "judge_unproved", found.more
    return (QUALIFIED, None) if coverage >= spec.min_coverage else ("judge_uncovered", None)


def _rubric(spec: JudgeSpec, labels: Sequence[LabelCount], scored: Mapping[str, object]) -> str:
    """The rubric version whose labels count: the one asked for, or that of the newest label of what scores now."""
    if spec.rubric is not None:
        return spec.rubric
    newest = max((c for c in labels if c.version in scored), key=lambda c: (c.newest, c.rubric), default=None)
    return newest.rubric if newest else ""


def _by_version(rows: Sequence[JudgedRows]) -> dict[str, list[JudgedRows]]:
    found: dict[str, list[JudgedRows]] = {}
    for row in rows:
        if row.rows > 0:
            found.setdefault(row.version, []).append(row)
    return found


def _total(rows: Sequence[JudgedRows]) -> int:
    return sum(row.rows for row in rows)


def _unknown(spec: JudgeSpec, reason: str, detail: str) -> JudgeState:
    """The state of a judge of which nothing can be said."""
    return JudgeState(
        name=spec.name,
        versions=(),
        rubric="",
        labels=0,
        unreadable=0,
        agreement=None,
        low=0.0,
        high=1.0,
        by_segment=(),
        by_version=(),
        coverage=None,
        newest=None,
        more=None,
        qualified=False,
        reason=reason,
        detail=detail,
    )
