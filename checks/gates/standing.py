"""What a rollout may do, from what its gates say: the weakest layer decides, and no score is ever averaged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from checks.evidence import headroom
from checks.gates import combined
from checks.gates.records import LayerState, Outcome, Reason, Standing, StandingKind, Verdict
from checks.gates.spec import LAYERS
from checks.releases.states import PartState

SEVERITY: tuple[Outcome, ...] = ("breach", "error", "no_data", "stale", "insufficient", "blocked", "pass")
"""Outcomes from worst to best, for naming the weakest; every one but `pass` holds a gate that is required."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A person's signed, reasoned exception for one gate (its name) of a rollout; it ends at `until`."""

    gate: str
    person: str
    reason: str
    until: datetime


def decide(
    *,
    rollout: str,
    stage: str,
    release: str | None,
    verdicts: Sequence[Verdict],
    paused: bool,
    now: datetime,
    lease: timedelta,
    config_digest: str,
    simulated: bool,
    waivers: Sequence[Waiver] = (),
    sign_offs_missing: Sequence[str] = (),
    breached: Sequence[str] = (),
    loosened: Sequence[str] = (),
    next_stage: str | None = None,
    fingerprint: str = "",
    parts: Sequence[PartState] = (),
) -> Standing:
    """The standing of a rollout at `now`; it lapses to hold after `lease`.

    `pause` while the rollout is paused or any unwaived breach asks for it, required gate or not. Else `hold` while a
    gate required for the stage does not pass, a breach asks for a hold, a sign-off is missing (their roles), or no
    gate is required at all. Else `go`. The order of `verdicts` and `waivers` does not matter; a waiver that has ended
    does nothing.

    Evidence of gates that may pause adds up (`checks.evidence.many`): `pause` also comes from evidence that proves a
    breach only together, and names the gate that brings most of it.

    `breached` names gates with a breach on record (`checks.rollout.breaches`): such a gate holds until it passes,
    required or not. Without it, losing the evidence of a breach at a gate that is not required would read as health.
    `loosened` names gates that became looser, or left the policy, while a breach of them was on record: they hold, pass
    or not, until the change is approved. `next_stage` is the one that the sign-offs are for (None: the present one).
    `fingerprint` and `parts` are shown with it and decide nothing here: what a changed part makes old, verdicts say.
    """
    waived = _loosened(_waived(verdicts, waivers, now), loosened)
    stacked = _blocked(waived)
    gone = sorted(set(loosened) - {v.gate for v in stacked})
    ranked = _binding(stacked, breached)
    together = combined.of(stacked)
    kind = _kind(ranked, paused or together.proved, [*sign_offs_missing, *gone], stacked)
    weakest = headroom.weakest({v.gate: v.headroom for v in _counting(stacked, breached) if not v.waived})
    return Standing(
        rollout=rollout,
        standing=kind,
        stage=stage,
        release=release,
        at=now,
        valid_until=now + lease,
        reasons=_reasons(
            kind,
            ranked,
            stacked,
            paused,
            [*(_gone(gate) for gate in gone), *_unsigned(sign_offs_missing, next_stage or stage)],
            stage,
            _active(waivers, now),
            breached,
            together,
        ),
        binding=ranked[0].gate if ranked else together.most if together.proved else None,
        runner_up=ranked[1].gate if len(ranked) > 1 else None,
        if_mended=_if_mended(waived, ranked, paused or _stays(together, ranked), [*sign_offs_missing, *gone], breached),
        layers=tuple(_layer(layer, stacked) for layer in LAYERS),
        verdicts=tuple(stacked),
        evidence_digest=_digest(rollout, stage, release, kind, stacked, paused, sign_offs_missing, breached, loosened),
        config_digest=config_digest,
        fingerprint=fingerprint,
        parts=tuple(parts),
        simulated=simulated,
        weakest=weakest.binding if weakest else None,
        next_weakest=weakest.runner_up if weakest else None,
        headroom=weakest.headroom if weakest else None,
        gain=weakest.gain if weakest else None,
        combined=together.evidence,
        combined_proof=together.proof,
        triage=combined.triage(stacked),
        budget=together.budget,
    )


