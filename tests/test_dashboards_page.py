"""The page says at once how a rollout stands, needs no network, and lets no log text become part of it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import math
import re
from collections import Counter
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from importlib import resources
from typing import Any, get_type_hints

import pytest

from checks.drift.records import ColumnDrift, DriftReport
from checks.gates.history import EvidencePoint as HistoryPoint
from checks.gates.records import LayerState, Reason, Standing, Verdict
from checks.gates.spec import LAYERS
from dashboards import format as fmt
from dashboards.page import charts, drawings, filling, render, shape, words
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


class Reader(HTMLParser):
    """What a browser would find: elements with their attributes, the text people see, and what scripts hold."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        last = self.elements[-1][0] if self.elements else ""
        if last == "script" and self.cdata_elem == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif last != "style" or self.cdata_elem is None:
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


@pytest.fixture(scope="module")
def page() -> str:
    return render(view())


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    return Reader(page)


def test_the_standing_the_reason_and_the_way_out_come_first(read: Reader) -> None:
    words_ = read.words()
    assert "SIMULATED" in words_
    for wanted in (
        "Pause",
        "Stop. People have to mend it and resume.",
        "Harmful answers about returns are proven above 0.5 %: 1.19 % over 1,469 sessions.",
        "Mend the cause and release it; then people resume",
        "With the deciding gate mended it would be hold",
        "next in line: steps-fresh",
        "14 Nov 2026, 13:00",
        "Ines Vogel",
        "deputy Tomasz Bielak",
        "24 Nov 2026, 16:00",
    ):
        assert wanted in words_, wanted
    assert words_.index("Pause") < words_.index("Four layers") < words_.index("Decision log")


def test_everything_a_person_may_ask_for_is_on_the_page(read: Reader) -> None:
    words_ = read.words()
    for wanted in (
        "Limit exceeded",
        "Not enough proof",
        "Data too old",
        "No data",
        "Check failed",
        "Blocked from below",
        "About 612 more sessions at the present rate.",
        "12 (0.385 %)",
        "No file for 25 hours.",
        "Cut off.",
        "A new field came.",
        "1 of 3 columns drifted",
        "chain intact",
        "4 entries verified",
        "refused",
        "scores (1 830)",
        "d2",
    ):
        assert wanted in words_, wanted
    assert {"href": "drift/interactions.html"} in read.all("a")


