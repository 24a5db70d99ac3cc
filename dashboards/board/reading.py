"""What pages show of rollouts, put together from the published standing, the log, the snapshot and the policy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from checks import rollout as rollouts
from checks.gates import codec
from checks.gates.records import LayerState, Standing, Verdict
from checks.gates.spec import LAYERS
from dashboards.board.ports import Past
from dashboards.page import words
from dashboards.page.model import Person, RolloutView, StandingPoint
from warehouse.records.decisions import DecisionEntry, Delivery

if TYPE_CHECKING:
    from checks.policy import Policy

SILENT = ("no_data", "stale", "error", "blocked")


@dataclass(frozen=True, slots=True)
class Line:
    """One rollout on the overview. `tone` is grey where silence holds it; `lease` is the share of the lease left.

    `began` is what the pause began with where the newest standing no longer says it: it stays until people end it.
    """

    name: str
    standing: Standing | None
    shown: words.Shown
    tone: str
    reason: str
    binding: Verdict | None
    began: StandingPoint | None
    freeing: str
    since: datetime | None
    layers: tuple[LayerState, ...]
    lease_left: float | None


def line(name: str, standing: Standing | None, past: Past, now: datetime) -> Line:
    """The rollout as the overview shows it."""
    view = seen(name, standing, past)
    shown, binding = words.shown(view, now), words.binding(view)
    return Line(
        name=name,
        standing=standing,
        shown=shown,
        tone=tone(shown, standing, binding),
        reason=standing.reasons[0].detail if standing and standing.reasons else shown.note,
        binding=binding,
        began=None if binding else _began(shown, past),
        freeing=words.freeing(binding) if binding else "",
        since=past.since,
        layers=layers(standing),
        lease_left=left(standing, now),
    )


def _began(shown: words.Shown, past: Past) -> StandingPoint | None:
    if shown.kind != "pause" or past.since is None:
        return None
    return next((point for point in past.history if point.at >= past.since and point.standing == "pause"), None)


def tone(shown: words.Shown, standing: Standing | None, binding: Verdict | None) -> str:
    """The colour family of a standing: a hold because nothing is known, or known any more, is grey."""
    if shown.kind == "hold" and (standing is None or shown.lapsed or (binding and binding.outcome in SILENT)):
        return "silent"
    return words.TONES[shown.kind]


def layers(standing: Standing | None) -> tuple[LayerState, ...]:
    """All four layers from the top of the stack down; one without a gate, or of which nothing is known, is empty."""
    known = {state.layer: state for state in standing.layers} if standing else {}
    return tuple(known.get(layer) or LayerState(layer, None, None, 0, 0) for layer in reversed(LAYERS))


def left(standing: Standing | None, now: datetime) -> float | None:
    """The share of the lease that is left, 0 to 1; None without one."""
    if standing is None or standing.valid_until <= standing.at:
        return None
    return min(1.0, max(0.0, (standing.valid_until - now) / (standing.valid_until - standing.at)))


def seen(name: str, standing: Standing | None, past: Past) -> RolloutView:
    """The rollout with nothing but its standing and its past."""
    return RolloutView(
        name=name,
        description="",
        stages=(standing.stage,) if standing else (),
        owner=None,
        deputy=None,
        standing=standing,
        since=past.since,
        paused=standing is not None and standing.standing == "pause",
        history=past.history,
        series=past.series,
        markers=(),
        decisions=(),
    )


def whole(
    name: str,
    standing: Standing | None,
    past: Past,
    entries: Sequence[DecisionEntry],
    deliveries: Sequence[Delivery],
    policy: Policy | None,
) -> RolloutView:
    """The rollout with all that is known of it; `policy` None where it cannot be read."""
    found = next((r for r in policy.rollouts if r.name == name), None) if policy else None
    state = rollouts.state(entries)
    stages = found.stages if found else tuple(dict.fromkeys(filter(None, [state.stage])))
    return RolloutView(
        name=name,
        description="",
        stages=stages,
        owner=Person(found.owner.name, found.owner.contact) if found else None,
        deputy=Person(found.deputy.name, found.deputy.contact) if found and found.deputy else None,
        standing=standing,
        since=past.since,
        paused=state.status == "paused",
        history=past.history,
        series=past.series,
        markers=(),
        decisions=tuple(entries),
        deliveries=tuple(deliveries),
    )


def standing_of(stored: Mapping[str, Any] | None) -> Standing | None:
    """A standing as it counts now (`checks.gates.saying.now_says`) as a record."""
    return None if stored is None else codec.standing_from_json(stored)


def version(parts: Iterable[object]) -> str:
    """A short text that changes with any of the parts."""
    return hashlib.sha256(json.dumps(list(parts), default=str).encode()).hexdigest()[:32]
