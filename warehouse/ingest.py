"""Pulling a source: every file in one transaction, all of it or nothing, and the same content only once."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from warehouse import ledger, sightings, summing
from warehouse.mapping import plan
from warehouse.records.errors import SourceError
from warehouse.records.ingest import BatchReport, PullReport, SourceSpec
from warehouse.records.streams import Stream
from warehouse.sightings import Sighting
from warehouse.store import Warehouse
from warehouse.tables import ensure
from warehouse.taking import Poll, Progress, is_empty_text, shown, take


def pull(
    warehouse: Warehouse,
    source: SourceSpec,
    stream: Stream,
    *,
    now: datetime,
    window_seconds: int,
    base: Path,
    progress: Progress | None = None,
    environment: Mapping[str, str] | None = None,
) -> PullReport:
    """What the files of `source` brought, each taken in in a transaction of its own, a large file of lines in several.

    `source.path` is a path or glob relative to `base`; files go in sorted order. `now` (UTC) is the time of arrival
    and of the poll. `window_seconds` is the length of a window for the counts by window. `progress` is told the
    file, the bytes read and the bytes in all. `environment` is where the key of hashed ids is looked up by name; a
    source without its key is degraded. Content that was read before under the same mapping gives a report with
    `repeated` and changes nothing; a file whose size and time of last change are as they were is not even opened; of a
    JSON-lines file that grew only the new lines are read. Data that cannot be read never raise: they end in
    quarantine, in a batch's `error`, or in `degraded`. A text file without a byte has an `error` that says so, but does
    not degrade the source.

    Raises:
        UsageError: the mapping names a column that the stream does not have.
        StoreError: the stream's table holds a column under another type.
    """
    mapping = plan(source, stream).digest
    ensure(warehouse, stream)
    summing.catch_up(warehouse, stream)
    poll = Poll(base, now, ledger.watermark(warehouse, source.name), window_seconds, progress, environment or {})
    taken = _take_all(warehouse, source, stream, mapping, poll)
    degraded = _in_one_sentence(taken.faults)
    new = sum(not report.repeated for report in taken.reports)
    with warehouse.transaction():
        sightings.note(warehouse, source.name, mapping, taken.sightings)
        ledger.add_poll(warehouse, source, polled_at=now, batches=new, degraded=degraded)
    return PullReport(source.name, stream.name, tuple(taken.reports), degraded)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What the files of one poll came to: reports, what was wrong, and how the files looked that had to be read."""

    reports: list[BatchReport] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)


def _take_all(warehouse: Warehouse, source: SourceSpec, stream: Stream, mapping: str, poll: Poll) -> _Taken:
    taken = _Taken()
    names = _files(poll.base, source.path)
    if not names:
        taken.faults.append(
            f"No file matches {source.path!r} in {poll.base}; check the path of source {source.name!r}."
        )
    known = sightings.known(warehouse, source.name, mapping)
    for name in names:
        before, seen = known.get(shown(name), (None, None))
        if before is not None and seen is not None and sightings.is_unchanged(poll.base / name, before):
            _note(taken, source, seen)
            continue
        try:
            for report, mark in take(warehouse, source, stream, name, poll, seen):
                _note(taken, source, report)
                now = Sighting(shown(name), mark.size, mark.changed_ns, report.batch)
        except SourceError as error:
            # A file that was not read to its end is looked at again.
            taken.faults.append(str(error))
            continue
        taken.sightings.extend([now] if now != before else [])
    return taken


def _note(taken: _Taken, source: SourceSpec, report: BatchReport) -> None:
    taken.reports.append(report)
    if report.error is not None and not is_empty_text(source, report):
        taken.faults.append(report.error)


def _files(base: Path, path: str) -> list[str]:
    """Files that match, relative to `base`, sorted; a name that exists as it stands is no pattern."""
    found = [path] if (base / path).exists() else glob.glob(path, root_dir=base, recursive=True)
    return sorted(name for name in found if not os.path.isdir(base / name))


def _in_one_sentence(faults: Sequence[str]) -> str | None:
    if not faults:
        return None
    more = f" ({len(faults) - 1} more files of it have faults too.)" if len(faults) > 1 else ""
    return faults[0] + more