def test_the_page_asks_nothing_of_any_host(page: str, read: Reader) -> None:
    for tag, attributes in read.elements:
        for name, content in attributes.items():
            if name in ("src", "href", "action", "srcset", "poster", "data"):
                assert content is not None
                assert content.startswith(("#", "data:,")) or content == "drift/interactions.html", (tag, name, content)
    assert not read.all("iframe") + read.all("object") + read.all("embed") + read.all("img")
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_only_scripts_whose_digest_the_policy_names_can_run(read: Reader) -> None:
    policy = next(m["content"] for m in read.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in policy
    runnable = [text for attributes, text in read.scripts if attributes.get("type") in (None, "text/plain")]
    assert len(runnable) == 2
    for text in runnable:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_plotly_is_in_the_page_once_and_waits_until_a_chart_is_looked_at(page: str, read: Reader) -> None:
    assert page.count("plotly.js v") == 1
    assert [a for a, _ in read.scripts if a.get("id") == "plotly-source"] == [
        {"type": "text/plain", "id": "plotly-source"}
    ]
    assert len(page.encode()) < 6_000_000


def test_every_chart_has_its_figure_its_sentence_and_its_table(read: Reader) -> None:
    figures = {a["id"]: json.loads(text) for a, text in read.scripts if a.get("type") == "application/json"}
    charts_ = [a for a in read.all("div") if a.get("class") == "chart"]
    assert len(charts_) == len(figures) == 7
    for chart in charts_:
        assert chart["data-figure"] in figures
        assert chart["aria-label"]
    assert read.words().count("In words:") == len(verdicts())


def test_a_page_without_evidence_is_small_and_says_so() -> None:
    bare = render(view(rollouts=(rollout(series=(), standing=None, history=(), since=None, paused=False),)))
    assert len(bare) < 100_000
    words_ = Reader(bare).words()
    assert "Hold" in words_
    assert "No standing was ever published; silence holds." in words_
    assert "No gate watches this layer" in words_


def test_a_page_without_rollouts_says_what_to_do() -> None:
    assert "The policy names no rollout yet" in Reader(render(view(rollouts=(), chain=None))).words()


def test_several_rollouts_stand_in_one_table_the_worst_first() -> None:
    good = rollout(name="search", paused=False, standing=standing(standing="go", binding=None, if_mended=None))
    words_ = Reader(render(view(rollouts=(good, rollout())))).words()
    assert words_.index("Rollouts") < words_.index("Four layers")
    assert words_.index("support-agent") < words_.index("search")


def test_every_id_is_there_once_and_every_reference_leads_somewhere(read: Reader) -> None:
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in read.elements:
        for name in ("aria-labelledby", "href", "data-figure"):
            target = attributes.get(name)
            if target and (name != "href" or target.startswith("#")):
                assert target.lstrip("#") in ids, target


def test_it_can_be_read_without_eyes_or_mouse(read: Reader) -> None:
    assert read.all("html") == [{"lang": "en"}]
    assert any(a.get("class") == "skip" and a["href"] == "#main" for a in read.all("a"))
    for svg in read.all("svg"):
        assert svg.get("aria-hidden") == "true" or svg.get("aria-label") or "decision" in str(svg.get("class"))
    assert all("scope" in th for th in read.all("th"))
    assert all(a.get("tabindex") == "0" and a.get("aria-label") for a in read.all("div") if a.get("class") == "scroll")
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("outcome", ["no_data", "stale", "error", "blocked"])
def test_silence_is_grey_and_never_green(outcome: str) -> None:
    assert words.TONES[outcome] == "silent"


def test_a_lapsed_lease_shows_as_hold() -> None:
    lapsed = rollout(paused=False, standing=standing(standing="go", valid_until=NOW - timedelta(minutes=1)))
    shown = words.shown(lapsed, NOW)
    assert (shown.kind, shown.lapsed) == ("hold", True)
    words_ = Reader(render(view(rollouts=(lapsed,)))).words()
    assert "lease ended" in words_
    assert "nobody renewed it" in words_


def test_nothing_softens_a_pause() -> None:
    late = standing(valid_until=NOW - timedelta(days=3))
    assert words.shown(rollout(standing=late, paused=False), NOW).kind == "pause"
    assert words.shown(rollout(standing=standing(standing="go"), paused=True), NOW).kind == "pause"
    assert words.shown(rollout(standing=None, paused=True), NOW).kind == "pause"


def test_a_gap_in_the_history_shows_as_lapsed_hold() -> None:
    points = tuple(
        StandingPoint(START + timedelta(hours=h), START + timedelta(hours=h + 3), "go", "pilot", "All pass.")
        for h in (0, 2, 9)
    )
    found = drawings.stretches(points, START + timedelta(hours=10))
    assert [(s.kind, s.lapsed, (s.end - s.start) / timedelta(hours=1)) for s in found] == [
        ("go", False, 5),
        ("hold", True, 4),
        ("go", False, 1),
    ]


def test_a_pause_lasts_until_the_next_standing_even_without_renewal() -> None:
    points = (StandingPoint(START, START + timedelta(hours=1), "pause", "pilot", "Proven."),)
    found = drawings.stretches(points, START + timedelta(hours=9))
    assert [(s.kind, s.end - s.start) for s in found] == [("pause", timedelta(hours=9))]


def test_a_warning_shows_on_a_live_page_only(page: str) -> None:
    assert 'data-live="no"' in page
    assert 'data-live="yes"' in render(view(simulated=False))
    assert "SIMULATED" not in Reader(render(view(simulated=False))).words()


def test_a_page_that_outlives_its_lease_can_turn_go_into_hold_but_never_softens_a_pause() -> None:
    open_ = render(view(simulated=False, rollouts=(rollout(paused=False, standing=standing(standing="go")),)))
    assert open_.count('class="when-lapsed" hidden') == 2
    assert "that no longer counts" in open_
    stopped = render(view(simulated=False))
    assert 'class="when-lapsed" hidden' not in stopped
    assert "The pause stands until people resume it." in stopped


def test_a_broken_chain_is_said_aloud() -> None:
    broken = ChainReport(False, 4, "99aa" * 16, 3, "the hash of entry 2 differs")
    assert (
        "chain broken Entry 3 does not fit: the hash of entry 2 differs" in Reader(render(view(chain=broken))).words()
    )


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</script></style></title><svg onload=alert(1)>",
    "{{ 7*7 }}{% for x in y %}{# #}",
    "javascript:alert(1)",
    "a\x1b[2J\x00\x07\u202egnp\u2066\u2028</td>",
    "&lt;b&gt;&#x3c;",
    "\ud800 lone",
]


