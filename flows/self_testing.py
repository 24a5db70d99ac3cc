"""What self-tests have shown of the gates, for the runs that judge them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from warehouse.records.evidence import SelfTest


def trouble(tests: Mapping[tuple[str, str], SelfTest], gate: GateSpec) -> tuple[str, str] | None:
    """Why a gate cannot be trusted, as (code, sentence); None when its newest self-test held, or there was none."""
    found = tests.get((gate.key, gate.digest))
    if found is None or found.outcome == "held":
        return None
    return "self_test_failed", f"Its self-test of {found.tested_at:%Y-%m-%d %H:%M} UTC failed: {found.detail}"
