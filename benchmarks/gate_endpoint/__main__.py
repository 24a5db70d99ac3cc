"""Run it: `python -m benchmarks.gate_endpoint [--json]`.

A client asks the gate and, in turn, a route of the same server that only says hello, each over a connection of its own,
as orchestrators do. All the while runs of the monitor write in another process, one after another.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from benchmarks.hourly import setting
from benchmarks.timing import machine, scratch, told
from flows.stores import open_stores

ROOT = Path(__file__).resolve().parents[2]
GATE = f"/api/v1/rollouts/{setting.ROLLOUT}/gate"
PAUSE_SECONDS = 0.005
"""Between two requests, so that the client itself does not take a processor."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was measured; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate_endpoint", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="new rows of each run")
    parser.add_argument("--history", type=int, default=200_000, help="rows of the year before")
    parser.add_argument("--batches", type=int, default=500, help="batches in which the year came")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long it is asked")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    given = parser.parse_args(arguments)
    if given.rows < 1 or given.batches < 1 or given.history < given.batches or given.seconds <= 0:
        parser.error("--rows, --batches and --seconds must be above 0, --history at least --batches.")
    with scratch() as folder:
        found = _measured(folder / "site", given)
    print(told(found, as_json=given.json))
    return 0


def _measured(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    project = setting.make(folder)
    with open_stores(project) as stores:
        setting.fill(stores, given.history, given.batches)
    writes = ["benchmarks.gate_endpoint.writer", str(folder), str(given.rows)]
    serves = ["benchmarks.gate_endpoint.server", str(project.data), str(project.file)]
    with _process(writes, stdin=subprocess.PIPE) as writer, _process(serves) as server:
        address = _line(server)
        before = int(_line(writer))
        gate, hello, seconds = _asked(address, given.seconds)
        assert writer.stdin is not None
        writer.stdin.close()
        ended = _rest(writer).splitlines()
        runs = int(ended[-1]) - before if ended else 0
    p95, p95_hello = _share(gate, 0.95), _share(hello, 0.95)
    return {
        "p50_ms": _share(gate, 0.5),
        "p95_ms": p95,
        "p99_ms": _share(gate, 0.99),
        "p50_hello_ms": _share(hello, 0.5),
        "p95_hello_ms": p95_hello,
        "ratio": round(p95 / p95_hello, 2),
        "requests": len(gate),
        "runs_meanwhile": runs,
        "seconds": round(seconds, 1),
        "rows_of_a_run": given.rows,
        **machine(),
    }


def _asked(address: str, seconds: float) -> tuple[list[float], list[float], float]:
    """The milliseconds of each answer of the gate and of the route that says hello, and how long it was asked."""
    gate: list[float] = []
    hello: list[float] = []
    begin = time.monotonic()
    for _ in range(20):
        _once(address, GATE, 403)
        _once(address, "/hello", 200)
    while time.monotonic() < begin + seconds:
        gate.append(_once(address, GATE, 403))
        hello.append(_once(address, "/hello", 200))
        time.sleep(PAUSE_SECONDS)
    return gate, hello, time.monotonic() - begin


def _once(address: str, path: str, expected: int) -> float:
    begin = time.perf_counter()
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    taken = (time.perf_counter() - begin) * 1000
    # What happened long ago has lapsed: a hold, with its reasons.
    assert answer.status == expected, (path, answer.status, body[:200])
    return taken


def _share(values: list[float], share: float) -> float:
    return round(statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1], 2)


@contextmanager
def _process(module: Sequence[str], stdin: int | None = None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", *module], stdin=stdin, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _line(process: subprocess.Popen[str]) -> str:
    line = _out(process).readline().strip()
    if not line:
        raise RuntimeError(f"{process.args} said nothing and ended with {process.wait()}.")
    return line


def _rest(process: subprocess.Popen[str]) -> str:
    return _out(process).read()


def _out(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


if __name__ == "__main__":
    sys.exit(main())
