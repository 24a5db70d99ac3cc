"""The dashboard of a project in Evidently's workspace; its identifiers follow from the project's."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any


def dashboard(project: uuid.UUID, about: str, columns: Sequence[str]) -> Any:
    """The library's record of one tab: what this is, the share of columns over the tolerance, and every distance."""
    from evidently.sdk.models import DashboardModel, DashboardTabModel

    panels = list(_panels(about, columns))
    for number, panel in enumerate(panels):
        panel.id = uuid.uuid5(project, f"panel {number}")
    tab = DashboardTabModel(id=uuid.uuid5(project, "tab"), title="Drift", panels=[panel.id for panel in panels])
    return DashboardModel(tabs=[tab], panels=panels)


def _panels(about: str, columns: Sequence[str]) -> Iterator[Any]:
    from evidently.sdk.models import PanelMetric
    from evidently.sdk.panels import line_plot_panel, text_panel

    def over(what: str, legend: str) -> Any:
        return PanelMetric(legend=legend, metric="DriftedColumnsCount", metric_labels={"value_type": what})

    yield text_panel(title="Drift history", description=about)
    yield line_plot_panel("Share of columns over their tolerance", [over("share", "share")], size="half")
    yield line_plot_panel("Columns over their tolerance", [over("count", "columns")], size="half")
    if columns:
        distances = [PanelMetric(legend=name, metric="ValueDrift", metric_labels={"column": name}) for name in columns]
        yield line_plot_panel("Distance of each column from the reference", distances)
