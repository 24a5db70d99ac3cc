"""The demo's traffic is repeatable, marked as simulated, small, and fits the demo's policy."""

from __future__ import annotations

import fnmatch
from collections import Counter
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from demo_rows import END, START, kind, newest_answers, offset, rows_of

from checks.policy import parse
from flows.demo import incidents, sample, traffic
from flows.demo.files import DemoFile
from warehouse.records.errors import UsageError
from warehouse.records.ingest import SourceSpec


@pytest.fixture(scope="module")
def files() -> list[DemoFile]:
    return list(traffic.files(traffic.SEED, END))


@pytest.fixture(scope="module")
def answers(files: list[DemoFile]) -> dict[str, dict[str, Any]]:
    return newest_answers(files)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes() -> None:
    first = [*islice(traffic.files(7, END), 40)]
    assert first == [*islice(traffic.files(7, END), 40)]
    assert first != [*islice(traffic.files(8, END), 40)]


def test_an_end_that_is_no_utc_midnight_is_refused() -> None:
    with pytest.raises(UsageError, match="midnight in UTC"):
        next(traffic.files(1, END + timedelta(hours=1)))


@pytest.mark.slow
def test_files_come_in_the_order_in_which_they_can_be_seen(files: list[DemoFile]) -> None:
    seen = [file.available_at for file in files]
    assert seen == sorted(seen)
    assert seen[0] >= START
    assert seen[-1] <= incidents.monitor_times(END)[-1]
    assert len({file.path for file in files}) == len(files)


@pytest.mark.slow
def test_no_row_is_older_than_the_file_could_know(files: list[DemoFile]) -> None:
    for file in files:
        times = [datetime.fromisoformat(row["ts"]) for row in rows_of(file) if row["ts"]]
        assert max(times) <= file.available_at, file.path


@pytest.mark.slow
def test_every_row_says_that_it_is_simulated(files: list[DemoFile]) -> None:
    for file in files:
        assert all(row["simulated"] in (True, "true") for row in rows_of(file)), file.path


@pytest.mark.slow
def test_the_volume_stays_small_enough_for_a_demo(answers: dict[str, dict[str, Any]]) -> None:
    days = Counter(offset(row).days for row in answers.values())
    assert set(days) == set(range(incidents.DAYS))
    assert all(900 <= count <= 3000 for count in days.values())
    assert days[25] > days[3]


def test_a_sample_project_is_small_healthy_and_repeatable() -> None:
    made = list(sample.sample_project(1, END))
    assert made == list(sample.sample_project(1, END))
    by_kind: dict[str, int] = {}
    for file in made[1:]:
        by_kind[kind(file).removesuffix(".csv")] = by_kind.get(kind(file).removesuffix(".csv"), 0) + len(
            [*rows_of(file)]
        )
        assert all(row["simulated"] in (True, "true") for row in rows_of(file))
    assert made[0].path == "gatehold.yaml"
    assert 220 <= by_kind["interactions"] <= 400
    assert by_kind["steps"] > 150
    assert by_kind["labels"] == 60
    assert by_kind["governance"] == 1
    assert sum(len(file.content) for file in made) < 600_000


@pytest.mark.parametrize("text", [traffic.policy_text(END), sample.starter_text()], ids=["demo", "starter"])
def test_the_policies_have_no_problem_and_gates_in_every_layer(text: str) -> None:
    policy = parse("gatehold.yaml", lambda _: text)
    assert policy.warnings == ()
    specs = policy.gate_specs("support-agent", "general")
    assert {spec.layer for spec in specs} == {"data", "model", "workflow", "governance"}


def test_the_demo_policy_asks_for_more_from_stage_to_stage() -> None:
    policy = parse("gatehold.yaml", lambda _: traffic.policy_text(END))
    required = [sum(s.required for s in policy.gate_specs("support-agent", stage)) for stage in ("pilot", "limited")]
    assert required[0] < required[1] == len(policy.gate_specs("support-agent", "general"))


def place(row: dict[str, Any], origin: str) -> bool:
    """True when the row has the field, whatever stands in it."""
    inner: Any = row
    for part in origin.split("."):
        if not isinstance(inner, dict) or part not in inner:
            return False
        inner = inner[part] if inner[part] is not None else {}
    return True


@pytest.mark.slow
def test_every_mapped_field_is_in_the_rows_and_every_file_has_its_source(files: list[DemoFile]) -> None:
    sources = parse("gatehold.yaml", lambda _: traffic.policy_text(END)).source_specs()

    def source_of(file: DemoFile) -> SourceSpec:
        (found,) = (source for source in sources if fnmatch.fnmatchcase(file.path, source.path))
        return found

    for file in files:
        source = source_of(file)
        row = next(iter(rows_of(file)))
        missing = [o for o in source.fields.values() if not o.startswith("=") and not place(row, o)]
        assert missing == [], file.path


@pytest.mark.slow
def test_no_row_is_behind_the_watermark_when_it_comes_but_those_of_the_late_file(files: list[DemoFile]) -> None:
    sources = parse("gatehold.yaml", lambda _: traffic.policy_text(END)).source_specs()
    looks = incidents.monitor_times(END)
    late = set()
    for file in files:
        source = next(source for source in sources if fnmatch.fnmatchcase(file.path, source.path))
        oldest = min(datetime.fromisoformat(row["ts"]) for row in rows_of(file) if row["ts"])
        before = max((at for at in looks if at < file.available_at), default=None)
        if before is not None and oldest < before - source.lateness:
            late.add(file.path)
    wanted = START + incidents.LATE_FILE
    restated = {file.path for file in files if file.path.split(".")[0].endswith(("-rescored", "-corrected"))}
    assert late - restated == {f"logs/interactions-{wanted:%Y-%m-%dT%H}.jsonl.gz"}
