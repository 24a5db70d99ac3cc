"""What every page of the board is given, and the figures behind each, read for one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from checks.gates.records import Standing
from dashboards.board import reading
from dashboards.board.asking import Asker, board, reader
from dashboards.board.rendering import render
from warehouse.records.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from checks.policy import Policy


RENEWED = 300
"""Seconds after which a page is renewed though nothing is new."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the configuration and the last runs say: names in order, and the standing of each as it counts now."""

    names: tuple[str, ...]
    standings: Mapping[str, Standing | None]
    policy: Policy | None
    trouble: str

    @property
    def simulated(self) -> bool:
        """Whether anything here comes from a demo."""
        return any(s is not None and s.simulated for s in self.standings.values())


def known(request: Request) -> Known:
    """Every rollout of the configuration, and every other one that has a standing."""
    found = reader(request)
    policy, trouble = None, ""
    try:
        policy = found.policy()
    except ConfigurationError:
        trouble = "The configuration cannot be read, so nothing here is go: `gatehold validate` says why."
    stored = {str(one["rollout"]): one for one in found.standings()} if found.data.is_dir() else {}
    named = [r.name for r in policy.rollouts] if policy else []
    names = (*named, *sorted(set(stored) - set(named)))
    return Known(names, {name: reading.standing_of(stored.get(name)) for name in names}, policy, trouble)


def standing(request: Request, name: str) -> Standing | None:
    """The standing of one rollout as it counts now; None before its first run.

    Raises:
        UsageError: neither the configuration nor any run knows it.
    """
    try:
        return reading.standing_of(reader(request).standing(name))
    except UsageError:
        try:
            policy = reader(request).policy()
        except ConfigurationError:
            policy = None
        if policy is None or all(r.name != name for r in policy.rollouts):
            raise
        return None


def version(request: Request) -> str:
    """A text that changes when any page would: a run, a decision, a delivery, a lease that ends, another file."""
    found = reader(request)
    if not found.data.is_dir():
        return "nothing"
    said = [
        (s["rollout"], s["standing"], s["at"], s["evidence_digest"], [r["code"] for r in s["reasons"]])
        for s in found.standings()
    ]
    tally = found.tally()
    # Deliveries change without a new decision.
    counts: list[object] = [sum(tally.decisions.values()), sorted(tally.messages.items())]
    try:
        policy = found.policy()
        counts.append(policy.digest if policy else "")
    except ConfigurationError:
        counts.append("unreadable")
    # What is told in minutes and hours grows old by itself.
    minutes = int(found.now().timestamp()) // RENEWED
    return reading.version([board(request).port.version(), counts, said, minutes])


def shown(request: Request, template: str, asking: Asker, *, renews: bool = True, **given: Any) -> str:
    """A page of the board: `renews` for those that keep themselves up to date."""
    given.setdefault("now", reader(request).now())
    given.setdefault("version", version(request) if renews else "")
    return render(
        template,
        person=asking.person,
        form=asking.form,
        release=metadata.version("gatehold"),
        here=request.url.path,
        copied=getattr(request.app.state, "copied", ""),
        **given,
    )
