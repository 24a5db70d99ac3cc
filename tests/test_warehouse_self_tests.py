"""Self-tests: the newest of each gate and configuration counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from making_evidence import gate

from flows.self_testing import trouble
from warehouse import self_tests
from warehouse.records.evidence import SelfTest
from warehouse.store import Warehouse

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HELD = SelfTest("bot/harm", "digest", AT, "held", "It paused and it did not.")
FAILED = replace(HELD, outcome="failed", detail="It missed its planted decline.")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path) as found:
        yield found


def test_nothing_was_tested_at_first(warehouse: Warehouse) -> None:
    assert self_tests.latest(warehouse) == {}
    self_tests.add(warehouse, [])
    assert self_tests.latest(warehouse) == {}


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_counts_whatever_was_kept_first(warehouse: Warehouse, order: int) -> None:
    later = replace(FAILED, tested_at=AT + timedelta(hours=1))
    self_tests.add(warehouse, [HELD, later][::order])
    assert self_tests.latest(warehouse) == {("bot/harm", "digest"): later}


def test_of_two_at_one_moment_the_last_kept_counts_whole(warehouse: Warehouse) -> None:
    self_tests.add(warehouse, [HELD, FAILED])
    assert self_tests.latest(warehouse)["bot/harm", "digest"] == FAILED
    self_tests.add(warehouse, [HELD])
    assert self_tests.latest(warehouse)["bot/harm", "digest"] == HELD


def test_every_gate_and_configuration_has_its_own(warehouse: Warehouse) -> None:
    others = [replace(HELD, gate="bot/cost"), replace(FAILED, config_digest="other")]
    self_tests.add(warehouse, [HELD, *others])
    assert self_tests.latest(warehouse) == {(t.gate, t.config_digest): t for t in [HELD, *others]}


def test_a_test_that_fails_half_way_is_not_kept(warehouse: Warehouse) -> None:
    with pytest.raises(AttributeError):
        self_tests.add(warehouse, [HELD, None])  # type: ignore[list-item]  # what a bug would do
    assert self_tests.latest(warehouse) == {}


def test_only_a_failed_test_of_this_configuration_is_trouble() -> None:
    of = gate(name="harm", rollout="bot", digest="digest")
    assert trouble({}, of) is None
    assert trouble({("bot/harm", "digest"): HELD}, of) is None
    assert trouble({("bot/harm", "another"): FAILED}, of) is None
    code, sentence = trouble({("bot/harm", "digest"): FAILED}, of) or ("", "")
    assert code == "self_test_failed"
    assert sentence == "Its self-test of 2026-03-01 12:00 UTC failed: It missed its planted decline."
