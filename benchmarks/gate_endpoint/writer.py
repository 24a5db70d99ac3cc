"""The process that writes: one run of the monitor after another, each with a file of new rows.

`python -m benchmarks.gate_endpoint.writer FOLDER ROWS` prints a line after each run, until its input ends.
"""

from __future__ import annotations

import sys
import threading
from datetime import timedelta
from pathlib import Path

from benchmarks.ingest import rows as logs
from flows import project as projects
from flows import publishing
from flows.once import run_with
from flows.stores import open_stores

BEHIND = timedelta(hours=2)


def main(folder: str, rows: str) -> None:
    """Run until nobody listens any more."""
    project, count = projects.load(Path(folder), environment={}), int(rows)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    written = files = 0
    while not ended.is_set():
        logs.write(project.base / "logs" / f"{files:05}.jsonl", written, count)
        written, files = written + count, files + 1
        now = logs.BEGIN + timedelta(days=1) * (written / logs.PER_DAY) + BEHIND
        with open_stores(project) as stores:
            run_with(project, stores, now=now)
            publishing.write_page(project, stores, now=now)
        print(files, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
