"""The board's pages of data: sources, ledger, quarantine, restatements, rows behind a point, and segments."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import projects as p
import pytest
from board_tools import Browser, Clock, let_in, serving, signed_in, text_of
from command import gatehold
from projects import AGENT, HOUR, START

from dashboards.board import data_plots
from dashboards.board.data_records import Ledger
from flows.project import Project
from warehouse import snapshot
from warehouse.ledger_views import Brought
from warehouse.people import log
from warehouse.people.store import People

pytestmark = pytest.mark.slow

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e{{7*7}}'


def segmented(hour: int, segment: str, harmful: int = 0, count: int = 60) -> list[dict[str, object]]:
    rows = p.answers(hour, harmful=harmful, count=count, mark=segment[:3])
    return [{**row, "segment": segment} for row in rows]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Ten hours in two segments, a silent source, a degraded one, rows kept out, and rows restated."""
    more = [p.source("gone", "nowhere/*.jsonl", stream="steps"), p.source("quiet", "quiet/*.jsonl", stream="steps")]
    retention = {"snapshot": {"text": True}}
    values = p.policy(sources=[p.source("logs", "logs/*.jsonl"), *more], retention=retention)
    made = p.make(tmp_path_factory.mktemp("data") / "project", values)
    p.write(
        made,
        "a.jsonl",
        [{**row, "interaction_id": row["id"], "kind": "tool", "name": "t"} for row in p.answers(-30, mark="q")],
        folder="quiet",
    )
    for hour in range(4):
        p.write(made, f"{hour}-en.jsonl", segmented(hour, "en"))
        p.write(made, f"{hour}-de.jsonl", segmented(hour, HOSTILE, harmful=9))
        p.run(made, hour + 2)
    (made.base / "logs" / "bad.jsonl").write_text(
        "".join(json.dumps({"id": f"b{n}", "ts": HOSTILE, "talk": HOSTILE}) + "\n" for n in range(70)) + "{broken\n"
    )
    corrected = [{**row, "scores": {"harm": 0.95}} for row in segmented(1, "en")[:20]]
    p.write(made, "corrected.jsonl", corrected)
    p.run(made, 7)
    p.run(made, 8)
    return made


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(START + 8.5 * HOUR)


@pytest.fixture(scope="module")
def anyone(project: Project, clock: Clock) -> Browser:
    return Browser(serving(project, clock))


@pytest.fixture(scope="module")
def viewer(project: Project, clock: Clock) -> Browser:
    with People.open(project.data) as people:
        let_in(people, "Root", "admin", clock.now)
        vic = let_in(people, "Vic", "viewer", clock.now)
        return signed_in(serving(project, clock), people, vic, clock.now)


def rows(stream: str = "interactions", **given: str) -> str:
    span = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-01T03:00:00Z"}
    return f"/rows/{stream}?{urlencode({**span, **given})}"


def test_every_source_is_there_with_its_state_and_silence_is_named(anyone: Browser) -> None:
    answer = anyone.get("/data")
    assert answer.status_code == 200
    said = text_of(answer)
    assert "gone steps" in said
    assert "degraded" in said
    assert "silent since 27 Feb 2026" in said
    assert re.search(r'class="silent"><th scope="row"><a href="/data/quiet">', answer.text)
    assert "By the time that rows came" in answer.text
    assert "nowhere" in said
    assert "In words:" in said


def test_what_each_source_received_adds_up(anyone: Browser) -> None:
    said = text_of(anyone.get("/data/logs"))
    assert "malformed" in said or "time" in said
    assert "bad.jsonl" in said
    assert "Complete until" in said
    assert anyone.get("/data/nobody").status_code == 404
    assert "never brought a row" in text_of(anyone.get("/data"))
    assert "nowhere" in text_of(anyone.get("/data/gone"))


def test_quarantine_is_for_people_who_are_signed_in_and_reading_it_is_noted(
    project: Project, anyone: Browser, viewer: Browser
) -> None:
    turned = anyone.get("/quarantine")
    assert (turned.status_code, turned.headers["location"]) == (303, "/signin?next=%2Fquarantine")
    page = viewer.get("/quarantine")
    said = text_of(page)
    assert "50 of 71 shown" in said
    assert HOSTILE not in page.text
    assert "<script>alert" not in page.text
    assert "[U+202E]" in page.text
    with People.open(project.data) as people:
        reads = [e.summary for e in log.entries(people, kind="access")]
    assert "Vic has read the page /quarantine." in reads


def test_quarantine_comes_in_pages_and_is_filtered(viewer: Browser) -> None:
    second = text_of(viewer.get("/quarantine", params={"page": "2"}))
    assert "21 of 71 shown" in second
    assert "Newer" in second
    reasons = re.findall(r'href="(/quarantine\?source=logs&amp;reason=[^"]+)"', viewer.get("/quarantine").text)
    assert len(reasons) == 2
    said = " ".join(text_of(viewer.get(one.replace("&amp;", "&"))) for one in reasons)
    counts = [int(count) for count in re.findall(r"of (\d+) shown", said)]
    assert sorted(counts) == [1, 70]
    assert "No such row" in text_of(viewer.get("/quarantine", params={"source": "nobody"}))
    assert viewer.get("/quarantine", params={"page": "0"}).status_code == 422


def test_a_restatement_names_its_columns_its_windows_and_what_rested_on_them(anyone: Browser) -> None:
    answer = anyone.get("/restatements")
    said = text_of(answer)
    assert "corrected.jsonl" in said
    assert "20 rows" in said
    links = re.findall(r'<a href="(/decisions/[0-9a-f-]+)">(?:Entry )?\d+', answer.text)
    assert len(links) >= 2
    assert {anyone.get(link).status_code for link in links} == {200}


