"""Self-tests: whether planted traffic came out at each gate as it had to."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.records.evidence import SelfTest
from warehouse.scope import statement, utc
from warehouse.store import Warehouse


def add(warehouse: Warehouse, tests: Sequence[SelfTest]) -> None:
    """Keep some self-tests, in one transaction."""
    with warehouse.transaction() as connection:
        for test in tests:
            values = {
                "gate": test.gate,
                "digest": test.config_digest,
                "at": utc(test.tested_at),
                "outcome": test.outcome,
                "detail": test.detail,
            }
            connection.execute(statement("self_tests_add"), values)


def latest(warehouse: Warehouse) -> dict[tuple[str, str], SelfTest]:
    """The newest self-test by gate ("rollout/name") and its configuration's digest."""
    found = warehouse.connection.execute(statement("self_tests_latest")).fetchall()
    return {(row[0], row[1]): SelfTest(row[0], row[1], utc(row[2]), row[3], row[4]) for row in found}
