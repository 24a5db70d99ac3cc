"""The demo's traffic is repeatable, marked as simulated, and goes wrong exactly where its script says."""

from __future__ import annotations

import csv
import fnmatch
import gzip
import io
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pytest

from checks.policy import parse
from flows.demo import faults, incidents, people, sample, traffic
from flows.demo.files import DemoFile
from warehouse.records.errors import UsageError
from warehouse.records.ingest import SourceSpec

END = datetime(2026, 11, 24, tzinfo=UTC)
START = incidents.start_of(END)


@pytest.fixture(scope="module")
def files() -> list[DemoFile]:
    return list(traffic.files(traffic.SEED, END))


def text_of(file: DemoFile) -> str:
    content = gzip.decompress(file.content) if file.path.endswith(".gz") else file.content
    return content.decode()


def rows_of(file: DemoFile) -> Iterator[dict[str, Any]]:
    if file.path.endswith(".csv"):
        yield from csv.DictReader(io.StringIO(text_of(file)))
        return
    for line in text_of(file).splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def kind(file: DemoFile) -> str:
    return file.path.removeprefix("logs/").split("-")[0]


@pytest.fixture(scope="module")
def answers(files: list[DemoFile]) -> dict[str, dict[str, Any]]:
    """The newest version of each sound answer, as a warehouse would end up with."""
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        if kind(file) == "interactions":
            for row in rows_of(file):
                sound = row["ts"] and isinstance(row["latency_ms"], int) and isinstance(row["confidence"], float)
                if sound and row["confidence"] <= 1:
                    found[row["id"]] = row
    return found


