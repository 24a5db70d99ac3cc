"""The few forms that families have, all with the same prefix."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

PREFIX = "gatehold"


class States:
    """A state set: one series for each state that there is, 1 for the one that holds and 0 for all others."""

    def __init__(self, family: GaugeMetricFamily) -> None:
        """Wrap a family whose last label is the state."""
        self.family = family

    def add(self, labels: Sequence[str], state: str, known: Sequence[str]) -> None:
        """Add the series of one subject; a state that is not known is added to those that are."""
        for one in known if state in known else (*known, state):
            self.family.add_metric((*labels, one), one == state)


def states(name: str, text: str, labels: Sequence[str], state: str) -> States:
    """An empty state set whose label `state` names the states."""
    return States(gauge(name, text, (*labels, state)))


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    """An empty family of numbers that go up and down."""
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)


def counter(name: str, text: str, labels: Sequence[str] = ()) -> CounterMetricFamily:
    """An empty family of counts that only grow; `_total` is added to its name."""
    return CounterMetricFamily(f"{PREFIX}_{name}", text, labels=labels)


def info(name: str, text: str, labels: Sequence[str] = ()) -> InfoMetricFamily:
    """An empty family that is always 1 and says everything in its labels; `_info` is added to its name."""
    return InfoMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
