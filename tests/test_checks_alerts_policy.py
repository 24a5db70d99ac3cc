"""The section `alerts`: what may stand there, and what is wrong is said with the nearest right thing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checks.policy import Policy, parse
from warehouse.records.errors import ConfigurationError

ALERT = "{name: a, kind: file, path: a.jsonl, when: [pause]%s}"


def policy(text: str) -> Policy:
    return parse("gatehold.yaml", lambda _: text)


def wrong(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        policy(text)
    return str(caught.value)


def test_a_channel_reminds_only_when_asked_to() -> None:
    def reminds(more: str, when: str = "pause") -> timedelta | None:
        text = ALERT.replace("[pause]", f"[{when}]") % more
        return policy(f"alerts: [{text}]").alerts[0].reminds

    assert reminds("") is None
    assert reminds(", renotify: 90m") == timedelta(minutes=90)
    assert reminds("", "pause, reminder") == timedelta(hours=4)


def test_the_address_of_the_board_holds_nothing_secret() -> None:
    assert policy("board_url: https://gatehold.example.org/ai/").board_url == "https://gatehold.example.org/ai"
    for bad in (
        "https://ada:secret@example.org",
        "https://example.org/?token=secret",
        "https://example.org/#x",
        "ftp://example.org",
        "example.org",
        "javascript:alert(1)",
        "https://",
        "https://example.org:99999",
        'https://example.org/"><b>',
    ):
        said = wrong(f"board_url: '{bad}'")
        assert "board_url: is not the address of a board." in said
        assert "secret" not in said.replace("nothing secret", "").replace("may hold a secret", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"alerts: [{ALERT % ', escalate: [{after: 30m, to: b}]'}]", 'no channel of that name. Given: "b"'),
        (f"alerts: [{ALERT % ', escalate: [{after: 30m, to: a}]'}]", "is the channel itself"),
        (f"alerts: [{ALERT.replace('pause', 'go') % ', renotify: 4h'}]", "renotify: is of no use"),
        (
            f"alerts: [{ALERT.replace('pause', 'go') % ', escalate: [{after: 1h, to: a}]'}]",
            "escalate: is of no use",
        ),
        (f"alerts: [{ALERT.replace('pause', 'pauze') % ''}]", "pauze"),
        (
            "alerts: [{name: a, kind: apprise, url: 'slack://x', when: [go]}]",
            "alerts[0].url: secrets come from the environment: use url_env",
        ),
        ("alerts: [{name: a, kind: prefect_block, block: on-call, when: [go]}]", "is not the name of a block"),
        ("alerts: [{name: a, kind: aprise, url_env: X, when: [go]}]", "apprise"),
        ("maintenance: [{from: 2026-01-02, until: 2026-01-02, reason: x}]", "maintenance[0]: ends before it begins"),
        ("maintenance: [{from: 2026-01-02, until: 2026-01-03}]", "maintenance[0].reason: is missing"),
        ("maintenance: [{form: 2026-01-02, until: 2026-01-03, reason: x}]", 'Did you mean "from"?'),
    ],
)
def test_a_mistake_is_named_where_it_stands(text: str, said: str) -> None:
    assert said in wrong(text)
