"""Kills a working Gatehold (SIGKILL) at many points, starts it again, and counts what was lost or done twice.

Run it from the root of a checkout: `python -m tests.fault_harness --points 200 --json`.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The tests lie flat and name each other without a package; so do the helpers used here.
_TESTS = str(Path(__file__).resolve().parent.parent)
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)
