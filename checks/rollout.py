"""A rollout's state, folded from its decision log, and what may follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal as OneOf

from checks.acts.breaches import record
from checks.acts.refusal import Refusal
from checks.gates.standing import Waiver
from warehouse.records.decisions import DecisionEntry
from warehouse.records.errors import LedgerError
from warehouse.records.facts import ReleaseSeen

__all__ = ["LIVE", "Refusal", "RolloutState", "Status", "breaches", "judged_release", "state", "waivers"]

Status = OneOf["not_started", "active", "paused", "retired"]


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Where a rollout stands.

    `stage` is empty before the start. `since` is when the status last changed, `resumed_at` when a person last
    resumed it. `epoch_ordinal` counts the spans between pauses from 1: evidence never crosses a pause.
    """

    rollout: str
    stage: str
    status: Status
    since: datetime | None
    epoch_ordinal: int
    resumed_at: datetime | None = None


def state(decisions: Iterable[DecisionEntry]) -> RolloutState:
    """The state after all decisions of one rollout, in the order of the log; standings that only hold change nothing.

    `start` and `expand` name the new stage in their body. Starting twice, and pausing what is paused, change nothing;
    a pause before the start counts, since whoever asks must see it. A pause ends only with a resume, and nothing
    follows on a retirement.

    Raises:
        LedgerError: decisions of two rollouts, or a start or expansion that names no stage.
    """
    now = RolloutState("", "", "not_started", None, 1)
    for entry in decisions:
        if now.rollout and entry.rollout != now.rollout:
            raise LedgerError(
                f"Decision {entry.seq} is of rollout {entry.rollout}, not {now.rollout}. Read the log of one rollout."
            )
        now = _after(replace(now, rollout=entry.rollout), entry)
    return now


def _after(now: RolloutState, entry: DecisionEntry) -> RolloutState:
    if now.status == "retired":
        return now
    if entry.kind == "retire":
        return replace(now, status="retired", since=entry.at)
    if entry.kind == "start" and not now.stage:
        status: Status = "paused" if now.status == "paused" else "active"
        return replace(now, stage=_stage(entry), status=status, since=entry.at)
    if entry.kind == "expand" and now.status != "paused":
        return replace(now, stage=_stage(entry))
    if entry.kind == "pause" and now.status != "paused":
        return replace(now, status="paused", since=entry.at, epoch_ordinal=now.epoch_ordinal + 1)
    if entry.kind == "resume" and now.status == "paused":
        stage = entry.body.get("stage", now.stage)
        return replace(now, stage=stage, status="active", since=entry.at, resumed_at=entry.at)
    return now


def _stage(entry: DecisionEntry) -> str:
    stage = entry.body.get("stage")
    if not isinstance(stage, str) or not stage:
        raise LedgerError(f"Decision {entry.seq} ({entry.kind}) names no stage in its body; it says {stage!r}.")
    return stage


def waivers(decisions: Iterable[DecisionEntry]) -> tuple[Waiver, ...]:
    """The waivers that the decisions of one rollout gave, ended ones included; bodies hold gate, reason and until.

    Raises:
        LedgerError: a waiver names no gate, reason or end with an offset.
    """
    return tuple(_waiver(entry) for entry in decisions if entry.kind == "waive")


def _waiver(entry: DecisionEntry) -> Waiver:
    try:
        until = datetime.fromisoformat(entry.body["until"])
        waiver = Waiver(entry.body["gate"], entry.actor, entry.body["reason"], until)
    except (KeyError, TypeError, ValueError) as problem:
        raise LedgerError(f"Decision {entry.seq} (waive) needs gate, reason and until in its body: {problem}") from None
    if until.tzinfo is None:
        raise LedgerError(f"Decision {entry.seq} (waive) ends at {until}, a time without offset from UTC.")
    return waiver


LIVE = timedelta(hours=24)
"""How long a release that has no rows any more is still the one that is judged."""


def judged_release(seen: Sequence[ReleaseSeen], live: timedelta = LIVE) -> str | None:
    """The release that is judged: of those with rows in the newest span of `live`, the one first seen last.

    So a new release is judged from its first row on, even while the old one still answers, and a rollback is noticed
    once the withdrawn release has been silent for `live`. None when no release was seen; '' is the unnamed release.
    """
    if not seen:
        return None
    newest = max(release.last_at for release in seen)
    alive = [release for release in seen if release.last_at > newest - live]
    return max(alive, key=lambda release: (release.first_at, release.release)).release


def breaches(decisions: Iterable[DecisionEntry]) -> tuple[str, ...]:
    """Names of the gates with a breach on record in the decisions of one rollout (`checks.acts.breaches.record`)."""
    return tuple(sorted(record(decisions).breaches))
