"""Self-test: planted traffic goes through every gate in a folder of its own, and what it showed is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import project, self_testing
from flows.deploying import turns
from flows.self_test import trying
from flows.self_test.records import GateResult


@flow(name="self-test", validate_parameters=True)
def self_test(config: str = "gatehold.yaml", data: str | None = None) -> State[Any]:
    """Send planted traffic to each gate; the run fails when a gate did not see what it is there to see."""
    ours = project.load(Path(config), data=Path(data) if data else None)
    now = datetime.now(UTC)
    results = list(trying.try_all(ours.policy, (), say=lambda _: None, now=now))
    with turns.slot(ours.policy.prefect.writer_limit):
        turns.patiently(lambda: self_testing.keep(ours, results, now=now))
    return named(results)


def named(results: list[GateResult]) -> State[Any]:
    """The run's final state: `Failed`, with the gates named, when one of them failed."""
    counts = {word: sum(r.result == word for r in results) for word in ("held", "failed", "not_testable")}
    said = ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in counts.items())
    failed = "; ".join(f"{r.gate}: {r.detail}" for r in results if r.result == "failed")
    return Failed(message=f"{said}. {failed}") if failed else Completed(message=f"{said}.")
