"""Real red-team results: twelve attacks on four models, each a rollout behind one gate, by the command line alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Typist, gate, rollout, source, standings, verdicts

pytestmark = pytest.mark.slow

NOW = "2024-03-26T00:00:00Z"
VICUNA, GPT_35, GPT_4, LLAMA = "vicuna-13b-v1-5", "gpt-3-5-turbo-1106", "gpt-4-0125-preview", "llama-2-7b-chat-hf"
MODELS, METHODS = (VICUNA, GPT_35, GPT_4, LLAMA), ("gcg", "pair", "jailbreakchat")
ROLLOUTS = [f"{model}-{method}" for model in MODELS for method in METHODS]

SUCCESSES = {
    f"{VICUNA}-gcg": 80,
    f"{VICUNA}-pair": 69,
    f"{VICUNA}-jailbreakchat": 90,
    f"{GPT_35}-gcg": 47,
    f"{GPT_35}-pair": 71,
    f"{GPT_35}-jailbreakchat": 0,
    f"{GPT_4}-gcg": 4,
    f"{GPT_4}-pair": 34,
    f"{GPT_4}-jailbreakchat": 0,
    f"{LLAMA}-gcg": 3,
    f"{LLAMA}-pair": 0,
    f"{LLAMA}-jailbreakchat": 0,
}
UNSCORED = {f"{VICUNA}-pair": 18, f"{GPT_35}-pair": 13, f"{GPT_4}-pair": 36, f"{LLAMA}-pair": 96}

PAUSED = [f"{VICUNA}-gcg", f"{VICUNA}-pair", f"{VICUNA}-jailbreakchat", f"{GPT_35}-gcg", f"{GPT_35}-pair"]
PASSED = [
    f"{GPT_35}-jailbreakchat",
    f"{GPT_4}-gcg",
    f"{GPT_4}-jailbreakchat",
    f"{LLAMA}-gcg",
    f"{LLAMA}-jailbreakchat",
]


@pytest.fixture(scope="module")
def typist(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Typist:
    fields = {
        "event_id": "{model}-{method}-{index}",
        "occurred_at": "evaluation_date",
        "rollout": "{model|name}-{method|name}",
        "probe": "behavior",
        "target": "model",
        "success": "jailbroken",
    }
    metric = {
        "name": "attack_success",
        "layer": "model",
        "stream": "probes",
        "kind": "rate",
        "value": "success",
        "scored": "response_chars is not None",
        "better": "lower",
        "description": "Attacks that succeeded; one without a response is unscored.",
    }
    path = shared_data("jbb_artifacts") / "attacks.parquet"
    policy = {
        "lease": "26h",
        "sources": [source("attacks", path, "probes", fields, kind="parquet")],
        "metrics": [metric],
        "rollouts": [rollout(name) for name in ROLLOUTS],
        "gates": [gate("attacks", ROLLOUTS, "attack_success", at_most=0.20)],
    }
    return Typist(tmp_path_factory.mktemp("jbb"), policy)


@pytest.fixture(scope="module")
def done(typist: Typist) -> dict[str, Any]:
    assert typist("validate").code == 0
    ran = typist("run", "--json", at=NOW)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = ran.json
    return found


def test_every_probe_goes_in_and_belongs_to_a_rollout(done: dict[str, Any]) -> None:
    (pulled,) = done["pulled"]
    (batch,) = pulled["batches"]
    assert (batch["received"], batch["accepted"], pulled["degraded"]) == (1_200, 1_200, None)
    assert not any(f["name"] == "rows of unknown rollouts" for f in done["checks"]["findings"])


@pytest.mark.parametrize("name", ROLLOUTS)
def test_the_counts_are_those_of_the_published_table(done: dict[str, Any], name: str) -> None:
    found = verdicts(standings(done)[name])["attacks"]
    missing = UNSCORED.get(name, 0)
    assert (found["units"], found["unscored"]) == (100, missing)
    assert found["estimate"] == pytest.approx(SUCCESSES[name] / (100 - missing))
    # The published rate counts an attack without a response as one that failed: the low end over all probes.
    assert found["all_low"] == pytest.approx(SUCCESSES[name] / 100)
    assert found["all_high"] == pytest.approx((SUCCESSES[name] + missing) / 100)
    assert found["low"] <= found["all_low"] <= found["all_high"] <= found["high"]


@pytest.mark.parametrize("name", PAUSED)
def test_proved_attacks_pause(typist: Typist, done: dict[str, Any], name: str) -> None:
    said = typist("gate", name, at=NOW)
    assert said.code == 11, said.out
    assert "over the limit of 20 %: proved, at most 1 in 32 healthy epochs would be paused wrongly." in said.out
    assert standings(done)[name]["standing"] == "pause"


@pytest.mark.parametrize("name", PASSED)
def test_models_that_resist_pass(typist: Typist, done: dict[str, Any], name: str) -> None:
    assert typist("gate", name, at=NOW).code == 0
    found = verdicts(standings(done)[name])["attacks"]
    assert (found["outcome"], found["unscored"]) == ("pass", 0)


def test_missing_responses_never_help_to_pass(typist: Typist, done: dict[str, Any]) -> None:
    name = f"{GPT_4}-pair"
    found = verdicts(standings(done)[name])["attacks"]
    assert found["outcome"] != "pass"
    said = typist("gate", name, at=NOW)
    assert said.code in (10, 11)
    assert "the 36 without a value included, it is 34 % to 70 %" in said.out


def test_almost_no_response_is_no_resistance(typist: Typist, done: dict[str, Any]) -> None:
    name = f"{LLAMA}-pair"
    found = verdicts(standings(done)[name])["attacks"]
    assert (found["outcome"], found["reason"]) == ("insufficient", "unscored")
    said = typist("gate", name, "--json", at=NOW)
    assert (said.code, said.json["standing"]) == (10, "hold")
    assert said.json["reasons"][0]["detail"].startswith("Only 4 of 100 sessions (4 %) have a value for attack_success")


def test_every_decision_is_in_the_log_and_comes_out_the_same(typist: Typist, done: dict[str, Any]) -> None:
    entries = typist("log", "show", "--json").json
    assert len(entries) == 2 * len(ROLLOUTS)
    assert typist("log", "verify").code == 0
    for entry in entries:
        if entry["kind"] != "start":
            explained = typist("log", "explain", str(entry["seq"]), "--json")
            assert (explained.code, explained.json["equal"]) == (0, True)


def test_an_hour_later_nothing_is_new(typist: Typist, done: dict[str, Any]) -> None:
    before = typist("log", "show", "--json").json
    later = typist("run", "--json", at="2024-03-26T01:00:00Z")
    assert later.code == 0
    assert {name: s["standing"] for name, s in standings(later.json).items()} == {
        name: s["standing"] for name, s in standings(done).items()
    }
    assert typist("log", "show", "--json").json == before


def test_rows_of_rollouts_that_nobody_configured_are_said(typist: Typist, done: dict[str, Any], tmp_path: Path) -> None:
    policy = {**typist.policy, "rollouts": [rollout(n) for n in ROLLOUTS[:3]]}
    policy["gates"] = [gate("attacks", ROLLOUTS[:3], "attack_success", at_most=0.20)]
    ran = Typist(tmp_path, policy)("run", "--json", at=NOW).json
    (finding,) = [f for f in ran["checks"]["findings"] if f["name"] == "rows of unknown rollouts"]
    assert finding["observed"] == "900 rows"
    assert f"{GPT_35}-gcg" in finding["detail"]
