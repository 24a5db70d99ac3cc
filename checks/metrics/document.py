"""docs/metrics.md: the catalogue for people, made from the declarations themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.metrics import catalogue

if TYPE_CHECKING:
    from checks.policy.metrics import Metric

_OPENING = """# Built-in metrics

Made from `checks/metrics/builtin.yaml`; every one is declared in the form that your own metrics take
(see [configuration](configuration.md#metrics)), and one of yours with the same name takes its place.

A row that a metric is about and whose value is missing or outside the range is *unscored*: it is counted and shown,
never taken as 0, and a gate weighs it against the claim it would help. No data is never a pass.
"""
_KINDS = {
    "rate": "share of rows",
    "mean": "mean over rows",
    "count": "number of rows",
    "histogram": "distribution over rows",
    "assisted": "share of rows by people, helped by a judge",
    "age": "time since the newest row",
    "overdue": "open subjects past their date",
    "source": "fact of the ingest ledger",
    "drift": "share of drifted columns",
    "quality": "failing expectations",
    "policy": "fact of the policy",
}
_JUDGED = {"own": "a judge's word by definition", "proxy": "a judge's word that stands for people's"}


def markdown() -> str:
    """The whole page."""
    parts = [_OPENING]
    for layer, metrics in catalogue.by_layer().items():
        parts.append(f"\n## Layer {layer}\n")
        parts.extend("\n".join(_lines(metric)) + "\n" for metric in metrics)
    return "\n".join(parts)


def _lines(metric: Metric) -> Iterator[str]:
    yield f"### {metric.name}\n"
    yield f"{metric.description}\n"
    yield f"- kind: {metric.kind} ({_KINDS[metric.kind]}{f': `{metric.of}`' if metric.of else ''})"
    if metric.stream:
        yield f"- stream: `{metric.stream}`"
    for key in ("value", "where", "scored", "predicted", "chosen", "chance"):
        if text := getattr(metric, key):
            yield f"- {key}: `{text}`"
    if metric.cuts:
        yield f"- cuts: {', '.join(f'{cut:g}' for cut in metric.cuts)}"
    yield f"- unit: {metric.measure or 'as the value'}; range: {_range(metric)}; better: {metric.better or 'neither'}"
    if metric.judged:
        yield f"- judged: {metric.judged} ({_JUDGED[metric.judged]})"
    yield f"- no data: {metric.no_data}"
    yield f"- definition: {metric.reference}"


def _range(metric: Metric) -> str:
    low, high = ("no end" if end is None else f"{end:g}" for end in metric.meaning)
    return f"{low} to {high}"


if __name__ == "__main__":
    print(markdown(), end="")
