"""The demo's traffic goes wrong exactly where its script says, and the evidence tells the same story."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from demo_rows import END, START, kind, newest_answers, offset, rows_of, text_of

from flows.demo import faults, incidents, people, traffic
from flows.demo.files import DemoFile


@pytest.fixture(scope="module")
def files() -> list[DemoFile]:
    return list(traffic.files(traffic.SEED, END))


@pytest.fixture(scope="module")
def answers(files: list[DemoFile]) -> dict[str, dict[str, Any]]:
    return newest_answers(files)


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


def test_corrected_labels_are_as_many_as_the_timeline_says() -> None:
    told = next(event.sentence for event in incidents.timeline(END) if event.code == "restated")
    assert f"{people.CORRECTED_LABELS} human labels" in told
