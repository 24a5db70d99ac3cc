"""Takes one file into a new store under a memory limit, prints what came in: `FOLDER FILE LIMIT` ("none" for none)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.ingest import rows
from benchmarks.ingest.reading import NOW
from benchmarks.timing import peak_mb
from warehouse.ingest import pull
from warehouse.store import Warehouse


def main() -> int:
    folder, name, limit = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    with Warehouse.open(folder / "limited", memory_limit=None if limit == "none" else limit) as warehouse:
        report = pull(warehouse, rows.source(name), rows.STREAM, now=NOW, window_seconds=3600, base=folder)
    accepted = sum(batch.accepted for batch in report.batches)
    print(json.dumps({"accepted": accepted, "degraded": report.degraded, "peak_mb": peak_mb()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
