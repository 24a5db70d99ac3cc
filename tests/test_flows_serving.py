"""The tree of processes under `gatehold up`: nothing outlives it, what dies is started again, and not for ever."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import projects as p
import pytest
from filelock import FileLock

from flows.serving import children, ports, restarts, up
from flows.serving.children import Child, Places
from flows.serving.guard import descendants
from flows.serving.tree import Tree
from warehouse.records.errors import ServiceError, UsageError

SLEEPERS = "import subprocess, sys, time; subprocess.Popen(['sleep', '300'], start_new_session=True); time.sleep(300)"


def test_a_child_that_dies_is_started_again_later_each_time_and_given_up_in_the_end() -> None:
    waits = [restarts.wait([float(n) for n in range(deaths)], 10.0) for deaths in range(1, 6)]
    assert [w.total_seconds() if w else None for w in waits] == [1, 2, 4, 8, None]
    assert restarts.wait([0.0, 1.0, 2.0, 3.0, 1000.0], 1000.0) == restarts.FIRST_WAIT


def test_every_child_is_without_telemetry_and_on_our_own_server(tmp_path: Path) -> None:
    places = Places(tmp_path, 4299, 8799)
    found = children.environment(
        places, {"PATH": "/bin", "ROLLOUT_SECRET": "s", "PREFECT_API_URL": "http://theirs/api"}
    )
    assert found["PREFECT_API_URL"] == "http://127.0.0.1:4299/api"
    assert found["PREFECT_HOME"] == str(tmp_path / "prefect")
    assert (found["DO_NOT_TRACK"], found["PREFECT_SERVER_ANALYTICS_ENABLED"]) == ("1", "false")
    assert found["ROLLOUT_SECRET"] == "s"
    assert found["GATEHOLD_BOARD_URL"] == "http://127.0.0.1:8799"


@pytest.mark.enable_socket
def test_a_port_in_use_is_passed_over_and_one_that_was_asked_for_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind((ports.HOST, 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert ports.choose(None, number, what="Prefect") > number
        with pytest.raises(UsageError, match=f"Port {number} for Prefect is in use"):
            ports.choose(number, 4200, what="Prefect")
    assert ports.choose(None, number, what="the board", taken=frozenset({number})) != number


def test_a_second_up_is_refused_with_a_clear_word(tmp_path: Path) -> None:
    project = p.make(tmp_path)
    project.data.mkdir(parents=True)
    with FileLock(project.data / "up.lock"), pytest.raises(UsageError, match="Another `gatehold up` runs on"):
        up.run(project, port=None, board_port=None, say=print)


def test_a_pool_that_starts_containers_is_not_for_up(tmp_path: Path) -> None:
    pool = {"type": "docker", "image": "gatehold:1"}
    project = p.make(tmp_path, p.policy(prefect={"config": "/c", "data": "/d", "work_pool": pool}))
    with pytest.raises(UsageError, match="Use `gatehold deploy`"):
        up.run(project, port=None, board_port=None, say=print)


@contextmanager
def tree(said: list[str]) -> Iterator[Tree]:
    with Tree(dict(os.environ), said.append) as made:
        yield made


def child(folder: Path, script: str) -> Child:
    return Child("sleeper", (sys.executable, "-c", script), folder / "sleeper.log")


def below() -> set[int]:
    """Living processes below this one."""
    return set(descendants(os.getpid()))


def wait_for(what: int) -> set[int]:
    until = time.monotonic() + 20
    while len(found := below()) < what and time.monotonic() < until:
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_stopping_leaves_nothing_not_even_what_left_its_group(tmp_path: Path) -> None:
    before = below()
    said: list[str] = []
    with tree(said) as made:
        made.start(child(tmp_path, SLEEPERS))
        assert len(wait_for(len(before) + 3) - before) == 3
    assert below() - before == set()


@pytest.mark.slow
def test_what_dies_is_started_again_and_its_orphans_go_with_it(tmp_path: Path) -> None:
    before = below()
    said: list[str] = []
    with tree(said) as made:
        made.start(child(tmp_path, SLEEPERS))
        first = wait_for(len(before) + 3) - before
        guard = made._running[0].guard
        assert guard is not None
        (command, *_) = descendants(guard.pid)
        os.kill(command, signal.SIGKILL)
        until = time.monotonic() + 20
        while not made.alive("sleeper") or len(said) < 2:
            made.tend()
            time.sleep(0.05)
            assert time.monotonic() < until
        assert first & wait_for(len(before) + 3) == set()
    assert said[0] == "sleeper ended (exit code 137); it is started again in 1 s"


@pytest.mark.slow
def test_what_dies_at_once_each_time_is_given_up_and_says_where_to_look(tmp_path: Path) -> None:
    clock = [0.0]
    said: list[str] = []
    with Tree(dict(os.environ), said.append, clock=lambda: clock[0]) as made:
        made.start(child(tmp_path, "print('no room'); raise SystemExit(3)"))
        with pytest.raises(ServiceError, match=r"ended 5 times within 5 minutes.*exit code 3.*sleeper.log"):
            tend_for_long(made, clock)
    assert (tmp_path / "sleeper.log").read_text() == "no room\n" * 5


def tend_for_long(made: Tree, clock: list[float]) -> None:
    for _ in range(4_000):
        made.tend()
        clock[0] += 0.05
        time.sleep(0.01)


@pytest.mark.slow
def test_when_the_parent_is_killed_every_child_dies(tmp_path: Path) -> None:
    """SIGKILL gives no time for a last word: the pipe that it held says it."""
    script = (
        "import os, sys, time\nfrom pathlib import Path\nfrom flows.serving.children import Child\n"
        "from flows.serving.tree import Tree\n"
        f"child = Child('sleeper', (sys.executable, '-c', {SLEEPERS!r}), Path({str(tmp_path / 'log')!r}))\n"
        "with Tree(dict(os.environ), print) as tree:\n    tree.start(child)\n    time.sleep(300)\n"
    )
    before = below()
    parent = subprocess.Popen([sys.executable, "-c", script])
    everything = wait_for(len(before) + 4) - before - {parent.pid}
    assert len(everything) == 3
    parent.kill()
    parent.wait()
    until = time.monotonic() + 15
    while (left := {pid for pid in everything if _lives(pid)}) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == set()


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