def offset(row: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(row["ts"]) - START


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


def rate(rows: list[dict[str, Any]]) -> float:
    scored = [row["judge"]["scores"]["harm"] >= 0.5 for row in rows]
    return sum(scored) / len(scored)


@pytest.mark.slow
def test_the_changed_prompt_raises_harm_in_one_segment_alone(answers: dict[str, dict[str, Any]]) -> None:
    loud, quiet = [], []
    for row in answers.values():
        if row["deploy"] == "2.4.0":
            (loud if row["topic"] == "returns" else quiet).append(row)
    healthy = [row for row in answers.values() if row["deploy"] == "2.3.0"]
    assert 0.0015 < rate(healthy) < 0.0025
    assert 0.0095 < rate(loud) < 0.0145
    assert rate(quiet) < 0.004
    assert {row["deploy"] for row in answers.values()} == {"2.3.0", "2.4.0", "2.4.1"}


@pytest.mark.slow
def test_harm_clusters_in_conversations(answers: dict[str, dict[str, Any]]) -> None:
    per: dict[str, list[bool]] = {}
    for row in answers.values():
        per.setdefault(row["conversation"], []).append(row["judge"]["scores"]["harm"] >= 0.5)
    longer = [found for found in per.values() if len(found) > 2 and any(found)]
    assert np.mean([np.mean(found) for found in longer]) > 0.4


@pytest.mark.slow
def test_the_judge_is_silent_for_a_day_and_the_day_is_scored_later(files: list[DemoFile]) -> None:
    dead: dict[str, dict[str, Any]] = {}
    rescored: dict[str, dict[str, Any]] = {}
    for file in files:
        if kind(file) == "interactions":
            for row in rows_of(file):
                if row["judge"]["scores"] is None:
                    assert incidents.within(offset(row), incidents.JUDGE_DEAD) if row["ts"] else True
                    dead[row["id"]] = row
                elif file.path.endswith("-rescored.jsonl.gz"):
                    assert file.available_at == START + incidents.RESCORED_AT
                    rescored[row["id"]] = row
    sound = {key for key in dead if not key.endswith(("-n", "-r", "-t", "-h"))}
    assert len(sound) > 900
    assert set(rescored) == sound
    assert all({**rescored[key], "judge": None} == {**dead[key], "judge": None} for key in sound)


@pytest.mark.slow
def test_labels_are_restated_with_the_judges_missing_verdicts_and_corrections(files: list[DemoFile]) -> None:
    before: dict[str, dict[str, Any]] = {}
    after: dict[str, dict[str, Any]] = {}
    for file in files:
        if kind(file) == "labels":
            (after if file.path.endswith("-corrected.jsonl") else before).update(
                {row["id"]: row for row in rows_of(file)}
            )
    owed = [key for key, row in before.items() if row["judge_label"] is None]
    assert len(owed) > 40
    assert all(after[key]["judge_label"] is not None for key in owed)
    corrected = [key for key in after if key not in owed]
    assert len(corrected) == people.CORRECTED_LABELS
    assert all(after[key]["human_label"] != before[key]["human_label"] for key in corrected)


@pytest.mark.slow
def test_a_source_stops_for_a_day(files: list[DemoFile]) -> None:
    days = {offset(row).days for file in files if kind(file) == "steps" for row in rows_of(file)}
    assert days == set(range(incidents.DAYS)) - {incidents.STEPS_SILENT[0].days}


@pytest.mark.slow
def test_one_file_is_late_by_more_than_a_day(files: list[DemoFile]) -> None:
    def delay(file: DemoFile) -> timedelta:
        begun = datetime.strptime(file.path.split("interactions-")[1][:13], "%Y-%m-%dT%H").replace(tzinfo=UTC)
        return file.available_at - begun - timedelta(hours=incidents.FILE_HOURS)

    late = [delay(file) for file in files if kind(file) == "interactions" and "rescored" not in file.path]
    assert sum(one > timedelta(hours=24) for one in late) == 1
    assert sorted(late)[-2] == timedelta(minutes=20)


@pytest.mark.slow
def test_the_independent_review_lapses_and_is_renewed(files: list[DemoFile]) -> None:
    reviews = [
        datetime.fromisoformat(row["ts"])
        for file in files
        if kind(file) == "governance"
        for row in rows_of(file)
        if row["kind"] == "review"
    ]
    assert len(reviews) == 2
    gap = reviews[1] - reviews[0]
    assert timedelta(days=30) < gap < timedelta(days=33)


@pytest.mark.slow
def test_the_red_team_comes_weekly_and_tests_what_is_live(files: list[DemoFile]) -> None:
    runs = [list(rows_of(file)) for file in files if kind(file) == "probes"]
    assert [run[0]["deploy"] for run in runs] == ["2.3.0"] * 5 + ["2.4.1"]
    assert all(sum(row["success"] is True for row in run) / len(run) < 0.03 for run in runs)
    assert any(row["success"] is None for run in runs for row in run)


@pytest.mark.slow
def test_every_kind_of_broken_line_occurs(files: list[DemoFile]) -> None:
    joined = "".join(text_of(file) for file in files[:60] if kind(file) == "interactions")
    assert json.dumps(faults.HOSTILE, ensure_ascii=False) in joined
    for mark in ('-n"', '-r"', '-t"'):
        assert mark in joined
    broken = 0
    for line in joined.splitlines():
        try:
            json.loads(line)
        except ValueError:
            broken += 1
    assert broken > 3


# An oracle of its own for the promise that the gates of the demo pass, breach and pass when its script says so: the
# start-mixture monitor and the cumulative process over session means, hour by hour, straight from their formulas.


def fractions(limit: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    if limit <= 0.2:
        likely = limit * np.geomspace(1.15, min(20, 0.95 / limit), 16)
    else:
        odds = limit / (1 - limit) * np.geomspace(1.2, 20, 16)
        likely = odds / (1 + odds)
    return np.asarray((likely - limit) / (limit * (1 - limit)))


def proofs(sessions: list[tuple[float, float]], limit: float, alpha: float, beta: float) -> dict[str, float]:
    """Days since the demo's start at which breach and pass are proven."""
    against, kept = fractions(limit), fractions(1 - limit)
    first = int(min(at for at, _ in sessions) // 3600)
    hours: dict[int, list[float]] = {}
    for at, value in sessions:
        hours.setdefault(int(at // 3600) - first, []).append(value)
    wealth, passing, spent = np.full(16, -np.inf), np.zeros(16), 0.0
    found: dict[str, float] = {}
    for hour in range(max(hours) + 1):
        values = np.array(hours.get(hour, []))
        weight = (0.5 if hour == 0 else 0.0) + 0.25 / ((hour + 1) * (hour + 2)) + 0.25 / 8760
        spent += weight
        wealth = np.logaddexp(wealth, math.log(weight)) + np.log1p(np.outer(values - limit, against)).sum(0)
        passing = passing + np.log1p(np.outer(limit - values, kept)).sum(0)
        day = ((first + hour + 1) * 3600 - START.timestamp()) / 86400
        breach = np.logaddexp(np.logaddexp.reduce(wealth) - math.log(16), math.log(1 - spent))
        if breach >= math.log(1 / alpha):
            found.setdefault("breach", day)
        if np.logaddexp.reduce(passing) - math.log(16) >= math.log(1 / beta):
            found.setdefault("pass", day)
    return found


def session_means(
    answers: dict[str, dict[str, Any]], release: str, wanted: Callable[[dict[str, Any]], bool]
) -> list[tuple[float, float]]:
    per: dict[str, list[dict[str, Any]]] = {}
    for row in answers.values():
        if row["deploy"] == release and wanted(row):
            per.setdefault(row["conversation"], []).append(row)
    return sorted(
        (max(datetime.fromisoformat(row["ts"]).timestamp() for row in rows) + 1800, rate(rows)) for rows in per.values()
    )


@pytest.mark.slow
def test_the_evidence_tells_the_story_of_the_script(answers: dict[str, dict[str, Any]]) -> None:
    def both(release: str) -> tuple[dict[str, float], dict[str, float]]:
        every = session_means(answers, release, lambda row: True)
        loud = session_means(answers, release, lambda row: row["topic"] == "returns")
        return proofs(every, 0.005, 0.02, 0.05), proofs(loud, 0.005, 0.02, 0.05)

    overall, returns = both("2.3.0")
    assert "breach" not in overall
    assert "breach" not in returns
    assert overall["pass"] < incidents.LIMITED_FROM.days - 1.5
    assert returns["pass"] < incidents.LIMITED_FROM.days - 1.5
    overall, returns = both("2.4.0")
    assert overall == {}
    assert 30.5 < returns["breach"] < 32.5
    assert "pass" not in returns
    overall, returns = both("2.4.1")
    assert max(overall["pass"], returns["pass"]) < incidents.DAYS - 1.5


def test_the_timeline_has_a_plain_sentence_for_everything() -> None:
    events = incidents.timeline(END)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert all(event.sentence.endswith(".") and START <= event.at < END for event in events)
    assert all(event.until is None or event.until > event.at for event in events)
    acts = incidents.acts(END)
    assert [act.kind for act in acts] == ["start", "expand", "expand", "resume"]
    assert len(incidents.monitor_times(END)) == 43


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


def test_corrected_labels_are_as_many_as_the_timeline_says() -> None:
    told = next(event.sentence for event in incidents.timeline(END) if event.code == "restated")
    assert f"{people.CORRECTED_LABELS} human labels" in told


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
