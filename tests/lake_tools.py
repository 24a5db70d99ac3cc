"""Rows for the lake's tests, and processes of their own that copy them and may be killed at a chosen statement."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from event_rows import Loader, at

from warehouse.lake import copying
from warehouse.records.lake import LakePlace
from warehouse.records.streams import LABELS
from warehouse.store import Warehouse

NOW = datetime(2026, 4, 1, tzinfo=UTC)
NASTY = "'; DROP TABLE x; -- \0 \u2028 \U0001f600 \\"


def fill(warehouse: Warehouse, batches: int = 3) -> Loader:
    """Batches over several days, each restating rows of the one before, of two streams."""
    loader = Loader(warehouse)
    for batch in range(batches):
        loader.add(rows(batch))
        loader.add([{"event_id": f"l{batch}", "occurred_at": at(batch), "subject_id": NASTY}], stream=LABELS)
    return loader


def rows(batch: int) -> Iterable[dict[str, Any]]:
    """Some rows of one batch: a few restate those of the batch before."""
    for index in range(40):
        yield {
            "event_id": f"e{batch * 30 + index}",
            "occurred_at": at(index * 100 + batch),
            "session_id": f"s{index % 7}",
            "prompt": f"{NASTY} prompt {batch} {index}",
            "scores": f'{{"harm": 0.{index}}}',
            "latency_ms": index / 3,
            "benign": index % 2 == 0,
        }


def _hooked_copy(folder: Path, place: LakePlace, kill_at: int) -> None:
    done = 0

    class Killed:
        """The connection, counting statements; the process ends after statement number `kill_at`."""

        def __init__(self, connection: Any) -> None:
            self._connection = connection

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

        def execute(self, *arguments: Any) -> Any:
            nonlocal done
            result = self._connection.execute(*arguments)
            done += 1
            if done == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

    with Warehouse.open(folder) as warehouse:
        warehouse.connection = Killed(warehouse.connection)  # type: ignore[assignment]  # stands in for the connection
        copying.copy(warehouse, place, now=NOW)
    (folder / "statements").write_text(str(done))


def start_copy(folder: Path, place: LakePlace, *, kill_at: int = -1) -> BaseProcess:
    """A process that copies, forked from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["lake_tools"])
    process = context.Process(target=_hooked_copy, args=(folder, place, kill_at))
    process.start()
    return process


def copy_apart(folder: Path, place: LakePlace, *, kill_at: int = -1) -> bool:
    """Copy in a process of its own; False when it was killed after statement number `kill_at`."""
    process = start_copy(folder, place, kill_at=kill_at)
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode == 0
