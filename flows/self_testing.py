"""What self-tests have shown of the gates, for the runs that judge them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from flows.stores import open_stores
from warehouse.records.evidence import SelfTest

if TYPE_CHECKING:
    from checks.gates.spec import GateSpec
    from flows.project import Project
    from flows.self_test.records import GateResult


def trouble(tests: Mapping[tuple[str, str], SelfTest], gate: GateSpec) -> tuple[str, str] | None:
    """Why a gate cannot be trusted, as (code, sentence); None when its newest self-test held, or there was none."""
    found = tests.get((gate.key, gate.digest))
    if found is None or found.outcome == "held":
        return None
    return "self_test_failed", f"Its self-test of {found.tested_at:%Y-%m-%d %H:%M} UTC failed: {found.detail}"


def keep(
    project: Project, results: Iterable[GateResult], *, now: datetime, say: Callable[[str], None] | None = None
) -> int:
    """Store what self-tests at `now` have shown, for the runs to come; returns how many were stored.

    What could not be tested leaves no mark: what an earlier self-test of the same configuration has shown stands.

    Raises:
        StoreBusyError: another run holds the writer slot.
    """
    from warehouse import self_tests

    shown = [
        SelfTest(r.gate, r.digest, now, "held" if r.result == "held" else "failed", r.detail)
        for r in results
        if r.result != "not_testable"
    ]
    if shown:
        with open_stores(project, say=say) as stores:
            self_tests.add(stores.warehouse, shown)
    return len(shown)