def poisoned(record: Any, text: str) -> Any:
    """The record with every free text in it, at any depth, replaced."""
    if isinstance(record, tuple):
        return tuple(text if isinstance(one, str) else poisoned(one, text) for one in record)
    if not is_dataclass(record) or isinstance(record, type):
        return record
    hints = get_type_hints(type(record), include_extras=False)
    changes: dict[str, Any] = {}
    for field in fields(record):
        present = getattr(record, field.name)
        if isinstance(present, str):
            if hints[field.name] in (str, str | None):
                changes[field.name] = text
        else:
            changes[field.name] = poisoned(present, text)
    return replace(record, **changes)


def shape_of(read_: Reader) -> Counter[tuple[str, tuple[str, ...]]]:
    """Elements with the names of their attributes; foreign text may change neither."""
    return Counter((tag, tuple(sorted(attributes))) for tag, attributes in read_.elements if tag != "option")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_any_field_becomes_part_of_the_page(text: str) -> None:
    hostile = poisoned(view(), text)
    page = render(hostile)
    page.encode()
    found = Reader(page)
    harmless = Reader(render(poisoned(view(), "harm less")))
    assert shape_of(found) == shape_of(harmless)
    for _, attributes in found.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert not str(attributes.get("href", "")).startswith("javascript")
    assert len(found.scripts) == len(harmless.scripts)
    seen = page[: page.index('<script type="application/json"')]
    assert not set(seen) & set("\x00\x07\x1b\u202e\u2066\u2028")
    expected = fmt.visible(text)
    assert re.sub(r"\s+", " ", expected) in found.words()


def test_a_megabyte_in_every_field_is_cut() -> None:
    page = render(poisoned(view(), "<b>x</b>" * 131_072))
    assert len(page) < 6_000_000
    assert "characters)" in page


def test_templates_in_text_are_not_evaluated() -> None:
    page = render(poisoned(view(), "{{ 7*7 }}"))
    assert "{{ 7*7 }}" in page


def test_long_series_are_thinned_but_keep_the_ends_of_every_epoch() -> None:
    points = [
        EvidencePoint(START + timedelta(hours=n), n, 0.1, 0.0, 0.2, 0.0, 0.0, "a" if n < 4001 else "b")
        for n in range(9000)
    ]
    kept = charts.thinned(points)
    assert len(kept) < charts.MOST_POINTS + 10
    assert {0, 4000, 4001, 8999} <= {point.units for point in kept}
    assert [point.units for point in kept] == sorted(point.units for point in kept)


