"""A rollout's state, folded from its decision log, and what may follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal as OneOf

from checks.gates.records import Standing
from checks.gates.standing import Waiver
from warehouse.records.decisions import DecisionEntry
from warehouse.records.errors import LedgerError
from warehouse.records.facts import ReleaseSeen

Status = OneOf["not_started", "active", "paused"]


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act is refused: a code and one plain sentence."""

    code: str
    detail: str


def state(decisions: Iterable[DecisionEntry]) -> RolloutState:
    """The state after all decisions of one rollout, in the order of the log; standings that only hold change nothing.

    `start` and `expand` name the new stage in their body. Starting twice, and pausing what is paused, change nothing;
    a pause before the start counts, since whoever asks must see it.

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
    if entry.kind == "start" and not now.stage:
        status: Status = "paused" if now.status == "paused" else "active"
        return replace(now, stage=_stage(entry), status=status, since=entry.at)
    if entry.kind == "expand":
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
    """Names of the gates with a breach on record in the decisions of one rollout, in the order of the log.

    A breach enters with the standing that says it, and leaves with a standing in which the gate passes, with a
    standing of another release, and with a resume. Silence never removes it, nor does a standing of no release. Of a
    breach that gates prove only together, the gate that brings most of it is on record.
    """
    on_record: set[str] = set()
    release: object = None
    for entry in decisions:
        standing = entry.body.get("standing")
        if entry.kind == "resume" or (standing and standing["release"] not in (None, release)):
            on_record.clear()
        if standing:
            release = release if standing["release"] is None else standing["release"]
            on_record -= {v["gate"] for v in standing["verdicts"] if v["outcome"] == "pass"}
            on_record |= {v["gate"] for v in standing["verdicts"] if v["outcome"] == "breach"}
            on_record |= {
                r["gate"] for r in standing.get("reasons", ()) if r["code"] == "combined_evidence" and r["gate"]
            }
    return tuple(sorted(on_record))


def may_expand(state: RolloutState, standing: Standing, stages: Sequence[str], now: datetime) -> Refusal | None:
    """None when the rollout may go to its next stage at `now`, else the first thing that stands against it."""
    if state.status == "not_started":
        return Refusal("not_started", "The rollout has not been started; start it first.")
    if state.status == "paused":
        return Refusal("paused", f"{state.rollout} is paused; find the cause and resume it first.")
    if (standing.rollout, standing.stage) != (state.rollout, state.stage):
        return Refusal(
            "other_stage",
            f"The standing is for {standing.rollout} at stage {standing.stage}, but {state.rollout} is at "
            f"{state.stage}; wait for the next run of the monitor.",
        )
    if state.stage not in stages:
        return Refusal("unknown_stage", f"Stage {state.stage} is not one of {', '.join(stages)}; mend the policy.")
    if not standing.at <= now < standing.valid_until:
        return Refusal(
            "lease_lapsed",
            f"The standing is valid from {standing.at:%Y-%m-%d %H:%M} to {standing.valid_until:%Y-%m-%d %H:%M} UTC; "
            "run the monitor again.",
        )
    if standing.standing != "go":
        return Refusal("not_go", f"The standing is {standing.standing}: {standing.reasons[0].detail}")
    if state.stage == stages[-1]:
        return Refusal("last_stage", f"{state.stage} is the last stage of {state.rollout}; there is none to expand to.")
    return None


def may_resume(
    state: RolloutState,
    standing: Standing | None,
    stages: Sequence[str],
    stage: str,
    people: int,
    now: datetime,
    *,
    breached: Sequence[str] = (),
) -> Refusal | None:
    """None when the pause may end at `now` in `stage`, else the first thing that stands against it.

    A pause ends only at the stage it came from or an earlier one, by at least one named person, and with a standing
    that is still valid and in which no gate is in breach: the evidence has to be newer than what was mended.
    `breached` names the gates with an unwaived breach on record (`breaches`): silence, lost evidence or a gate taken
    out of the policy do not overcome it, a pass or another release does.
    """
    if state.status != "paused":
        return Refusal("not_paused", f"{state.rollout} is not paused.")
    if not people:
        return Refusal("nobody", "A pause is ended by a named person.")
    if state.stage not in stages:
        return Refusal(
            "unknown_stage",
            f"{state.rollout} was paused at stage {state.stage}, which is not one of {', '.join(stages)}; put it back "
            "into the policy.",
        )
    if stage not in stages or stages.index(stage) > stages.index(state.stage):
        allowed = ", ".join(stages[: stages.index(state.stage) + 1])
        return Refusal("stage_not_allowed", f"{stage} is not a stage to resume at; allowed: {allowed}.")
    if standing is None or not standing.at <= now < standing.valid_until:
        return Refusal("lease_lapsed", "No run of the monitor speaks for this moment; run it again.")
    together, proof = standing.combined, standing.combined_proof
    if together is not None and proof is not None and together >= proof and not breached:
        return Refusal(
            "still_in_breach",
            f"The gates of {state.rollout} still prove a breach together; a pass or another release overcomes it.",
        )
    broken = {verdict.gate for verdict in standing.verdicts if verdict.outcome == "breach" and not verdict.waived}
    if broken | set(breached):
        return Refusal(
            "still_in_breach",
            f"No evidence is newer than the breach of {', '.join(sorted(broken | set(breached)))}; a pass or another "
            "release overcomes it.",
        )
    return None
