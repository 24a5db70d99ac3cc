"""Deriving: the project that a gate is tried in. Its policy is the configured one with this gate alone in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flows.project import CONFIG_NAME, Project
from warehouse.records.errors import CheckError

if TYPE_CHECKING:
    from checks.policy import Policy
    from checks.policy.gates import Gate
    from checks.policy.sources import Source

LATENESS = timedelta(minutes=1)
"""Lateness of a stream that no source feeds."""
LOGS = "logs"


def derive(policy: Policy, gate: Gate, rollout: str, folder: Path, *, inside_attributes: Iterable[str] = ()) -> Project:
    """The project in `folder` that holds this gate of this rollout alone, at the rollout's last stage.

    Window, session gap, streams, metrics, limits and budgets are the configured ones, so that the gate is the same
    test: its digest is. Its stream comes from one file pattern whose fields are named like the columns (but for those
    in `inside_attributes`), with the largest lateness of the stream's sources. There is no switch, no alert, no
    expectation and no comparison of drift, and no judge is asked for its right to gate.

    Raises:
        CheckError: the derived gate is another test than the configured one.
    """
    from checks.policy.policy import Policy as PolicyModel

    found = policy.rollout(rollout)
    stages = (found.stages[-1],)
    alone = gate.model_copy(update={"rollout": (rollout,), "judge": None, "required_from": None})
    stream = policy.metric(gate.metric).stream
    derived = PolicyModel(
        window=policy.window,
        session_gap=policy.session_gap,
        lease=policy.lease,
        streams=policy.streams,
        metrics=policy.metrics,
        sources=_sources(policy, stream, inside_attributes),
        rollouts=(found.model_copy(update={"stages": stages, "switch": None}),),
        gates=(alone,),
    )
    (mine,), theirs = derived.gate_specs(rollout, stages[0]), policy.gate_specs(rollout, stages[0])
    if mine.digest not in {spec.digest for spec in theirs if spec.name == gate.name}:
        raise CheckError(f"Gate {mine.key} cannot be tried alone: its configuration came out as another test.")
    return Project(policy=derived, file=folder / CONFIG_NAME, data=folder / "data", environment={})


def field_name(column: str, inside_attributes: Iterable[str]) -> str:
    """The field of a planted row that feeds a column; another than the column where `attributes` needs its name."""
    return f"column_{column}" if column in set(inside_attributes) else column


def lateness(policy: Policy, stream: str | None) -> timedelta:
    """The largest lateness of the stream's sources; a minute where it has none."""
    return max((s.lateness for s in policy.source_specs() if s.stream == stream), default=LATENESS)


def _sources(policy: Policy, stream: str | None, inside_attributes: Iterable[str]) -> tuple[Source, ...]:
    from checks.policy.sources import Source as SourceModel

    if stream is None:
        return ()
    fields: Mapping[str, str] = {name: field_name(name, inside_attributes) for name in inside_attributes}
    known = [s for s in policy.source_specs() if s.stream == stream]
    return (
        SourceModel(
            name="planted",
            kind="jsonl",
            path=f"{LOGS}/*.jsonl",
            stream=stream,
            lateness=lateness(policy, stream),
            fields=fields,
            expected_per_window=max((s.expected_per_window or 0 for s in known), default=0) or None,
        ),
    )