def test_a_new_release_begins_a_new_line() -> None:
    points = series("harm", 0.002, 0.006, 1.2).points
    figure = charts.estimate_figure(verdicts()[3], points)
    line = figure["data"][-1]
    assert line["x"].count(None) == line["y"].count(None) == 1
    assert any(note["text"] == "release 2.4.0" for note in figure["layout"]["annotations"])
    assert len(charts.evidence_figure(verdicts()[3], points)["data"]) == 2


def test_a_gate_that_does_not_gather_evidence_has_no_evidence_chart() -> None:
    blocks = shape.rollouts(view())
    cards = {card.verdict.gate: card for layer in blocks[0].layers for card in layer.cards}
    assert [title for _, title, _ in cards["interactions-fresh"].figures] == ["Estimate and limit"]
    assert cards["interactions-fresh"].pass_proof is None
    assert cards["steps-fresh"].figures == ()


def test_drift_is_ranked_by_how_far_a_column_is_past_its_limit() -> None:
    assert [row.column for row in shape.drift(view())[0].rows] == ["input_tokens", "confidence", "output_tokens"]


def test_records_of_the_checks_become_rows_of_the_page() -> None:
    column = ColumnDrift("input_tokens", "input_tokens", "wasserstein", 0.4, 0.1, 0.01, True, 9000, 8000)
    silent = replace(column, name="cost", statistic=None, drifted=None, reason="no rows")
    table = filling.drift_table(
        "interactions", "week 1", "now", DriftReport((column, silent), None, 0, 1, 9, 8, None, "d")
    )
    assert [(row.column, row.state, row.detail) for row in table.rows] == [
        ("input_tokens", "drifted", ""),
        ("cost", "no_data", "no rows"),
    ]
    old = HistoryPoint(START, 10, 0.1, 0.0, 0.2, 0.3, 0.4)
    new = replace(old, window_end=START + timedelta(hours=1))
    made = filling.series("harm", [("e2", "b", [new]), ("e1", "a", [old])])
    assert [(point.epoch, point.release, point.evidence_pass) for point in made.points] == [
        ("e1", "a", 0.4),
        ("e2", "b", 0.4),
    ]
    assert filling.standing_point(standing()).reason.startswith("Harmful answers")
    assert filling.looks("steps-fresh", [(NOW, verdicts()[1])]).points[0].estimate == 25.1


def compared(name: str, test: Any, limit: float, ends: tuple[float, float], **more: Any) -> Verdict:
    return verdict(
        name,
        "model",
        "insufficient",
        test=test,
        limit=limit,
        estimate=sum(ends) / 2,
        low=ends[0],
        high=ends[1],
        meter_breach=0.1,
        meter_pass=0.6,
        headroom=-0.4,
        more_units=1200,
        more_seconds=30 * 3600.0,
        assumes="Right if the arms are filled at random.",
        budget=f"By gate {name} a healthy release is paused wrongly at most once in 50 releases.",
        **more,
    )


def path(gate: str, *values: tuple[float | None, float, float]) -> GateSeries:
    return GateSeries(
        gate,
        tuple(
            EvidencePoint(START + timedelta(hours=6 * n), 10 * n, middle, low, high, 0.1 * n, 0.2 * n, "2.4.0", "e1")
            for n, (middle, low, high) in enumerate(values, start=1)
        ),
    )


def comparing() -> PageView:
    shown = (
        compared("harm-control", "odds_ratio", 1.5, (0.4, 2.1)),
        compared("success-control", "rate_difference", -0.02, (-0.04, 0.05), direction="at_least"),
        compared("severity-control", "score_difference", 0.0, (-0.1, 0.2), kind="mean", measure="points"),
        compared("severity-shape", "distribution", 0.05, (0.0, 0.12), kind="mean", measure="points", means="long_run"),
    )
    paths = (
        path("harm-control", (None, 0.0, math.inf), (math.inf, 0.1, math.inf), (1.3, 0.4, 2.1), (1.2, 0.5, 2.0)),
        path("success-control", (0.0, -1.0, 1.0), (0.01, -0.03, 0.05), (0.005, -0.04, 0.05)),
        path("severity-control", (0.0, -9.0, 9.0), (0.0, math.nan, 0.2)),
        path("severity-shape", (0.06, 0.0, 1.0)),
    )
    found = standing(
        verdicts=shown,
        weakest="harm-control",
        next_weakest="severity-shape",
        headroom=-0.4,
        gain=0.3,
        combined=1.9,
        combined_proof=3.8,
        triage=("harm-control", "severity-control"),
        budget="A healthy release of support-agent is paused wrongly at most once in 12 releases.",
    )
    return view(rollouts=(rollout(standing=found, series=paths),))


