"""One page, complete in itself: every NAB series with its labelled windows and the alarms of each method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real_streams.nab import Watched
from benchmarks.real_streams.results import Results

COLOURS = ("#1b6e3c", "#7cb518", "#d1495b", "#30638e", "#8d99ae", "#c9c9c9")


def write(found: Results, path: Path) -> None:
    """Write the page."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    streams = found.hours.streams
    figure = make_subplots(rows=len(streams), cols=1, subplot_titles=[stream.series.name for stream in streams])
    for row, stream in enumerate(streams, start=1):
        _series(figure, go, row, stream)
        for place, (name, scores) in enumerate(list(found.hours.scores.items())[:-1]):
            score = scores[row - 1]
            times = [stream.looks[alarm].end for alarm in score.alarms]
            good = [alarm not in score.false for alarm in score.alarms]
            figure.add_trace(
                go.Scatter(
                    # A trace without any point would be missing from the legend.
                    x=[*times, None],
                    y=[-0.12 * (place + 1)] * len(times) + [None],
                    mode="markers",
                    name=name,
                    legendgroup=name,
                    showlegend=row == 1,
                    marker={
                        "color": COLOURS[place],
                        "size": 9,
                        "symbol": ["circle" if one else "x-thin-open" for one in good] + ["circle"],
                    },
                ),
                row=row,
                col=1,
            )
    figure.update_layout(
        height=190 * len(streams),
        title="Alarms on the NAB series: a dot lies in a labelled window (orange), a cross is false; pinned is blue",
        template="plotly_white",
    )
    figure.update_yaxes(range=[-0.75, 1.05], showticklabels=False)
    figure.write_html(path, include_plotlyjs=True, full_html=True)


def _series(figure: Any, go: Any, row: int, stream: Watched) -> None:
    """The hourly means over their range, the labelled windows shaded, the pinned period marked."""
    looks = [(stream.reference, look) for look in stream.pinned] + [(stream.current, look) for look in stream.looks]
    means = np.array([values[look.rows].mean() for values, look in looks])
    scaled = (means - means.min()) / (np.ptp(means) or 1.0)
    line = {"color": "#555", "width": 1}
    times = [look.start for _, look in looks]
    figure.add_trace(go.Scatter(x=times, y=scaled, mode="lines", line=line, showlegend=False), row=row, col=1)
    spans = [(start, end, "#f4a261") for start, end in stream.series.labels]
    for start, end, colour in [*spans, (stream.pinned[0].start, stream.looks[0].start, "#a8dadc")]:
        figure.add_vrect(x0=start, x1=end, fillcolor=colour, opacity=0.3, line_width=0, row=row, col=1)
