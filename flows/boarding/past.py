"""The evidence of a rollout over time, read from the published snapshot and kept until another one is published."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dashboards.board.ports import Past
from flows import publishing
from flows.stores import Stores
from warehouse import history
from warehouse.records.errors import StoreError

if TYPE_CHECKING:
    from checks.policy import Policy
    from dashboards.page.model import GateSeries
    from flows.boarding.tracing import Traces
    from warehouse.history import StandingThen
    from warehouse.people.store import People

MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class _Courses:
    """The standings of every rollout over time, in the snapshot of one moment; None: it cannot be read."""

    as_of: datetime | None
    standings: Mapping[str, Sequence[StandingThen]]


class Pasts:
    """What was read of a snapshot; the file is looked at for every question, and read again when it changed."""

    def __init__(self, data: Path) -> None:
        """Keep where the snapshot is; nothing is opened."""
        self._data, self._lock = data, threading.Lock()
        # Of each kind one thread reads, and the others wait for it; the overview does not wait for evidence.
        self._reading = {False: threading.Lock(), True: threading.Lock()}
        self._kept: dict[tuple[str, str], Past] = {}
        self._courses: _Courses | None = None
        self._version = ""
        self._traces: Traces | None = None

    def version(self) -> str:
        """A text that changes whenever another snapshot is published; empty while there is none."""
        from warehouse import snapshot

        return "-".join(str(part) for part in snapshot.identity(self._data) or ())

    def read(self, policy: Policy, rollout: str, stage: str, *, series: bool) -> Past:
        """The past of one rollout; without the evidence of its gates unless `series`."""
        with self._reading[series]:
            version = self.version()
            with self._lock:
                if version != self._version:
                    self._kept, self._courses, self._version = {}, None, version
                found, courses = self._kept.get((rollout, f"{policy.digest} {stage}")), self._courses
            if series:
                return found or self._with_series(policy, rollout, stage, version)
            if courses is None:
                courses = self._read_courses()
                self._keep(version, courses)
            return _past(courses, rollout, ())

    def _with_series(self, policy: Policy, rollout: str, stage: str, version: str) -> Past:
        from warehouse.snapshot import Snapshot

        try:
            with Snapshot.open(self._data) as found:
                # Evidence and pins are in the warehouse alone; people's records are not read for them.
                stores = Stores(found.view, cast("People", None))
                if self._traces is None:
                    from flows.boarding.tracing import Traces

                    self._traces = Traces()
                gates = self._traces.series(stores, policy, rollout, stage)
                courses = self._courses
                if courses is None or courses.as_of != found.as_of:
                    courses = _Courses(found.as_of, history.course(found.view))
        except StoreError:
            return _past(_Courses(None, {}), rollout, ())
        self._keep(version, courses)
        made = _past(courses, rollout, gates)
        with self._lock:
            if version == self._version and len(self._kept) < MOST_KEPT:
                self._kept[rollout, f"{policy.digest} {stage}"] = made
        return made

    def _read_courses(self) -> _Courses:
        from warehouse.snapshot import Snapshot

        try:
            with Snapshot.open(self._data) as found:
                return _Courses(found.as_of, history.course(found.view))
        except StoreError:
            return _Courses(None, {})

    def _keep(self, version: str, courses: _Courses) -> None:
        with self._lock:
            if version == self._version and courses.as_of is not None:
                self._courses = courses


def _past(courses: _Courses, rollout: str, gates: tuple[GateSeries, ...]) -> Past:
    if courses.as_of is None:
        trouble = "There is no evidence to show: no run has published any yet, or it cannot be read."
        return Past(None, None, (), (), trouble)
    then = courses.standings.get(rollout, ())
    return Past(
        courses.as_of,
        publishing.since([(p.at, p.standing) for p in then]),
        tuple(publishing.point(p) for p in then),
        gates,
    )
