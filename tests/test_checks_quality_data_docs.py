"""Data docs say what was kept of the checks: silence is never shown as kept, and text from logs stays text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command import gatehold

from checks.quality.data_docs import Checked, Result, StreamDocs, stream_docs
from checks.quality.expectations import findings
from checks.quality.outcome import errored
from checks.quality.records import Expectation
from dashboards.data_docs.model import DocsPage
from dashboards.data_docs.page import page
from flows import data_docs as pages
from flows import project as projects
from flows.stores import open_stores
from warehouse.records.evidence import Finding

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
BETWEEN = "expect_column_values_to_be_between"
QUICK = Expectation("answers are quick", BETWEEN, {"column": "latency_ms", "max_value": 900}, "critical", "Priya Nair")
FILLED = Expectation("rollout is never missing", "expect_column_values_to_not_be_null", {"column": "rollout"})
COST = Expectation("cost is in range", BETWEEN, {"column": "cost", "min_value": 0}, needs_values=False)
SUITE = (QUICK, FILLED, COST)
BROKEN = Finding(
    "expectation",
    "failed",
    "critical",
    "interactions",
    "latency_ms",
    QUICK.name,
    "answers are quick: broken (3 of 50 rows).",
    "3 of 50 rows",
    "max_value 900",
    7,
    AT,
)


def run(*, passed: int = 0, failed: int = 0, errored: int = 0, no_data: int = 0) -> Checked:
    return Checked(AT, 5, 7, passed, failed, errored, no_data)


def docs(
    *runs: Checked,
    found: tuple[tuple[datetime, Finding], ...] = (),
    results: dict[str, Result] | None = None,
) -> StreamDocs:
    return stream_docs("interactions", "Exchanges.", SUITE, runs, found, results)


def states(shown: StreamDocs) -> list[str]:
    return [each.state for each in shown.expectations]


def html(shown: StreamDocs, *, simulated: bool = False) -> str:
    return page(DocsPage(shown, AT, "1.0", simulated, (("interactions", "data-docs-interactions.html"),), "x.html", 9))


def test_an_expectation_has_its_severity_owner_and_outcome() -> None:
    shown = docs(run(passed=2, failed=1), found=((AT, BROKEN),))
    first = shown.expectations[0]
    assert (first.severity, first.owner, first.observed, first.expected) == (
        "critical",
        "Priya Nair",
        "3 of 50 rows",
        "max_value 900",
    )
    assert states(shown) == ["failed", "passed", "passed"]
    assert (first.found, first.last_found_at) == (1, AT)


def test_what_was_never_checked_is_not_kept() -> None:
    assert states(docs()) == ["never_checked"] * 3
    assert "No row of this stream was ever checked" in html(docs())
    assert ">kept<" not in html(docs())


def test_an_expectation_without_a_value_is_not_told_apart_and_so_not_kept() -> None:
    shown = docs(run(passed=1, failed=1, no_data=1), found=((AT, BROKEN),))
    assert states(shown) == ["failed", "no_finding", "no_finding"]
    assert shown.silent == 1
    assert "no finding" in html(shown)


def test_a_kept_result_tells_what_was_kept_from_what_had_no_value() -> None:
    kept = {QUICK.name: Result("failed", "3 of 50 rows"), FILLED.name: Result("passed", "0 of 50 rows")}
    kept[COST.name] = Result("no_data", "")
    shown = docs(run(passed=1, failed=1, no_data=1), found=((AT, BROKEN),), results=kept)
    assert states(shown) == ["failed", "passed", "no_data"]
    assert shown.expectations[1].observed == "0 of 50 rows"
    assert "no value to look at" in html(shown)
    assert ">no finding<" not in html(shown)
    assert "it says “no finding”" not in html(shown)


def test_an_expectation_that_the_newest_run_did_not_know_is_not_kept() -> None:
    shown = docs(run(passed=2), results={QUICK.name: Result("passed", ""), FILLED.name: Result("passed", "")})
    assert states(shown) == ["passed", "passed", "no_finding"]


def test_a_suite_that_has_grown_since_the_check_is_not_kept() -> None:
    assert states(docs(run(passed=2))) == ["no_finding"] * 3


def test_a_finding_that_no_present_expectation_explains_is_shown() -> None:
    renamed = replace(BROKEN, name="as it was called", state="error")
    shown = docs(run(passed=2, errored=1), found=((AT, renamed),))
    assert [each.finding.name for each in shown.others] == ["as it was called"]
    assert states(shown) == ["no_finding"] * 3
    assert "as it was called" in html(shown)


def test_a_finding_of_an_earlier_check_is_history_and_not_the_present_state() -> None:
    earlier = (AT - timedelta(days=1), replace(BROKEN, batch=4))
    shown = docs(run(passed=3), found=(earlier,))
    assert states(shown) == ["passed"] * 3
    assert shown.expectations[0].last_found_at == AT - timedelta(days=1)
    assert [each.owner for each in shown.findings] == ["Priya Nair"]


def test_a_finding_names_the_owner() -> None:
    found = findings([errored(QUICK, "interactions", 7, "no such column"), errored(FILLED, "interactions", 7, "gone")])
    assert found[0].detail.endswith("no such column. To be looked at by Priya Nair.")
    assert (found[0].severity, found[0].state) == ("critical", "error")
    assert "looked at by" not in found[1].detail


def test_hostile_text_is_text() -> None:
    bad = '<script>alert(1)</script>\u202e"><img src=x onerror=y>\x1b[31m'
    finding = replace(BROKEN, detail=bad, observed=bad, subject=bad)
    shown = html(docs(run(passed=2, failed=1), found=((AT, finding),)), simulated=True)
    assert "<script" not in shown
    assert "<img" not in shown
    assert not {"\u202e", "\x1b"} & set(shown)
    assert "&lt;script&gt;" in shown
    assert "SIMULATED" in shown
    assert "default-src &#39;none&#39;" in shown or "default-src 'none'" in shown


def test_the_page_asks_nothing_of_any_host() -> None:
    shown = html(docs(run(passed=2, failed=1), found=((AT, BROKEN),)))
    assert "http:" not in shown
    assert "https:" not in shown
    assert '<link rel="icon" href="data:,">' in shown


@pytest.mark.slow
def test_the_command_writes_a_page_for_each_stream_when_asked(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    assert gatehold("init", str(shop)).code == 0
    file = shop / "gatehold.yaml"
    check = "{stream: interactions, expect: expect_column_values_to_be_between, column: latency_ms, max_value: -1, "
    own = f"checks:\n  - {check}severity: critical, owner: Priya Nair, name: answers before the question}}\n"
    policy = file.read_text(encoding="utf-8")
    assert "\nchecks:\n" in policy
    file.write_text(policy.replace("checks:\n", own, 1), encoding="utf-8")
    assert gatehold("run", "--config", str(shop)).code == 0
    plain = gatehold("report", "--config", str(shop), "--json").json
    assert list(plain) == ["page"]
    out = tmp_path / "pages" / "all.html"
    told = gatehold("report", "--config", str(shop), "--data-docs", "--out", str(out), "--json").json
    written = [Path(path) for path in told["data_docs"]]
    assert {path.parent for path in written} == {out.parent}
    shown = next(path for path in written if path.name == "data-docs-interactions.html").read_text(encoding="utf-8")
    assert "answers before the question" in shown
    assert "Priya Nair" in shown
    assert 'href="all.html"' in shown
    project = projects.load(shop)
    with open_stores(project) as stores:
        kept = pages.gather(project, stores, "interactions")
    mine = next(e for e in kept.expectations if e.name == "answers before the question")
    assert (mine.state, mine.severity, mine.owner) == ("failed", "critical", "Priya Nair")
    assert mine.detail.endswith("To be looked at by Priya Nair.")
    assert {e.state for e in kept.expectations} <= {"passed", "failed", "no_data"}
    assert any(e.state == "passed" for e in kept.expectations)
