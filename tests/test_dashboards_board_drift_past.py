"""A comparison with a long past shows its newest spans, and the ones before page by page."""

from __future__ import annotations

import re
from typing import Any

import projects as p
import pytest
from board_tools import Browser, Clock, serving, text_of
from projects import AGENT, HOUR, START

from flows.boarding import drifts
from flows.project import Project
from warehouse.profiles import reading

pytestmark = pytest.mark.slow
NOW = START + 9 * HOUR
SECTION = {
    "name": "inputs",
    "stream": "interactions",
    "rollout": AGENT,
    "reference": {"start": START.isoformat(), "end": (START + 2 * HOUR).isoformat()},
    "window": "1h",
    "columns": ["latency_ms"],
    "min_rows": 20,
    "tolerance": 0.5,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two hours of reference and five after it, the last two of them twice as slow."""
    made = p.make(tmp_path_factory.mktemp("past") / "project", p.policy(drift=[SECTION]))
    for hour in range(7):
        slow = 2 if hour >= 5 else 1
        rows = [{**row, "latency_ms": (200.0 + n) * slow} for n, row in enumerate(p.answers(hour, count=80))]
        p.write(made, f"{hour}.jsonl", rows)
    p.run(made, 8.5)
    return made


@pytest.fixture
def browser(project: Project, monkeypatch: pytest.MonkeyPatch) -> Browser:
    monkeypatch.setattr(drifts, "SHOWN", 2)
    return Browser(serving(project, Clock(NOW)))


def spans(browser: Browser, path: str) -> list[tuple[str, str]]:
    """When each span of a page begins, and its share, as the table has them."""
    answer = browser.get(path)
    assert answer.status_code == 200, path
    table = answer.text.split('id="past-head"')[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = re.findall(r"<tr.*?</tr>", table, flags=re.S)
    cells = [re.findall(r"<td>(.*?)</td>", row, flags=re.S) for row in rows]
    return [(re.sub("<[^>]+>", "", one[0]).strip(), one[2].strip()) for one in cells]


def test_every_span_is_on_one_page_and_judged_as_on_any_other(
    browser: Browser, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [spans(browser, f"/drift/inputs?page={number}") for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 2, 1]
    monkeypatch.setattr(drifts, "SHOWN", 30)
    whole = spans(Browser(serving(project, Clock(NOW))), "/drift/inputs")
    assert [span for page in pages for span in page] == whole
    assert [share.rstrip("%").strip() for _, share in whole] == ["100", "100", "0", "0", "0"]


def test_pages_lead_to_each_other_and_keep_the_column(browser: Browser) -> None:
    first, middle, last = (browser.get(f"/drift/inputs?column=latency_ms&page={n}").text for n in (1, 2, 3))
    older, newer = 'rel="next" href="/drift/inputs?column=latency_ms&amp;page=', 'rel="prev" href="/drift/inputs?'
    assert f"{older}2#past-head" in first
    assert newer not in first
    assert f"{older}3#past-head" in middle
    assert newer in middle
    assert older not in last
    assert "column=latency_ms&amp;page=2#past-head" in last
    said = text_of(browser.get("/drift/inputs?page=3"))
    assert "Drifted 100" in said.split("Columns that may drift")[1], "what is compared now stands on every page"


@pytest.mark.parametrize(("number", "status"), [("4", 404), ("99999", 404), ("0", 422), ("x", 422), ("9" * 30, 422)])
def test_beyond_the_past_there_is_no_page(browser: Browser, number: str, status: int) -> None:
    assert browser.get(f"/drift/inputs?page={number}").status_code == status


def test_without_anything_compared_there_is_no_past(browser: Browser) -> None:
    assert browser.get("/drift/other?page=2").status_code == 404


def test_a_page_looks_once_at_what_was_counted_however_many_spans_it_shows(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    read_spans = reading.read_spans

    def counted(*given: Any) -> Any:
        looks.append(given[-1])
        return read_spans(*given)

    monkeypatch.setattr(reading, "read_spans", counted)
    monkeypatch.setattr(reading, "read", None)
    for path in ("/drift", "/drift/inputs", "/drift/inputs?page=2", "/drift/inputs?column=latency_ms&page=2"):
        assert browser.get(path).status_code == 200
    assert looks == [2, 2], "two spans of each page, kept until another snapshot is published"
