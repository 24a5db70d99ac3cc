"""Digest: what is due for people, gathered from what the stores say, and told once over the channels that ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from checks import rituals
from checks.gates import codec
from warehouse.people import log, standings

if TYPE_CHECKING:
    from checks.rituals import Due
    from flows.project import Project
    from warehouse.people.store import People


def gather(project: Project, people: People, *, now: datetime) -> list[Due]:
    """What is due at `now`, rollout by rollout in the order of the configuration."""
    published = standings.latest(people)
    found: list[Due] = []
    for rollout in project.policy.rollouts:
        last = published.get(rollout.name)
        standing = codec.standing_from_json(last.body["standing"]) if last else None
        found += rituals.due(rollout.name, log.entries(people, rollout=rollout.name), standing, now)
    return found


def summary(due: Sequence[Due]) -> str:
    """One sentence: how many things of which kind are due."""
    if not due:
        return "Nothing is due."
    counts: dict[str, int] = {}
    for one in due:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    return f"{len(due)} due: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()) + "."


def facts(due: Sequence[Due], most: int = 20) -> dict[str, str]:
    """The things themselves, numbered, with their rollouts and times."""
    told = {f"{number}. {one.rollout}": _fact(one) for number, one in enumerate(due[:most], 1)}
    return told | ({"more": f"{len(due) - most} more"} if len(due) > most else {})


def _fact(one: Due) -> str:
    return one.detail if one.when is None else f"{one.detail} ({one.when:%Y-%m-%d %H:%M} UTC)"


def silence(people: People, longest: timedelta, *, now: datetime) -> tuple[str, str] | None:
    """Which silence it is and what to say, when no run has looked within `longest` of `now`; None when one has."""
    newest = max((published.at for published in standings.latest(people).values()), default=None)
    if newest is not None and now - newest < longest:
        return None
    since = "ever" if newest is None else f"since {newest:%Y-%m-%d %H:%M} UTC"
    said = f"The monitor has not looked at any rollout {since}. Look at its runs in Prefect, or type `gatehold run`."
    return f"silence {since}", said
