"""An alert as Markdown (CommonMark), for Discord, Mattermost, Teams and their like; foreign text stays text."""

from __future__ import annotations

import re

from flows.channels.as_guarded import unmentioned
from flows.channels.port import Alert
from flows.channels.text import headline, visible, when

# A backslash before any of these is the character itself (CommonMark 2.4).
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#!|~&$])")
_BEGINS = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))")


def render(alert: Alert) -> str:
    """The alert as Markdown: a bold headline, the summary, a list of facts, and where to see the decision."""
    lines = [f"**{escaped(headline(alert))}**", "", escaped(visible(alert.summary)), ""]
    lines += [f"- {escaped(visible(name))}: {escaped(visible(value))}" for name, value in alert.facts]
    lines += [f"- at {when(alert)}", f"- {_decision(alert)}"]
    return "\n".join(lines)


def escaped(shown: str) -> str:
    """One line of visible text in which no character marks anything up and no `@` calls anybody."""
    text = unmentioned(_SPECIAL.sub(r"\\\1", shown.strip()))
    begins = _BEGINS.match(text)
    if begins is None:
        return text
    if begins[1].isdigit():
        return f"{begins[1]}\\{text[begins.end() :]}" if text[begins.end()] != "\\" else text
    return f"\\{text}"


def _decision(alert: Alert) -> str:
    if alert.link is None:
        return f"decision {alert.decision_seq}: `{alert.command}`"
    return f"[decision {alert.decision_seq}]({alert.link})"
