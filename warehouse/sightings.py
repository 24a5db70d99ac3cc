"""Files as they were when last read, so that one that has not changed since is not read again.

A sighting only saves work: without it a file is fingerprinted, and content that was read before is known by its digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from warehouse import ledger
from warehouse.fingerprint import changed_ns
from warehouse.records.ingest import BatchReport
from warehouse.sql import load
from warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class Sighting:
    """One file of a source: its size in bytes, when it last changed, and the batch that holds its content.

    `changed_ns` is None when the change was too recent to be trusted: the file is looked into again.
    """

    file: str
    size: int
    changed_ns: int | None
    batch: int


def known(warehouse: Warehouse, source: str, mapping_digest: str) -> dict[str, tuple[Sighting, BatchReport]]:
    """The files of a source seen under this mapping, by name, with their batch marked `repeated`."""
    bound = {"source": source, "mapping_digest": mapping_digest}
    found = ledger.rows(warehouse, "ledger_sightings", bound)
    return {
        row["seen_file"]: (
            Sighting(row["seen_file"], row["seen_bytes"], row["seen_changed_ns"], row["batch"]),
            replace(ledger.report(row), repeated=True),
        )
        for row in found
    }


def is_unchanged(path: Path, seen: Sighting) -> bool:
    """Whether the file still has the size and the time of last change that it had; False when that cannot be said."""
    if seen.changed_ns is None:
        return False
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_size, changed_ns(status)) == (seen.size, seen.changed_ns)


def note(warehouse: Warehouse, source: str, mapping_digest: str, seen: Sequence[Sighting]) -> None:
    """Remember how files of a source looked; the newest sighting of a file replaces the one before."""
    if not seen:
        return
    bound = {
        "source": source,
        "mapping_digest": mapping_digest,
        "files": [one.file for one in seen],
        "sizes": [one.size for one in seen],
        "changes": [one.changed_ns for one in seen],
        "batches": [one.batch for one in seen],
    }
    with warehouse.transaction() as connection:
        connection.execute(load("ledger_see"), bound)
