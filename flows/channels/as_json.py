"""An alert as JSON: for receivers that are programs, with its plain text for those that only show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.channels.port import Alert
from flows.channels.text import render, visible


def payload(alert: Alert) -> Mapping[str, Any]:
    """The alert as JSON-ready data; its `text` is plain text, which many chat systems show as it is.

    Texts are cut and made visible as in the plain text, but not escaped for any markup: whoever shows them does that.
    """
    return {
        "type": "alert",
        "id": alert.id,
        "rollout": visible(alert.rollout),
        "event": visible(alert.event),
        "about": visible(alert.about),
        "step": visible(alert.step),
        "text": render(alert),
        "summary": visible(alert.summary),
        "facts": {visible(name): visible(value) for name, value in alert.facts},
        "at": alert.at.isoformat(),
        "simulated": alert.simulated,
        "link": alert.link,
        "decision": {"id": alert.decision_id, "seq": alert.decision_seq, "head": alert.head},
    }
