"""How long a new user waits for help: a ratio to starting Python itself, measured in turn in this run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 7


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def test_help_against_bare_python() -> None:
    pairs = []
    for _ in range(ROUNDS):
        bare = seconds(sys.executable, "-c", "pass")
        helped = seconds(
            sys.executable, "-c", "import sys; sys.argv=['gatehold','--help']; from flows.cli import main; main()"
        )
        pairs.append((bare, helped))
    ratio = statistics.median(helped / bare for bare, helped in pairs)
    fastest = min(helped for _, helped in pairs)
    print(f"gatehold --help / python -c pass: {ratio:.1f} (median of {ROUNDS}); fastest {fastest:.2f} s")
    assert fastest < 1.0
