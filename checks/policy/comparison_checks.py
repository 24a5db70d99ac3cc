"""What is wrong with what a gate is held against: a limit, the control arm, or its own past."""

from __future__ import annotations

from collections.abc import Iterator

from checks.policy import reference
from checks.policy.gates import Gate
from checks.policy.known import Raw, number
from checks.policy.metrics import Metric
from checks.policy.report import Place, nearest
from warehouse.records.errors import Problem

LIMITS = ("at_most", "at_least")

_BURSTS = (
    "rows and sessions of one window share its bursts: where only the long run matters, a burst would pause a healthy "
    "system (in 9 of 10 at a spread of 50 % between hours)."
)
_TAKES: dict[tuple[str, str], tuple[str, ...]] = {
    ("control", "odds_ratio"): ("candidate_share",),
    ("control", "difference"): ("candidate_share", "typical"),
    ("reference", "value"): ("reference", "tolerance"),
    ("reference", "distribution"): ("reference",),
    ("limit", "value"): ("reference",),
}
_COMPARISON = ("reference", "tolerance", "typical", "candidate_share")


def how(raw: Raw) -> tuple[object, object]:
    """What the gate is held against, and how."""
    return raw.get("against") or "limit", raw.get("compare") or "value"


def is_distribution(raw: Raw) -> bool:
    """Whether the gate compares a distribution with its past."""
    return how(raw) == ("reference", "distribution")


def limits(raw: Raw, place: Place) -> Iterator[Problem]:
    """A gate has exactly one limit; a value against the past has none, for it is read from there."""
    given = [key for key in LIMITS if raw.get(key) is not None]
    if how(raw) == ("reference", "value"):
        for key in given:
            message = "has no meaning: the limit of a value against its past is read from there."
            yield place.problem((key,), message, hint='Leave it out and say "tolerance:".', at_key=True)
        return
    misspelt = any(nearest(key, LIMITS) for key in raw if key not in Gate.model_fields)
    if len(given) != 1 and not (misspelt and not given):
        what = "has two limits" if given else "has no limit"
        allowed = "exactly one of at_most (less is better) and at_least (more is better)"
        yield place.problem((), f"the gate {what}.", allowed=allowed)


def compared(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    """Every problem of what a gate with evidence is held against."""
    yield from reference.span(raw, place)
    yield from _meaning(raw, place, metric)
    against, compare = how(raw)
    takes = _TAKES.get((str(against), str(compare)))
    if takes is None:
        allowed = {"control": "odds_ratio, difference", "reference": "value, distribution"}.get(str(against), "value")
        yield place.problem(("compare",), f"does not go with against: {against}.", given=str(compare), allowed=allowed)
        return
    for key in _COMPARISON:
        if raw.get(key) is not None and key not in takes:
            message = f"has no meaning for a gate on {compare} against {against}."
            yield place.problem((key,), message, hint="Leave it out.", at_key=True)
    if against == "control":
        yield from _arms(raw, place, metric, compare == "difference")
    if against == "reference":
        yield from _past(raw, place, metric)


def _meaning(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    unit = raw.get("unit") or metric.unit
    if raw.get("limit_means") == "long_run" and unit != "window":
        hint = "Write unit: window, or limit_means: every_window."
        yield place.problem(
            ("limit_means",), f"long_run needs unit window: {_BURSTS}", allowed="every_window", hint=hint
        )


def _arms(raw: Raw, place: Place, metric: Metric, difference: bool) -> Iterator[Problem]:
    if raw.get("arm") is not None:
        message = "has no meaning: the gate compares both arms."
        yield place.problem(("arm",), message, hint="Leave it out.", at_key=True)
    if (raw.get("unit") or metric.unit) == "window":
        message = "window cannot be compared between arms: a window holds both."
        yield place.problem(("unit",), message, allowed="session, item")
    if metric.kind not in ("rate", "mean"):
        message = f"{metric.name} ({metric.kind}) is not compared between arms."
        yield place.problem(("metric",), message, allowed="a rate or a mean")
        return
    if not difference:
        yield from _odds(raw, place, metric)
        return
    yield from _difference(raw, place, metric)


def _odds(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    if metric.kind != "rate":
        message = f"odds are of rates, and {metric.name} is a mean."
        yield place.problem(("compare",), message, allowed="difference")
    for key in LIMITS:
        limit = number(raw, key)
        if limit is not None and not 0.0 < limit <= 100.0:
            message = "is no ratio of odds, candidate to control."
            yield place.problem((key,), message, given=f"{limit:g}", allowed="above 0; 1 tolerates no change, 1.5 half")


def _difference(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    low, high = metric.meaning
    if low is None or high is None:
        return
    if raw.get("typical") is None:
        message = "is missing: a difference needs a value to expect of the control arm, fixed in advance."
        yield place.problem(("typical",), message, hint='Add "typical:", such as the mean of the last month.')
    typical = number(raw, "typical")
    if typical is not None and not low < typical < high:
        message = f"is not inside the range of {metric.name}."
        yield place.problem(("typical",), message, given=f"{typical:g}", allowed=f"between {low:g} and {high:g}")
    if metric.kind == "mean" and raw.get("candidate_share") is None:
        message = "is missing: scores are compared by how traffic is assigned."
        yield place.problem(("candidate_share",), message, hint='Add "candidate_share:", such as 0.1.')
    for key in LIMITS:
        limit = number(raw, key)
        if limit is not None and not low - high < limit < high - low:
            message = f"is more than {metric.name} can differ."
            yield place.problem((key,), message, given=f"{limit:g}", allowed=f"{low - high:g} to {high - low:g}")


def _past(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    if raw.get("reference") is None:
        message = "is missing: a gate on the past says which span of it."
        yield place.problem(("reference",), message, hint='Add "reference: {start: ..., end: ...}".')
    if is_distribution(raw):
        yield from _distribution(raw, place, metric)
        return
    if raw.get("tolerance") is None:
        message = "is missing: without one, every stream large enough drifts."
        yield place.problem(("tolerance",), message, hint='Add "tolerance:", such as 0.5 for half as much again.')


def _distribution(raw: Raw, place: Place, metric: Metric) -> Iterator[Problem]:
    if metric.kind not in ("mean", "histogram"):
        message = f"{metric.name} ({metric.kind}) has no distribution to compare."
        yield place.problem(("metric",), message, allowed="a mean or a histogram")
    if metric.kind == "histogram" and (raw.get("unit") or metric.unit) == "session":
        message = f"{metric.name} counts rows, which have no sessions."
        yield place.problem(("unit",), message, allowed="window, or item with a reference that shows independence")
    if raw.get("at_least") is not None:
        message = "has no meaning: a distance from the past is better the smaller it is."
        yield place.problem(("at_least",), message, allowed="at_most", at_key=True)
    limit = number(raw, "at_most")
    if limit is not None and not 0.0 < limit < 1.0:
        message = "is no distance between distributions."
        yield place.problem(("at_most",), message, given=f"{limit:g}", allowed="between 0 and 1, such as 0.05")
