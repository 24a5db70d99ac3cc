"""Decide and record: the standing of a rollout, its entry in the decision log, and what has to be handed out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from checks import rollout as rollouts
from checks.gates import codec, standing
from checks.releases.states import states
from flows import epochs, knowing, notices, releasing, restating, sourcing
from flows.judging import Case, Judged, judge
from warehouse import facts, history, self_tests
from warehouse.history import StandingThen, VerdictThen
from warehouse.people import log, renewals
from warehouse.records.decisions import MONITOR, DecisionEntry, NewDecision, PublishedStanding
from warehouse.records.errors import MovedOnError

if TYPE_CHECKING:
    from checks.gates.records import Standing
    from checks.policy import Policy
    from checks.rollout import RolloutState
    from flows.checking import DataChecks
    from flows.knowing import Known
    from flows.project import Project
    from flows.stores import Stores

TRIES = 3
"""How often a rollout is judged in one run when people act on it meanwhile."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rollout came to in one run; `entry` is None when nothing changed since the last decision."""

    standing: Standing
    entry: DecisionEntry | None
    reopened: DecisionEntry | None = None


def state_of(stores: Stores, rollout: str) -> RolloutState:
    """The rollout's stage and status, folded from its decisions."""
    return rollouts.state(log.entries(stores.people, rollout=rollout))


def last_standing(stores: Stores, rollout: str) -> Standing | None:
    """The standing last published for the rollout, lapsed or not; None before the first run."""
    return knowing.last_standing(stores.people, rollout)


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
    last decision, and for every new pause; otherwise only the lease is renewed.

    Raises:
        MovedOnError: somebody acted on the rollout since `before` was read.
    """
    body: dict[str, Any] = {
        "standing": codec.standing_to_json(current),
        "before": {**before.to_json(), "sign_offs_missing": list(before.sign_offs_missing(case.release))},
        "forms": {gate: form.to_json() for gate, form in before.forms.items()},
        "gates": [codec.gate_to_json(j.gate) for j in judged],
        "inputs": {j.gate.key: j.inputs for j in judged},
        "window_seconds": int(policy.window.total_seconds()),
        "lease_seconds": int(policy.lease.total_seconds()),
    }
    published = {"standing": body["standing"]}
    last = before.last
    pausing = current.standing == "pause" and not case.paused
    if last is not None and not pausing and same_decision(last.body["standing"], body["standing"]):
        renewed = PublishedStanding(case.rollout, published, case.now, current.valid_until)
        renewals.renew(stores.people, renewed, notices.renewal(policy, current), seen=before.seen)
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
        notices.of_standing(policy, current, _told(before)),
        standing=PublishedStanding(case.rollout, published, case.now, current.valid_until),
        seen=before.seen,
    )


def _told(before: Known) -> Mapping[str, Any] | None:
    """The standing that switch and channels heard of last: of what people did since, they have heard as well."""
    if before.last is None:
        return None
    told: Mapping[str, Any] = before.last.body["standing"]
    if before.state.status == "paused":
        return {**told, "standing": "pause"}
    return {**told, "standing": "resumed"} if told["standing"] == "pause" else told


def same_decision(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two standings say the same: kind, stage, release, versions, policy, every gate's outcome and reason."""

    def said(value: Mapping[str, Any]) -> tuple[Any, ...]:
        gates = tuple((v["gate"], v["outcome"], v["reason"], v["waived"]) for v in value["verdicts"])
        return (value["standing"], value["stage"], value["release"], value["config_digest"], gates)

    # Older decisions knew of no fingerprint.
    same_release = before.get("fingerprint", after["fingerprint"]) == after["fingerprint"]
    return same_release and said(before) == said(after)


