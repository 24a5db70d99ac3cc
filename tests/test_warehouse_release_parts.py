"""Versions of a release are summed by batch: no row is read twice, and nothing depends on how the rows came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import projects as p

from warehouse import release_parts
from warehouse.records.facts import PartSeen
from warehouse.records.streams import INTERACTIONS, STEPS
from warehouse.store import Warehouse


def fed(folder: Path, *files: list[dict[str, Any]]) -> Any:
    source = p.source("logs", "logs/*.jsonl")
    source["fields"] |= {"model_answered": "model", "prompt_version": "version", "arm": "arm"}
    ours = p.make(folder, p.policy(sources=[source]))
    for number, rows in enumerate(files):
        p.write(ours, f"{number}.jsonl", rows)
        p.run(ours, 10 + number)
    return ours


def rows(hour: int, **more: Any) -> list[dict[str, Any]]:
    return [{**row, "model": "m1", "version": "v3", **more} for row in p.answers(hour, count=6)]


def values(warehouse: Warehouse, release: str | None = "r1") -> dict[str, list[tuple[str | None, int]]]:
    found: dict[str, list[tuple[str | None, int]]] = {}
    for one in release_parts.seen(warehouse, INTERACTIONS, p.AGENT, release):
        found.setdefault(one.column, []).append((one.value, one.rows))
    return found


def test_each_version_is_counted_and_a_missing_one_is_none(tmp_path: Path) -> None:
    ours = fed(tmp_path, rows(0), rows(1, version=" "), rows(2, version=None), rows(3, arm="control", version="c"))
    with p.opened(ours) as stores:
        found = values(stores.warehouse)
        assert found["model_answered"] == [("m1", 18)]
        assert found["prompt_version"] == [("v3", 6), (None, 12)]
        assert found["judge_version"] == [(None, 18)]
        assert values(stores.warehouse, "other") == {}
        assert values(stores.warehouse, None) == found
        assert release_parts.seen(stores.warehouse, STEPS, p.AGENT, None) == []


def test_a_corrected_row_takes_its_old_version_back(tmp_path: Path) -> None:
    ours = fed(tmp_path, rows(0), [{**row, "version": "v4"} for row in rows(0)[:2]])
    with p.opened(ours) as stores:
        assert values(stores.warehouse)["prompt_version"] == [("v4", 2), ("v3", 4)]


def test_what_is_summed_is_not_read_again_and_can_be_summed_later(tmp_path: Path) -> None:
    ours = fed(tmp_path, rows(0), rows(1, version="v4"), [{**row, "model": "m2"} for row in rows(0)[:3]])
    with p.opened(ours) as stores:
        warehouse = stores.warehouse
        told = release_parts.seen(warehouse, INTERACTIONS, p.AGENT, "r1")
        for table in ("batch_parts", "batches_parted"):
            warehouse.connection.execute(f"DELETE FROM {table}")
        assert release_parts.seen(warehouse, INTERACTIONS, p.AGENT, "r1") == told
        with warehouse.transaction() as connection:
            release_parts.catch_up(connection, INTERACTIONS)
        warehouse.connection.execute("DELETE FROM events_interactions")
        assert release_parts.seen(warehouse, INTERACTIONS, p.AGENT, "r1") == told


def test_what_was_known_earlier_can_be_asked(tmp_path: Path) -> None:
    ours = fed(tmp_path, rows(0), rows(1, version="v4"))
    with p.opened(ours) as stores:
        found = release_parts.seen(stores.warehouse, INTERACTIONS, p.AGENT, "r1", through_batch=1)
    assert [one.value for one in found if one.column == "prompt_version"] == ["v3"]


def test_a_version_in_every_row_leaves_few_sums_and_a_long_one_is_told_apart(tmp_path: Path) -> None:
    many = [{**row, "version": f"v{n}"} for n, row in enumerate(p.answers(0, count=300))]
    long = [{**row, "version": "x" * 900 + end} for row, end in zip(p.answers(1, count=2), "ab", strict=True)]
    ours = fed(tmp_path, many, long)
    with p.opened(ours) as stores:
        found = [o.value for o in _seen(stores.warehouse) if o.column == "prompt_version"]
    assert len(found) == release_parts.VALUES + 2
    assert len({value for value in found if value and value.startswith("x")}) == 2
    assert max(len(value or "") for value in found) == release_parts.LONGEST
    assert json.dumps(found)


def _seen(warehouse: Warehouse) -> list[PartSeen]:
    return release_parts.seen(warehouse, INTERACTIONS, p.AGENT, "r1")
