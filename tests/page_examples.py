"""A page to look at: one rollout that is paused, with verdicts, evidence, decisions and drift."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from checks.gates.records import LayerState, Reason, Standing, Verdict
from checks.gates.spec import LAYERS
from dashboards.page.model import (
    DriftRow,
    DriftTable,
    EvidencePoint,
    GateSeries,
    Marker,
    PageView,
    Person,
    Restatement,
    RolloutView,
    StandingPoint,
)
from warehouse.records.decisions import ChainReport, DecisionEntry, Delivery
from warehouse.records.evidence import Finding
from warehouse.records.ingest import Quarantined, SourceState

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
START = NOW - timedelta(days=42)


def verdict(name: str, layer: Any, outcome: Any, **changes: Any) -> Verdict:
    base = Verdict(
        gate=name,
        rollout="support-agent",
        metric=f"{name}_rate",
        kind="rate",
        layer=layer,
        outcome=outcome,
        reason="limit_kept",
        detail=f"What {name} says in one sentence.",
        direction="at_most",
        limit=0.005,
        measure="share",
        unit="session",
        estimate=0.0021,
        low=0.0012,
        high=0.0034,
        units=3120,
        unscored=12,
        evidence_breach=-0.4,
        evidence_pass=3.4,
        proof_breach=math.log(50),
        proof_pass=math.log(20),
        more_units=None,
        newest=NOW - timedelta(hours=13),
        epoch="e1",
        release="2.4.0",
        on_breach="pause",
        required=True,
        owner="Ines Vogel",
        evidence_digest="ab12" * 16,
    )
    return replace(base, **changes)


def deterministic(
    name: str, layer: Any, outcome: Any, measure: str, limit: float, estimate: Any, **more: Any
) -> Verdict:
    nothing = dict.fromkeys(("low", "high", "evidence_breach", "evidence_pass", "proof_breach", "proof_pass"))
    return verdict(
        name,
        layer,
        outcome,
        kind="age",
        measure=measure,
        limit=limit,
        estimate=estimate,
        units=0,
        unscored=0,
        **nothing,
        **more,
    )


def verdicts() -> tuple[Verdict, ...]:
    return (
        deterministic("interactions-fresh", "data", "pass", "hours", 6, 1.02),
        deterministic("steps-fresh", "data", "stale", "hours", 6, 25.1, reason="too_old"),
        verdict("quarantine-share", "data", "pass", limit=0.02, estimate=0.0016, low=0.001, high=0.003),
        verdict("harm", "model", "insufficient", more_units=612, evidence_pass=1.8, reason="more_units_needed"),
        verdict(
            "harm-returns",
            "model",
            "breach",
            reason="limit_exceeded",
            detail="Harmful answers about returns are proven above 0.5 %: 1.19 % over 1,469 sessions.",
            estimate=0.0119,
            low=0.0071,
            high=0.0188,
            units=1469,
            evidence_breach=5.2,
            evidence_pass=-2.9,
        ),
        verdict("attack-success", "model", "no_data", estimate=None, low=None, high=None, units=0, reason="no_rows"),
        verdict("judge-agreement", "model", "error", reason="check_failed", estimate=None, low=None, high=None),
        verdict(
            "task-success", "workflow", "pass", direction="at_least", limit=0.8, estimate=0.883, low=0.86, high=0.9
        ),
        verdict("tool-errors", "workflow", "blocked", blocked_by=("steps-fresh",), limit=0.05),
        deterministic("review-age", "governance", "pass", "days", 30, 16.4, required=False),
        deterministic("owner-named", "governance", "pass", "", 1, 1),
    )


def standing(**changes: Any) -> Standing:
    all_verdicts = verdicts()
    worst = {
        "data": ("stale", "steps-fresh"),
        "model": ("breach", "harm-returns"),
        "workflow": ("blocked", "tool-errors"),
    }
    layers = tuple(
        LayerState(
            layer,
            worst.get(layer, ("pass", "owner-named"))[0],  # type: ignore[arg-type]  # a literal from the table above
            worst.get(layer, ("pass", "owner-named"))[1],
            sum(v.layer == layer and v.outcome == "pass" for v in all_verdicts),
            sum(v.layer == layer for v in all_verdicts),
        )
        for layer in LAYERS
    )
    base = Standing(
        rollout="support-agent",
        standing="pause",
        stage="general",
        release="2.4.0",
        at=NOW,
        valid_until=NOW + timedelta(hours=15),
        reasons=(
            Reason(
                "limit_exceeded",
                "Harmful answers about returns are proven above 0.5 %: 1.19 % over 1,469 sessions.",
                "harm-returns",
            ),
            Reason("too_old", "The newest tool call is 25 hours old; 6 are allowed.", "steps-fresh"),
            Reason("more_units_needed", "About 612 more sessions are needed.", "harm"),
            Reason("no_rows", "The red team has not tested release 2.4.0.", "attack-success"),
        ),
        binding="harm-returns",
        runner_up="steps-fresh",
        if_mended="hold",
        layers=layers,
        verdicts=all_verdicts,
        evidence_digest="cd34" * 16,
        config_digest="ef56" * 16,
        simulated=True,
    )
    return replace(base, **changes)


def series(gate: str, rate: float, late: float, proof: float) -> GateSeries:
    points = []
    units = 0
    for number in range(168):
        release = "2.3.0" if number < 118 else "2.4.0"
        age = number + 1 if release == "2.3.0" else number - 117
        units = age * 36
        middle = (rate if release == "2.3.0" else late) * (1 + 0.3 * math.sin(number / 5) / math.sqrt(age))
        width = 2.5 * math.sqrt(max(middle, 1e-4) / units)
        points.append(
            EvidencePoint(
                START + timedelta(hours=6 * (number + 1)),
                units,
                middle,
                max(0.0, middle - width),
                min(1.0, middle + width),
                -0.3 if release == "2.3.0" else proof * age / 50,
                age / 20 if release == "2.3.0" else -age / 20,
                release,
                release,
            )
        )
    return GateSeries(gate, tuple(points))


def history() -> tuple[StandingPoint, ...]:
    points = []
    for number in range(84):
        at = START + timedelta(hours=12 * number + 13)
        day = number / 2
        kind = "go" if 5 < day < 12 or 13 < day < 15 or 22 < day < 29 else "pause" if day > 32 else "hold"
        stage = "pilot" if day < 10 else "limited" if day < 22 else "general"
        if 16 <= day < 17:
            continue
        points.append(StandingPoint(at, at + timedelta(hours=15), kind, stage, f"Reason number {number}.", "harm"))  # type: ignore[arg-type]  # one of the three words above
    return tuple(points)


def decision(seq: int, at: datetime, kind: Any, actor: str, summary: str) -> DecisionEntry:
    digest = f"{seq:064x}"
    return DecisionEntry(
        seq, f"d{seq}", f"k{seq}", at, "support-agent", kind, actor, summary, digest, "ef56" * 16, {}, digest, digest
    )


def rollout(**changes: Any) -> RolloutView:
    base = RolloutView(
        name="support-agent",
        description="Answers customers about orders, parcels, invoices and returns.",
        stages=("pilot", "limited", "general"),
        owner=Person("Ines Vogel", "ines@example.org"),
        deputy=Person("Tomasz Bielak", "tomasz@example.org"),
        standing=standing(),
        since=NOW - timedelta(days=9, hours=12),
        paused=True,
        history=history(),
        series=(
            series("harm", 0.002, 0.006, 1.2),
            series("harm-returns", 0.002, 0.0119, 5.2),
            series("task-success", 0.88, 0.87, 0.1),
            GateSeries(
                "interactions-fresh",
                tuple(
                    EvidencePoint(
                        START + timedelta(hours=12 * n), 0, 1.0 + 12 * (n == 50), None, None, None, None, "2.3.0"
                    )
                    for n in range(84)
                ),
            ),
        ),
        markers=(
            Marker(START, None, "Pilot starts", "Release 2.3.0 answers its first customers."),
            Marker(START + timedelta(days=12), START + timedelta(days=13), "Step log silent", "Nothing for a day."),
            Marker(START + timedelta(days=18), START + timedelta(days=19), "Judge dead", "No scores for a day."),
            Marker(START + timedelta(days=29), None, "Prompt changed", "Release 2.4.0 spoils answers about returns."),
        ),
        decisions=(
            decision(1, START, "start", "Ines Vogel", "Pilot."),
            decision(2, START + timedelta(days=10), "expand", "Ines Vogel", "All gates of the pilot pass."),
            decision(3, START + timedelta(days=22), "expand", "Ines Vogel", "All gates pass."),
            decision(4, START + timedelta(days=32), "pause", "monitor", "harm-returns: limit exceeded."),
        ),
        deliveries=(
            Delivery("x1", "d4", "support-agent", "switch", "webhook", {}, "delivered", 2, NOW, NOW, None),
            Delivery("x2", "d4", "support-agent", "alert", "on-call", {}, "dead", 9, NOW, None, "refused"),
        ),
    )
    return replace(base, **changes)


def view(**changes: Any) -> PageView:
    base = PageView(
        made_at=NOW,
        version="0.1.0",
        simulated=True,
        rollouts=(rollout(),),
        sources=(
            SourceState("agent-logs", "interactions", NOW, NOW, NOW, None, 80379, 80078, 172, 2000, 129, 700),
            SourceState("step-logs", "steps", NOW, NOW, NOW, "No file for 25 hours.", 76328, 76328, 0, 0, 0, 0),
        ),
        quarantined=(Quarantined("agent-logs", 3, "logs/a.jsonl.gz", 812, "not_json", "Cut off.", '{"id": "i-1', 11),),
        quarantined_total=129,
        quarantine_reasons=(("not_json", 40), ("wrong_type", 89)),
        findings=(
            Finding(
                "schema_change",
                "notice",
                "info",
                "interactions",
                "client",
                "new_field",
                "A new field came.",
                seen_at=NOW,
            ),
            Finding("expectation", "failed", "warning", "steps", "latency_ms", "not_null", "3 rows lack it.", "3", "0"),
            Finding("expectation", "error", "warning", "steps", "kind", "in_set", "The check could not run."),
        ),
        drift=(
            DriftTable(
                "interactions",
                "week 1",
                "last 7 days",
                (
                    DriftRow("output_tokens", "psi", 0.01, 0.1, 8900, 12000, "steady"),
                    DriftRow("input_tokens", "psi", 0.42, 0.1, 8900, 12000, "drifted"),
                    DriftRow("confidence", "psi", None, 0.1, 8900, 0, "no_data"),
                ),
                "drift/interactions.html",
            ),
        ),
        restatements=(
            Restatement(NOW, "interactions", "agent-logs", "logs/b.jsonl.gz", 1830, (("scores", 1830),), ("d2", "d3")),
        ),
        chain=ChainReport(True, 4, "99aa" * 16),
        config_digest="ef56" * 16,
    )
    return replace(base, **changes)
