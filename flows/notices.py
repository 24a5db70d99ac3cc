"""What has to be handed out after a decision: acts and standings to the switch, events to the channels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from checks.alerts import edges, maintenance
from checks.alerts.records import Happening
from checks.policy.switches import wants_lease
from flows.channels.port import alert_body
from flows.switches.port import switch_body
from warehouse.records.decisions import NewDelivery

if TYPE_CHECKING:
    from checks.gates.records import Standing
    from checks.policy import Policy


def of_standing(
    policy: Policy, current: Standing, before: Mapping[str, Any] | None, *, paused: bool = False
) -> list[NewDelivery]:
    """Notices of a new standing; `before` is the stored standing of the decision before it (None: there was none).

    The switch hears when the standing changed, and one that honours leases of every standing. Each channel gets at
    most one alert: of all that it asks for and that is new (`checks.alerts.edges`). `paused` tells that the rollout was
    paused before this run, by a person: the pause itself is no news then.
    """
    out = []
    if before is None or before["standing"] != current.standing:
        reason = current.reasons[0].detail
        until = current.valid_until
        out += to_switch(policy, current, action=current.standing, stage=current.stage, reason=reason, until=until)
    elif (renewed := renewal(policy, current)) is not None:
        out.append(renewed)
    happenings = edges.of_change(current, before, paused=paused)
    for channel in policy.alerts:
        told = edges.grouped(happenings, channel.when)
        if told is not None and not maintenance.quiet(policy, channel, current.at):
            out.append(_alert(channel.name, current, told))
    return out


def renewal(policy: Policy, current: Standing) -> NewDelivery | None:
    """The message that moves a lease's end; None for a switch that asks for none, and for a pause, which never ends."""
    if current.standing == "pause" or not wants_lease(policy.rollout(current.rollout).switch):
        return None
    reason, until = current.reasons[0].detail, current.valid_until
    told = to_switch(
        policy, current, action=current.standing, stage=current.stage, reason=reason, until=until, renewal=True
    )
    return told[0]


def to_switch(
    policy: Policy,
    current: Standing,
    *,
    action: str,
    stage: str,
    reason: str,
    until: datetime | None,
    renewal: bool = False,
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
        renewal=renewal,
    )
    return [NewDelivery("switch", current.rollout, body)]


def to_channels(policy: Policy, current: Standing, *, event: str, summary: str) -> list[NewDelivery]:
    """One alert for every channel that asks for the event and is not in maintenance."""
    told = Happening(event, summary, event)
    heard = [c for c in policy.alerts if event in c.when and not maintenance.quiet(policy, c, current.at)]
    return [_alert(channel.name, current, told) for channel in heard]


def _alert(channel: str, current: Standing, told: Happening) -> NewDelivery:
    named = next((v for v in current.verdicts if v.gate == told.gate), None)
    binding = named or next((v for v in current.verdicts if v.gate == current.binding), None)
    facts = {"stage": current.stage, "release": current.release or "", "gate": current.binding or ""}
    if binding is not None:
        facts |= {"gate": binding.gate, "owner": binding.owner}
    body = alert_body(
        event=told.event,
        summary=told.summary,
        at=current.at,
        simulated=current.simulated,
        facts={**facts, **dict(told.facts)},
        # The id of the decision follows when it is written.
        about=f"{current.rollout}/{told.event}/",
        step="first",
    )
    return NewDelivery("alert", channel, body)
