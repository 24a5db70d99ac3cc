"""The monitor compares stored profiles with a pinned reference: without Evidently, without reading rows again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import projects as p
import pytest
from conftest import ROOT
from projects import AGENT, HOUR, START

from flows import drift_page, drift_reference, drifting, pulling
from flows.drifting import Drifted
from flows.project import Project
from flows.stores import Stores
from warehouse import pins
from warehouse.records.errors import CheckError

pytestmark = pytest.mark.slow

REFERENCE = {"start": START.isoformat(), "end": (START + 4 * HOUR).isoformat()}

WORDS = ("short", "small", "rather long", "silly", "different", "further")


def section(**changes: Any) -> dict[str, Any]:
    base = {"name": "inputs", "stream": "interactions", "rollout": AGENT, "reference": REFERENCE, "window": "2h"}
    return {
        **base,
        "columns": ["latency_ms", "segment", "prompt", "confidence"],
        "min_rows": 100,
        "tolerance": 0.2,
        **changes,
    }


def rows(hours: range, *, latency: float = 500.0, topic: str = "parcel", count: int = 400) -> list[dict[str, Any]]:
    found = []
    for hour in hours:
        random = Random(f"{hour}/{latency}/{topic}")
        for n in range(count):
            found.append(
                {
                    "id": f"{hour}-{n}",
                    "ts": (START + hour * HOUR + n * (HOUR / count)).isoformat(),
                    "talk": f"t{hour}-{n}",
                    "build": "r1",
                    "latency_ms": random.lognormvariate(0, 0.4) * latency,
                    "confidence": None if n % 10 == 0 else random.random(),
                    "segment": random.choice(["returns", "delivery", "delivery"]),
                    "prompt": f"I have a {random.choice(WORDS)} question about my {topic} number {hour}{n}, please",
                }
            )
    return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return p.make(tmp_path, p.policy(drift=[section()]))


def look(project: Project, hour: float) -> Drifted:
    with p.opened(project) as stores:
        return look_in(project, stores, hour)


def look_in(project: Project, stores: Stores, hour: float) -> Drifted:
    now = START + hour * HOUR
    pulling.pull_sources(project, stores, now=now)
    (found,) = drifting.compare_all(project, stores, now=now).values()
    return found


def states(found: Drifted) -> dict[str, str]:
    assert found.report is not None, found
    return {column.name: column.state for column in found.report.columns}


def test_a_quiet_stream_does_not_drift_and_a_move_and_a_new_topic_do(project: Project) -> None:
    p.write(project, "a.jsonl", rows(range(7)))
    quiet = look(project, 8)
    assert quiet.report is not None
    assert set(states(quiet).values()) <= {"steady", "too_few"}
    assert states(quiet)["latency_ms"] == "steady"
    assert (quiet.current_start, quiet.current_end) == (START + 5 * HOUR, START + 7 * HOUR)
    assert quiet.report.current_rows == 800
    assert quiet.report.reference_rows == 1_600
    p.write(project, "b.jsonl", rows(range(7, 9), latency=900, topic="refund"))
    moved = look(project, 10)
    assert states(moved)["latency_ms"] == "drifted"
    assert states(moved)["prompt.words"] == "drifted"
    assert states(moved)["segment"] == "steady"
    assert {finding.subject for finding in moved.findings} >= {"latency_ms", "prompt.words"}
    assert moved.report is not None
    assert moved.report.reference_digest == quiet.report.reference_digest


def test_nothing_is_said_before_the_reference_is_complete_and_left(project: Project) -> None:
    p.write(project, "a.jsonl", rows(range(4)))
    early = look(project, 4.5)
    assert early.report is None
    assert "no rows after the reference" in (early.early or "")
    p.write(project, "b.jsonl", rows(range(4, 5)))
    # The source may be an hour late: at 4.9 the last hour of the reference can still grow.
    assert "not complete yet" in (look(project, 4.9).early or "")
    assert look(project, 5.5).report is not None


def test_the_pinned_reference_never_moves(project: Project) -> None:
    p.write(project, "a.jsonl", rows(range(6)))
    first = look(project, 7)
    restated = [{**row, "latency_ms": 1.0} for row in rows(range(4))]
    p.write(project, "late.jsonl", restated)
    second = look(project, 8)
    assert first.report is not None
    assert second.report is not None
    assert first.report.reference_digest == second.report.reference_digest
    assert [c.statistic for c in first.report.columns] == [c.statistic for c in second.report.columns]
    with p.opened(project) as stores:
        count = stores.warehouse.connection.execute("SELECT count(*) FROM pins WHERE gate = 'drift/inputs'").fetchone()
        assert count == (1,)


def test_a_restated_current_row_counts_as_corrected(project: Project) -> None:
    p.write(project, "a.jsonl", rows(range(6)))
    look(project, 7)
    p.write(project, "b.jsonl", [{**row, "latency_ms": 5_000.0} for row in rows(range(4, 6))])
    assert states(look(project, 8))["latency_ms"] == "drifted"


def test_the_window_under_test_never_reaches_into_the_reference(tmp_path: Path) -> None:
    project = p.make(tmp_path, p.policy(drift=[section(window="30d")]))
    p.write(project, "a.jsonl", rows(range(6)))
    found = look(project, 7)
    assert found.current_start == START + 4 * HOUR
    assert found.report is not None
    assert found.report.current_rows == 800


def test_a_look_without_new_rows_reads_no_rows(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    p.write(project, "a.jsonl", rows(range(6)))
    with p.opened(project) as stores:
        first = look_in(project, stores, 7)
        tables = "SELECT count(*) FROM profile_bins"
        before = stores.warehouse.connection.execute(tables).fetchone()
        monkeypatch.setattr(drift_reference, "_read", pytest.fail)
        monkeypatch.setattr("warehouse.profiles.summing._step", pytest.fail)
        again = look_in(project, stores, 7)
        assert stores.warehouse.connection.execute(tables).fetchone() == before
    assert again == first


def test_too_few_rows_and_missing_columns_have_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = p.make(tmp_path, p.policy(drift=[section(min_rows=5_000)]))
    p.write(project, "a.jsonl", rows(range(6)))
    monkeypatch.setattr(
        "flows.drifting.sampling.present", lambda _w, _s, columns: [name for name in columns if name != "segment"]
    )
    found = look(project, 7)
    assert set(states(found).values()) == {"too_few", "missing_column"}
    assert states(found)["segment"] == "missing_column"
    assert found.report is not None
    assert found.report.share_drifted is None


def test_texts_by_length_alone(tmp_path: Path) -> None:
    project = p.make(tmp_path, p.policy(drift=[section(texts="length")]))
    p.write(project, "a.jsonl", rows(range(6)))
    assert {name for name in states(look(project, 7)) if name.startswith("prompt")} == {"prompt.length"}


def test_an_embedder_is_asked_for_meaning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "own_embedder.py"
    module.write_text(
        "class Letters:\n"
        "    def embed(self, texts):\n"
        "        return [[text.count(letter) for letter in 'aeiourspf'] for text in texts]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    project = p.make(tmp_path, p.policy(drift=[section(embedding="own_embedder:Letters")]))
    p.write(project, "a.jsonl", rows(range(6)))
    assert states(look(project, 7))["prompt.embedding"] in ("steady", "too_few")
    p.write(project, "b.jsonl", rows(range(6, 8), topic="refund of a broken oven"))
    assert states(look(project, 9))["prompt.embedding"] == "drifted"


def test_an_embedder_that_cannot_be_loaded_is_trouble(tmp_path: Path) -> None:
    project = p.make(tmp_path, p.policy(drift=[section(embedding="no_such_module:Thing")]))
    p.write(project, "a.jsonl", rows(range(6)))
    found = look(project, 7)
    assert found.report is None
    assert "no_such_module:Thing cannot be loaded" in (found.trouble or "")


def test_pages_are_drawn_on_demand_and_kept(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    p.write(project, "a.jsonl", rows(range(6)))
    with p.opened(project) as stores:
        found = look_in(project, stores, 7)
        assert found.page is None
        (page,) = drift_page.draw_all(project, stores, [found], now=START + 7 * HOUR)
        text = page.read_text(encoding="utf-8")
        assert "Share of drifted columns" in text
        assert "prompt.words" in text, "our judgement is on top"
        monkeypatch.setattr("checks.drift.evidently_adapter.draw", pytest.fail)
        assert drift_page.draw_all(project, stores, [found], now=START + 8 * HOUR) == [page]
        assert look_in(project, stores, 7).page == str(page)
        assert drift_page.draw_all(project, stores, [_early(found)], now=START + 8 * HOUR) == []


def _early(found: Drifted) -> Drifted:
    return Drifted(found.name, found.stream, found.rollout, None, None, "early", None, None, None)


def test_a_section_can_ask_for_its_page_in_every_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = p.make(tmp_path, p.policy(drift=[section(page="always")]))
    drawn: list[Path] = []

    def draw(*_: Any, html: Path, **__: Any) -> None:
        drawn.append(html)
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text("<html></html>")

    monkeypatch.setattr("checks.drift.evidently_adapter.draw", draw)
    p.write(project, "a.jsonl", rows(range(6)))
    assert look(project, 7).page is not None
    assert look(project, 7).page is not None
    assert len(drawn) == 1, "it is left alone while it still tells the judgement"

    def broken(*_: Any, **__: Any) -> None:
        raise CheckError("Evidently failed.")

    monkeypatch.setattr("checks.drift.evidently_adapter.draw", broken)
    p.write(project, "b.jsonl", rows(range(6, 8), latency=5_000))
    found = look(project, 9)
    assert found.undrawn == "Evidently failed."
    assert (found.trouble, found.report is None) == (None, False), "the judgement needs no page"
    assert found.page == str(drawn[0].with_name("drift-inputs.html")), "the page of before stays"
    assert [f.detail for f in found.findings if f.state == "notice"] == [
        "Evidently's page of inputs could not be drawn; the page of before stays: Evidently failed."
    ]


def test_a_run_with_drift_does_not_load_evidently(project: Project) -> None:
    p.write(project, "a.jsonl", rows(range(6)))
    script = (
        "import sys\nsys.path.insert(0, 'tests')\n"
        "from datetime import timedelta\nfrom pathlib import Path\nimport projects as p\n"
        "from flows import drifting, pulling\n"
        f"project = p.open_project(Path({str(project.base)!r}))\n"
        "with p.opened(project) as stores:\n"
        "    now = p.START + 7 * p.HOUR\n"
        "    pulling.pull_sources(project, stores, now=now)\n"
        "    found = drifting.compare_all(project, stores, now=now)\n"
        "    assert found['inputs'].report is not None\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'evidently', 'plotly'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_configuration_pins_another_reference(project: Project) -> None:
    p.write(project, "a.jsonl", rows(range(6)))
    first = look(project, 7)
    changed = p.make(project.base, p.policy(drift=[section(columns=["latency_ms"])]))
    second = look(changed, 7)
    assert first.report is not None
    assert second.report is not None
    assert first.report.reference_digest != second.report.reference_digest
    loosened = p.make(project.base, p.policy(drift=[section(columns=["latency_ms"], tolerance=0.3, min_rows=10)]))
    third = look(loosened, 7)
    assert third.report is not None
    assert third.report.reference_digest == second.report.reference_digest, "a limit is no part of it"
    with p.opened(project) as stores:
        assert pins.find(stores.warehouse, "drift/inputs", "nothing") is None


def test_an_engine_that_hashes_otherwise_pins_anew_what_is_hashed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    p.write(project, "a.jsonl", rows(range(6)))
    plain = p.make(project.base, p.policy(drift=[section(), section(name="numbers", columns=["latency_ms"])]))
    with p.opened(plain) as stores:
        pulling.pull_sources(plain, stores, now=START + 7 * HOUR)
        drifting.compare_all(plain, stores, now=START + 7 * HOUR)
        monkeypatch.setattr("warehouse.profiles.sampling.hash_version", lambda _: "9.9")
        for _ in range(2):
            found = drifting.compare_all(plain, stores, now=START + 8 * HOUR)
        counted = stores.warehouse.connection.execute("SELECT gate, count(*) FROM pins GROUP BY gate ORDER BY gate")
        assert counted.fetchall() == [("drift/inputs", 2), ("drift/numbers", 1)]
    assert found["inputs"].report is not None
