"""Two real judges against three people: agreement given both ways, and what could not be read counted as unscored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Typist, gate, rollout, source, standings, verdicts

pytestmark = pytest.mark.slow

NOW = "2024-01-03T00:00:00Z"
PAIRS = 999
GPT, PANDALM = "judge-gpt", "judge-pandalm"
AGREED = {GPT: 697, PANDALM: 667}
UNREADABLE = {GPT: 25, PANDALM: 0}


def _source(path: Path, name: str, judge: str, choice: str) -> dict[str, Any]:
    fields = {
        "event_id": f"{judge}-{{idx}}",
        # The data have no time: all of it counts from one moment.
        "occurred_at": "=2024-01-01T00:00:00Z",
        "rollout": f"={name}",
        "segment": "cmp_key",
        "pair_id": "idx",
        "judge": f"={judge}",
        "judge_choice": choice,
        "human_choice": "majority",
    }
    return source(name, path, "preferences", fields, kind="parquet")


@pytest.fixture(scope="module")
def typist(shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Typist:
    path = shared_data("pandalm_human_pref") / "judgments.parquet"
    policy = {
        "lease": "26h",
        "sources": [
            _source(path, GPT, "gpt-3.5", "gpt_result"),
            _source(path, PANDALM, "pandalm-7b", "pandalm_result"),
        ],
        "rollouts": [rollout(GPT), rollout(PANDALM)],
        # One file, judged once: no restart follows, so this attempt has the whole of both budgets.
        "gates": [gate("agreement", [GPT, PANDALM], "preference_agreement", at_least=0.65, alpha_covers="epoch")],
    }
    return Typist(tmp_path_factory.mktemp("pandalm"), policy)


@pytest.fixture(scope="module")
def done(typist: Typist) -> dict[str, Any]:
    ran = typist("run", "--json", at=NOW)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = ran.json
    return found


@pytest.mark.parametrize("name", [GPT, PANDALM])
def test_agreement_is_given_over_scored_and_over_all(done: dict[str, Any], name: str) -> None:
    found = verdicts(standings(done)[name])["agreement"]
    agreed, missing = AGREED[name], UNREADABLE[name]
    assert (found["units"], found["unscored"]) == (PAIRS, missing)
    assert found["estimate"] == pytest.approx(agreed / (PAIRS - missing))
    # What could not be read agrees with nobody, or with everybody.
    assert found["all_low"] == pytest.approx(agreed / PAIRS)
    assert found["all_high"] == pytest.approx((agreed + missing) / PAIRS)


def test_the_published_figures_come_out(done: dict[str, Any]) -> None:
    found = {name: verdicts(standings(done)[name])["agreement"]["estimate"] for name in (GPT, PANDALM)}
    assert {name: round(value, 3) for name, value in found.items()} == {GPT: 0.716, PANDALM: 0.668}


def test_the_terminal_and_the_page_give_both(typist: Typist, done: dict[str, Any]) -> None:
    shown = " ".join(typist("gate", GPT, at=NOW).out.split())
    assert "preference_agreement is 71.6 %" in shown
    both = (
        "Over all 999 sessions, the 25 without a value included, it is 69.8 % to 72.3 %, depending on what those are."
    )
    assert both in shown
    assert "without a value" not in typist("gate", PANDALM, at=NOW).out
    assert both in typist.page


def test_the_gates_judge_by_the_evidence(typist: Typist, done: dict[str, Any]) -> None:
    assert typist("gate", GPT, at=NOW).code == 0
    assert typist("gate", PANDALM, at=NOW).code == 10
    assert verdicts(standings(done)[PANDALM])["agreement"]["outcome"] == "insufficient"
    for entry in typist("log", "show", "--json").json:
        if entry["kind"] != "start":
            assert typist("log", "explain", str(entry["seq"])).code == 0


def test_nothing_unreadable_is_lost_on_the_way(done: dict[str, Any]) -> None:
    for pulled in done["pulled"]:
        (batch,) = pulled["batches"]
        assert (batch["received"], batch["accepted"], batch["quarantined"]) == (PAIRS, PAIRS, 0)
