"""An alert as plain text in which nothing hides: control characters and direction marks are spelled out."""

from __future__ import annotations

import unicodedata

from flows.channels.port import Alert

LONGEST = 500
# Control, format (direction marks, zero width), lone surrogates, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def render(alert: Alert) -> str:
    """The alert as lines of plain text: what happened, the facts, when, the decision behind it and where to see it."""
    lines = [headline(alert), visible(alert.summary)]
    lines += [f"  {visible(name)}: {visible(value)}" for name, value in alert.facts]
    lines.append(f"  at {when(alert)}, decision {alert.decision_seq} ({visible(alert.decision_id)})")
    lines.append(f"  see {alert.link or alert.command}")
    return "\n".join(lines)


def headline(alert: Alert) -> str:
    """Which rollout, and what happened to it, on one line; a demo is marked."""
    mark = "[SIMULATED] " if alert.simulated else ""
    return f"{mark}{visible(alert.rollout) or 'Gatehold'}: {visible(alert.event)}"


def when(alert: Alert) -> str:
    """When it happened, to the second."""
    return alert.at.isoformat(timespec="seconds")


def visible(text: str, longest: int = LONGEST) -> str:
    r"""`text` on one line with every hidden character as `\u{...}`, cut after `longest` characters and saying so."""
    shown = "".join(_shown(character) for character in text[:longest])
    left = len(text) - longest
    return f"{shown}... ({left:,} more characters)" if left > 0 else shown


def _shown(character: str) -> str:
    return f"\\u{{{ord(character):04x}}}" if unicodedata.category(character) in _HIDDEN else character
