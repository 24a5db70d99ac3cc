"""Run it: `python -m benchmarks.board [--json]`.

Readers ask for the overview, the page of a rollout, `/metrics` and a page of the same server that only says hello, in
turn, each over a connection of its own and with a pause in between, as people and a scrape do. All the while runs of
the monitor write in another process, one after another, and publish a snapshot each. `p50_overview_ms` and the like are
server time, from a request's receipt to the last byte of its answer, waiting for a thread of the server included;
`p50_overview_waited_ms` is what a reader waits: the connection, and queueing before the server takes it up, besides.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from benchmarks.board import setting
from benchmarks.board.server import TIMES
from benchmarks.hourly.setting import ROLLOUT
from benchmarks.timing import machine, scratch, told

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"overview": "/", "rollout": f"/rollouts/{ROLLOUT}", "metrics": "/metrics", "hello": "/hello"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was measured; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.board", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="new rows of each run")
    parser.add_argument("--history", type=int, default=10_000_000, help="rows of the year before")
    parser.add_argument("--batches", type=int, default=8760, help="batches in which the year came: one an hour")
    parser.add_argument("--readers", type=int, default=20, help="how many read at the same time")
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between two pages of a reader")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long they read")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    given = parser.parse_args(arguments)
    if min(given.rows, given.batches, given.readers) < 1 or given.history < given.batches or given.seconds <= 0:
        parser.error("--rows, --batches, --readers and --seconds must be above 0, --history at least --batches.")
    with scratch() as folder:
        found = _measured(folder / "site", given)
    print(told(found, as_json=given.json))
    return 0


def _measured(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    project = setting.make(folder, given.history, given.batches)
    writes = ["benchmarks.gate_endpoint.writer", str(folder), str(given.rows)]
    with (
        _process(writes, stdin=subprocess.PIPE) as writer,
        _process(["benchmarks.board.server", str(folder)]) as server,
    ):
        address = _line(server)
        before = int(_line(writer))
        waited = _read(address, given)
        taken = _served(address)
        assert writer.stdin is not None
        writer.stdin.close()
        ended = _out(writer).read().splitlines()
        runs = int(ended[-1]) - before if ended else 0
    return {
        **_shares(taken, "ms"),
        **{f"slowest_{page}_ms": round(max(times), 2) for page, times in taken.items()},
        **_shares(waited, "waited_ms"),
        "ratio": round(_share(taken["rollout"], 0.95) / _share(taken["hello"], 0.95), 2),
        "pages": sum(len(times) for times in waited.values()),
        "runs_meanwhile": runs,
        "gates": len(project.policy.gates),
        "history": given.history,
        "readers": given.readers,
        "pause_seconds": given.pause,
        **machine(),
    }


def _read(address: str, given: argparse.Namespace) -> dict[str, list[float]]:
    """The milliseconds that a reader waited for each answer, by page."""
    for path in PAGES.values():
        _once(address, path)
    _served(address)
    until = time.monotonic() + given.seconds
    with ThreadPoolExecutor(given.readers) as pool:
        every = list(pool.map(lambda number: _reader(address, number, given.pause, until), range(given.readers)))
    return {page: [taken for one in every for taken in one[page]] for page in PAGES}


def _reader(address: str, number: int, pause: float, until: float) -> dict[str, list[float]]:
    # Readers do not look in step; the same numbers in every run keep two recordings alike.
    chance = random.Random(number)
    taken: dict[str, list[float]] = {page: [] for page in PAGES}
    order = list(PAGES)[number % len(PAGES) :] + list(PAGES)[: number % len(PAGES)]
    while time.monotonic() < until:
        for page in order:
            time.sleep(chance.uniform(0, 2 * pause))
            taken[page].append(_once(address, PAGES[page]))
    return taken


def _served(address: str) -> dict[str, list[float]]:
    """The milliseconds of server time of each answer since this was asked last, by page."""
    times = json.loads(_asked(address, TIMES))
    return {page: times.get(path, []) for page, path in PAGES.items()}


def _once(address: str, path: str) -> float:
    """The milliseconds until the whole answer was there."""
    begin = time.perf_counter()
    _asked(address, path)
    return (time.perf_counter() - begin) * 1000


def _asked(address: str, path: str) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    assert answer.status == 200, (path, answer.status, body[:200])
    return body


def _shares(times: dict[str, list[float]], unit: str) -> dict[str, float]:
    parts = {"p50": 0.5, "p95": 0.95}
    return {f"{share}_{page}_{unit}": _share(times[page], part) for page in times for share, part in parts.items()}


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
        process.wait(timeout=120)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _line(process: subprocess.Popen[str]) -> str:
    line = _out(process).readline().strip()
    if not line:
        raise RuntimeError(f"{process.args} said nothing and ended with {process.wait()}.")
    return line


def _out(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


if __name__ == "__main__":
    sys.exit(main())
