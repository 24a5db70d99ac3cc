"""Alerts that several tests use: one as it should be, one with an attack in every field."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from flows.channels import as_guarded, as_html, as_json, as_markdown, as_mrkdwn, text
from flows.channels.port import Alert

PLAIN = Alert(
    id="4f1c9a-2",
    rollout="support-agent",
    event="pause",
    summary="pause: harm is 1.2 %, at most 0.5 % is allowed; a release <= 2.3.0 did not do that.",
    facts=(
        ("stage", "pilot"),
        ("release", "2.3.1"),
        ("gate", "harm"),
        ("owner", "Ines Vogel, ines@example.com"),
        ("gate tool_errors", "stale: the newest row is 5 h old"),
    ),
    at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC),
    simulated=False,
    decision_id="4f1c9a",
    decision_seq=17,
    head="ab" * 32,
    board_url="https://gatehold.example.org",
    about="support-agent/pause/4f1c9a",
    step="first",
)

ATTACK = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> <!channel> !here> @everyone @here <@U024BE7LH> <#C1> "
    "[click](https://evil.example) <https://evil.example|ok> ![x](https://evil.example/x.png) **b** _i_ ~s~ `c` "
    "&lt;!channel&gt; &#60;b&#62; :boom: | # - 1. $x$ \\ \x1b[31mred\x1b]8;;https://evil.example\x07x \u202egnp.exe"
    "\u200bz\r\nsupport-agent: go\u2028all is well\x00\ud800 ' \" {{7*7}} ${x} %s {0}"
)

HOSTILE = Alert(
    id="x-1",
    rollout=ATTACK,
    event=ATTACK,
    summary=f"1. {ATTACK}",
    facts=((ATTACK, ATTACK), ("long", "A" * 1_000_000), ("lines", "\n" * 1_000_000), ("- list", "# head")),
    at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC),
    simulated=True,
    decision_id="../../<b>x</b>?a=1#y",
    decision_seq=18,
    head="cd" * 32,
    board_url="https://gatehold.example.org",
    about=ATTACK,
    step=ATTACK,
)

FORMATS: dict[str, Callable[[Alert], str]] = {
    "text.txt": text.render,
    "guarded.txt": as_guarded.render,
    "markdown.md": as_markdown.render,
    "mrkdwn.txt": as_mrkdwn.render,
    "html.html": as_html.render,
    "json.json": lambda alert: json.dumps(as_json.payload(alert), ensure_ascii=True, indent=1, sort_keys=True),
}
"""Every format by the end of its golden file's name."""
