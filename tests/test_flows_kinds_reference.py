"""Gates on a stream's own past, from files to the standing: the reference is read once, pinned, and never evidence."""

from __future__ import annotations

import math
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import kind_projects as k
import projects as p
import pytest
from projects import AGENT, HOUR, START

from flows.cli.look import standings as shown
from flows.project import Project
from warehouse import pins
from warehouse.records.evidence import Pin

pytestmark = pytest.mark.slow

DAY = 24


def span(first: int, last: int) -> dict[str, str]:
    return {"start": (START + first * HOUR).isoformat(), "end": (START + last * HOUR).isoformat()}


PAST: dict[str, Any] = {"against": "reference", "tolerance": 0.5, "reference": span(0, DAY)}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A reference of a day in which 10 of 100 sessions an hour harm, and two hours after it."""
    project = k.make(tmp_path_factory.mktemp("known"), k.gate(**PAST))
    k.feed(project, range(DAY + 2), lambda at: k.hour(at, bad=10))
    return project


def copy(project: Project, folder: Path) -> Project:
    shutil.copytree(project.base, folder)
    return p.open_project(folder)


def pinned(project: Project) -> list[Pin]:
    with p.opened(project) as stores:
        found = stores.warehouse.connection.execute("SELECT config_digest FROM pins ORDER BY pinned_at").fetchall()
        return [pin for (digest,) in found if (pin := pins.find(stores.warehouse, f"{AGENT}/gate", digest))]


def test_evidence_begins_after_the_reference(known: Project) -> None:
    ((epoch, rows),) = k.epochs(known)
    assert epoch.first_window == START + DAY * HOUR
    assert len(rows) == 2
    (pin,) = pinned(known)
    assert (pin.body["units"], pin.body["mean"]) == (2400, pytest.approx(0.1))
    assert pin.body["limit"] == pytest.approx(0.15)
    assert k.unequal(known) == []


def test_a_stationary_stream_passes_and_a_doubled_one_breaches(known: Project, tmp_path: Path) -> None:
    project = copy(known, tmp_path / "same")
    done = k.feed(project, range(DAY + 2, 2 * DAY), lambda at: k.hour(at, bad=10))
    found = k.verdict(done)
    assert (found.outcome, found.limit) == ("pass", pytest.approx(0.15))
    assert found.estimate == pytest.approx(0.1)
    assert k.unequal(project) == []
    project = copy(known, tmp_path / "worse")
    done = k.feed(project, range(DAY + 2, 2 * DAY), lambda at: k.hour(at, bad=20))
    assert (k.verdict(done).outcome, p.standing(done)) == ("breach", "pause")
    assert k.unequal(project) == []


def test_half_of_either_budget_pays_for_the_reference(known: Project, tmp_path: Path) -> None:
    project = copy(known, tmp_path / "p")
    found = k.verdict(p.run(project, DAY + 3.5))
    first = math.log(math.pi**2 / 6)
    assert (found.alpha, found.proof_breach) == (0.02, pytest.approx(-math.log(0.01) + first))
    assert found.proof_pass == pytest.approx(-math.log(0.025) + first)


def test_nothing_moves_the_limit_once_it_is_read(known: Project, tmp_path: Path) -> None:
    project = copy(known, tmp_path / "p")
    before = pinned(project)
    # Restated: half of the reference harmed after all. And rows of the reference that nobody had sent.
    p.write(project, "zz-fix.jsonl", k.hour(3, bad=50))
    p.write(project, "zz-late.jsonl", k.hour(5, bad=100, mark="late"))
    done = k.feed(project, range(DAY + 2, DAY + 4), lambda at: k.hour(at, bad=10))
    assert pinned(project) == before
    assert k.verdict(done).limit == pytest.approx(0.15)
    assert [e.epoch for e, _ in k.epochs(project)] == [f"{AGENT}/gate#1"], "the windows behind it are untouched"
    assert k.unequal(project) == []


def test_a_changed_span_is_another_test_and_begins_anew(known: Project, tmp_path: Path) -> None:
    project = copy(known, tmp_path / "p")
    project = k.make(project.base, k.gate(**(PAST | {"reference": span(0, DAY - 1)})))
    done = k.feed(project, range(DAY + 2, DAY + 4), lambda at: k.hour(at, bad=10))
    (one, _), (two, rows) = k.epochs(project)
    assert (one.close_reason, two.opened_for) == ("new configuration", "new configuration")
    assert two.first_window == one.folded_through, "no window counts for two tests"
    assert len(rows) == 2
    assert len(pinned(project)) == 2
    # The next attempt has less of the budget.
    assert k.verdict(done).budget.endswith("attempt 2 may spend 16 % of that budget.")
    assert k.unequal(project) == []


def test_a_reference_that_is_not_complete_yet_is_missing(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(**PAST))
    done = k.feed(project, range(4), lambda at: k.hour(at, bad=10))
    assert k.said(done) == ("no_data", "reference_missing")
    assert p.standing(done) == "hold"
    assert "2026-03-02 00:00 UTC" in k.verdict(done).detail
    assert (pinned(project), k.epochs(project)) == ([], [])
    assert shown(project, done.now)[AGENT]["reasons"][0]["code"] == "reference_missing"
    assert k.unequal(project) == []
    # A day later it is there, but its last window is complete only once the source's lateness has passed.
    for at in range(4, DAY):
        p.write(project, f"{at:04}.jsonl", k.hour(at, bad=10))
    assert k.said(p.run(project, DAY + 0.9)) == ("no_data", "reference_missing")
    assert k.said(p.run(project, DAY + 1.1))[1] != "reference_missing"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"compare": "distribution", "metric": "answer_quality"},
        {"compare": "distribution", "metric": "pace", "unit": "window"},
    ],
)
def test_an_empty_reference_is_an_error_and_no_crash(tmp_path: Path, values: dict[str, Any]) -> None:
    past = {**PAST, **values, "reference": span(-2 * DAY, -DAY)}
    if "compare" in values:
        past = {key: value for key, value in past.items() if key != "tolerance"} | {"at_most": 0.05}
    project = k.make(tmp_path, k.gate(**past), k.gate("other", at_most=0.1))
    done = k.feed(project, range(3), lambda at: k.hour(at, scores=[{"harm": 0.1, "quality": 5.0}]))
    assert k.said(done) == ("error", "reference_unusable")
    assert k.said(done, "other")[0] == "pass"
    assert p.standing(done) == "hold"
    assert k.unequal(project) == []
    # It stays one, and nothing is pinned.
    assert k.said(p.run(project, 4.5)) == ("error", "reference_unusable")
    assert pinned(project) == []


def test_a_reference_that_allows_everything_is_unusable(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(**PAST))
    done = k.feed(project, range(DAY + 1), lambda at: k.hour(at, bad=9, count=10))
    assert k.said(done) == ("error", "reference_unusable")
    assert "Take a longer reference period or a smaller tolerance" in k.verdict(done).detail


# ---- unit item -------------------------------------------------------------------------------------------------

ITEMS: dict[str, Any] = {"unit": "item", "reference": span(0, 2 * DAY), "at_most": 0.15}


def varied(at: int, **more: Any) -> list[dict[str, Any]]:
    """An hour of independent rows: the number of harmful ones varies as a coin's would."""
    return k.hour(at, bad=(13, 7, 10, 12, 8, 9, 11, 6, 14, 10)[at % 10], **more)


