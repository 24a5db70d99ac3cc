"""What every page of the board is given, and the figures behind each, read for one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from checks.gates.records import Standing
from dashboards.board import reading
from dashboards.board.answers import Turned
from dashboards.board.asking import Asker, board, reader
from dashboards.board.mains import Version
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


def needed(known: Known) -> Policy:
    """The configuration.

    Raises:
        Turned: it cannot be read.
    """
    if known.policy is None:
        raise Turned(503, "unreadable", known.trouble or "The server was given no configuration.")
    return known.policy


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
    return versions(request).all


def versions(request: Request) -> Version:
    """The same, and a text that changes with what no page may show as it was before.

    That is all that people decide by: standings as they count now, what every gate and layer says, decisions, and the
    configuration. The rest is figures, which are true as of the time that the page says.
    """
    found = reader(request)
    if not found.data.is_dir():
        return Version("nothing", "nothing")
    standings, tally = found.standings(), found.tally()
    try:
        policy = found.policy()
        digest = policy.digest if policy else ""
    except ConfigurationError:
        digest = "unreadable"
    now = found.now()
    firm = reading.version([[_firm(s, now) for s in standings], sum(tally.decisions.values()), digest])
    said = [(s["at"], s["evidence_digest"]) for s in standings]
    # What is told in minutes and hours grows old by itself; deliveries change without a new decision.
    minutes = int(now.timestamp()) // RENEWED
    loose = [board(request).port.version(), sorted(tally.messages.items()), said, minutes]
    return Version(reading.version([firm, *loose]), firm)


def _firm(standing: Mapping[str, Any], now: datetime) -> list[object]:
    named: list[object] = [standing[name] for name in ("rollout", "standing", "stage", "release", "binding")]
    # A pause stays one when its lease ends, and pages say that too.
    named.append(datetime.fromisoformat(standing["valid_until"]) <= now)
    reasons = [(reason["code"], reason["gate"]) for reason in standing["reasons"]]
    gates = [(verdict["gate"], verdict["outcome"]) for verdict in standing["verdicts"]]
    return [*named, reasons, gates, [(layer["layer"], layer["outcome"]) for layer in standing["layers"]]]


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
