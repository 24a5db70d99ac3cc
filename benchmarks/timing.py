"""Timing side by side: candidates take turns, ratios are of one round, memory is that of a process of its own."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of each candidate, one number a round."""

    seconds: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        """The median seconds of a candidate."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, over: str) -> float:
        """The median over the rounds of one candidate's seconds over those of another in the same round."""
        return statistics.median(a / b for a, b in zip(self.seconds[name], self.seconds[over], strict=True))

    def ratio_of_best(self, name: str, over: str) -> float:
        """The fastest round of one candidate over the fastest of another."""
        return min(self.seconds[name]) / min(self.seconds[over])


def stopwatch(work: Callable[[], object]) -> float:
    """The seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(candidates: Mapping[str, Callable[[], float]], rounds: int = ROUNDS, *, warm: bool = True) -> Timed:
    """The seconds of each candidate over `rounds` rounds; in each the candidates take turns, another one begins.

    A candidate returns the seconds that count, so that what it sets up or checks does not. With `warm` there is one
    round before that counts for nothing.
    """
    names = list(candidates)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-1 if warm else 0, rounds):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            taken = candidates[name]()
            if number >= 0:
                seconds[name].append(taken)
    return Timed({name: tuple(taken) for name, taken in seconds.items()})


@dataclass(frozen=True, slots=True)
class Child:
    """What a process of its own printed, and how long it ran."""

    result: Any
    seconds: float


def child(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Child:
    """Run `python -m module` and read the last line that it prints as JSON.

    Raises:
        RuntimeError: it failed; what it said goes to the error stream.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=printed,
            cwd=Path(__file__).resolve().parents[1],
            env={**os.environ, **(environment or {})},
        )
        process.wait()
        seconds = time.perf_counter() - start
        if process.returncode:
            raise RuntimeError(f"{module} {' '.join(arguments)} ended with {process.returncode}.")
        printed.seek(0)
        lines = printed.read().decode().splitlines()
    return Child(json.loads(lines[-1]) if lines else None, seconds)


def peak_mb() -> float:
    """The most memory that this process held, in MiB."""
    try:
        held = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        # In KiB, on macOS in bytes.
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (1024 if sys.platform != "darwin" else 1024 * 1024)
    # Linux hands the most that the parent held on to a child in the figure above.
    return int(held.split("VmHWM:")[1].split()[0]) / 1024


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what a benchmark writes; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gatehold-benchmark-") as name:
        yield Path(name)


def machine() -> dict[str, Any]:
    """What the numbers depend on beside the code: processors and how busy they are with other work."""
    return {"processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "python": sys.version.split()[0]}


def told(results: Mapping[str, Any], *, as_json: bool) -> str:
    """The results as JSON in one line, or as one line each."""
    if as_json:
        return json.dumps(results)
    width = max(len(name) for name in results)
    return "\n".join(f"{name:<{width}}  {_plain(value)}" for name, value in results.items())


def rounded(values: Sequence[float]) -> list[float]:
    """Seconds to milliseconds."""
    return [round(value, 3) for value in values]


def _plain(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