def retired(
    *, rollout: str, stage: str, at: datetime, now: datetime, lease: timedelta, config_digest: str, simulated: bool
) -> Standing:
    """The standing of a rollout that a person retired at `at`: hold, for nothing is judged any more."""
    detail = f"{rollout} was retired at {at:%Y-%m-%d %H:%M} UTC; nothing is judged any more."
    return Standing(
        rollout=rollout,
        standing="hold",
        stage=stage,
        release=None,
        at=now,
        valid_until=now + lease,
        reasons=(Reason("retired", detail),),
        binding=None,
        runner_up=None,
        if_mended=None,
        layers=(),
        verdicts=(),
        evidence_digest=_digest(rollout, stage, None, "hold", (), False, (), (), ()),
        config_digest=config_digest,
        simulated=simulated,
    )


def _active(waivers: Sequence[Waiver], now: datetime) -> list[Waiver]:
    return sorted((w for w in waivers if now < w.until), key=lambda w: (w.gate, w.until, w.person, w.reason))


def _waived(verdicts: Sequence[Verdict], waivers: Sequence[Waiver], now: datetime) -> list[Verdict]:
    """The verdicts by layer and name, those under a waiver that has not ended marked."""
    gates = {w.gate for w in _active(waivers, now)}
    ordered = sorted(verdicts, key=lambda v: (LAYERS.index(v.layer), v.gate))
    return [replace(v, waived=v.waived or v.gate in gates) for v in ordered]


def _loosened(verdicts: Sequence[Verdict], loosened: Sequence[str]) -> list[Verdict]:
    """The same, with passes of gates that became looser while a breach was on record turned into `blocked`."""
    return [
        replace(
            v,
            outcome="blocked",
            reason="loosened_in_breach",
            detail=f"{v.detail} It became looser while a breach of it was on record, which nobody has approved.",
        )
        if v.gate in loosened and v.outcome == "pass"
        else v
        for v in verdicts
    ]