def test_a_comparison_is_told_in_its_own_measure_and_its_chart_stands_ends_that_nothing_bounds() -> None:
    reader = Reader(render(comparing()))
    text = reader.words().replace(fmt.THIN, " ")
    for wanted in ("ratio of the odds of a bad unit", "at most 1.5", "at least -2 %", "the mean over many windows"):
        assert wanted in text
    assert "at most 150 %" not in text
    for attributes, content in reader.scripts:
        if attributes.get("type") == "application/json":
            json.loads(content)


def test_ranges_of_comparisons_show_the_limit_and_every_sign() -> None:
    cards = {c.verdict.gate: c for layer in shape.rollouts(comparing())[0].layers for c in layer.cards}
    for name, limit in (("harm-control", 1.5), ("success-control", -0.02), ("severity-control", 0.0)):
        low, high = cards[name].figures[0][2]["layout"]["yaxis"]["range"]
        assert math.isfinite(low)
        assert low < limit < high
        assert high - low < 7.0
    assert cards["severity-shape"].figures == (), "one point is no line"


def test_the_rollout_says_what_its_gates_are_together() -> None:
    text = Reader(render(comparing())).words().replace(fmt.THIN, " ")
    for wanted in (
        "harm-control : headroom none proved yet; then severity-shape .",
        "Mending it would gain 30 %.",
        "All that may pause 50 %",
        "harm-control , severity-control",
        "paused wrongly at most once in 12 releases",
    ):
        assert wanted in text


def test_a_gate_says_what_its_verdict_rests_on_and_how_long_a_proof_takes() -> None:
    text = Reader(render(comparing())).words().replace(fmt.THIN, " ")
    for wanted in (
        "Right if the arms are filled at random.",
        "By gate harm-control a healthy release is paused wrongly at most once in 50 releases.",
        "About 1 200 more sessions at the present rate, some 30 hours.",
    ):
        assert wanted in text


@pytest.mark.slow
def test_plotly_takes_the_figures() -> None:
    import plotly.graph_objects as go

    for block in shape.rollouts(view()):
        for layer in block.layers:
            for card in layer.cards:
                for _, _, figure in card.figures:
                    go.Figure(json.loads(re.sub(r'"var\(--[a-z-]+\)"', '"black"', json.dumps(figure))))


def test_colours_of_text_have_enough_contrast_in_light_and_dark() -> None:
    style = resources.files("dashboards.page").joinpath("style.css").read_text(encoding="utf-8")
    light, dark = style.split("@media (prefers-color-scheme: dark)")[:2]
    for part in (light, dark[: dark.index("}\n}")]):
        found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part))
        for ground in ("card", "page"):
            for ink in ("ink", "muted", "accent", "good", "wait", "bad", "silent"):
                assert contrast(found[ink], found[ground]) >= 4.5, (ink, ground)
        for tone in ("good", "wait", "bad", "silent"):
            assert contrast(found[tone], found[f"{tone}-soft"]) >= 4.5, tone
        for tone in ("good", "wait", "bad"):
            assert contrast("#ffffff", found[f"{tone}-fill"]) >= 4.5, tone
        assert contrast(found["simulated"], found["simulated-soft"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, from 1 to 21."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dim = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)
