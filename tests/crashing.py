"""Runs of the monitor in processes of their own that are killed (SIGKILL), at a chosen step or after a while.

The steps are found by wrapping functions here; the product knows nothing of it.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import projects

from flows import checking
from flows.channels.file import FileChannel
from flows.cli.app import app
from flows.switches.file import FileSwitch
from warehouse import cells, evidence, findings, history, ingest, ledger
from warehouse.people import log, outbox, renewals

STEPS: tuple[tuple[Any, str], ...] = (
    (ingest, "take"),
    (ledger, "add_poll"),
    (findings, "record"),
    (checking, "check"),
    (cells, "summarise"),
    (evidence, "open_epoch"),
    (evidence, "fold"),
    (evidence, "close_epoch"),
    (log, "append"),
    (renewals, "renew"),
    (history, "add"),
    (FileSwitch, "apply"),
    (FileChannel, "send"),
    (outbox, "delivered"),
)
"""What counts as a step: each call of one of these functions, when it has just returned; all that write are here."""

STEP_FILE = "steps"

HEAVY = ["flows.cli.app", "flows.cli.work", "flows.once", "flows.checking", "flows.deciding", "flows.publishing",
         "checks.quality.buffered", "great_expectations.validator.validator", "yaml",
         "great_expectations.data_context.data_context.ephemeral_data_context"]  # fmt: skip
"""What the server imports once, from which every child is forked."""


def _hook(kill_at: int, note: Path) -> None:
    done = 0

    def hooked(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            nonlocal done
            result = function(*args, **more)
            done += 1
            with note.open("a") as file:
                file.write(f"{name}\n")
            if done == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    for owner, name in STEPS:
        setattr(owner, name, hooked(getattr(owner, name), f"{owner.__name__}.{name}"))


def _run(folder: Path, hour: float, kill_at: int) -> None:
    _hook(kill_at, folder / STEP_FILE)
    projects.run(projects.open_project(folder), hour)


def _gatehold(arguments: list[str], after: float) -> None:
    def kill() -> None:
        time.sleep(after)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    with redirect_stdout(io.StringIO()):
        app(arguments, standalone_mode=False)


def _child(target: Callable[..., None], *arguments: object) -> int:
    """The exit code of a child that is forked from a process which has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    process = context.Process(target=target, args=arguments)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def run(folder: Path, hour: float, *, kill_at: int = -1) -> bool:
    """One run; False when it was killed after step number `kill_at`."""
    code = _child(_run, folder, hour, kill_at)
    assert code in (0, -signal.SIGKILL), code
    return code == 0


def gatehold(arguments: list[str], *, kill_after: float) -> bool:
    """`gatehold` with these arguments; False when it was killed after `kill_after` seconds."""
    code = _child(_gatehold, arguments, kill_after)
    assert code in (0, -signal.SIGKILL), code
    return code == 0