def _key(last: DecisionEntry | None, value: Mapping[str, Any]) -> str:
    """A key that exists once per evidence and predecessor: a run that died and is repeated writes no second entry."""
    text = f"{last.hash if last else ''}|{value['evidence_digest']}|{value['standing']}|{value['config_digest']}"
    return f"{value['rollout']}/{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def decide_all(project: Project, stores: Stores, checks: DataChecks, *, now: datetime) -> list[Outcome]:
    """Each rollout's standing, recorded where it changed, in the order of the configuration."""
    policy = project.policy
    return [decide_rollout(stores, policy, rollout.name, checks, now=now) for rollout in policy.rollouts]


def decide_rollout(stores: Stores, policy: Policy, rollout: str, checks: DataChecks, *, now: datetime) -> Outcome:
    """Judge one rollout, record what changed, and close its evidence when it is paused.

    When a person acts on the rollout while it is judged, it is judged again: nobody's pause is ever overruled by what
    was known before it.

    Raises:
        MovedOnError: people acted again and again meanwhile.
    """
    for _ in range(TRIES - 1):
        try:
            return _decide(stores, policy, rollout, checks, now=now)
        except MovedOnError:
            continue
    return _decide(stores, policy, rollout, checks, now=now)


def _decide(stores: Stores, policy: Policy, rollout: str, checks: DataChecks, *, now: datetime) -> Outcome:
    before = knowing.known(stores.people, policy, rollout)
    if not before.state.stage and before.state.status != "retired":
        _start(stores, policy, rollout, now=now)
        before = knowing.known(stores.people, policy, rollout)
    streams = [policy.stream(name) for name in policy.evidence_streams(rollout)]
    simulated = any(facts.any_simulated(stores.warehouse, stream, rollout) for stream in streams)
    if before.state.status == "retired":
        return _retired(stores, policy, before, now=now, simulated=simulated)
    state, gates = before.state, policy.gate_specs(rollout, before.state.stage)
    if state.status == "paused" and state.since is not None:
        # Done when the pause was written, unless that run died in between or a person paused it.
        epochs.close_for_pause(stores, gates, at=state.since)
    name, release = releasing.judged(stores, policy, rollout)
    case = Case(
        rollout=rollout,
        stage=state.stage,
        release=name,
        paused=state.status == "paused",
        not_before=state.resumed_at,
        now=now,
        remembered=before.remembered,
        ledger=sourcing.read(stores),
        self_tests=self_tests.latest(stores.warehouse),
        versions=release,
    )
    judged = judge(stores, policy, case, checks)
    current = _standing(policy, case, judged, before, simulated=simulated)
    entry = record(stores, policy, case, judged, before, current)
    remember(stores, current)
    reopened = restating.reopen(stores, policy, case, judged, current)
    if current.standing == "pause" and state.status != "paused":
        epochs.close_for_pause(stores, gates, at=now)
    return Outcome(current, entry, reopened)


def _standing(policy: Policy, case: Case, judged: Sequence[Judged], before: Known, *, simulated: bool) -> Standing:
    return standing.decide(
        rollout=case.rollout,
        stage=case.stage,
        release=case.release,
        verdicts=[j.verdict for j in judged],
        paused=case.paused,
        waivers=before.waivers,
        sign_offs_missing=before.sign_offs_missing(case.release),
        breached=before.breached,
        loosened=[one.gate for one in before.loosened],
        next_stage=before.next_stage,
        now=case.now,
        lease=policy.lease,
        config_digest=policy.digest,
        simulated=simulated,
        fingerprint=case.versions.fingerprint,
        parts=states(case.versions),
    )


def _retired(stores: Stores, policy: Policy, before: Known, *, now: datetime, simulated: bool) -> Outcome:
    """Say anew that nothing is judged any more; the retirement is the last decision of a rollout."""
    current = standing.retired(
        rollout=before.rollout,
        stage=before.state.stage,
        at=before.state.since or now,
        now=now,
        lease=policy.lease,
        config_digest=policy.digest,
        simulated=simulated,
    )
    body = {"standing": codec.standing_to_json(current)}
    renewals.renew(stores.people, PublishedStanding(before.rollout, body, now, current.valid_until))
    remember(stores, current)
    return Outcome(current, None)


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
