"""An alert as plain text for services that may read marks into it: brackets changed, callings of people broken.

A service that takes "text" may still turn `<!channel>` into a call to everybody and `[here](address)` into a link.
Apprise itself makes `!channel>` in a text for Slack such a call again. So angle brackets become single quotation marks
of their shape, and a character of no width stands after what would begin a mention or a link.
"""

from __future__ import annotations

import re

from flows.channels import text
from flows.channels.port import Alert

BREAK = "\u200b"
_SHAPES = str.maketrans({"<": "\u2039", ">": "\u203a"})
_MENTION = re.compile(r"(?<![\w.+-])@(?=\w)")


def render(alert: Alert) -> str:
    """The plain text of the alert, guarded; the address of the decision stays as it is."""
    *lines, last = text.render(alert).split("\n")
    return "\n".join([*map(guarded, lines), last])


def guarded(shown: str) -> str:
    """One line in which nothing calls anybody and no text hides the address that it leads to."""
    return unmentioned(shown.translate(_SHAPES)).replace("](", f"]{BREAK}(")


def unmentioned(shown: str) -> str:
    """The text with a character of no width after every `@` that begins a word; mail addresses stay whole."""
    return _MENTION.sub(f"@{BREAK}", shown)
