"""What records mean in plain words: outcomes, standings, and what would free a held rollout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checks.gates.records import Outcome, StandingKind, Verdict
from checks.gates.spec import GateSpec, Meaning, TestKind
from dashboards import format as fmt
from dashboards.page.model import RolloutView

TONES = {
    "pass": "good",
    "breach": "bad",
    "insufficient": "wait",
    "no_data": "silent",
    "stale": "silent",
    "error": "silent",
    "blocked": "silent",
    "go": "good",
    "hold": "wait",
    "pause": "bad",
    "drifted": "wait",
    "steady": "good",
    "failed": "bad",
    "notice": "wait",
    "delivered": "good",
    "waiting": "wait",
    "dead": "bad",
}
"""The colour family of a state; what is silent is grey, never green. Each state also has its word and its sign."""

SIGNS = {
    "pass": "✓",
    "breach": "✕",
    "insufficient": "…",
    "no_data": "∅",
    "stale": "◷",
    "error": "!",
    "blocked": "⊘",
    "go": "▶",
    "hold": "◆",
    "pause": "■",
    "drifted": "↗",
    "steady": "✓",
    "failed": "✕",
    "notice": "i",
    "delivered": "✓",
    "waiting": "…",
    "dead": "✕",
}

OUTCOMES: dict[Outcome, str] = {
    "pass": "Limit kept",
    "breach": "Limit exceeded",
    "insufficient": "Not enough proof",
    "no_data": "No data",
    "stale": "Data too old",
    "error": "Check failed",
    "blocked": "Blocked from below",
}

STANDINGS: dict[StandingKind, tuple[str, str]] = {
    "go": ("Go", "May expand to the next stage."),
    "hold": ("Hold", "Stay at this stage; do not expand."),
    "pause": ("Pause", "Stop. People have to mend it and resume."),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The standing as the page shows it; `lapsed` when its lease had ended, `note` says why it differs, if it does."""

    kind: StandingKind
    lapsed: bool
    note: str


def shown(rollout: RolloutView, now: datetime) -> Shown:
    """The standing to show at `now`: a lapsed lease turns go into hold, and nothing ever softens a pause."""
    standing = rollout.standing
    if standing is None:
        kind: StandingKind = "pause" if rollout.paused else "hold"
        return Shown(kind, False, "No standing was ever published; silence holds.")
    lapsed = standing.valid_until <= now
    if rollout.paused or standing.standing == "pause":
        note = "" if standing.standing == "pause" else "Paused until people resume it; the gates alone say otherwise."
        return Shown("pause", lapsed, "The lease has ended too; nobody renewed it." if lapsed else note)
    if lapsed:
        return Shown("hold", True, f"The lease ended {fmt.moment(standing.valid_until)} UTC and nobody renewed it.")
    return Shown(standing.standing, False, "")


def binding(rollout: RolloutView) -> Verdict | None:
    """The verdict of the gate that decides, or None when no gate does."""
    standing = rollout.standing
    if standing is None:
        return None
    return next((verdict for verdict in standing.verdicts if verdict.gate == standing.binding), None)


def freeing(verdict: Verdict) -> str:
    """What has to happen for this gate to stop holding the rollout, in one sentence."""
    bound = fmt.limit(verdict.direction, verdict.limit, measure(verdict))
    match verdict.outcome:
        case "pass":
            return f"Nothing: the limit is {'kept' if verdict.evidence_pass is None else 'proven kept'}."
        case "breach":
            return "Mend the cause and release it; then people resume, and evidence starts afresh."
        case "insufficient":
            if verdict.evidence_pass is None:
                return f"The value has to be {bound}."
            if verdict.more_units is None:
                return f"More evidence, with values {bound}."
            long = f", some {fmt.span(verdict.more_seconds)}" if verdict.more_seconds else ""
            return f"About {fmt.number(verdict.more_units)} more {plural(verdict.unit)} at the present rate{long}."
        case "stale":
            return "Newer data: see the sources below."
        case "no_data":
            return f"Rows that {verdict.metric} can be measured on; none have come."
        case "error":
            return "The check itself has to run again; see its message."
        case "blocked":
            return f"The layer below first: {', '.join(verdict.blocked_by) or 'a gate there'}."


def measure(verdict: Verdict | GateSpec) -> str:
    """The unit of the gate's values: of rates and distances shares, whatever they call themselves; of ratios none."""
    if verdict.test == "odds_ratio":
        return ""
    return "share" if verdict.kind in ("rate", "assisted") or verdict.test == "distribution" else verdict.measure


COMPARED: dict[TestKind, str] = {
    "limit": "a fixed limit",
    "reference": "its own past: no worse than the reference period, with the tolerance",
    "odds_ratio": "the control arm: ratio of the odds of a bad unit, 1 means alike",
    "rate_difference": "the control arm: difference of rates, 0 means alike",
    "score_difference": "the control arm: difference of mean scores, 0 means alike",
    "distribution": "its own past: largest difference of shares below a cut, 0 means alike",
}

MEANS: dict[Meaning, str] = {
    "every_window": "what can be expected of every window",
    "long_run": "the mean over many windows",
}


def axis(verdict: Verdict) -> str:
    """What the axis of a gate's chart shows."""
    if verdict.test == "odds_ratio":
        return "odds ratio"
    return "percent" if fmt.is_share(measure(verdict)) else measure(verdict)


def headroom(share: float | None) -> str:
    """How much of the room between limit and target is proved to be left, in words."""
    if share is None:
        return "unknown"
    if share < 0.0:
        return "none proved yet"
    return f"{100 * share:.0f}{fmt.THIN}%"


def plural(unit: str) -> str:
    """Units of evidence, many of them."""
    return {"session": "sessions", "item": "items", "window": "windows"}.get(unit, "units")


def proof(evidence: float | None, needed: float | None) -> float | None:
    """How much of the needed proof there is, from 0 to 1; None for a gate that gathers none."""
    if evidence is None or needed is None or needed <= 0:
        return None
    return min(1.0, max(0.0, evidence / needed))


def summary(verdict: Verdict) -> str:
    """One sentence for those who cannot see the charts."""
    bound = fmt.limit(verdict.direction, verdict.limit, measure(verdict))
    if verdict.estimate is None:
        return f"{OUTCOMES[verdict.outcome]}: no estimate; the limit is {bound}."
    found = f"{OUTCOMES[verdict.outcome]}: {fmt.value(verdict.estimate, measure(verdict))}"
    if verdict.low is not None and verdict.high is not None:
        found += f" (between {fmt.interval(verdict.low, verdict.high, measure(verdict)).replace(' to ', ' and ')})"
    counted = f" over {fmt.number(verdict.units)} {plural(verdict.unit)}" if verdict.units else ""
    missing = f", {fmt.number(verdict.unscored)} of them unscored" if verdict.unscored else ""
    if verdict.all_low is not None and verdict.all_high is not None and verdict.all_low < verdict.all_high:
        whole = fmt.interval(verdict.all_low, verdict.all_high, measure(verdict)).replace(" to ", " and ")
        missing += f" (over all between {whole})"
    return f"{found}{counted}{missing}; the limit is {bound}."
