"""Where on the board something that an act lacks is mended: the page's own way, in place of a command."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dashboards.board.rendering import segment

_ACTS = {
    "sign_off_missing": ("sign_off", "Sign off"),
    "not_started": ("start", "Start"),
    "no_proposal": ("resume", "Propose a resume"),
    "proposal_ended": ("resume", "Propose a resume"),
    "release_changed": ("resume", "Propose a resume"),
    "loosened_in_breach": ("approve", "Approve a looser gate"),
    "still_in_breach": ("waive", "Waive a gate"),
    "paused": ("resume", "Resume"),
}
"""By code, the act that mends it and what the link to it says."""


@dataclass(frozen=True, slots=True)
class Way:
    """A link: what it says, and where to."""

    label: str
    href: str


def ways(rollout: str, acts: Collection[str]) -> Mapping[str, Way]:
    """By code of what is missing, where it is mended; acts that the page does not offer are left out."""
    found = {code: Way(label, f"#act-{act}") for code, (act, label) in _ACTS.items() if act in acts}
    log = Way("Decisions", f"/decisions?rollout={segment(rollout)}")
    return {**found, "role_missing": Way("People", "/people"), "no_such_decision": log}
