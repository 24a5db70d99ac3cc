"""Drift history: whole windows that are missing in Evidently workspaces are written, once a day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows import drift_history as history
from flows import project
from flows.deploying import turns


@flow(name="drift-history", validate_parameters=True)
def drift_history(config: str = "gatehold.yaml", data: str | None = None) -> State[Any]:
    """Write the windows of every comparison that names a workspace; one that failed makes the run `Degraded`.

    It takes no turn of its own: it reads between the runs, and what was written before is not written again.
    """
    ours = project.load(Path(config), data=Path(data) if data else None)
    return named(turns.patiently(lambda: history.write(ours, configured=True)))


def named(lines: Sequence[history.Line]) -> State[Any]:
    """The run's final state: how many windows ended how, and the first reasons why some were not written."""
    counts = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in history.outcome(lines).items())
    failed = "; ".join(line.why for line in [one for one in lines if one.state == "failed"][:5])
    if failed:
        return Completed(name="Degraded", message=f"{counts}. {failed}")
    return Completed(message=f"{counts}." if counts else "No drift comparison names a workspace.")