def test_independent_rows_may_be_units(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(**ITEMS))
    done = k.feed(project, range(2 * DAY + 12), varied)
    found = k.verdict(done)
    assert (found.outcome, found.unit) == ("pass", "item")
    ((epoch, _),) = k.epochs(project)
    assert epoch.first_window == START + 2 * DAY * HOUR
    (pin,) = pinned(project)
    assert pin.body["dispersion"]["passes"] is True
    assert k.unequal(project) == []
    done = k.feed(project, range(2 * DAY + 12, 2 * DAY + 20), lambda at: k.hour(at, bad=40))
    assert (k.verdict(done).outcome, p.standing(done)) == ("breach", "pause")


def test_rows_that_share_sessions_are_refused_as_units_wherever_one_looks(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(**ITEMS))
    done = k.feed(project, range(2 * DAY + 2), lambda at: varied(at, rows=2))
    assert k.said(done) == ("error", "units_dependent")
    reason = "One session of the reference has 2 rows"
    assert reason in k.verdict(done).detail
    assert p.standing(done) == "hold"
    seen = shown(project, done.now + timedelta(minutes=1))[AGENT]
    assert (seen["standing"], seen["reasons"][0]["code"]) == ("hold", "units_dependent")
    assert reason in seen["reasons"][0]["detail"]
    assert k.epochs(project) == []
    assert k.unequal(project) == []


def test_bursts_are_refused_as_units_too(tmp_path: Path) -> None:
    project = k.make(tmp_path, k.gate(**ITEMS))
    done = k.feed(project, range(2 * DAY + 2), lambda at: k.hour(at, bad=30 if at % 4 == 0 else 3))
    assert k.said(done) == ("error", "units_dependent")
