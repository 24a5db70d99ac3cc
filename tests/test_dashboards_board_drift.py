"""The board's pages of drift: columns by how far they moved, both sides of one, the past, Evidently's page apart."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import projects as p
import pytest
from board_tools import Browser, Clock, let_in, serving, signed_in, text_of
from projects import AGENT, HOUR, START

from checks.drift.records import ColumnDrift, DriftReport, State
from dashboards.board import drift_lines
from dashboards.board.drift_records import Compared
from flows import drift_page
from flows.project import Project
from warehouse.people.store import People
from warehouse.records.profiles import Profile, Scheme

HOSTILE = "</script><script>alert(1)</script>"
NOW = START + 9 * HOUR
PAST = {"start": START.isoformat(), "end": (START + 3 * HOUR).isoformat()}
SECTION = {
    "name": "inputs",
    "stream": "interactions",
    "rollout": AGENT,
    "reference": PAST,
    "window": "2h",
    "columns": ["latency_ms", "segment", "confidence"],
    "min_rows": 20,
    "tolerance": 0.5,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three hours of reference, then three in which latency doubles and a hostile segment grows."""
    made = p.make(tmp_path_factory.mktemp("drift") / "project", p.policy(drift=[SECTION]))
    for hour in range(6):
        late = hour >= 3
        rows = [
            {
                **row,
                "latency_ms": (200.0 + n) * (2 if late else 1),
                "segment": HOSTILE if n % (2 if late else 4) == 0 else "en",
            }
            for n, row in enumerate(p.answers(hour, count=80))
        ]
        p.write(made, f"{hour}.jsonl", rows)
        p.run(made, hour + 2)
    return made


@pytest.fixture
def browser(project: Project) -> Browser:
    return Browser(serving(project, Clock(NOW)))


@pytest.mark.slow
def test_the_list_names_every_comparison_and_what_moved_most(browser: Browser) -> None:
    said = text_of(browser.get("/drift"))
    assert "inputs" in said
    assert "latency_ms" in said
    assert "drifted" in said


@pytest.mark.slow
def test_a_comparison_shows_every_column_both_sides_and_the_past(browser: Browser) -> None:
    found = browser.get("/drift/inputs")
    assert found.status_code == 200
    said = text_of(found)
    for head in ("Columns, the one that moved most first", "Share of drifted columns over time", "Evidently's page"):
        assert head in said
    # What has no row is named, and stands last.
    assert said.index("latency_ms") < said.index("confidence")


@pytest.mark.slow
def test_a_hostile_category_is_text_and_only_people_read_values(project: Project, browser: Browser) -> None:
    app = serving(project, Clock(NOW))
    with People.open(project.data) as people:
        known = signed_in(app, people, let_in(people, "Ines", "admin", NOW - timedelta(minutes=1)), NOW)
    for path in ("/drift/inputs?column=segment", f"/drift/inputs?column={quote(HOSTILE)}"):
        for one in (known, browser):
            found = one.get(path)
            assert (found.status_code, "<script>alert(1)" in found.text) == (200, False)
    assert "alert(1)" in text_of(known.get("/drift/inputs?column=segment"))
    said = text_of(browser.get("/drift/inputs?column=segment"))
    assert "value 1" in said
    assert "alert(1)" not in said


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/drift/nothing", "/drift/%00", f"/drift/{'x' * 300}"])
def test_a_comparison_that_there_is_not_is_not_found(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code in (404, 422)


@pytest.mark.slow
def test_evidentlys_page_is_for_people_alone_and_shut_away_from_the_board(project: Project) -> None:
    app = serving(project, Clock(NOW))
    assert Browser(app).get("/drift/inputs/page").status_code in (303, 401)
    assert Browser(app).post("/drift/inputs/page", form="0").status_code in (303, 401, 403)
    with People.open(project.data) as people:
        person = let_in(people, "Ana", "admin", NOW - timedelta(minutes=1))
        browser = signed_in(app, people, person, NOW)
    place = drift_page.path(project, project.policy.drift[0])
    assert not place.exists()
    assert browser.get("/drift/inputs/page").status_code == 404
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("<script>1</script>")
    found = browser.get("/drift/inputs/page")
    place.unlink()
    assert found.status_code == 200
    policy = found.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert browser.post("/drift/inputs/page", form="0").status_code == 403


@pytest.mark.slow
def test_a_project_without_a_run_or_without_a_comparison_says_so(tmp_path: Path) -> None:
    made = p.make(tmp_path / "a", p.policy(drift=[SECTION]))
    assert browser_of(made).get("/drift").status_code == 200
    assert browser_of(made).get("/drift/inputs").status_code == 200
    made = p.make(tmp_path / "b", p.policy())
    assert "Nothing is compared" in text_of(browser_of(made).get("/drift"))


def browser_of(project: Project) -> Browser:
    return Browser(serving(project, Clock(NOW)))


# ---- the lines, apart from any page ----


def column(name: str, statistic: float | None, state: State = "unjudged") -> ColumnDrift:
    return ColumnDrift(name, name, "wasserstein", statistic, 0.1, 0.01, None, 10, 10, state=state)


def test_columns_stand_by_effect_and_those_of_which_nothing_is_known_last() -> None:
    columns = (column("a", 0.1), column("b", None), column("c", 0.5, state="drifted"), column("d", 0.0))
    report = DriftReport(columns, None, 0.25, 0.5, 10, 10, None, "")
    lines = drift_lines.ranked(Compared("x", "s", "r", None, (START, NOW), 0.1, report))
    assert [(line.found.name, line.effect) for line in lines] == [("c", 5.0), ("a", 1.0), ("d", 0.0), ("b", None)]
    assert lines[0].outcome == "insufficient"
    assert {line.outcome for line in lines[1:]} == {"no_data"}


def profile(counts: tuple[int, ...]) -> Profile:
    return Profile("", sum(counts), 0, 0, counts, (), 0)


@pytest.mark.parametrize("cuts", [(), (5,), tuple(range(100)), tuple(range(0, 1000, 3))])
def test_every_row_of_a_number_is_in_one_group_and_there_are_few(cuts: tuple[int, ...]) -> None:
    scheme = Scheme("s", "c", "", "number", START, 3600, cuts=cuts)
    before = profile(tuple(range(scheme.bins)))
    now = profile(tuple(range(scheme.bins, 0, -1)))
    found = drift_lines.groups(scheme, before, now)
    assert len(found) <= drift_lines.MOST
    assert (sum(g.before for g in found), sum(g.now for g in found)) == (before.rows, now.rows)
    if cuts:
        assert found[0].label.startswith("below ")
        assert found[-1].label.endswith(" and more")


def test_the_rest_of_many_categories_is_added_up() -> None:
    scheme = Scheme("s", "c", "", "category", START, 3600, values=tuple(f"v{n:02}" for n in range(60)))
    before = profile(tuple(range(61)))
    found = drift_lines.groups(scheme, before, profile((0,) * 61))
    assert len(found) == drift_lines.MOST + 1
    assert found[0].label == "other values"
    assert found[-1].label == f"{61 - drift_lines.MOST} more"
    assert sum(g.before for g in found) == before.rows
