"""An alert as Slack's own mark-up (mrkdwn), which is not Markdown: `*bold*`, `<address|text>`, three escapes."""

from __future__ import annotations

import re

from flows.channels.as_guarded import BREAK, unmentioned
from flows.channels.port import Alert
from flows.channels.text import headline, visible, when

LONGEST = 3000
"""Characters that Slack takes in one section."""
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKS = re.compile(r"([*_~`])")


def render(alert: Alert) -> str:
    """The alert as mrkdwn: a bold headline, the summary, a list of facts, and where to see the decision."""
    lines = [f"*{escaped(headline(alert))}*", escaped(visible(alert.summary))]
    lines += [f"• {escaped(visible(name))}: {escaped(visible(value))}" for name, value in alert.facts]
    lines += [f"• at {when(alert)}", f"• {_decision(alert)}"]
    return "\n".join(lines)


def escaped(shown: str) -> str:
    """One line of visible text in which nothing calls anybody, links anywhere or is set in bold.

    Slack has no escape for its marks `*_~` and the backtick: a character of no width keeps them from being marks.
    """
    return _MARKS.sub(rf"{BREAK}\1{BREAK}", unmentioned(shown.translate(_ENTITIES)))


def _decision(alert: Alert) -> str:
    if alert.link is None:
        return f"decision {alert.decision_seq}: `{alert.command}`"
    return f"<{alert.link}|decision {alert.decision_seq}>"
