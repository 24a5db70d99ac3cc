"""Metrics and drift for the board: what is read of the snapshot, and Evidently's pages."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from dashboards.board.drift_records import Compared, Drawing, Past
from dashboards.board.metric_records import Glance, Measured
from flows import drift_history, drift_page
from flows.boarding import drawing
from flows.boarding.drifts import Drifts
from flows.boarding.metrics import Metrics
from flows.project import Project
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    from checks.policy import Policy
    from checks.policy.drift import Drift


class Looks:
    """The board's port to metrics and drift over one project."""

    def __init__(self, project: Project, draw: drawing.Draw | None = None) -> None:
        """Keep the places; nothing is opened. `draw` draws a page, in a process of its own if not said."""
        self._project = project
        self._metrics, self._drifts = Metrics(project.data), Drifts(project.data)
        self._drawings = drawing.Drawings(draw)

    def glance(self, policy: Policy) -> Glance:
        """The course of every metric that a gate rests on."""
        return self._metrics.glance(policy)

    def measured(self, policy: Policy, name: str, where: Slice, span: str) -> Measured:
        """One metric in some traffic."""
        return self._metrics.measured(policy, name, where, span)

    def drifts(self, policy: Policy) -> tuple[Compared, ...]:
        """Every drift comparison of the policy."""
        return self._drifts.all(policy)

    def drift(self, policy: Policy, name: str) -> Compared | None:
        """The drift comparison of that name; None if there is none."""
        return self._drifts.one(policy, name)

    def past(self, policy: Policy, name: str, page: int) -> Past | None:
        """The spans of that comparison on one page; None where there is none."""
        return self._drifts.past(policy, name, page)

    def drawing(self, policy: Policy, name: str) -> Drawing:
        """Where Evidently's page of that comparison stands."""
        section, seen = _section(policy, name), self._drifts.one(policy, name)
        if section is None or seen is None:
            return Drawing("absent")
        return self._drawings.state(self._of(policy), section, seen)

    def draw(self, policy: Policy, name: str, *, now: datetime) -> None:
        """Begin to draw that page, unless it is being drawn."""
        if _section(policy, name) is not None:
            self._drawings.begin(self._of(policy), name, now=now)

    def page(self, policy: Policy, name: str) -> bytes | None:
        """That page as it was drawn last; None where there is none."""
        section = _section(policy, name)
        return None if section is None else drawing.content(drift_page.path(self._of(policy), section))

    def workspace(self, policy: Policy, name: str) -> str | None:
        """Where the history of that comparison lies for Evidently's own server; None while there is none."""
        section = _section(policy, name)
        found = None if section is None else drift_history.existing(self._of(policy), section)
        return None if found is None else shlex.quote(str(found.absolute()))

    def _of(self, policy: Policy) -> Project:
        return replace(self._project, policy=policy)


def _section(policy: Policy, name: str) -> Drift | None:
    return next((s for s in policy.drift if s.name == name and s.reference is not None), None)
