"""What is wrong between a judge, its labels and the gates that rest on it, and what is probably not meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from checks.policy.judges import SAME_RUBRIC, Judge
from checks.policy.known import Known, Raw, text, unknown
from checks.policy.metric_kinds import is_statistical
from checks.policy.report import Place, closest, listed, nearest, shown
from warehouse.records.errors import Problem
from warehouse.records.streams import Stream

if TYPE_CHECKING:
    from checks.policy.policy import Policy

JUDGED_KINDS = ("rate", "mean", "histogram")
"""Kinds of metric whose values may be a judge's."""

_RUBRIC = "rubric_version"


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """Every problem of one judge that does not lie in a single value."""
    name = text(raw, "metric")
    if name is not None and name not in known.metrics:
        yield unknown(place, ("metric",), "metric", name, known.metrics)
    metric = known.metrics.get(name or "")
    if metric is None:
        return
    if metric.kind != "rate" or metric.better != "higher":
        message = f"{metric.name} is no rate of which more is better, so it cannot say how often people agree."
        hint = "Use judge_human_agreement, or declare a rate whose value is that people agree with the judge."
        yield place.problem(("metric",), message, given=f"kind {metric.kind}, better {metric.better}", hint=hint)
    stream = known.streams.get(metric.stream or "")
    if stream is not None:
        yield from _version(raw, place, "label_version", stream)
        yield from _rubric(raw, place, stream)


def of_gate(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """What is wrong between a gate and the judge that it names; nothing for a gate that names none."""
    name = text(raw, "judge")
    if name is None:
        return
    if name not in known.judges:
        yield unknown(place, ("judge",), "judge", name, known.judges)
    judge, metric = known.judges.get(name), known.metrics.get(text(raw, "metric") or "")
    if judge is None or metric is None or not (is_statistical(metric.kind) or metric.kind in JUDGED_KINDS):
        # Of a gate without evidence, its own checks say that a judge has no meaning there.
        return
    if metric.judged is None:
        message = f"{metric.name} does not say that its values are a judge's."
        hint = "Give the metric `judged: own` or `judged: proxy`, or leave the judge out."
        yield place.problem(("judge",), message, given=shown(name), hint=hint)
        return
    stream = known.streams.get(metric.stream or "")
    if stream is not None and not _names_versions(stream, judge.version):
        message = f"stream {stream.name} of {metric.name} has no text column {judge.version} that names its version."
        hint = f"Give judge {name} `version:`, the column that says which version scored a row."
        yield place.problem(
            ("judge",), message, given=shown(name), allowed=closest(judge.version, _texts(stream)), hint=hint
        )


def of_metric(raw: Raw, place: Place) -> Iterator[Problem]:
    """What is wrong with what a metric says of a judge."""
    if raw.get("judged") is not None and text(raw, "kind") not in JUDGED_KINDS:
        message = f"has no meaning for kind {text(raw, 'kind')}: such values are no judge's."
        yield place.problem(("judged",), message, allowed=f"kinds {listed(JUDGED_KINDS)}", at_key=True)


def warnings(policy: Policy, places: Mapping[str, Sequence[Place]]) -> Iterator[Problem]:
    """What may be said of judges and is probably not meant, each with its place."""
    for gate, place in zip(policy.gates, places["gates"], strict=True):
        judged = policy.metric(gate.metric).judged
        if judged == "own" and gate.judge is None:
            message = f"{gate.metric} is a judge's word, and nobody has checked this judge against people."
            hint = 'Add "judge:" and a section judges that says how many labelled items it needs.'
            yield place.problem(("metric",), message, given=gate.metric, hint=hint)
        if judged == "proxy":
            message = f"{gate.metric} only stands for what people would say, so this gate can never pass or pause."
            hint = "Declare a metric of kind assisted, which corrects the judge by people's labels."
            yield place.problem(("metric",), message, given=gate.metric, hint=hint)
    asked = {gate.judge for gate in policy.gates}
    fed = {source.stream for source in policy.sources}
    for judge, place in zip(policy.judges, places["judges"], strict=True):
        yield from _judge(judge, place, policy.metric(judge.metric).stream or "", judge.name in asked, fed)


def _judge(judge: Judge, place: Place, stream: str, asked: bool, fed: set[str]) -> Iterator[Problem]:
    if not asked:
        yield place.problem((), f"no gate asks for judge {judge.name}.", hint='Give a gate "judge:".')
    if judge.max_age is None:
        message = "has no max_age, so labels speak for the judge however old they are."
        yield place.problem((), message, hint='Add "max_age:".')
    if stream not in fed:
        message = f"no source feeds stream {stream}, so nobody's labels can speak for the judge."
        yield place.problem(("metric",), message, given=judge.metric, hint="Add a source.")


def _version(raw: Raw, place: Place, key: str, stream: Stream) -> Iterator[Problem]:
    name = text(raw, key) or Judge.model_fields[key].default
    if not _names_versions(stream, name):
        message = f"stream {stream.name} has no text column {name} that names the version of a judge."
        hint = nearest(name, _texts(stream)) or f'Add "{key}:" with the column that does.'
        yield place.problem((key,), message, given=shown(name), allowed=closest(name, _texts(stream)), hint=hint)


def _rubric(raw: Raw, place: Place, stream: Stream) -> Iterator[Problem]:
    rubric = text(raw, "rubric")
    if rubric not in (None, SAME_RUBRIC) and stream.column(_RUBRIC) is None:
        message = f"stream {stream.name} has no column {_RUBRIC}, so no label could be under that rubric."
        yield place.problem(("rubric",), message, given=shown(rubric), hint="Leave it out.")


def _names_versions(stream: Stream, name: str) -> bool:
    column = stream.column(name)
    return column is not None and column.type == "text"


def _texts(stream: Stream) -> list[str]:
    return [name for name in stream.names() if _names_versions(stream, name)]
