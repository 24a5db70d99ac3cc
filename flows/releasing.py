"""Releasing: which versions answer for a rollout now, and which of a gate's evidence they leave standing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from checks import rollout as rollouts
from checks.releases import Held, Release, depended, in_force
from checks.releases.in_force import SHOWN, digest
from warehouse import facts, release_parts

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from checks.policy import Policy
    from flows.stores import Stores


def judged(stores: Stores, policy: Policy, rollout: str) -> tuple[str | None, Release]:
    """The name of the release that is judged (None before the first row), and the versions of its parts.

    By column it is what the newest rows name, by fingerprint the beginning of the fingerprint over all versions. The
    versions are read from every stream, whether a gate measures it or not.
    """
    releases = policy.rollout(rollout).releases
    measured = [policy.stream(name) for name in policy.evidence_streams(rollout)]
    named = rollouts.judged_release(facts.releases(stores.warehouse, measured, rollout))
    by_fingerprint = releases.by == "fingerprint"
    found = [
        part
        for stream in policy.all_streams().values()
        for part in release_parts.seen(stores.warehouse, stream, rollout, None if by_fingerprint else named or "")
    ]
    release = in_force(found, parts=releases.parts)
    return (release.short or named if by_fingerprint else named), release


def rests_on(policy: Policy, gate: GateSpec, release: Release) -> tuple[Held, ...]:
    """The versions that the gate's evidence depends on."""
    return depended(release, gate.depends_on, policy.metric(gate.metric).stream)


def named(gate: GateSpec, release: str | None, held: Sequence[Held]) -> str | None:
    """The release as the gate's epochs name it: by fingerprint, that over the versions it depends on."""
    if not gate.by_fingerprint:
        return release
    return digest(held)[:SHOWN] if held else ""
