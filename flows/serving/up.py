"""Up: bring the tree of processes to life, register the project, see that runs come, and keep watch until told to stop.

Only one `up` at a time uses a data folder. What a killed one left behind is put in order first.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flows.serving import children, ports
from flows.serving.children import Places
from flows.serving.tree import Tree
from warehouse.records.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from flows.deploying.plan import Plan
    from flows.deploying.registering import Registered
    from flows.project import Project

PREFECT_PORT, BOARD_PORT = 4200, 8700
START_SECONDS = 180.0
"""How long Prefect's server may take to answer; 11 to 23 s were measured on a quiet machine."""
LOOK_SECONDS = 60.0
"""How often it is seen whether runs still come."""
STRIKES = 3
"""So many looks without an answer or a run, and the server is started again."""
GONE_SECONDS = 15.0
"""What the guards of a killed `up` get to stop the rest."""
STATE = "up.json"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Up:
    """What runs, as `up.json` in the data folder says it while it runs."""

    pid: int
    prefect: str
    board: str
    data: str
    logs: str


def run(
    project: Project, *, port: int | None, board_port: int | None, say: Say, ready: Callable[[Up], None] | None = None
) -> None:
    """Run the tree until this process is told to stop (SIGINT or SIGTERM); then nothing of it is left.

    Raises:
        UsageError: another `up` uses the data folder, a port that was asked for is in use, or the work pool is not
            one of processes.
        ServiceError: the server does not come up or makes no runs, or a child dies too often.
    """
    from flows.deploying.plan import plan as planned
    from warehouse import folder

    plan = planned(project)
    if plan.pool_type != "process":
        raise UsageError(
            f"`gatehold up` runs processes, and the work pool {plan.pool} is of kind {plan.pool_type}. "
            "Use `gatehold deploy` with a server and a worker of your own."
        )
    folder.make(project.data)
    with _only_one(project.data), _told_to_stop() as stop:
        chosen = ports.choose(port, PREFECT_PORT, what="Prefect")
        places = Places(
            project.data, chosen, ports.choose(board_port, BOARD_PORT, what="the board", taken=frozenset({chosen}))
        )
        _serve(project, plan, places, stop, say, ready)


def _serve(
    project: Project, plan: Plan, places: Places, stop: threading.Event, say: Say, ready: Callable[[Up], None] | None
) -> None:
    """Everything after the locks and ports: start, register, watch."""
    from flows.deploying.registering import register

    environment = children.environment(places)
    # Prefect reads its settings when it is first imported: this process is a client of the server it starts.
    os.environ.update({k: v for k, v in environment.items() if k.startswith("PREFECT_")})
    state = Up(
        os.getpid(), places.api.removesuffix("/api"), places.board, str(project.data.absolute()), str(places.logs)
    )
    with Tree(environment, say) as tree, _noted(project.data, state):
        say(f"Data folder: {state.data}")
        say(f"Starting Prefect's server on port {places.port}")
        tree.start(children.server(places))
        _await_server(places, tree, stop)
        if stop.is_set():
            return
        _put_in_order(plan, say)
        registered = register(plan, now=datetime.now(UTC))
        say(f"Registered {len(registered.deployments)} deployments and {len(registered.automations)} automations")
        tree.start(children.worker(places, plan))
        tree.start(children.board(places, project))
        _see_runs(plan, registered, stop)
        if not stop.is_set():
            say(f"Prefect: {state.prefect}")
            say(f"Board:   {state.board}")
            _say_first_link(project, state.board, say)
            say(f"Logs:    {state.logs}")
            say("Ready. Stop it with Ctrl-C.")
            if ready is not None:
                ready(state)
        _watch(plan, registered, tree, stop)
        say("Stopping")
    say("Stopped; nothing of it runs any more.")


def _say_first_link(project: Project, board: str, say: Say) -> None:
    from flows import boarding

    link = boarding.first_link(project.data, board, now=datetime.now(UTC))
    if link is not None:
        say(f"No admin can sign in yet. This link lets the first one set a password, once, within an hour: {link}")


def _await_server(places: Places, tree: Tree, stop: threading.Event) -> None:
    until = time.monotonic() + START_SECONDS
    while not stop.is_set() and not healthy(places.api):
        tree.tend()
        if time.monotonic() >= until:
            log = children.server(places).log
            raise ServiceError(
                f"Prefect's server did not answer within {START_SECONDS:g} s. What it said is in {log}.", transient=True
            )
        stop.wait(0.3)


def healthy(api: str) -> bool:
    """Whether the server answers."""
    import httpx

    try:
        return httpx.get(f"{api}/health", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _put_in_order(plan: Plan, say: Say) -> None:
    from flows.deploying import watching
    from flows.deploying.registering import server

    with server() as client:
        crashed, removed = watching.bury(client, plan, now=datetime.now(UTC))
    if crashed or removed:
        say(f"Left from before: {crashed} run(s) marked as crashed, {removed} that are overdue removed")


def _see_runs(plan: Plan, registered: Registered, stop: threading.Event) -> None:
    from flows.deploying import watching
    from flows.deploying.registering import server

    with server() as client:
        watching.await_runs(client, plan, registered.deployments, stopped=stop.is_set)


def _watch(plan: Plan, registered: Registered, tree: Tree, stop: threading.Event) -> None:
    """Tend the children; a server that lives without work is started again."""
    strikes, look_at = 0, time.monotonic() + LOOK_SECONDS
    while not stop.wait(0.3):
        tree.tend()
        if time.monotonic() < look_at:
            continue
        look_at = time.monotonic() + LOOK_SECONDS
        strikes = 0 if _works(plan, registered) else strikes + 1
        if strikes >= STRIKES:
            tree.kick("server", "it answers no more, or its scheduler makes no runs")
            strikes = 0


def _works(plan: Plan, registered: Registered) -> bool:
    from flows.deploying import watching
    from flows.deploying.registering import server

    timed = {job.flow: registered.deployments[job.flow] for job in plan.jobs if job.schedule is not None}
    try:
        with server() as client:
            return not timed or watching.scheduled(client, timed) > 0
    except ServiceError:
        return False


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(data / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(
            f"Another `gatehold up` runs on {data}{_who(data)}. Stop it first, or name another folder with --data."
        ) from error
    try:
        _await_gone(data)
        yield
    finally:
        lock.release()


def _await_gone(data: Path) -> None:
    """Wait for what a killed `up` left: its guards need a few seconds to stop the rest."""
    until = time.monotonic() + GONE_SECONDS
    left = [urlsplit(state[key]).port for key in ("prefect", "board") if (state := _state(data))]
    while any(port and not ports.free(port) for port in left) and time.monotonic() < until:
        time.sleep(0.1)


def _who(data: Path) -> str:
    state = _state(data)
    return f" (process {state['pid']}, board {state['board']})" if state else ""


def _state(data: Path) -> dict[str, Any]:
    """What the last `up` noted of itself; {} when it was stopped in order."""
    try:
        return asdict(Up(**json.loads((data / STATE).read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError):
        return {}


@contextmanager
def _noted(data: Path, state: Up) -> Iterator[None]:
    path = data / STATE
    path.write_text(json.dumps(asdict(state)), encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; both do what they did before when the block ends."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda *_: stop.set())
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
