"""The evidence of a rollout over time, read from the published snapshot and kept until another one is published."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dashboards.board.ports import Past
from flows import publishing
from flows.stores import Stores
from warehouse import history
from warehouse.records.errors import StoreError

if TYPE_CHECKING:
    from checks.policy import Policy
    from warehouse.people.store import People
    from warehouse.snapshot import Snapshot

MOST_KEPT = 200


class Pasts:
    """What was read of a snapshot; the file is looked at for every question, and read again when it changed."""

    def __init__(self, data: Path) -> None:
        """Keep where the snapshot is; nothing is opened."""
        self._data, self._lock = data, threading.Lock()
        self._kept: dict[tuple[str, str, bool], Past] = {}
        self._version = ""

    def version(self) -> str:
        """A text that changes whenever another snapshot is published; empty while there is none."""
        from warehouse import snapshot

        try:
            found = os.stat(self._data / snapshot.FILE_NAME)
        except OSError:
            return ""
        return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"

    def read(self, policy: Policy, rollout: str, stage: str, *, series: bool) -> Past:
        """The past of one rollout; without the evidence of its gates unless `series`."""
        version = self.version()
        key = (rollout, f"{policy.digest} {stage}", series)
        with self._lock:
            if version != self._version:
                self._kept, self._version = {}, version
            if (found := self._kept.get(key)) is not None:
                return found
        # Outside the lock: reading a year of evidence must not keep the overview waiting.
        made = _read(self._data, policy, rollout, stage, series=series)
        with self._lock:
            if version == self._version and len(self._kept) < MOST_KEPT and not made.trouble:
                self._kept[key] = made
        return made


def _read(data: Path, policy: Policy, rollout: str, stage: str, *, series: bool) -> Past:
    from warehouse.snapshot import Snapshot

    try:
        with Snapshot.open(data) as found:
            return _of(found, policy, rollout, stage, series=series)
    except StoreError:
        trouble = "There is no evidence to show: no run has published any yet, or it cannot be read."
        return Past(None, None, (), (), trouble)


def _of(found: Snapshot, policy: Policy, rollout: str, stage: str, *, series: bool) -> Past:
    past = history.standings(found.view, rollout)
    # Evidence and pins are in the warehouse alone; people's records are not read for them.
    stores = Stores(found.view, cast("People", None))
    gates = publishing.series(stores, policy, rollout, stage) if series else ()
    return Past(
        found.as_of,
        publishing.since([(p.at, p.standing) for p in past]),
        tuple(publishing.point(p) for p in past),
        gates,
    )
