"""Messages for switches, of traffic that is real."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from people_examples import NOW

from flows.switches.port import SwitchMessage

PAUSE = SwitchMessage(
    id="d7-1",
    rollout="support",
    action="pause",
    stage="pilot",
    release="r1",
    reason="harm: limit exceeded",
    at=NOW,
    valid_until=None,
    simulated=False,
    decision_id="d7",
    decision_seq=7,
    head="ab" * 32,
)


def message(action: str, seq: int = 7, **changes: Any) -> SwitchMessage:
    return replace(PAUSE, id=f"d{seq}-1", action=action, decision_id=f"d{seq}", decision_seq=seq, **changes)
