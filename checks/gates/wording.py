"""The sentences of a verdict: plain words with numbers, for whoever has to act on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from checks.gates.reading import Reading
from checks.gates.spec import GateSpec
from checks.releases.change import reason_of
from warehouse.records.evidence import Epoch


def amount(gate: GateSpec, value: float | None) -> str:
    """A value of the gate's metric for people: rates and shares in percent, anything else with its measure."""
    if value is None:
        return "unknown"
    if math.isinf(value):
        return "any"
    if gate.test == "odds_ratio":
        return f"{value:.3g}"
    if (
        gate.test == "distribution"
        or gate.kind in ("rate", "assisted")
        or gate.measure.strip().lower().split(" ")[0] == "share"
    ):
        return f"{100 * value:.3g} %"
    return f"{value:.4g} {gate.measure}".rstrip()


def subject(gate: GateSpec) -> str:
    """What the gate measures, with the slice it looks at: "harmful_output_rate in segment returns"."""
    where = f" in segment {gate.segment}" if gate.segment else ""
    arm = " of the control arm" if gate.arm == "control" else ""
    return _COMPARED.get(gate.test, "{}").format(f"{gate.metric}{where}{arm}")


_COMPARED = {
    "odds_ratio": "the odds ratio of {} (candidate to control)",
    "rate_difference": "{} of the candidate less that of the control",
    "score_difference": "{} of the candidate less that of the control",
    "distribution": "the distance of {} from its reference",
}


def count(number: int, unit: str) -> str:
    """A number of units in words."""
    return f"{number:,} {unit}" if number == 1 else f"{number:,} {unit}s"


def moment(at: datetime) -> str:
    """A time for people, in UTC as all times are."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit."""
    hours = length / timedelta(hours=1)
    if hours >= 48:
        return f"{hours / 24:.3g} days"
    return f"{hours:.3g} h" if hours >= 1 else f"{hours * 60:.0f} min"


def measured(gate: GateSpec, reading: Reading) -> str:
    """Estimate and interval: "harmful_output_rate is 1.2 % (0.6 % to 2 %)"."""
    between = f"{amount(gate, reading.measures.low)} to {amount(gate, reading.measures.high)}"
    return f"{subject(gate)} is {amount(gate, reading.measures.estimate)} ({between})"


def both_ways(gate: GateSpec, reading: Reading) -> str:
    """The mean over all units, with what is not scored at either end; empty when everything is scored."""
    if reading.measures.all_low == reading.measures.all_high:
        return ""
    missing = reading.units - reading.scored
    without = f"the {missing:,} without a value included" if missing else "with what has no value"
    between = f"{amount(gate, reading.measures.all_low)} to {amount(gate, reading.measures.all_high)}"
    return f" Over all {count(reading.units, gate.unit)}, {without}, it is {between}, depending on what those are."


def exceeded(gate: GateSpec, reading: Reading, alpha: float) -> str:
    """Why the gate is `breach`."""
    wrong = "over" if gate.direction == "at_most" else "below"
    act = "paused" if gate.on_breach == "pause" else "held"
    proof = (
        f"{wrong} the limit of {amount(gate, gate.limit)}: proved, at most {_one_in(alpha)} healthy epochs would be "
        f"{act} wrongly."
    )
    past = reading.measures.low > gate.limit if gate.direction == "at_most" else reading.measures.high < gate.limit
    if past or reading.run is None:
        return f"{measured(gate, reading)}, {proof}"
    run = f"{amount(gate, reading.run.estimate)} from {moment(reading.run.start)} to {moment(reading.run.end)}"
    return f"{subject(gate)} was {run}, {proof} Over the whole epoch it is {amount(gate, reading.measures.estimate)}."


def kept(gate: GateSpec, reading: Reading, beta: float) -> str:
    """Why the gate is `pass`."""
    right = "within" if gate.direction == "at_most" else "above"
    return (
        f"{measured(gate, reading)}, {right} the limit of {amount(gate, gate.limit)}: proved by "
        f"{count(reading.units, gate.unit)}, at most {_one_in(beta)} epochs that break it would pass."
    )


