"""Facts in the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dashboards.observing import rollouts, stores
from dashboards.observing.facts import Facts


class _Known(Collector):
    """The families of one moment."""

    def __init__(self, facts: Facts) -> None:
        """Keep the facts."""
        self._facts = facts

    def collect(self) -> Iterable[Metric]:
        """Each family that has a series."""
        return families(self._facts)


def families(facts: Facts) -> Iterator[Metric]:
    """Every family that has a series, in one order."""
    for part in (stores.families, rollouts.families):
        yield from (family for family in part(facts) if family.samples)


def text(facts: Facts, accept: str = "") -> tuple[bytes, str]:
    """The text and its content type: OpenMetrics for who accepts it, else Prometheus' own format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Known(facts))
    encode: Callable[[CollectorRegistry], bytes]
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
