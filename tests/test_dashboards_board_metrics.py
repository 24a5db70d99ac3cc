"""The board's pages of layers and metrics: what is measured, how it went, in which slices, and what rests on it."""

from __future__ import annotations

from pathlib import Path

import projects as p
import pytest
from board_tools import Browser, Clock, serving
from projects import AGENT, HOUR, START

from flows.project import Project

pytestmark = pytest.mark.slow

HOSTILE = '"><script>alert(1)</script>{{7*7}}'
METRIC = "harmful_output_rate"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Four hours in two segments, one of them with a hostile name, and two hours of silence."""
    made = p.make(tmp_path_factory.mktemp("metrics") / "project", p.policy())
    for hour in range(4):
        for segment, harmful, count in (("en", 0, 60), (HOSTILE, 9, 60), ("few", 1, 5)):
            rows = p.answers(hour, harmful=harmful, count=count, mark=segment[:3])
            p.write(
                made, f"{hour}-{segment[:2].strip('>')[:1]}{count}.jsonl", [{**r, "segment": segment} for r in rows]
            )
        p.run(made, hour + 2)
    return made


@pytest.fixture
def browser(project: Project) -> Browser:
    return Browser(serving(project, Clock(START + 7 * HOUR)))


@pytest.mark.parametrize("path", ["", "/data", "/model", "/workflow", "/governance"])
def test_every_layer_has_a_page(browser: Browser, path: str) -> None:
    assert browser.get(f"/layers{path}").status_code == 200


def test_a_layer_that_there_is_not_is_not_found(browser: Browser) -> None:
    assert browser.get("/layers/nowhere").status_code == 404


@pytest.mark.parametrize("span", ["2d", "2w", "3m", "1y", "other"])
def test_a_metric_shows_its_course_its_slices_and_its_gates(browser: Browser, span: str) -> None:
    found = browser.get(f"/measured/{METRIC}?span={span}&rollout={AGENT}")
    assert found.status_code == 200
    for head in ("Over time", "Distribution now against reference", "Slices", "Gates that rest on it"):
        assert head in found.text, head


def test_a_hostile_segment_is_text(browser: Browser) -> None:
    text = browser.get(f"/measured/{METRIC}").text
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
    narrower = browser.get(f"/measured/{METRIC}", params={"segment": HOSTILE})
    assert narrower.status_code == 200
    assert "<script>alert(1)" not in narrower.text


def test_a_metric_that_there_is_not_is_not_found(browser: Browser) -> None:
    assert browser.get("/measured/nothing").status_code == 404


def test_a_project_without_a_run_says_so(tmp_path: Path) -> None:
    made = p.make(tmp_path / "project", p.policy())
    browser = Browser(serving(made, Clock(START)))
    for path in ("/layers", "/layers/model", f"/measured/{METRIC}"):
        assert browser.get(path).status_code == 200, path
    assert "gatehold run" in browser.get(f"/measured/{METRIC}").text
