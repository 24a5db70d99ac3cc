"""What a run changed becomes one alert for each channel: the gravest thing first, the rest beside it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from making_evidence import HOUR, START, gate

from checks.alerts import edges
from checks.gates import codec
from checks.gates.records import Outcome, Standing, Verdict
from checks.gates.standing import decide
from checks.gates.verdict import Numbers, verdict

EVERYTHING = ("go", "hold", "pause", "stale", "error", "restate", "recovered")
OUTCOMES: tuple[Outcome, ...] = ("error", "no_data", "stale", "breach", "pass", "insufficient")


def say(name: str, outcome: Outcome) -> Verdict:
    return verdict(gate(name=name), outcome, outcome, f"{name} says {outcome}.", Numbers(), name)


def standing(**outcomes: Outcome) -> Standing:
    return decide(
        rollout="support",
        stage="pilot",
        release="r1",
        verdicts=[say(name, outcome) for name, outcome in outcomes.items()],
        paused=False,
        now=START,
        lease=2 * HOUR,
        config_digest="config",
        simulated=False,
    )


def stored(**outcomes: Outcome) -> dict[str, Any]:
    return codec.standing_to_json(standing(**outcomes))


def told(current: Standing, before: dict[str, Any] | None, *wanted: str) -> tuple[str, str] | None:
    found = edges.grouped(edges.of_change(current, before), wanted or EVERYTHING)
    return None if found is None else (found.event, found.summary)


def test_nothing_new_is_told_to_nobody() -> None:
    assert edges.of_change(standing(a="stale", b="pass"), stored(a="stale", b="pass")) == ()


def test_the_first_standing_is_news() -> None:
    assert told(standing(a="pass"), None) == ("go", "go: 1 of 1 gates required at stage pilot pass.")


def test_several_gates_of_one_run_make_one_alert() -> None:
    found = edges.grouped(edges.of_change(standing(a="stale", b="error", c="stale"), stored(a="pass")), EVERYTHING)
    assert found is not None
    assert (found.event, found.gate) == ("error", "b")
    assert found.summary == "Gate b is error: b says error. Also: standing hold, gate a stale, gate c stale."
    assert dict(found.facts) == {
        "gate a": "stale: a says stale.",
        "gate b": "error: b says error.",
        "gate c": "stale: c says stale.",
    }


def test_a_channel_hears_only_of_what_it_asks_for() -> None:
    current, before = standing(a="stale", b="error"), stored(a="pass", b="pass")
    assert told(current, before, "stale") == ("stale", "Gate a is stale: a says stale.")
    assert told(current, before, "restate", "go") is None


def test_the_end_of_a_hold_is_a_recovery_for_those_who_heard_of_holds() -> None:
    current, before = standing(a="pass"), stored(a="insufficient")
    assert told(current, before, "hold", "recovered") == (
        "recovered",
        "The hold is over: 1 of 1 gates required at stage pilot pass.",
    )
    assert told(current, before, "recovered") is None


def test_a_gate_that_works_again_is_a_recovery_though_the_rollout_still_holds() -> None:
    current, before = standing(a="insufficient", b="stale"), stored(a="error", b="stale")
    assert told(current, before, "error", "recovered") == (
        "recovered",
        "Gate a is no longer error, now insufficient: a says insufficient.",
    )
    assert told(current, before, "stale", "recovered") is None


def test_stale_that_becomes_an_error_is_no_recovery() -> None:
    assert told(standing(a="error"), stored(a="stale")) == ("error", "Gate a is error: a says error.")


def test_a_gate_that_left_is_not_called_mended() -> None:
    found = told(standing(b="insufficient"), stored(a="stale", b="insufficient"), "stale", "recovered")
    assert found == ("recovered", "Gate a was stale and is not judged any more: it is not in the policy at this stage.")


def test_a_pause_that_a_person_made_is_not_told_once_more() -> None:
    current, before = standing(a="breach"), stored(a="pass")
    assert [h.event for h in edges.of_change(current, before)] == ["pause"]
    assert edges.of_change(current, before, paused=True) == ()


def test_hundreds_of_gates_make_a_message_that_can_be_read() -> None:
    many: dict[str, Outcome] = {f"g{n}": "stale" for n in range(300)}
    found = edges.grouped(edges.of_change(standing(**many), None), ("stale",))
    assert found is not None
    assert found.summary.endswith("and 294 more.")
    assert len(found.facts) == edges.MOST_FACTS + 1
    assert found.facts[-1] == ("more", "280 gates; see the decision")


boards = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(OUTCOMES), max_size=4)


@given(boards, boards, st.sets(st.sampled_from(EVERYTHING)))
def test_one_alert_at_most_and_only_of_what_is_asked_for(
    now: dict[str, Outcome], before: dict[str, Outcome], wanted: set[str]
) -> None:
    happenings = edges.of_change(standing(**now), stored(**before))
    found = edges.grouped(happenings, wanted)
    if found is None:
        assert not [h for h in happenings if h.event in wanted and h.ended is None]
    else:
        assert found.event in wanted
