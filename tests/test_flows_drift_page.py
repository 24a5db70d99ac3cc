"""A drift page is drawn again when it would judge otherwise, when it is a week old, and when in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checks.drift.records import ColumnDrift, DriftReport
from flows import drift_page

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMN = ColumnDrift("cost", "cost", "wasserstein", 0.04, 0.1, 0.01, False, 900, 400)
REPORT = DriftReport((COLUMN,), 0.0, 0.0, 0.0, 900, 400, None, "abc")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "drift-answers.html"
    path.write_text("<html></html>")
    drift_page.note(path, REPORT, now=NOW)
    return path


def test_a_page_that_judges_the_same_stays_for_a_week(page: Path) -> None:
    moved = replace(REPORT, columns=(replace(COLUMN, statistic=0.05, current_rows=500),), current_rows=500)
    for hours, current in ((0, True), (167, True), (168, False), (-1, False)):
        assert drift_page.is_current(page, moved, now=NOW + timedelta(hours=hours)) is current


@pytest.mark.parametrize(
    "changed",
    [
        replace(REPORT, columns=(replace(COLUMN, drifted=True, statistic=0.2),)),
        replace(REPORT, columns=(replace(COLUMN, drifted=None),)),
        replace(REPORT, columns=(replace(COLUMN, threshold=0.2),)),
        replace(REPORT, columns=(COLUMN, replace(COLUMN, name="latency"))),
        replace(REPORT, reference_digest="def"),
    ],
)
def test_another_judgement_is_drawn_at_once(page: Path, changed: DriftReport) -> None:
    assert not drift_page.is_current(page, changed, now=NOW)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"judged": "x", "at": "never"}', '{"judged": 1, "at": 2}'])
def test_a_note_that_cannot_be_read_is_no_note(page: Path, text: str) -> None:
    page.with_suffix(".json").write_text(text)
    assert not drift_page.is_current(page, REPORT, now=NOW)


def test_without_its_page_or_its_note_nothing_is_current(page: Path) -> None:
    drift_page.forget(page)
    drift_page.forget(page)
    assert not drift_page.is_current(page, REPORT, now=NOW)
    drift_page.note(page, REPORT, now=NOW)
    page.unlink()
    assert not drift_page.is_current(page, REPORT, now=NOW)
