"""An alert as plain text in which nothing hides: control characters and direction marks are spelled out."""

from __future__ import annotations

import unicodedata

from flows.channels.port import Alert

LONGEST = 500
# Control, format (direction marks, zero width), lone surrogates, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def render(alert: Alert) -> str:
    """The alert as lines of plain text: what happened, the facts, when, and the decision behind it."""
    mark = "[SIMULATED] " if alert.simulated else ""
    lines = [f"{mark}{visible(alert.rollout)}: {visible(alert.event)}", visible(alert.summary)]
    lines += [f"  {visible(name)}: {visible(value)}" for name, value in alert.facts]
    lines.append(f"  at {alert.at.isoformat(timespec='seconds')}, decision {alert.decision_seq} ({alert.decision_id})")
    return "\n".join(lines)


def visible(text: str, longest: int = LONGEST) -> str:
    r"""`text` on one line with every hidden character as `\u{...}`, cut after `longest` characters and saying so."""
    shown = "".join(_shown(character) for character in text[:longest])
    left = len(text) - longest
    return f"{shown}... ({left:,} more characters)" if left > 0 else shown


def _shown(character: str) -> str:
    return f"\\u{{{ord(character):04x}}}" if unicodedata.category(character) in _HIDDEN else character
