"""Evidence by segment as a part of the page of a rollout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from checks.gates.records import Standing
from dashboards.board.data_port import DataPort
from dashboards.board.metric_records import FEW
from dashboards.board.rendering import render

if TYPE_CHECKING:
    from checks.policy import Policy

STATES = {
    "few": ("no_data", "few units"),
    "unclear": ("insufficient", "not clear"),
    "beyond": ("breach", "beyond the limit"),
    "kept": ("pass", "limit kept"),
}
"""Tone and word of what the limits of a segment say."""


def part(port: DataPort, policy: Policy | None, name: str, standing: Standing | None) -> Markup:
    """The section; empty where no gate has several segments."""
    found = next((r for r in policy.rollouts if r.name == name), None) if policy else None
    if policy is None or found is None:
        return Markup("")
    stage = standing.stage if standing and standing.stage in found.stages else found.stages[0]
    gates = port.segments(policy, name, stage)
    if not gates:
        return Markup("")
    simulated = standing is not None and standing.simulated
    # The template escapes what is foreign.
    return Markup(render("segments_part", gates=gates, states=STATES, few=FEW, simulated=simulated))
