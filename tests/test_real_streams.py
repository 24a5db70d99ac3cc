"""The page on real streams says what a run finds, and the run scores every method by the same rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import ROOT

if TYPE_CHECKING:
    from benchmarks.real_streams.looks import Look
    from benchmarks.real_streams.results import Results

START = datetime(2026, 3, 1)  # noqa: DTZ001 the public data have times without a zone
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True, scope="module")
def _from_a_checkout() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        import benchmarks.real_streams  # noqa: F401 found once, its modules are found without the path


@pytest.fixture(scope="module")
def found(_from_a_checkout: None, shared_data: Callable[[str], Path]) -> Results:
    from benchmarks.real_streams.results import everything

    shared_data("nannyml_car_loan")
    return everything(shared_data("nab").parent)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_page_is_what_a_run_finds(found: Results) -> None:
    from benchmarks.real_streams import document

    page = (ROOT / "docs" / "real_streams.md").read_text(encoding="utf-8")
    assert page == document.written(found), "write it again: python -m benchmarks.real_streams"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_lasting_changes_are_found_without_a_false_alarm_where_the_defaults_cry_wolf(found: Results) -> None:
    from benchmarks.real_streams import car_loan

    for loans in (found.daily, found.chunks):
        for name in (*car_loan.COLUMNS, car_loan.WHOLE):
            ours = loans.columns.scores[car_loan.OURS][name]
            assert len(ours.delays) == ours.labels
            assert ours.false == ()
        assert all(one.delays and not one.false for one in loans.quality[car_loan.OURS].values())
    for rival in (car_loan.EVIDENTLY, car_loan.DEVIATIONS, car_loan.CONSTANT):
        assert sum(len(one.false) for one in found.daily.columns.scores[rival].values()) > 10


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_the_page_says_of_losing_is_so(found: Results) -> None:
    from benchmarks.real_streams import car_loan, figures, nab

    slower = found.daily.columns.scores[car_loan.OURS]
    first = found.daily.columns.scores[car_loan.ALWAYS]
    as_soon = [name for name, one in slower.items() if one.delays and one.delays == first[name].delays]
    assert as_soon == ["car_value", "repaid_loan_on_prev_car", car_loan.WHOLE]
    scores = found.hours.scores
    assert figures.labels_in(scores[nab.RANGE]) == 36
    for ours in (nab.DISTRIBUTION, nab.RANGE):
        assert figures.found_in(scores[ours]) < figures.found_in(scores[nab.DEVIATIONS])
        assert not any(one.false for one in scores[ours] if not one.labels)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_plot_is_complete_in_itself(found: Results, tmp_path: Path) -> None:
    from benchmarks.real_streams import nab, plot

    plot.write(found, tmp_path / "plot.html")
    page = (tmp_path / "plot.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=.https?:", page)
    assert all(stream.series.name.split("/")[1] in page for stream in found.hours.streams)
    assert nab.DISTRIBUTION in page


def hourly(number: int) -> list[Look]:
    from benchmarks.real_streams.looks import Look

    return [Look(i + 1, START + i * HOUR, START + (i + 1) * HOUR, slice(i, i + 1)) for i in range(number)]


def test_a_window_is_found_once_and_the_delay_counts_from_its_start() -> None:
    from benchmarks.real_streams.scoring import each_look, score

    label = (START + 2.5 * HOUR, START + 6 * HOUR)
    flags = [i in (4, 5, 8) for i in range(12)]
    one = score(each_look(flags), hourly(12), [label], dead=3 * HOUR)
    assert one.delays == {0: timedelta(hours=2, minutes=30)}
    assert one.alarms == (4, 8)
    assert one.false == (8,)


def test_false_alarms_silence_a_method_for_the_dead_time_but_not_into_a_label() -> None:
    from benchmarks.real_streams.scoring import each_look, score

    always = each_look([True] * 10)
    assert score(always, hourly(10), [], dead=3 * HOUR).false == (0, 4, 8)
    label = (START + 2 * HOUR, START + 4 * HOUR)
    one = score(always, hourly(10), [label], dead=3 * HOUR)
    assert one.delays == {0: timedelta(hours=1)}
    assert one.false == (0, 5, 9)


def test_a_method_with_a_memory_starts_afresh_after_its_alarm() -> None:
    from benchmarks.real_streams.epochs import gate
    from benchmarks.real_streams.scoring import score

    looks = hourly(40)
    growth = np.full((40, 1), 1.0)
    alarms = score(gate(looks, growth), looks, [], dead=2 * HOUR).alarms
    assert len(alarms) > 3
    apart = np.diff(alarms)
    assert set(apart) == {apart[0]}
    assert apart[0] > 4


def test_hours_without_rows_are_counted_but_not_looked_at() -> None:
    from benchmarks.real_streams.looks import by_clock, by_rows

    times = np.array(["2026-03-01T00:05", "2026-03-01T00:59", "2026-03-01T03:00"], dtype="datetime64[us]")
    first, last = by_clock(times, HOUR)
    assert (first.number, first.rows, first.start, first.end) == (1, slice(0, 2), START, START + HOUR)
    assert (last.number, last.rows, last.start) == (4, slice(2, 3), START + 3 * HOUR)
    assert [look.rows for look in by_rows(times, 2)] == [slice(0, 2)]


@pytest.mark.slow
def test_the_distance_of_nannyml_is_the_one_of_scipy() -> None:
    from scipy.spatial.distance import jensenshannon

    from benchmarks.real_streams.nannyml_rule import jensen_shannon

    rng = np.random.default_rng(7)
    reference, chunk = rng.normal(size=5_000), rng.normal(0.5, 2.0, size=300)
    edges = np.histogram_bin_edges(reference, bins="doane")
    shares = [np.histogram(side, edges)[0] / len(side) for side in (reference, chunk)]
    outside = [np.append(side, 1.0 - side.sum()) for side in shares]
    assert jensen_shannon(reference)(chunk) == pytest.approx(jensenshannon(*outside, base=2))
    names = np.array(["a", "b", None, "b"], dtype=object)
    now = np.array(["b", "c", None], dtype=object)
    expected = jensenshannon([1 / 3, 2 / 3, 0.0], [0.0, 0.5, 0.5], base=2)
    assert jensen_shannon(names)(now) == pytest.approx(expected)


def test_three_deviations_are_of_the_reference_s_own_chunks() -> None:
    from benchmarks.real_streams.nannyml_rule import missing, thresholds

    assert thresholds([1.0, 3.0]) == (-1.0, 5.0)
    assert missing(np.array([1.0, np.nan, np.nan, 2.0])) == 0.5
    assert missing(np.array(["x", None], dtype=object)) == 0.5
