"""`python -m flows.drift_drawing`: draws Evidently's page of one comparison, in a process of its own.

Loading the library takes seconds and several hundred megabytes, which a server that answers people has no room for. The
judgement is made from the published snapshot; the warehouse is open only while the rows are read, so that no run waits
for a page. The last line on standard output is JSON: `{"trouble": ""}` when it was drawn, else why not.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from flows import drift_page
from flows import project as projects
from flows.project import Project
from warehouse.records.errors import GateholdError, UsageError


def draw(project: Project, name: str, *, now: datetime) -> Path:
    """The page of the comparison of that name over the newest windows that a run has counted.

    Raises:
        UsageError: there is no such comparison, or nothing to compare.
        StoreError: there is no snapshot, or another run is writing and does not end.
        CheckError: Evidently failed; the reason is its own.
    """
    from flows.boarding.drifts import compared
    from flows.stores import open_stores
    from warehouse.snapshot import Snapshot

    section = next((s for s in project.policy.drift if s.name == name and s.reference is not None), None)
    if section is None:
        raise UsageError(f"The configuration has no drift comparison {name[:60]!r} with columns.")
    with Snapshot.open(project.data) as found:
        seen = compared(found, project.policy, section)
    if seen.report is None or seen.start is None or seen.end is None:
        raise UsageError(seen.why)
    with open_stores(project) as stores:
        rows = drift_page.taken(project, stores, section, seen.start, seen.end)
    return drift_page.drawn(project, section, seen.report, rows, seen.start, seen.end, now=now)


def main(config: str, data: str, name: str, at: str) -> int:
    """The exit code: 0 when the page was drawn, 1 when not."""
    try:
        project = projects.load(Path(config), data=Path(data))
        draw(project, name, now=datetime.fromisoformat(at))
        trouble = ""
    except GateholdError as error:
        trouble = str(error)
    print(json.dumps({"trouble": trouble}), flush=True)
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
