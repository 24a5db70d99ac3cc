"""What goes wrong around Gatehold: disks, clocks, servers, receivers, two monitors at once. Nothing counts twice."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import projects as p
import pytest
from projects import AGENT, HOUR, START

from flows.cli.look import standings as shown
from flows.once import run_once
from flows.project import Project
from warehouse.people import log
from warehouse.records.errors import StoreError
from warehouse.store import FILE_NAME

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parent.parent
SECRET = "between the two"
RUN = """
import sys
from pathlib import Path
import projects as p
from warehouse.records.errors import GateholdError
try:
    p.run(p.open_project(Path(sys.argv[1])), float(sys.argv[2]))
except GateholdError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""
REFUSED = 3


def fed(folder: Path, hours: int = 2, **changes: Any) -> Project:
    """A project that went well for some hours, one run an hour."""
    project = p.make(folder, p.policy(**changes))
    for hour in range(hours):
        p.write(project, f"{hour:03}.jsonl", p.answers(hour))
        p.run(project, hour + 2)
    return project


def monitor(folder: Path, hour: float, **given: Any) -> subprocess.Popen[str]:
    """A run of the monitor in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}", **given.pop("environment", {})}
    command = [sys.executable, "-c", RUN, str(folder), str(hour)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT, **given)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what was said."""
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def facts(project: Project) -> tuple[list[Any], list[tuple[str, Any]]]:
    """The windows of evidence with their units, and the decisions; both must be there once."""
    with p.opened(project) as stores:
        rows = stores.warehouse.connection.execute(
            "SELECT epoch, window_start, units FROM evidence ORDER BY ALL"
        ).fetchall()
        decisions = [(e.rollout, e.kind) for e in log.entries(stores.people)]
        events = stores.warehouse.connection.execute(
            "SELECT count(*), count(DISTINCT event_id) FROM events_interactions WHERE closed_by IS NULL"
        ).fetchone()
        assert log.verify(stores.people).ok
    assert events is not None
    assert events[0] == events[1], "every row once"
    return rows, decisions


# ---------------------------------------------------------------------------------------------------------------- disks


@pytest.mark.parametrize("most", [2_000, 30_000, 60_000])
def test_a_disk_that_fills_up_ends_the_run_in_plain_words_and_loses_nothing(tmp_path: Path, most: int) -> None:
    """The kernel refuses to let any file grow: what a full disk does to a write, without needing a disk of its own."""
    project = fed(tmp_path / "p")
    undisturbed = tmp_path / "undisturbed"
    p.write(project, "002.jsonl", p.answers(2, harmful=40))
    shutil.copytree(project.base, undisturbed)
    p.run(p.open_project(undisturbed), 4)

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    code, said = ended(monitor(project.base, 4, preexec_fn=full))
    assert code == REFUSED, said
    assert "Traceback" not in said
    assert str(project.base) in said, "it says which file"
    # The word of the last run, or the pause if it came to be written.
    assert shown(project, START + 3.5 * HOUR)[AGENT]["standing"] in ("go", "pause")
    assert shown(project, START + 6 * HOUR)[AGENT]["standing"] in ("hold", "pause")
    # There is room again.
    assert p.standing(p.run(project, 4)) == "pause"
    assert facts(project) == facts(p.open_project(undisturbed))
    assert p.switched(project)["action"] == "pause"


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    project = fed(tmp_path / "p", hours=0)
    shutil.rmtree(project.data, ignore_errors=True)
    project.data.write_text("a file where a folder belongs")
    with pytest.raises(StoreError, match="gatehold"):
        run_once(project, now=START + 2 * HOUR)


def no_superuser() -> None:
    """Let permissions bind this process and what it becomes, the superuser included."""
    if os.geteuid() == 0:
        for capability in (DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER):
            assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0


PR_CAPBSET_DROP, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER = 24, 1, 2, 3


