"""What `up` runs: each child as a command, with the environment that it needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.deploying.plan import RUN_ENVIRONMENT, Plan
from flows.deploying.telling import BOARD
from flows.serving.ports import HOST

if TYPE_CHECKING:
    from flows.project import Project


@dataclass(frozen=True, slots=True)
class Child:
    """One process of the tree: its name, its command, and the file that its output goes to."""

    name: str
    command: tuple[str, ...]
    log: Path


@dataclass(frozen=True, slots=True)
class Places:
    """Where the tree lives: the data folder, Prefect's own folder in it, and both ports."""

    data: Path
    port: int
    board_port: int

    @property
    def home(self) -> Path:
        """Prefect's own folder, with its database."""
        return self.data / "prefect"

    @property
    def logs(self) -> Path:
        """The folder of what the children print."""
        return self.data / "logs"

    @property
    def api(self) -> str:
        """The address of Prefect's server for programs."""
        return f"http://{HOST}:{self.port}/api"

    @property
    def board(self) -> str:
        """The address of the board."""
        return f"http://{HOST}:{self.board_port}"


def server(places: Places) -> Child:
    """Prefect's server, with its database in the data folder."""
    command = ("-m", "prefect", "server", "start", "--host", HOST, "--port", str(places.port))
    return _child("server", command, places)


def worker(places: Places, plan: Plan) -> Child:
    """The worker that starts a process for each run; it asks for work every two seconds."""
    command = (
        "-m",
        "prefect",
        "worker",
        "start",
        "--type",
        "process",
        "--pool",
        plan.pool,
        "--name",
        f"{plan.name}-up",
    )
    return _child("worker", command, places)


def board(places: Places, project: Project) -> Child:
    """The board."""
    data, config = str(project.data.absolute()), str(project.file.absolute())
    start = "from flows.cli import main; main()"
    words = ("board", "--data", data, "--config", config, "--port", str(places.board_port), "--no-first-link")
    command = ("-c", start, *words)
    return _child("board", command, places)


def environment(places: Places, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every child: telemetry off, a server of our own, sign of life every 30 s."""
    ours = {
        **RUN_ENVIRONMENT,
        "PREFECT_HOME": str(places.home.absolute()),
        "PREFECT_API_URL": places.api,
        "PREFECT_PROFILES_PATH": str(places.home.absolute() / "profiles.toml"),
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_CLI_PROMPT": "false",
        "PYTHONUNBUFFERED": "1",
        BOARD: places.board,
    }
    kept = {k: v for k, v in (os.environ if given is None else given).items() if not k.startswith("PREFECT_")}
    return {**kept, **ours}


def _child(name: str, arguments: tuple[str, ...], places: Places) -> Child:
    return Child(name, (sys.executable, *arguments), places.logs / f"{name}.log")
