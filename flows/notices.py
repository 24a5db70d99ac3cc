"""What has to be handed out after a decision: acts and standings to the switch, events to the channels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows.channels.port import alert_body
from flows.switches.port import switch_body
from warehouse.records.decisions import NewDelivery

if TYPE_CHECKING:
    from checks.gates.records import Standing, Verdict
    from checks.policy import Policy

ALARMING = ("stale", "error")


def of_standing(policy: Policy, current: Standing, before: Mapping[str, Any] | None) -> list[NewDelivery]:
    """Notices of a new standing; `before` is the stored standing of the decision before it (None: there was none).

    Switch and standing alerts go out when the standing changed, `stale` and `error` alerts when a gate became so.
    """
    out = []
    if before is None or before["standing"] != current.standing:
        reason = current.reasons[0].detail
        until = current.valid_until
        out += to_switch(policy, current, action=current.standing, stage=current.stage, reason=reason, until=until)
        out += to_channels(policy, current, event=current.standing, summary=f"{current.standing}: {reason}")
    known = {(v["gate"], v["outcome"]) for v in before["verdicts"]} if before else set()
    for verdict in current.verdicts:
        if verdict.outcome in ALARMING and (verdict.gate, verdict.outcome) not in known:
            summary = f"Gate {verdict.gate} is {verdict.outcome}: {verdict.detail}"
            out += to_channels(policy, current, event=verdict.outcome, summary=summary, verdict=verdict)
    return out


def to_switch(
    policy: Policy, current: Standing, *, action: str, stage: str, reason: str, until: datetime | None
) -> list[NewDelivery]:
    """The message to the rollout's switch; none when the rollout has no switch."""
    if policy.rollout(current.rollout).switch is None:
        return []
    body = switch_body(
        action=action,
        stage=stage,
        release=current.release,
        reason=reason,
        at=current.at,
        valid_until=until,
        simulated=current.simulated,
    )
    return [NewDelivery("switch", current.rollout, body)]


def to_channels(
    policy: Policy, current: Standing, *, event: str, summary: str, verdict: Verdict | None = None
) -> list[NewDelivery]:
    """One alert for every channel that asks for the event."""
    binding = verdict or next((v for v in current.verdicts if v.gate == current.binding), None)
    facts = {"stage": current.stage, "release": current.release or "", "gate": current.binding or ""}
    if binding is not None:
        facts |= {"gate": binding.gate, "owner": binding.owner}
    body = alert_body(event=event, summary=summary, at=current.at, simulated=current.simulated, facts=facts)
    return [NewDelivery("alert", alert.name, body) for alert in policy.alerts if event in alert.when]
