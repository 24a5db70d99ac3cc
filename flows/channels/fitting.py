"""An alert that fits: services refuse what is longer than they take, and an alert that is refused is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flows.channels.port import Alert

SHORTEST = 40


def fitted(alert: Alert, render: Callable[[Alert], str], longest: int) -> str:
    """The alert in at most `longest` characters: the last facts are left out and counted, then the summary is cut.

    What remains at least (headline, a few words, when, which decision) is given even where it is longer still.
    """
    text = render(alert)
    for kept in range(len(alert.facts) - 1, -1, -1):
        if len(text) <= longest:
            return text
        left = (("not shown", f"{len(alert.facts) - kept} more; see the decision"),)
        text = render(replace(alert, facts=alert.facts[:kept] + left))
    summary = alert.summary
    while len(text) > longest and len(summary) > SHORTEST:
        summary = summary[: max(SHORTEST, len(summary) // 2)]
        text = render(replace(alert, facts=(), summary=f"{summary}..."))
    return text