def _blocked(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The same, with passes above a lower layer that does not pass turned into `blocked`; nothing else changes."""
    out = []
    for v in verdicts:
        under = tuple(
            low.gate
            for low in verdicts
            if LAYERS.index(low.layer) < LAYERS.index(v.layer) and low.required and _missing(low)
        )
        if v.outcome == "pass" and under:
            detail = f"{v.detail} It rests on {', '.join(under)}, which {'does' if len(under) == 1 else 'do'} not pass."
            v = replace(v, outcome="blocked", reason="lower_layer", detail=detail, blocked_by=under)
        out.append(v)
    return out


def _missing(verdict: Verdict) -> bool:
    return verdict.outcome != "pass" and not verdict.waived


def _pauses(verdict: Verdict) -> bool:
    return verdict.outcome == "breach" and verdict.on_breach == "pause"


def _binding(verdicts: Sequence[Verdict], breached: Sequence[str]) -> list[Verdict]:
    """The verdicts that keep the rollout from `go`, the deciding one first."""
    return sorted((v for v in _counting(verdicts, breached) if _missing(v)), key=_rank)


def _counting(verdicts: Sequence[Verdict], breached: Sequence[str]) -> list[Verdict]:
    """The verdicts that matter at this stage: of required gates, and any breach, now or on record."""
    return [v for v in verdicts if v.required or v.outcome == "breach" or v.gate in breached]


def _rank(verdict: Verdict) -> tuple[int, int, int, str]:
    """Pausing breaches first, then holding ones; among the rest the lowest layer, whose fault the others may be."""
    weight = {"breach": 0 if _pauses(verdict) else 1, "blocked": 3}.get(verdict.outcome, 2)
    return weight, LAYERS.index(verdict.layer), SEVERITY.index(verdict.outcome), verdict.gate


def _kind(ranked: Sequence[Verdict], paused: bool, others: Sequence[str], verdicts: Sequence[Verdict]) -> StandingKind:
    if paused or any(_pauses(v) for v in ranked):
        return "pause"
    if ranked or others or not any(v.required for v in verdicts):
        return "hold"
    return "go"


def _if_mended(
    verdicts: Sequence[Verdict],
    ranked: Sequence[Verdict],
    paused: bool,
    others: Sequence[str],
    breached: Sequence[str],
) -> StandingKind | None:
    """The standing if the binding gate passed, what it blocks included; None when no gate binds."""
    if not ranked:
        return None
    mended = [replace(v, outcome="pass") if v.gate == ranked[0].gate else v for v in verdicts]
    stacked = _blocked(mended)
    return _kind(_binding(stacked, breached), paused, others, stacked)


def _stays(together: combined.Combined, ranked: Sequence[Verdict]) -> bool:
    """Whether mending the binding gate would leave what the others prove together."""
    return together.proved and bool(ranked) and together.most != ranked[0].gate


def _reasons(
    kind: StandingKind,
    ranked: Sequence[Verdict],
    verdicts: Sequence[Verdict],
    paused: bool,
    others: Sequence[Reason],
    stage: str,
    waivers: Sequence[Waiver],
    breached: Sequence[str],
    together: combined.Combined,
) -> tuple[Reason, ...]:
    """Every reason, the deciding one first; never empty."""
    required = [v for v in verdicts if v.required]
    reasons = [_reason(v, breached) for v in ranked]
    if together.proved and not any(_pauses(v) for v in ranked):
        reasons.insert(0, Reason("combined_evidence", together.sentence, together.most))
    if paused:
        first = 1 if ranked and _pauses(ranked[0]) else 0
        reasons.insert(first, Reason("paused", "The rollout is paused until a person resumes it."))
    if not required:
        reasons.append(Reason("no_gates", f"No gate is required at stage {stage}, so nothing has been proved."))
    reasons += others
    if kind == "go":
        passed = sum(v.outcome == "pass" for v in required)
        reasons.append(Reason("all_pass", f"{passed} of {len(required)} gates required at stage {stage} pass."))
    known = {v.gate for v in verdicts}
    reasons += [
        Reason("waived", f"{w.gate} is waived by {w.person} until {w.until:%Y-%m-%d %H:%M} UTC: {w.reason}", w.gate)
        for w in waivers
        if w.gate in known
    ]
    return tuple(reasons)


def _unsigned(roles: Sequence[str], stage: str) -> list[Reason]:
    return [
        Reason("sign_off_missing", f"The sign-off of {role} for stage {stage} is missing.") for role in sorted(roles)
    ]


def _gone(gate: str) -> Reason:
    detail = f"{gate} left the policy while a breach of it was on record, which nobody has approved."
    return Reason("loosened_in_breach", detail, gate)


def _reason(verdict: Verdict, breached: Sequence[str]) -> Reason:
    if verdict.gate in breached and verdict.outcome != "breach" and not verdict.required:
        record = "A breach of it is on record, so it holds until it passes, although this stage does not require it."
        return Reason("breach_on_record", f"{verdict.detail} {record}", verdict.gate)
    return Reason(verdict.reason, verdict.detail, verdict.gate)


def _layer(layer: str, verdicts: Sequence[Verdict]) -> LayerState:
    """The worst of a layer among its gates that count: required ones, and any breach."""
    name = next(known for known in LAYERS if known == layer)
    mine = [v for v in verdicts if v.layer == layer]
    counts = [v for v in mine if v.required or v.outcome == "breach"] or mine
    least = headroom.weakest({v.gate: v.headroom for v in counts if not v.waived})
    worst = min(counts, key=lambda v: (v.waived, SEVERITY.index(v.outcome), v.gate), default=None)
    return LayerState(
        layer=name,
        outcome=worst.outcome if worst else None,
        gate=worst.gate if worst else None,
        passed=sum(v.outcome == "pass" for v in mine),
        gates=len(mine),
        headroom=least.headroom if least else None,
    )


def _digest(
    rollout: str,
    stage: str,
    release: str | None,
    kind: StandingKind,
    verdicts: Sequence[Verdict],
    paused: bool,
    sign_offs_missing: Sequence[str],
    breached: Sequence[str],
    loosened: Sequence[str],
) -> str:
    """A digest over everything that decides, and nothing that only the clock moves."""
    gates = [[v.gate, v.outcome, v.reason, v.evidence_digest, v.waived, v.required, v.on_breach] for v in verdicts]
    whole = [rollout, stage, release, kind, gates, paused, sorted(sign_offs_missing), sorted(breached)]
    # Added only where there is something: decisions of older versions have to come out as they were.
    whole += [sorted(loosened)] if loosened else []
    return hashlib.sha256(json.dumps(whole, separators=(",", ":")).encode()).hexdigest()
