"""The whole policy: every section, valid, with what the other parts of Gatehold ask of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeVar

from pydantic import Field

from checks.gates.spec import GateSpec
from checks.metrics import catalogue
from checks.policy.alerts import Alert
from checks.policy.configuration import Configuration
from checks.policy.gates import Gate, spec
from checks.policy.judges import Judge
from checks.policy.metric_kinds import CELL_KINDS
from checks.policy.metrics import Metric
from checks.policy.report import listed, nearest
from checks.policy.reviews import Review
from checks.policy.rollouts import Rollout
from checks.quality.records import Expectation
from warehouse.records.errors import Problem, UsageError
from warehouse.records.ingest import SourceSpec
from warehouse.records.metrics import CellMetric, Unit
from warehouse.records.streams import BUILT_IN, Stream


class Policy(Configuration):
    """A configuration without a problem, frozen."""

    warnings: tuple[Problem, ...] = Field(default=(), exclude=True, repr=False)
    """What is allowed and probably not meant."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole effective configuration, built-in metrics in use included.

        Order of keys and items, comments and formatting do not change it, nor do `schedules`, `prefect`, `red_team`
        and `reviews`; any other value does.
        """
        # When and where it runs changes nothing that is decided; how a row was chosen stands in the row.
        sections = self.model_dump(mode="json", exclude={"schedules", "prefect", "red_team", "reviews"})
        built_in = [m.model_dump(mode="json") for m in self.metrics_in_use() if m.name not in self._own_metrics]
        effective = {key: _ordered(value) for key, value in sections.items()} | {"built_in": _ordered(built_in)}
        return hashlib.sha256(_canonical(effective).encode()).hexdigest()

    @cached_property
    def _own_metrics(self) -> dict[str, Metric]:
        return {metric.name: metric for metric in self.metrics}

    @cached_property
    def _own_streams(self) -> dict[str, Stream]:
        return {stream.name: stream.record() for stream in self.streams}

    def all_streams(self) -> dict[str, Stream]:
        """Every stream by name, built-in ones first."""
        return {**BUILT_IN, **self._own_streams}

    def stream(self, name: str) -> Stream:
        """The stream of that name.

        Raises:
            UsageError: there is none.
        """
        return _named(self.all_streams(), name, "stream")

    def metric(self, name: str) -> Metric:
        """The metric of that name: the policy's own, else the built-in one.

        Raises:
            UsageError: there is none.
        """
        return _named({**catalogue.built_in(), **self._own_metrics}, name, "metric")

    def rollout(self, name: str) -> Rollout:
        """The rollout of that name.

        Raises:
            UsageError: there is none.
        """
        return _named({rollout.name: rollout for rollout in self.rollouts}, name, "rollout")

    def alert(self, name: str) -> Alert:
        """The alert channel of that name.

        Raises:
            UsageError: there is none.
        """
        return _named({alert.name: alert for alert in self.alerts}, name, "alert channel")

    def judge(self, name: str) -> Judge:
        """The judge of that name.

        Raises:
            UsageError: there is none.
        """
        return _named({judge.name: judge for judge in self.judges}, name, "judge")

    def review(self, name: str) -> Review:
        """The review queue of that name.

        Raises:
            UsageError: there is none.
        """
        return _named({review.name: review for review in self.reviews}, name, "review queue")

    def metrics_in_use(self) -> tuple[Metric, ...]:
        """The metrics that a gate or a judge rests on and the policy's own, by name."""
        names = {g.metric for g in self.gates} | {j.metric for j in self.judges} | set(self._own_metrics)
        return tuple(self.metric(name) for name in sorted(names))

    def source_specs(self) -> list[SourceSpec]:
        """The sources as the warehouse knows them, in the order of the file."""
        return list(self._source_specs)

    @cached_property
    def _source_specs(self) -> tuple[SourceSpec, ...]:
        return tuple(source.record(self.stream(source.stream)) for source in self.sources)

    def expectations(self, stream: str) -> tuple[Expectation, ...]:
        """The policy's own expectations of one stream, in the order of the file."""
        return tuple(check.expectation() for check in self.checks if check.stream == stream)

    def cell_metric(self, metric_name: str, unit: Unit) -> CellMetric:
        """What the warehouse has to know to summarise the metric in that unit of evidence.

        Its digest changes with anything that changes a number.

        Raises:
            UsageError: there is no such metric, or it is not a sum over the rows of a stream.
        """
        metric = self.metric(metric_name)
        if metric.stream is None:
            raise UsageError(f"Metric {metric_name!r} is of kind {metric.kind}, which is not summarised into cells.")
        return metric.cells(self.stream(metric.stream), unit, self.window, self.session_gap)

    def gate_specs(self, rollout: str, stage: str) -> list[GateSpec]:
        """The rollout's gates as the verdicts read them, `required` as the stage asks, in the order of the file.

        Raises:
            UsageError: there is no such rollout, or it has no such stage.
        """
        found = self.rollout(rollout)
        if stage not in found.stages:
            raise UsageError(
                f"Rollout {rollout} has no stage {stage!r}; its stages are {listed(found.stages)}. If the decision log "
                "has it there, put the stage back."
            )
        return [self._spec(gate, found, stage) for gate in self.gates if rollout in gate.rollout]

    def _spec(self, gate: Gate, rollout: Rollout, stage: str) -> GateSpec:
        metric = self.metric(gate.metric)
        if metric.kind in CELL_KINDS:
            measured = self.cell_metric(metric.name, gate.unit or metric.unit).digest
        else:
            measured = _canonical(
                metric.model_dump(mode="json", exclude={"description", "no_data", "reference", "depends_on"})
            )
        return spec(gate, rollout, stage, metric, measured)

    def evidence_streams(self, rollout: str) -> tuple[str, ...]:
        """The streams whose rows the rollout's gates measure, by name; ledger and policy facts have none."""
        measured = (self.metric(gate.metric) for gate in self.gates if rollout in gate.rollout)
        return tuple(sorted({m.stream for m in measured if m.stream is not None and m.kind in CELL_KINDS}))

    def secret_names(self) -> tuple[str, ...]:
        """The environment variables that switches, channels, redaction and lake read, by name; never their values."""
        owners = [*(r.switch for r in self.rollouts), *self.alerts, *self.red_team]
        found = {getattr(owner, key, None) for owner in owners for key in ("url_env", "secret_env", "token_env")}
        found.update(self.storage.secret_names() if self.storage else ())
        found.update(spec.redaction.key_env for spec in self._source_specs if spec.redaction is not None)
        return tuple(sorted(name for name in found if name))


T = TypeVar("T")


def _named(known: Mapping[str, T], name: str, what: str) -> T:
    if name in known:
        return known[name]
    hint = nearest(name, known) or f"Known: {listed(known)}."
    raise UsageError(f"The policy has no {what} named {name!r}. {hint}")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _ordered(value: Any) -> Any:
    """A section without the order of its items; what is inside an item keeps its order, for it may matter."""
    return sorted(value, key=_canonical) if isinstance(value, list) else value
