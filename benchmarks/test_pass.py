"""What a pass costs when nothing is new: a ratio, measured in turn in this run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows import project as projects
from flows.demo import sample
from flows.once import run_with
from flows.stores import open_stores

ROUNDS = 7
END = datetime(2026, 3, 4, tzinfo=UTC)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float, float]:
    """The median ratio of `one` to `other`, measured in turn, and the fastest of each in milliseconds."""
    one(), other()
    pairs = [(seconds(one), seconds(other)) for _ in range(ROUNDS)]
    return statistics.median(a / b for a, b in pairs), min(a for a, _ in pairs) * 1e3, min(b for _, b in pairs) * 1e3


def test_a_pass_with_nothing_new_against_opening_the_stores(tmp_path: Path) -> None:
    for file in sample.sample_project(7, END):
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    # Files that changed a moment ago are looked into again at every pass.
    time.sleep(2.1)
    project = projects.load(tmp_path, environment={})
    moments = iter(END + timedelta(hours=2, seconds=n) for n in range(1_000))

    def one_pass() -> int:
        with open_stores(project) as stores:
            done = run_with(project, stores, now=next(moments))
        return sum(not batch.repeated for report in done.pulled for batch in report.batches)

    def opening() -> None:
        with open_stores(project):
            pass

    assert one_pass() > 0
    assert one_pass() == 0
    ratio, fastest, bare = compare(one_pass, opening)
    print(
        f"a pass with nothing new / opening the stores: {ratio:.1f} (median of {ROUNDS}; {fastest:.0f} / {bare:.0f} ms)"
    )
    assert fastest < 1_000
