"""An alert as a piece of HTML for mail: no script, no picture, no address but the board's; foreign text escaped."""

from __future__ import annotations

from html import escape

from flows.channels.as_guarded import unmentioned
from flows.channels.port import Alert
from flows.channels.text import headline, visible, when


def render(alert: Alert) -> str:
    """The alert as paragraphs and a list: tags that mail programs and chat services alike understand or drop."""
    facts = "".join(f"<li>{_shown(name)}: {_shown(value)}</li>\n" for name, value in alert.facts)
    return (
        f"<p><b>{escape(unmentioned(headline(alert)))}</b></p>\n"
        f"<p>{_shown(alert.summary)}</p>\n"
        f"<ul>\n{facts}<li>at {escape(when(alert))}</li>\n<li>{_decision(alert)}</li>\n</ul>"
    )


def _shown(text: str) -> str:
    return escape(unmentioned(visible(text)), quote=True)


def _decision(alert: Alert) -> str:
    if alert.link is None:
        return f"decision {alert.decision_seq}: <code>{escape(alert.command)}</code>"
    address = escape(alert.link, quote=True)
    # The address is the text of the link as well: in the plain part of a mail only that is left.
    return f'decision {alert.decision_seq}: <a href="{address}">{address}</a>'
