"""What Prometheus is told of rollouts, their layers and their gates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from checks.gates.records import Outcome, Standing, StandingKind
from dashboards.observing.facts import Facts
from dashboards.observing.forms import gauge, info, states

STANDINGS = (*get_args(StandingKind), "unjudged")
"""`unjudged`: the configuration names the rollout and no run has looked at it."""
OUTCOMES = (*get_args(Outcome), "lapsed", "unjudged")
"""`lapsed`: the lease ended and nobody vouches for what the gate said; a breach stays one. `unjudged`: no run yet."""
_GATE = ("rollout", "gate", "layer")
_NUMBERS = (
    ("estimate", "estimate", "Estimate in the metric's own unit."),
    ("limit", "limit", "Limit in the metric's own unit."),
    ("low", "estimate_low", "Lower end of the anytime-valid interval around the estimate."),
    ("high", "estimate_high", "Upper end of the anytime-valid interval around the estimate."),
    ("headroom", "headroom_ratio", "Proved room between limit and target: 1 at the target, 0 at the limit."),
    ("units", "units", "Units of evidence in the epoch so far."),
    ("unscored", "unscored_units", "Units of evidence without a value."),
    ("more_units", "more_units", "Further units that a pass is expected to need."),
    ("meter_breach", "breach_evidence_ratio", "Share of the way to the proof of a breach, 0 to 1."),
    ("meter_pass", "pass_evidence_ratio", "Share of the way to the proof of a pass, 0 to 1."),
)


def families(facts: Facts) -> Iterator[Metric]:
    """The families of rollouts, layers and gates; none where the people's records could not be read."""
    if facts.standings is None:
        return
    expected = facts.expected
    told = {one.rollout: one for one in facts.standings if expected is None or one.rollout in expected.rollouts}
    names = sorted(told) if expected is None else expected.rollouts
    yield from _rollouts(names, told)
    yield from _layers(told, facts.now)
    yield from _gates(told, {} if expected is None else expected.gates, expected is not None, facts.now)


def _rollouts(names: Iterable[str], told: Mapping[str, Standing]) -> Iterator[Metric]:
    standing = states("rollout_standing", "Standing of a rollout as it counts now.", ("rollout",), "standing")
    for name in names:
        standing.add((name,), told[name].standing if name in told else "unjudged", STANDINGS)
    yield standing.family
    about = info("rollout", "Stage of a rollout, and if its traffic is simulated.", ("rollout", "stage", "simulated"))
    reason = gauge("rollout_reason", "Code of the first reason of the standing; always 1.", ("rollout", "reason"))
    until = gauge("standing_valid_until_timestamp_seconds", "When the lease of the standing ends.", ("rollout",))
    judged = gauge("rollout_judged_timestamp_seconds", "When the run ran that gave the standing.", ("rollout",))
    headroom = gauge("rollout_headroom_ratio", "Headroom of the weakest gate that counts.", ("rollout",))
    for name, found in told.items():
        about.add_metric((name, found.stage, "true" if found.simulated else "false"), {})
        for first in found.reasons[:1]:
            reason.add_metric((name, first.code), 1)
        until.add_metric((name,), found.valid_until.timestamp())
        judged.add_metric((name,), found.at.timestamp())
        _number(headroom, (name,), found.headroom)
    yield from (about, reason, until, judged, headroom)


def _layers(told: Mapping[str, Standing], now: datetime) -> Iterator[Metric]:
    outcome = states("layer_outcome", "What a layer comes to.", ("rollout", "layer"), "outcome")
    for name, found in told.items():
        for layer in found.layers:
            if layer.outcome is not None:
                outcome.add((name, layer.layer), _outcome(layer.outcome, found, now), OUTCOMES)
    yield outcome.family


def _gates(
    told: Mapping[str, Standing], expected: Mapping[tuple[str, str], str], only: bool, now: datetime
) -> Iterator[Metric]:
    outcome = states("gate_outcome", "What a gate says.", _GATE, "outcome")
    about = info("gate", "Metric, measure and direction of a gate.", (*_GATE, "metric", "measure", "direction"))
    required = gauge("gate_required", "1 when the present stage asks for the gate.", _GATE)
    waived = gauge("gate_waived", "1 while people make an exception for the gate.", _GATE)
    newest = gauge("gate_newest_timestamp_seconds", "Newest event that the gate rests on.", _GATE)
    numbers = [(key, gauge(f"gate_{name}", text, _GATE)) for key, name, text in _NUMBERS]
    judged = {(name, v.gate): v for name, found in told.items() for v in found.verdicts}
    for (rollout, gate), verdict in judged.items():
        if only and (rollout, gate) not in expected:
            continue
        labels = (rollout, gate, verdict.layer)
        said = _outcome(verdict.outcome, told[rollout], now)
        outcome.add(labels, said, OUTCOMES)
        about.add_metric((*labels, verdict.metric, verdict.measure, verdict.direction), {})
        required.add_metric(labels, verdict.required)
        waived.add_metric(labels, verdict.waived)
        if verdict.newest is not None:
            newest.add_metric(labels, verdict.newest.timestamp())
        for key, family in numbers if said != "lapsed" else ():
            _number(family, labels, getattr(verdict, key))
    for (rollout, gate), layer in expected.items():
        if (rollout, gate) not in judged:
            outcome.add((rollout, gate, layer), "unjudged", OUTCOMES)
    yield from (outcome.family, about, required, waived, newest, *(family for _, family in numbers))


def _outcome(said: str, standing: Standing, now: datetime) -> str:
    lapsed = now >= standing.valid_until
    return "lapsed" if lapsed and said != "breach" else said


def _number(family: GaugeMetricFamily, labels: tuple[str, ...], value: float | None) -> None:
    # What is not known is left out: a zero would be a measurement.
    if value is not None:
        family.add_metric(labels, value)