@pytest.mark.skipif(sys.platform != "linux", reason="takes capabilities from the superuser, as Linux allows")
def test_a_read_only_disk_lets_nobody_write_and_everybody_look(tmp_path: Path) -> None:
    project = fed(tmp_path / "p")
    before = facts(project)
    p.write(project, "002.jsonl", p.answers(2, harmful=40))
    everything = [project.base, *project.base.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        code, said = ended(monitor(project.base, 4, preexec_fn=no_superuser))
        assert (code, "Traceback" in said) == (REFUSED, False), said
        assert str(project.base) in said
        looked = subprocess.run(
            [sys.executable, "-c", LOOK, str(project.base), (START + 3.5 * HOUR).isoformat()],
            capture_output=True,
            text=True,
            cwd=ROOT,
            preexec_fn=no_superuser,
            timeout=60,
        )
        assert json.loads(looked.stdout)["standing"] == "go", looked.stderr
        assert shown(project, START + 6 * HOUR)[AGENT]["standing"] == "hold"
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert facts(project) == before
    assert p.standing(p.run(project, 4)) == "pause"


LOOK = """
import sys
sys.argv = ["gatehold", "gate", "support-agent", "--config", sys.argv[1], "--as-of", sys.argv[2], "--json"]
from flows.cli import main
main()
"""


# ---------------------------------------------------------------------------------------------------------------- clock


def test_a_clock_that_steps_back_counts_nothing_twice_and_moves_no_lease_on(tmp_path: Path) -> None:
    project = fed(tmp_path, hours=4)
    before = facts(project)
    until = shown(project, START + 5 * HOUR)[AGENT]["valid_until"]
    done = p.run(project, 3)
    assert p.outcome(done).entry is None or p.standing(done) != "go"
    rows, decisions = facts(project)
    assert rows == before[0], "no window is folded again"
    assert decisions[: len(before[1])] == before[1]
    told = shown(project, START + 5 * HOUR)[AGENT]
    assert told["valid_until"] <= until, "a run in the past makes no lease longer"
    # Time goes on as before, and what comes is counted once.
    p.write(project, "004.jsonl", p.answers(4))
    done = p.run(project, 6)
    assert p.standing(done) == "go"
    rows, _ = facts(project)
    assert len(rows) == len(set((epoch, start) for epoch, start, _ in rows)) == len(before[0]) + 1


def test_a_pause_is_not_undone_by_a_clock_that_steps_back(tmp_path: Path) -> None:
    project = fed(tmp_path)
    p.write(project, "002.jsonl", p.answers(2, harmful=40))
    assert p.standing(p.run(project, 4)) == "pause"
    before = facts(project)
    assert p.standing(p.run(project, 2)) == "pause"
    assert facts(project) == before
    assert p.switched(project)["action"] == "pause"
    assert shown(project, START + 2 * HOUR)[AGENT]["standing"] == "pause"


# -------------------------------------------------------------------------------------------------------------- servers


def test_without_the_prefect_server_a_run_records_all_the_same(tmp_path: Path) -> None:
    project = fed(tmp_path)
    p.write(project, "002.jsonl", p.answers(2, harmful=40))
    gone = {"PREFECT_API_URL": "http://127.0.0.1:9/api"}
    code, said = ended(monitor(project.base, 4, environment=gone))
    assert code == 0, said
    assert p.kinds(project) == ["start", "go", "pause"]
    assert p.switched(project)["action"] == "pause"


def test_two_monitors_started_together_count_everything_once(tmp_path: Path) -> None:
    project = fed(tmp_path / "p")
    p.write(project, "002.jsonl", p.answers(2, harmful=40))
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(project.base, undisturbed)
    p.run(p.open_project(undisturbed), 4)
    both = [monitor(project.base, 4) for _ in range(2)]
    found = [ended(process) for process in both]
    assert [code for code, _ in found] in ([0, 0], [0, REFUSED], [REFUSED, 0]), found
    assert all("Another process is writing" in said for code, said in found if code)
    assert facts(project) == facts(p.open_project(undisturbed))
    assert p.kinds(project) == ["start", "go", "pause"]
    ids = [alert["id"] for alert in p.alerts(project)]
    assert len(ids) == len(set(ids)) == 1, "nobody is paged twice"


def test_a_warehouse_cut_short_is_one_sentence_and_the_last_word_lapses(tmp_path: Path) -> None:
    project = fed(tmp_path)
    path = project.data / FILE_NAME
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(StoreError, match=r"warehouse\.duckdb"):
        p.run(project, 4)
    assert shown(project, START + 6 * HOUR)[AGENT]["standing"] == "hold"
