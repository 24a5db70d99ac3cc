"""The page's view model brought into the shape its templates want: sorted, counted, drawn, put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from markupsafe import Markup

from checks.gates.records import LayerState, Verdict
from checks.gates.spec import LAYERS, Layer
from dashboards.page import charts, drawings, words
from dashboards.page.model import DriftTable, EvidencePoint, PageView, RolloutView

TABLE_ROWS = 24
DECISION_ROWS = 200

LAYER_WORDS: dict[Layer, str] = {
    "data": "Do the logs arrive, whole and sound?",
    "model": "Are the answers harmless, helpful and rightly judged?",
    "workflow": "Does the work around the model hold?",
    "governance": "Do people look, decide and follow up?",
}

_RANK = {"breach": 0, "error": 1, "no_data": 2, "stale": 3, "insufficient": 4, "blocked": 5, "pass": 6}
_DRIFT_RANK = {"error": 0, "drifted": 1, "no_data": 2, "steady": 3}


@dataclass(frozen=True, slots=True)
class GateCard:
    """One gate as the page shows it."""

    anchor: str
    verdict: Verdict
    summary: str
    freeing: str
    breach_proof: float | None
    pass_proof: float | None
    spark: Markup | None
    figures: tuple[tuple[str, str, charts.Figure], ...]
    points: tuple[EvidencePoint, ...]
    point_count: int
    binding: bool


@dataclass(frozen=True, slots=True)
class LayerBlock:
    """One layer of the stack with its gates, worst first; `state` is None when the layer has no gate at all."""

    layer: Layer
    question: str
    state: LayerState | None
    cards: tuple[GateCard, ...]


@dataclass(frozen=True, slots=True)
class RolloutBlock:
    """One rollout as the page shows it."""

    anchor: str
    view: RolloutView
    shown: words.Shown
    binding: Verdict | None
    freeing: str
    layers: tuple[LayerBlock, ...]
    timeline: Markup | None
    stretches: tuple[drawings.Stretch, ...]


def rollouts(view: PageView) -> list[RolloutBlock]:
    """All rollouts of the view, those that pause first, then those that hold."""
    blocks = [rollout(f"r{number}", one, view.made_at) for number, one in enumerate(view.rollouts, start=1)]
    order = {"pause": 0, "hold": 1, "go": 2}
    return sorted(blocks, key=lambda block: (order[block.shown.kind], block.anchor))


def rollout(anchor: str, view: RolloutView, now: datetime) -> RolloutBlock:
    """One rollout as it stands at `now`; the ids on its page begin with `anchor`."""
    binding = words.binding(view)
    return RolloutBlock(
        anchor=anchor,
        view=view,
        shown=words.shown(view, now),
        binding=binding,
        freeing=_freeing(view, binding),
        layers=tuple(_layers(anchor, view)),
        timeline=drawings.timeline(view, now),
        stretches=tuple(drawings.stretches(view.history, now)),
    )


def _freeing(view: RolloutView, binding: Verdict | None) -> str:
    if view.paused and (binding is None or binding.outcome != "breach"):
        return "People resume it, on evidence newer than the fix."
    if binding is None:
        return "Nothing holds it." if view.standing and view.standing.standing == "go" else "See the reasons."
    return words.freeing(binding)


def _layers(anchor: str, view: RolloutView) -> list[LayerBlock]:
    standing = view.standing
    states = {state.layer: state for state in standing.layers} if standing else {}
    series = {one.gate: one.points for one in view.series}
    verdicts = sorted(standing.verdicts, key=lambda v: (_RANK[v.outcome], not v.required, v.gate)) if standing else []
    cards = [
        _card(f"{anchor}-g{number}", verdict, series.get(verdict.gate, ()), standing.binding if standing else None)
        for number, verdict in enumerate(verdicts, start=1)
    ]
    return [
        LayerBlock(layer, LAYER_WORDS[layer], states.get(layer), tuple(c for c in cards if c.verdict.layer == layer))
        for layer in LAYERS
    ]


def _card(anchor: str, verdict: Verdict, points: Sequence[EvidencePoint], binding: str | None) -> GateCard:
    figures: list[tuple[str, str, charts.Figure]] = []
    if len(points) > 1:
        figures.append((f"{anchor}-estimate", "Estimate and limit", charts.estimate_figure(verdict, points)))
        if verdict.proof_breach or verdict.proof_pass:
            figures.append((f"{anchor}-evidence", "Evidence both ways", charts.evidence_figure(verdict, points)))
    return GateCard(
        anchor=anchor,
        verdict=verdict,
        summary=words.summary(verdict),
        freeing=words.freeing(verdict),
        breach_proof=words.proof(verdict.evidence_breach, verdict.proof_breach),
        pass_proof=words.proof(verdict.evidence_pass, verdict.proof_pass),
        spark=drawings.sparkline(verdict, points),
        figures=tuple(figures),
        points=tuple(reversed(charts.thinned(points, TABLE_ROWS))),
        point_count=len(points),
        binding=verdict.gate == binding,
    )


def drift(view: PageView) -> list[DriftTable]:
    """Drift tables with their columns ranked: errors, then what drifted most in terms of its threshold."""
    return [replace(table, rows=tuple(sorted(table.rows, key=_drift_key))) for table in view.drift]


def _drift_key(row: Any) -> tuple[int, float, str]:
    strength = row.statistic / row.threshold if row.statistic is not None and row.threshold else 0.0
    return (_DRIFT_RANK[row.state], -strength, row.column)
