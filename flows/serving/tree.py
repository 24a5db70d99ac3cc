"""The tree of processes: start children under their guards, start again what died, and stop all of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from flows.serving import restarts
from flows.serving.children import Child
from flows.serving.guard import GRACE_SECONDS
from warehouse.records.errors import ServiceError

Say = Callable[[str], None]
BIGGEST_LOG = 10_000_000
"""Bytes of output after which a file is put aside at the next start; one older file is kept."""


@dataclass
class _Running:
    child: Child
    guard: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    again_at: float = 0.0


class Tree:
    """Children in the order of their start; as a context manager it ends with none of them alive."""

    def __init__(self, environment: Mapping[str, str], say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        """Hold the pipe whose end tells the guards that this process has died."""
        self._environment, self._say, self._clock = dict(environment), say, clock
        self._watched, self._held = os.pipe()
        self._running: list[_Running] = []

    def __enter__(self) -> Self:
        """Return the tree."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every child."""
        self.stop()
        os.close(self._held)
        os.close(self._watched)

    def start(self, child: Child) -> None:
        """Start a child; it is started again when it dies."""
        running = _Running(child)
        self._running.append(running)
        self._start(running)

    def tend(self) -> None:
        """Look after every child once: note what died, and start what is due to start again.

        Raises:
            ServiceError: a child died too often.
        """
        for running in self._running:
            if running.guard is not None and (code := running.guard.poll()) is not None:
                self._died(running, code)
            elif running.guard is None and self._clock() >= running.again_at:
                self._say(f"Starting {running.child.name} again")
                self._start(running)

    def kick(self, name: str, why: str) -> None:
        """Stop a child that lives but does not work, so that it is started again."""
        for running in self._running:
            if running.child.name == name and running.guard is not None:
                self._say(f"{name}: {why}")
                self._end([running])
                self._died(running, running.guard.returncode)

    def alive(self, name: str) -> bool:
        """Whether the child runs now."""
        return any(r.child.name == name and r.guard is not None and r.guard.poll() is None for r in self._running)

    def stop(self) -> None:
        """Stop every child, the one started last first."""
        for running in reversed(self._running):
            self._end([running])
            running.guard = None
        self._running.clear()

    def _start(self, running: _Running) -> None:
        child = running.child
        child.log.parent.mkdir(parents=True, exist_ok=True)
        if child.log.exists() and child.log.stat().st_size > BIGGEST_LOG:
            os.replace(child.log, child.log.with_suffix(".log.1"))
        guarded = [sys.executable, "-m", "flows.serving.guard", str(self._watched), *child.command]
        with child.log.open("ab") as out:
            running.guard = subprocess.Popen(
                guarded,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self._environment,
                pass_fds=[self._watched],
                start_new_session=True,
            )

    def _died(self, running: _Running, code: int) -> None:
        now = self._clock()
        running.guard = None
        running.deaths.append(now)
        wait = restarts.wait(running.deaths, now)
        if wait is None:
            raise ServiceError(
                f"{running.child.name} ended {restarts.MOST} times within {restarts.STEADY.seconds // 60} minutes, the "
                f"last time with exit code {code}. What it said is in {running.child.log}.",
                transient=False,
            )
        running.again_at = now + wait.total_seconds()
        self._say(f"{running.child.name} ended (exit code {code}); it is started again in {wait.total_seconds():g} s")

    def _end(self, these: list[_Running]) -> None:
        guards = [r.guard for r in these if r.guard is not None]
        for guard in guards:
            guard.terminate()
        for guard in guards:
            try:
                guard.wait(2 * GRACE_SECONDS + 2)
            except subprocess.TimeoutExpired:
                guard.kill()
                guard.wait()
