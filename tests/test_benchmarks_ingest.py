"""The benchmark of ingest runs, checks what it measures, and says what it promises; its figures are not judged here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import timing
from benchmarks.ingest import __main__ as ingest
from benchmarks.ingest import history, reading, rows
from warehouse import known_ids


def test_candidates_take_turns_and_ratios_are_of_one_round() -> None:
    order: list[str] = []

    def candidate(name: str, seconds: float) -> float:
        order.append(name)
        return seconds * len(order)

    timed = timing.in_turn({"a": lambda: candidate("a", 1), "b": lambda: candidate("b", 2)}, 3)
    assert order == ["b", "a", "a", "b", "b", "a", "a", "b"]
    assert timed.seconds == {"a": (3, 6, 7), "b": (8, 10, 16)}
    assert timed.ratio("b", "a") == pytest.approx(16 / 7)
    assert timed.ratio_of_best("b", "a") == pytest.approx(8 / 3)
    assert timed.median("a") == 6


def test_results_are_told_in_one_line_of_json_or_one_line_each() -> None:
    results = {"rows": 3, "seconds": [0.25]}
    assert json.loads(timing.told(results, as_json=True)) == results
    assert timing.told(results, as_json=False).splitlines() == ["rows     3", "seconds  [0.25]"]


def test_the_same_numbers_give_the_same_rows(tmp_path: Path) -> None:
    sizes = {rows.write(tmp_path / f"{name}.jsonl", 5, 20, changed=(1, 2)) for name in "ab"}
    assert len(sizes) == 1
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    first = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])
    assert set(first) == {name.strip() for name in (*first,)}
    assert {"model", "scores", "usage", "tool_calls", "prompt", "response"} <= set(first)
    assert 300 < len(first["response"]) < 1_000


@pytest.mark.slow
def test_a_difference_between_the_two_stores_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    rows.write(path, 0, 50)
    reading.compare(tmp_path, "in.jsonl", 1, warm=False)
    path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")
    with pytest.raises(AssertionError):
        reading.compare(tmp_path, "in.jsonl", 1, warm=False)


@pytest.mark.slow
@pytest.mark.parametrize("small", [0, 10**9])
def test_a_batch_comes_out_the_same_behind_any_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(known_ids, "SMALL", small)
    timed = history.compare(tmp_path, 500, 3_000, 200, 1)
    assert set(timed.seconds) == {"short", "long"}


@pytest.mark.slow
def test_the_benchmark_prints_what_it_promises(capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--rows", "200", "--batch", "100", "--short", "200", "--long", "400", "--limited-rows", "300"]
    assert ingest.main([*few, "--rounds", "1", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    promised = ("ratio_to_read_json", "growth", "peak_memory_mb", "limited_peak_memory_mb", "ratio_to_read_json_zst")
    assert all(found[name] > 0 for name in promised)
    assert found["rows"] == 200