def test_rows_behind_a_point_are_shown_with_what_the_metric_makes_of_them(
    project: Project, anyone: Browser, viewer: Browser
) -> None:
    assert anyone.get(rows()).status_code == 303
    page = viewer.get(rows(metric="harmful_output_rate", segment="en"))
    said = text_of(page)
    assert "50 of 180 shown; the metric is about 180 of them" in said
    assert "Where is my parcel?" in said
    other = viewer.get(rows(metric="harmful_output_rate", segment=HOSTILE)).text
    assert "<script>alert" not in other
    assert "[U+202E]" in other
    with People.open(project.data) as people:
        assert "Vic has read the page /rows/interactions." in [e.summary for e in log.entries(people, kind="access")]


def test_rows_older_than_what_is_published_are_named_with_the_command_that_shows_them(viewer: Browser) -> None:
    said = text_of(viewer.get(rows(start="2026-02-20T00:00:00Z", end="2026-02-21T00:00:00Z", rollout="a b")))
    assert "older than what is published" in said
    assert "gatehold rows interactions --start=2026-02-20T00:00:00Z --end=2026-02-21T00:00:00Z '--rollout=a b'" in said
    assert "0 of 0 shown" in said


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"start": "yesterday"}, 422),
        ({"end": "9999-12-31T23:59:59-14:00"}, 422),
        ({"metric": "no_such"}, 404),
        ({"metric": "x" * 201}, 422),
        ({"release": "\x00"}, 200),
    ],
)
def test_what_cannot_be_asked_for_is_turned_away(viewer: Browser, given: dict[str, str], status: int) -> None:
    assert viewer.get(rows(**given)).status_code == status
    assert viewer.get(rows("no_such_stream")).status_code == 404
    assert viewer.get(rows("labels")).status_code in (200, 404)


def test_the_command_shows_the_same_rows(project: Project) -> None:
    given = ["--start", "2026-03-01", "--end", "2026-03-01T03:00", "--metric", "harmful_output_rate", "--segment", "en"]
    shown = gatehold("rows", "interactions", "--config", str(project.base), *given, "--json")
    told = json.loads(shown.out)
    assert (told["found"], told["inside"], len(told["rows"])) == (180, 180, 20)
    plain = gatehold(
        "rows", "interactions", "--config", str(project.base), "--start", "2026-03-01", "--end", "2026-03-02"
    )
    assert plain.code == 0
    assert "\u202e" not in plain.out
    assert gatehold("rows", "interactions", "--config", str(project.base), "--start", "2200-01-01").code == 2


def test_a_gate_shows_its_evidence_by_segment_and_decides_on_the_whole(anyone: Browser) -> None:
    answer = anyone.get(f"/rollouts/{AGENT}")
    said = text_of(answer)
    assert "Evidence by segment" in said
    assert "A gate decides on the whole of its evidence" in said
    assert "beyond the limit" in said
    assert "<script>alert" not in answer.text


def test_before_the_first_run_each_page_says_what_to_do(tmp_path: Path, clock: Clock) -> None:
    browser = Browser(serving(p.make(tmp_path), clock))
    for path in ("/data", "/restatements"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "gatehold run" in answer.text
    assert browser.get("/data/logs").status_code in (404, 503)
    assert not (tmp_path / ".gatehold" / snapshot.FILE_NAME).exists()


def test_gaps_of_the_ledger_are_spans_and_the_longest_comes_first() -> None:
    stretches = tuple(Brought(START + n * HOUR, 5, 0, 0) for n in (2, 3, 5, 9))
    ledger = Ledger(START, START + 12 * HOUR, timedelta(hours=1), stretches, ())
    assert data_plots.silent(ledger) == [
        (START + 6 * HOUR, START + 9 * HOUR, 3),
        (START + 10 * HOUR, START + 12 * HOUR, 2),
        (START + 4 * HOUR, START + 5 * HOUR, 1),
    ]
    assert data_plots.silent(Ledger(START, START + 2 * HOUR, HOUR, (), ())) == [(START, START + 2 * HOUR, 2)]


def test_without_published_text_a_metric_that_reads_it_is_told_to_be_read_by_the_command(
    tmp_path: Path, clock: Clock
) -> None:
    asked = {
        "name": "polite_share",
        "layer": "model",
        "kind": "rate",
        "stream": "interactions",
        "value": "prompt == 'Where is my parcel?'",
        "description": "Prompts that are polite.",
        "better": "higher",
    }
    project = p.make(tmp_path, p.policy(metrics=[asked]))
    p.write(project, "0.jsonl", p.answers(0))
    p.run(project, 2)
    with People.open(project.data) as people:
        let_in(people, "Root", "admin", clock.now)
        browser = signed_in(serving(project, clock), people, let_in(people, "Vic", "viewer", clock.now), clock.now)
    said = text_of(browser.get(rows(metric="polite_share")))
    assert "50 of 60 shown" in said
    assert "it reads raw text, which is not published. The command shows it: gatehold rows interactions" in said
    assert "Where is my parcel?" not in said
    assert "The text of rows is not published" not in text_of(browser.get("/quarantine"))
    given = ("--start", "2026-03-01", "--end", "2026-03-02", "--metric", "polite_share", "--json")
    told = json.loads(gatehold("rows", "interactions", "--config", str(project.base), *given).out)
    assert {row["value"] for row in told["rows"]} == {1.0}
