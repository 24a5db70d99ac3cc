"""What is wrong between a gate, its metric and its rollouts."""

from __future__ import annotations

from collections.abc import Iterator

from checks.policy import comparison_checks, judge_checks
from checks.policy.known import Known, Raw, number, repeated, text, texts, unknown
from checks.policy.metric_kinds import CELL_KINDS, is_statistical
from checks.policy.metrics import Metric
from checks.policy.report import Place, listed, nearest, shown
from warehouse.records.errors import Problem

LIMITS = comparison_checks.LIMITS
_EVIDENCE_KEYS = (
    "alpha",
    "beta",
    "unit",
    "min_units",
    "min_scored",
    "limit_means",
    "alpha_covers",
    "judge",
    "against",
    "compare",
    "reference",
    "tolerance",
    "typical",
    "candidate_share",
)
_NO_EVIDENCE = "compares one number with its limit and gathers no evidence"
_WHY_NOT_ITEMS = (
    "rows of one session depend on each other: at a correlation of 0.1 in sessions of ten, gates on single rows paused "
    "60 % of healthy systems instead of at most 5 %."
)


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """Every problem of one gate that does not lie in a single value."""
    yield from _rollouts(raw, place, known)
    yield from comparison_checks.limits(raw, place)
    name = text(raw, "metric")
    if name is not None and name not in known.metrics:
        yield unknown(place, ("metric",), "metric", name, known.metrics)
    metric = known.metrics.get(name or "")
    if metric is None:
        return
    yield from judge_checks.of_gate(raw, place, known)
    yield from _direction(raw, place, metric)
    if raw.get("against") in (None, "limit"):
        yield from _limit(raw, place, metric)
    if is_statistical(metric.kind) or comparison_checks.is_distribution(raw):
        yield from _evidence(raw, place, metric)
        yield from comparison_checks.compared(raw, place, metric)
    else:
        yield from _no_evidence(raw, place, metric)
    yield from _traffic(raw, place, metric)


def rollouts_of(raw: Raw) -> list[tuple[tuple[str | int, ...], str]]:
    """The rollouts that a gate names, each with its place."""
    single = text(raw, "rollout")
    if single is not None:
        return [(("rollout",), single)]
    return [(("rollout", index), name) for index, name in texts(raw, "rollout")]


def _rollouts(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    yield from repeated(place, "rollout", texts(raw, "rollout"))
    stage = text(raw, "required_from")
    for inner, name in rollouts_of(raw):
        if name not in known.rollouts:
            yield unknown(place, inner, "rollout", name, known.rollouts)
            continue
        stages = known.rollouts[name]
        if stage is not None and stages is not None and stage not in stages:
            message = f"is no stage of rollout {name}."
            hint = nearest(stage, stages)
            yield place.problem(("required_from",), message, given=shown(stage), allowed=listed(stages), hint=hint)


def _direction(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    if metric.kind == "histogram" and not comparison_checks.is_distribution(raw):
        message = f"{metric.name} is a histogram, which is no single number to hold against a limit."
        hint = 'Declare a rate of what matters, such as value: "latency_ms > 2000", or compare its distribution.'
        yield place.problem(("metric",), message, hint=hint)
        return
    if comparison_checks.is_distribution(raw):
        return
    wrong = {"lower": "at_least", "higher": "at_most"}.get(metric.better or "")
    if wrong and raw.get(wrong) is not None:
        right = "at_most" if wrong == "at_least" else "at_least"
        message = f"contradicts the metric: of {metric.name}, {metric.better} is better."
        yield place.problem((wrong,), message, given=shown(raw[wrong]), allowed=right, at_key=True)


def _limit(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    for key in LIMITS:
        limit = number(raw, key)
        if limit is None:
            continue
        reason = _useless(key, limit, metric)
        if reason:
            yield place.problem((key,), reason, given=f"{limit:g}", allowed=_room(metric))


def _useless(key: str, limit: float, metric: Metric) -> str | None:
    """Why a limit could never be broken, or never be kept; None when both can happen."""
    low, high = metric.meaning
    if (low is not None and limit < low) or (high is not None and limit > high):
        return f"is outside the range of {metric.name}."
    never_broken = limit == (high if key == "at_most" else low)
    never_proved = limit == (low if key == "at_most" else high)
    if never_broken:
        return f"is the very end of the range of {metric.name}, so nothing could ever break it."
    if never_proved and is_statistical(metric.kind):
        return f"is the very end of the range of {metric.name}, so no evidence could ever prove it kept."
    return None


def _room(metric: Metric) -> str:
    low, high = ("any number" if end is None else f"{end:g}" for end in metric.meaning)
    between = "between" if is_statistical(metric.kind) else "from"
    joined = "and" if is_statistical(metric.kind) else "to"
    return f"{between} {low} {joined} {high}{f' ({metric.measure})' if metric.measure else ''}"


def _evidence(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    for key, meaning in (("alpha", "pausing a healthy epoch"), ("beta", "passing an epoch that breaks the limit")):
        if raw.get(key) is None:
            message = f"is missing: a gate on a {metric.kind} states the chance of ever {meaning}."
            yield place.problem(
                (key,), message, allowed="more than 0, at most 0.5", hint=f'Add "{key}:", such as 0.05.'
            )
    if (metric.low is None or metric.high is None) and not comparison_checks.is_distribution(raw):
        message = f"{metric.name} has no finite range, and evidence on a mean needs one."
        hint = 'Give the metric a range, such as "range: [0, 100]", beyond which rows of it are unscored.'
        yield place.problem(("metric",), message, hint=hint)
    unit = raw.get("unit") or metric.unit
    if unit == "item" and raw.get("reference") is None:
        key = "unit" if raw.get("unit") else "metric"
        hint = 'Use session, or add a "reference:" span on which the independence of rows is checked.'
        yield place.problem((key,), f"item needs a reference: {_WHY_NOT_ITEMS}", allowed="session, window", hint=hint)


def _no_evidence(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    for key in _EVIDENCE_KEYS:
        if raw.get(key) is not None:
            message = f"has no meaning: a gate on {metric.name} ({metric.kind}) {_NO_EVIDENCE}."
            yield place.problem((key,), message, hint="Leave it out.", at_key=True)
    if raw.get("on_breach") == "pause":
        message = (
            f"cannot be pause: a gate on {metric.name} ({metric.kind}) {_NO_EVIDENCE}, so it holds, never breaches."
        )
        yield place.problem(("on_breach",), message, allowed="hold", hint="Leave it out, or write hold.")


def _traffic(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    if metric.kind in CELL_KINDS:
        return
    for key in ("segment", "arm"):
        if raw.get(key) is not None:
            message = f"has no meaning: {metric.name} ({metric.kind}) is not measured by {key}."
            yield place.problem((key,), message, hint="Leave it out.", at_key=True)
