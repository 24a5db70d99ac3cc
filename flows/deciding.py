"""Decide and record: the standing of a rollout, its entry in the decision log, and what has to be handed out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from checks import rollout as rollouts
from checks.gates import codec, standing
from flows import epochs, notices, restating, sourcing
from flows.judging import Case, Judged, judge
from warehouse import facts, history, self_tests
from warehouse.history import StandingThen, VerdictThen
from warehouse.people import log, standings
from warehouse.records.decisions import MONITOR, DecisionEntry, NewDecision, PublishedStanding

if TYPE_CHECKING:
    from checks.gates.records import Standing
    from checks.policy import Policy
    from checks.rollout import RolloutState
    from flows.checking import DataChecks
    from flows.project import Project
    from flows.stores import Stores


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rollout came to in one run; `entry` is None when nothing changed since the last decision."""

    standing: Standing
    entry: DecisionEntry | None
    reopened: DecisionEntry | None = None


def state_of(stores: Stores, rollout: str) -> RolloutState:
    """The rollout's stage and status, folded from its decisions."""
    return rollouts.state(log.entries(stores.people, rollout=rollout))


def _start(stores: Stores, policy: Policy, rollout: str, *, now: datetime) -> None:
    """Enter a rollout that was never started at its first stage."""
    stage = policy.rollout(rollout).stages[0]
    new = NewDecision(
        key=f"start/{rollout}",
        at=now,
        rollout=rollout,
        kind="start",
        actor=MONITOR,
        summary=f"{rollout} is watched from stage {stage} on.",
        evidence_digest="",
        config_digest=policy.digest,
        body={"stage": stage},
    )
    log.append(stores.people, new, [])


@dataclass(frozen=True, slots=True)
class Known:
    """What the decision log says before a run: the rollout's state, waivers given, and breaches not yet overcome.

    `remembered` is as in `flows.judging.Case`; `last` is the newest entry that carries a standing, or None.
    """

    state: RolloutState
    waivers: tuple[standing.Waiver, ...]
    breached: tuple[str, ...]
    remembered: Mapping[str, Mapping[str, datetime]]
    last: DecisionEntry | None

    def to_json(self) -> dict[str, Any]:
        """The knowledge as JSON values, to be stored with a decision."""
        return {
            "paused": self.state.status == "paused",
            "waivers": [{**asdict(waiver), "until": waiver.until.isoformat()} for waiver in self.waivers],
            "breached": list(self.breached),
        }


def known(stores: Stores, rollout: str) -> Known:
    """What the log says of the rollout now."""
    entries = log.entries(stores.people, rollout=rollout)
    return Known(
        rollouts.state(entries),
        rollouts.waivers(entries),
        rollouts.breaches(entries),
        _remembered(entries, last_standing(stores, rollout)),
        next((e for e in reversed(entries) if e.kind in ("go", "hold", "pause")), None),
    )


def _remembered(entries: Sequence[DecisionEntry], last: Standing | None) -> dict[str, dict[str, datetime]]:
    """By gate, the epochs that decisions and the last standing rested on, each with the time of the newest."""
    found: dict[str, dict[str, datetime]] = {}
    for entry in entries:
        for gate, inputs in entry.body.get("inputs", {}).items():
            if inputs.get("epoch"):
                found.setdefault(gate, {})[inputs["epoch"]] = entry.at
    if last is not None:
        # A run that changes nothing writes no decision, yet it looked at windows.
        for verdict in (v for v in last.verdicts if v.epoch):
            found.setdefault(f"{last.rollout}/{verdict.gate}", {})[str(verdict.epoch)] = last.at
    return found


