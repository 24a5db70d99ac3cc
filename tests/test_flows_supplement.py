"""Late rows of sources whose lateness cannot depend on the outcome: whole sessions count once, in the next window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kind_projects as k
import projects as p
import pytest
from projects import HOUR, START

from flows.project import Project
from warehouse import ledger

pytestmark = pytest.mark.slow


def make(folder: Path, *, late_rows: str | None = "supplement", **gate: Any) -> Project:
    source = p.source("logs", "logs/*.jsonl") | ({"late_rows": late_rows} if late_rows else {})
    return k.make(folder, k.gate(**({"at_most": 0.3} | gate)), sources=[source])


def folded(project: Project, number: int = 0) -> list[tuple[int, int, int]]:
    """Per window of an epoch: its hour, its units, and how many of them are bad."""
    _, rows = k.epochs(project)[number]
    hours = [int((start - int(START.timestamp() * 1e6)) / 3.6e9) for start in rows.start.tolist()]
    return list(zip(hours, rows.units.tolist(), [low // 1_000_000 for low in rows.total_low], strict=True))


def begun(project: Project) -> None:
    """Hours 0 and 1, 20 sessions each, are folded at hour 3."""
    k.feed(project, range(2), lambda at: k.hour(at, count=20, bad=2))


def one(at: float, talk: str, *, bad: bool = False, row: str = "0") -> dict[str, Any]:
    """One row of a session, at that hour."""
    (found,) = k.hour(0, count=1, bad=int(bad))
    return found | {"id": f"{talk}-{row}", "talk": talk, "ts": (START + at * HOUR).isoformat()}


def test_whole_sessions_that_come_late_count_once_in_the_next_window(tmp_path: Path) -> None:
    project = make(tmp_path)
    begun(project)
    p.write(project, "late.jsonl", k.hour(0, count=5, bad=4, mark="late"))
    # Nothing new is complete, so nothing folds; then they come with the next window, once.
    p.run(project, 3.5)
    assert folded(project) == [(0, 20, 2), (1, 20, 2)]
    for at in range(2, 5):
        k.feed(project, [at], lambda at: k.hour(at, count=20, bad=2))
        p.run(project, at + 2.5)
    assert folded(project) == [(0, 20, 2), (1, 20, 2), (2, 25, 6), (3, 20, 2), (4, 20, 2)]
    assert k.unequal(project) == []


def test_they_are_only_counted_where_nobody_said_so(tmp_path: Path) -> None:
    project = make(tmp_path, late_rows=None)
    begun(project)
    p.write(project, "late.jsonl", k.hour(0, count=5, bad=5, mark="late"))
    for at in range(2, 4):
        k.feed(project, [at], lambda at: k.hour(at, count=20, bad=2))
    assert folded(project) == [(0, 20, 2), (1, 20, 2), (2, 20, 2), (3, 20, 2)]
    with p.opened(project) as stores:
        (state,) = ledger.source_states(stores.warehouse)
    assert state.late == 5


def test_late_rows_count_however_they_are_spread_over_passes(tmp_path: Path) -> None:
    project = make(tmp_path)
    begun(project)
    for at in range(2, 8):
        p.write(
            project, f"late{at}.jsonl", [*k.hour(at - 2, count=1, bad=1, mark="x"), *k.hour(0, count=1, mark=f"{at}")]
        )
        k.feed(project, [at], lambda at: k.hour(at, count=10, bad=0))
        p.run(project, at + 2.2)
        p.run(project, at + 2.4)
    assert folded(project)[2:] == [(at, 12, 1) for at in range(2, 8)]
    assert k.unequal(project) == []


@pytest.mark.parametrize("times", [[0.87], [0.93, 0.99]])
def test_late_rows_of_a_session_that_was_folded_never_count_again(tmp_path: Path, times: list[float]) -> None:
    """The session stays in its window, or moves with its end into the next, which was folded too."""
    project = make(tmp_path)
    begun(project)
    last = last_session(project)
    p.write(project, "late.jsonl", [one(at, last, bad=True, row=str(at)) for at in times])
    for at in (2, 3):
        k.feed(project, [at], lambda at: k.hour(at, count=20, bad=2))
    assert folded(project)[2:] == [(2, 20, 2), (3, 20, 2)]


def last_session(project: Project) -> str:
    """The last session of hour 0: it began at 0.855 and was over five minutes later."""
    (found,) = [row["talk"] for row in k.hour(0, count=20) if row["ts"] == (START + 0.855 * HOUR).isoformat()]
    return str(found)


def test_a_session_that_hides_a_whole_one_of_the_same_value_is_noticed(tmp_path: Path) -> None:
    """One session of value 0 goes on and turns bad while another of value 0 comes: the sums show only a bad one."""
    project = make(tmp_path)
    begun(project)
    p.write(project, "late.jsonl", [one(0.87, last_session(project), bad=True, row="more"), one(0.2, "whole")])
    k.feed(project, [2], lambda at: k.hour(at, count=20, bad=2))
    assert folded(project)[2:] == [(2, 20, 2)]


def test_a_session_that_goes_on_keeps_back_only_what_may_be_it(tmp_path: Path) -> None:
    """Beside it, whole sessions of other windows count, and later those of its own window too."""
    project = make(tmp_path)
    begun(project)
    rows = [one(0.87, last_session(project), row="more"), one(1.2, "whole", bad=True), one(0.2, "own")]
    p.write(project, "late.jsonl", rows)
    k.feed(project, [2], lambda at: k.hour(at, count=20, bad=2))
    assert folded(project)[2:] == [(2, 21, 3)]
    p.write(project, "later.jsonl", [one(0.3, "own too", bad=True)])
    k.feed(project, [3], lambda at: k.hour(at, count=20, bad=2))
    assert folded(project)[3:] == [(3, 21, 3)]


def test_what_comes_late_makes_no_silent_stream_fresh(tmp_path: Path) -> None:
    project = make(tmp_path)
    begun(project)
    p.run(project, 8)
    p.write(project, "late.jsonl", k.hour(1, count=5, bad=5, mark="late"))
    done = p.run(project, 10)
    assert k.said(done) == ("stale", "too_old")
    assert folded(project) == [(0, 20, 2), (1, 20, 2)]
    # It counts as soon as there is a window of its own again.
    k.feed(project, [10], lambda at: k.hour(at, count=20, bad=2))
    assert folded(project)[2:] == [(10, 25, 7)]


def test_sessions_late_for_windows_in_which_nothing_was_count_too(tmp_path: Path) -> None:
    """The first window was looked at while it was empty: its only session was still going on."""
    project = make(tmp_path)
    p.write(project, "a.jsonl", [one(0.95, "first")])
    p.run(project, 2)
    p.run(project, 3)
    p.write(project, "b.jsonl", [one(1.2, "late", bad=True)])
    k.feed(project, [2], lambda at: k.hour(at, count=20, bad=2))
    assert sum(units for _, units, _ in folded(project)) == 22
    assert k.unequal(project) == []


def test_a_correction_counts_them_where_they_belong(tmp_path: Path) -> None:
    project = make(tmp_path)
    begun(project)
    p.write(project, "late.jsonl", k.hour(0, count=5, bad=4, mark="late"))
    k.feed(project, [2], lambda at: k.hour(at, count=20, bad=2))
    # One harmful session of hour 1 was judged wrongly.
    p.write(project, "zz-fix.jsonl", k.hour(1, count=20, bad=1)[1:2])
    k.feed(project, [3], lambda at: k.hour(at, count=20, bad=2))
    assert folded(project, 0) == [(0, 20, 2), (1, 20, 2), (2, 25, 6), (3, 20, 2)]
    assert folded(project, 1) == [(0, 25, 6), (1, 20, 1), (2, 20, 2), (3, 20, 2)]
    # And what comes late after that counts once in both.
    p.write(project, "later.jsonl", k.hour(1, count=3, bad=3, mark="later"))
    for at in (4, 5):
        k.feed(project, [at], lambda at: k.hour(at, count=20, bad=2))
    assert [folded(project, n)[4:] for n in (0, 1)] == [[(4, 23, 5), (5, 20, 2)]] * 2
    assert k.unequal(project) == []


@pytest.mark.parametrize("gate", [{"unit": "window"}, {"against": "control", "compare": "odds_ratio", "at_most": 1.5}])
def test_windows_and_arms_have_no_supplements(tmp_path: Path, gate: dict[str, Any]) -> None:
    """A window is one unit, and arms are compared within windows."""
    project = make(tmp_path, **gate)
    k.feed(project, range(2), lambda at: k.arms(at, candidate=2, control=2, count=20))
    p.write(project, "late.jsonl", k.hour(0, count=5, bad=4, mark="late"))
    done = k.feed(project, [2], lambda at: k.arms(at, candidate=2, control=2, count=20))
    assert k.verdict(done).units == (3 if "unit" in gate else 120)
    assert k.unequal(project) == []
