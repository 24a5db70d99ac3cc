"""`python -m tests.fault_harness --points N [--workers N] [--json]`: exit 1 when anything went wrong."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from . import harness


def main() -> int:
    """Run the harness and print what it found."""
    words = argparse.ArgumentParser(prog="python -m tests.fault_harness", description=__doc__)
    words.add_argument("--points", type=int, default=200, help="how often to kill")
    words.add_argument("--workers", type=int, default=2, help="how many at the same time")
    words.add_argument("--json", action="store_true", help="the last line is the report as JSON")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="gatehold-faults-") as folder:
        report = harness.run(
            Path(folder), given.points, workers=given.workers, say=lambda text: print(text, file=sys.stderr)
        )
    for line in report.tally.told[:40]:
        print(line, file=sys.stderr)
    if given.json:
        print(harness.as_line(report))
    else:
        for name, value in report.to_json().items():
            print(f"{name}: {value}")
    return 1 if report.tally.total else 0


if __name__ == "__main__":
    sys.exit(main())
