"""Every decision comes out again from what is stored, and what was tampered with does not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import projects as p
import pytest
from once_tools import code, copy, exit_code, expand, feed, harmed, resume, unequal
from projects import HOUR, START

from flows.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return harmed(tmp_path_factory.mktemp("paused"))


def test_every_decision_of_a_long_history_is_recomputed(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    feed(project, range(4, 6), release="r2", mark="m")
    assert code(resume(project, 7)) == "resume"
    p.run(project, 7.5)
    assert code(expand(project, 7.6)) == "expand"
    feed(project, range(6, 7), release="r2", mark="m")
    p.write(project, "zz-fix.jsonl", p.answers(4, harmful=7, release="r2", mark="m"))
    p.run(project, 8.5)
    p.run(project, 20)
    feed(project, range(19, 20), harmful=40, release="r2", mark="m")
    assert p.kinds(project)[:4] == ["start", "go", "pause", "pause"]
    assert {"resume", "expand", "restate", "hold", "go", "pause"} <= set(p.kinds(project))
    assert p.kinds(project)[-1] == "pause"
    assert unequal(project) == []


def test_tampered_evidence_comes_out_not_equal(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    with p.opened(project) as stores:
        stores.warehouse.connection.execute(
            "UPDATE evidence SET breach_growth = list_transform(breach_growth, x -> x + 1e-12) WHERE window_start = ?",
            [START + HOUR],
        )
    found = unequal(project)
    assert [seq for seq, _ in found] == [2, 3][-len(found) :]
    assert any("evidence_digest" in difference for _, differences in found for difference in differences)


def test_the_command_line_tells_a_tampered_record_by_its_exit(paused: Project, tmp_path: Path) -> None:
    project = copy(paused, tmp_path / "p")
    config = ("--config", str(project.file))
    assert exit_code("log", "verify", *config) == 0
    assert [exit_code("log", "explain", seq, *config) for seq in ("2", "3")] == [0, 0]
    assert exit_code("log", "explain", "1", *config) == 0, "a start rests on no evidence, so none can differ"
    with p.opened(project) as stores:
        stores.warehouse.connection.execute(
            "UPDATE evidence SET pass_growth = list_transform(pass_growth, (x, i) -> CASE i WHEN 1 THEN -x ELSE x END)"
        )
    assert [exit_code("log", "explain", seq, *config) for seq in ("2", "3")] == [5, 5]
    assert exit_code("log", "verify", *config) == 0, "the decision log itself is whole"
    with p.opened(project) as stores:
        stores.warehouse.connection.execute("DELETE FROM evidence")
    assert exit_code("log", "explain", "3", *config) == 5
    with closing(sqlite3.connect(project.data / "people.sqlite")) as connection, connection:
        # The store refuses this as long as its guards stand; who owns the file can take them away.
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE decisions SET summary = 'all is well' WHERE seq = 3")
    assert exit_code("log", "verify", *config) == 5