def record(
    stores: Stores,
    policy: Policy,
    case: Case,
    judged: Sequence[Judged],
    before: Known,
    current: Standing,
) -> DecisionEntry | None:
    """The new entry of the decision log with its deliveries and the published standing; None when nothing changed.

    An entry is written when the standing, the stage, the release or what any gate says differs from the rollout's
    last decision; otherwise only the lease is renewed.
    """
    body: dict[str, Any] = {
        "standing": codec.standing_to_json(current),
        "before": before.to_json(),
        "gates": [codec.gate_to_json(j.gate) for j in judged],
        "inputs": {j.gate.key: j.inputs for j in judged},
        "window_seconds": int(policy.window.total_seconds()),
        "lease_seconds": int(policy.lease.total_seconds()),
    }
    published = {"standing": body["standing"]}
    last = before.last
    if last is not None and same_decision(last.body["standing"], body["standing"]):
        standings.publish(stores.people, case.rollout, published, at=case.now, valid_until=current.valid_until)
        return None
    new = NewDecision(
        key=_key(last, body["standing"]),
        at=case.now,
        rollout=case.rollout,
        kind=current.standing,
        actor=MONITOR,
        summary=current.reasons[0].detail,
        evidence_digest=current.evidence_digest,
        config_digest=policy.digest,
        body=body,
    )
    return log.append(
        stores.people,
        new,
        notices.of_standing(policy, current, last.body["standing"] if last else None),
        standing=PublishedStanding(case.rollout, published, case.now, current.valid_until),
    )


def last_standing(stores: Stores, rollout: str) -> Standing | None:
    """The standing last published for the rollout, lapsed or not; None before the first run."""
    found = standings.latest(stores.people).get(rollout)
    return codec.standing_from_json(found.body["standing"]) if found else None


def same_decision(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two standings say the same: kind, stage, release, policy, and every gate's outcome and reason."""

    def said(value: Mapping[str, Any]) -> tuple[Any, ...]:
        gates = tuple((v["gate"], v["outcome"], v["reason"], v["waived"]) for v in value["verdicts"])
        return (value["standing"], value["stage"], value["release"], value["config_digest"], gates)

    return said(before) == said(after)


def _key(last: DecisionEntry | None, value: Mapping[str, Any]) -> str:
    """A key that exists once per evidence and predecessor: a run that died and is repeated writes no second entry."""
    text = f"{last.hash if last else ''}|{value['evidence_digest']}|{value['standing']}|{value['config_digest']}"
    return f"{value['rollout']}/{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def decide_all(project: Project, stores: Stores, checks: DataChecks, *, now: datetime) -> list[Outcome]:
    """Each rollout's standing, recorded where it changed, in the order of the configuration."""
    policy = project.policy
    return [decide_rollout(stores, policy, rollout.name, checks, now=now) for rollout in policy.rollouts]


def decide_rollout(stores: Stores, policy: Policy, rollout: str, checks: DataChecks, *, now: datetime) -> Outcome:
    """Judge one rollout, record what changed, and close its evidence when it is paused."""
    before = known(stores, rollout)
    if before.state.status == "not_started":
        _start(stores, policy, rollout, now=now)
        before = known(stores, rollout)
    state, gates = before.state, policy.gate_specs(rollout, before.state.stage)
    if state.status == "paused" and state.since is not None:
        # Done when the pause was written, unless that run died in between.
        epochs.close_for_pause(stores, gates, at=state.since)
    streams = [policy.stream(name) for name in policy.evidence_streams(rollout)]
    seen = facts.releases(stores.warehouse, streams, rollout)
    case = Case(
        rollout=rollout,
        stage=state.stage,
        release=rollouts.judged_release(seen),
        paused=state.status == "paused",
        not_before=state.resumed_at,
        now=now,
        remembered=before.remembered,
        ledger=sourcing.read(stores),
        self_tests=self_tests.latest(stores.warehouse),
    )
    judged = judge(stores, policy, case, checks)
    current = standing.decide(
        rollout=case.rollout,
        stage=case.stage,
        release=case.release,
        verdicts=[j.verdict for j in judged],
        paused=case.paused,
        waivers=before.waivers,
        breached=before.breached,
        now=case.now,
        lease=policy.lease,
        config_digest=policy.digest,
        simulated=any(facts.any_simulated(stores.warehouse, stream, rollout) for stream in streams),
    )
    entry = record(stores, policy, case, judged, before, current)
    remember(stores, current)
    reopened = restating.reopen(stores, policy, case, judged, current)
    if current.standing == "pause" and state.status != "paused":
        epochs.close_for_pause(stores, gates, at=now)
    return Outcome(current, entry, reopened)


def remember(stores: Stores, current: Standing) -> None:
    """Keep what this run said, for charts."""
    then = StandingThen(
        current.at,
        current.valid_until,
        current.standing,
        current.stage,
        current.reasons[0].detail,
        current.binding,
    )
    said = [VerdictThen(v.gate, current.at, v.outcome, v.estimate, v.units, v.release) for v in current.verdicts]
    history.add(stores.warehouse, current.rollout, then, said)