def too_few(gate: GateSpec, reading: Reading, more: int | None) -> str:
    """Why the gate is `insufficient` for want of units."""
    open_question = (
        f"{measured(gate, reading)} after {count(reading.units, gate.unit)}: not proved to be on either side of the "
        f"limit of {amount(gate, gate.limit)}."
    )
    if more is None:
        return f"{open_question} It is too close to the limit to say how many more it takes."
    if more == 0:
        return f"{open_question} The next window may bring the proof."
    claim = "breaks" if reading.measures.over else "keeps"
    units = count(_rounded(more), gate.unit)
    long = f" (some {span(reading.more_time)} at the present pace)" if reading.more_time else ""
    return f"{open_question} About {units} more{long} would show that it {claim} it."


def too_small(gate: GateSpec, reading: Reading) -> str:
    """Why the gate is `insufficient` although the limit is kept: the smallest number of units is not there."""
    return (
        f"{measured(gate, reading)}, but only {count(reading.units, gate.unit)} of at least {gate.min_units:,} are in."
    )


def unscored(gate: GateSpec, reading: Reading) -> str:
    """Why the gate is `insufficient` for want of values."""
    whole = (
        f"{count(reading.units - reading.scored, gate.unit)} of {reading.units:,} have no value"
        if reading.scored < reading.units
        else f"parts of the {gate.unit}s have no value"
    )
    return (
        f"{measured(gate, reading)}, but {whole}; what is missing decides on which side of the limit of "
        f"{amount(gate, gate.limit)} it lies. Have them scored."
    )


def too_little_scored(gate: GateSpec, reading: Reading) -> str:
    """Why the gate is `insufficient` whatever else is known: too small a share has a value."""
    return (
        f"Only {reading.scored:,} of {count(reading.units, gate.unit)} "
        f"({100 * reading.scored / reading.units:.3g} %) have a value for {subject(gate)}; at least "
        f"{100 * gate.min_scored:.3g} % must. Have them scored."
    )


def nothing(gate: GateSpec, epoch: Epoch | None) -> str:
    """Why the gate is `no_data`."""
    yet = f"No window with {gate.unit}s for {subject(gate)} has been completed"
    again = anew(epoch)
    return f"{again} {yet} since then." if again else f"{yet} yet, so nothing can be said."


def anew(epoch: Epoch | None) -> str:
    """Why what was known before no longer counts; empty for the first epoch of a release."""
    if epoch is None or not epoch.opened_for:
        return ""
    changed = reason_of(epoch.opened_for)
    why = f"the release changed: {changed}" if changed else _BEGUN_ANEW.get(epoch.opened_for, epoch.opened_for)
    return (
        f"Evidence began anew with the window from {moment(epoch.first_window)} on ({why}); what was looked at before "
        "does not count for it."
    )


def older_than_release(gate: GateSpec, changed: Sequence[str]) -> str:
    """Why a number is `stale` that was measured on another release."""
    return f"The newest row for {gate.metric} is from before a change of the release ({', '.join(changed)})."


_BEGUN_ANEW = {
    "new configuration": "the gate's limit, metric, error budgets, unit or traffic was changed",
    "new release": "another release was there in between",
    "paused": "the rollout was paused",
    "lost evidence": "the decision log names evidence that is no longer in the data folder",
}


def silent(gate: GateSpec, newest: datetime, age: timedelta, allowed: timedelta) -> str:
    """Why the gate is `stale`."""
    return (
        f"The newest complete data for {subject(gate)} end {moment(newest)}, {span(age)} ago; at most {span(allowed)} "
        "is allowed."
    )


def unbalanced(gate: GateSpec, control: int, candidate: int) -> str:
    """Why a comparison of arms is `error`: traffic is not shared as the gate was told."""
    share = 0.0 if gate.candidate_share is None else gate.candidate_share
    seen = candidate / (control + candidate)
    return (
        f"The candidate arm has {100 * seen:.3g} % of {count(control + candidate, gate.unit)}, but {100 * share:.3g} % "
        "was to be assigned to it. Arms that are not filled at random cannot be compared; look for lost rows or a "
        "changed split."
    )


def _one_in(chance: float) -> str:
    return f"1 in {math.floor(1.0 / chance + 1e-9):,}"


def _rounded(number: int) -> int:
    """To two digits, upwards: a forecast is no better than that."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // step) * step
