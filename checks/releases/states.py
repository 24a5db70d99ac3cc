"""The parts of a release as a standing shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from checks.releases.parts import PARTS, Part

if TYPE_CHECKING:
    from checks.releases.in_force import Release


@dataclass(frozen=True, slots=True)
class PartState:
    """One part: the versions that answer (`unknown` where rows name none) and since when the newest of them does.

    `before` is the version that the newest one took the place of (None: it is the first, or none was named before), and
    `beside` are others that answered within the same day. All of it is text from logs.
    """

    part: Part
    versions: tuple[str, ...]
    since: datetime
    before: str | None = None
    beside: tuple[str, ...] = ()


def states(release: Release) -> tuple[PartState, ...]:
    """The state of every part that some column names, in the order of `PARTS`."""
    return tuple(_state(release, part) for part in PARTS if release.versions(part))


def _state(release: Release, part: Part) -> PartState:
    held = [one for one in release.held if one.part == part]
    newest = max(held, key=lambda one: (not one.first, one.since, one.place))
    beside = sorted({other for one in held for other in one.beside} - set(release.versions(part)))
    return PartState(part, release.versions(part), newest.since, newest.before, tuple(beside))
