"""A real Prefect server for tests, and what tests ask of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import projects as p

from flows.project import Project
from flows.serving import children, guard, ports, up
from flows.serving.children import Places
from flows.serving.tree import Tree

T = TypeVar("T")
NEVER = {"monitor": "never", "deliver": "never", "self_test": "never", "rituals": "never"}


@contextmanager
def served(folder: Path, **environment: str) -> Iterator[tuple[Tree, Places]]:
    """A server with its database in `folder`, as `gatehold up` starts it."""
    port = ports.choose(None, 4300 + os.getpid() % 1000, what="a test")
    places = Places(folder, port, 0)
    with Tree({**children.environment(places), **environment}, print) as tree:
        tree.start(children.server(places))
        yield tree, places


def answers(places: Places) -> None:
    until(lambda: up.healthy(places.api), 120, "the server answers")


@contextmanager
def talking(places: Places) -> Iterator[None]:
    """Prefect's client in this process talks to that server."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with temporary_settings(updates={PREFECT_API_URL: places.api}):
        yield


def until(ask: Callable[[], T], seconds: float, what: str) -> T:
    """What `ask` says as soon as it says something; the test fails when it does not in time."""
    end = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.25)
    return found


def project(folder: Path, name: str, schedules: Mapping[str, str], **changes: Any) -> Project:
    values = p.policy(schedules={**NEVER, **schedules}, prefect={"name": name, "work_pool": {"name": name}}, **changes)
    return p.make(folder, values)


def runs(client: Any, name: str, *types: str) -> list[Any]:
    """The runs of one project, by the time they were created."""
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

    ours = FlowRunFilter(tags=FlowRunFilterTags(all_=[name]))
    found = client.read_flow_runs(flow_run_filter=ours, limit=200)
    return sorted((r for r in found if not types or r.state.type.value in types), key=lambda r: r.created)


def events(client: Any, *names: str) -> list[dict[str, Any]]:
    body = {"limit": 50, "filter": {"event": {"name": list(names)}}}
    found: list[dict[str, Any]] = client.request("POST", "/events/filter", json=body).json()["events"]
    return found


def kill_all(root: int) -> None:
    """SIGKILL to a process and everything below it, at once."""
    for pid in [root, *guard.descendants(root)]:
        os.kill(pid, signal.SIGSTOP)
    for pid in [*guard.descendants(root), root]:
        os.kill(pid, signal.SIGKILL)
