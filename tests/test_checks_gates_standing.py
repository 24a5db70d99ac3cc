"""The standing is never bettered by a worse gate, by silence, or by asking twice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from making_evidence import HOUR, START, gate

from checks.gates.records import Outcome, Standing, Verdict
from checks.gates.spec import LAYERS, Layer
from checks.gates.standing import SEVERITY, Waiver, decide
from checks.gates.verdict import Numbers, verdict

ORDER = {"go": 0, "hold": 1, "pause": 2}
OUTCOMES: tuple[Outcome, ...] = ("error", "no_data", "stale", "breach", "pass", "insufficient")
SILENT: tuple[Outcome, ...] = ("error", "no_data", "stale", "insufficient")


def say(name: str, outcome: Outcome, layer: Layer = "model", **more: Any) -> Verdict:
    return verdict(gate(name=name, layer=layer, **more), outcome, outcome, f"{name} says {outcome}.", Numbers(), name)


def standing(verdicts: Sequence[Verdict], **more: Any) -> Standing:
    given_ = {
        "rollout": "support-agent",
        "stage": "pilot",
        "release": "r1",
        "paused": False,
        "now": START,
        "lease": 2 * HOUR,
        "config_digest": "config",
        "simulated": False,
        **more,
    }
    return decide(verdicts=verdicts, **given_)


gates = st.builds(
    say,
    st.sampled_from([f"g{i}" for i in range(12)]),
    st.sampled_from(OUTCOMES),
    st.sampled_from(LAYERS),
    required=st.booleans(),
    on_breach=st.sampled_from(["pause", "hold"]),
)
sets = st.lists(gates, max_size=7, unique_by=lambda v: v.gate)


def test_all_required_gates_passing_is_go_with_a_lease() -> None:
    found = standing([say("a", "pass"), say("b", "pass", "data"), say("c", "insufficient", required=False)])
    assert found.standing == "go"
    assert (found.at, found.valid_until) == (START, START + 2 * HOUR)
    assert (found.binding, found.if_mended) == (None, None)
    assert [(r.code, r.detail) for r in found.reasons] == [("all_pass", "2 of 2 gates required at stage pilot pass.")]


def test_no_required_gate_holds() -> None:
    for verdicts in ([], [say("a", "pass", required=False)]):
        found = standing(verdicts)
        assert found.standing == "hold"
        assert [r.code for r in found.reasons] == ["no_gates"]


def test_any_breach_pauses_required_or_not() -> None:
    for required in (True, False):
        found = standing([say("a", "pass"), say("b", "breach", required=required)])
        assert (found.standing, found.binding, found.if_mended) == ("pause", "b", "go")
    mild = standing([say("a", "pass"), say("b", "breach", required=False, on_breach="hold")])
    assert (mild.standing, mild.binding) == ("hold", "b")


def test_a_paused_rollout_stays_paused_until_a_person_resumes_it() -> None:
    found = standing([say("a", "pass")], paused=True)
    assert found.standing == "pause"
    assert found.reasons[0].code == "paused"
    with_more = standing([say("a", "stale")], paused=True)
    assert [r.code for r in with_more.reasons] == ["paused", "stale"]
    assert with_more.if_mended == "pause"


def test_good_layers_buy_nothing_off_a_bad_one() -> None:
    found = standing([say(f"g{i}", "pass", "model") for i in range(50)] + [say("late", "no_data", "governance")])
    assert (found.standing, found.binding, found.if_mended) == ("hold", "late", "go")


def test_a_lower_layer_blocks_passes_above_it_but_hides_no_breach() -> None:
    found = standing(
        [say("rows", "stale", "data"), say("a", "pass"), say("b", "breach", "workflow"), say("c", "no_data")]
    )
    outcomes = {v.gate: v.outcome for v in found.verdicts}
    assert outcomes == {"rows": "stale", "a": "blocked", "b": "breach", "c": "no_data"}
    blocked = next(v for v in found.verdicts if v.gate == "a")
    assert (blocked.reason, blocked.blocked_by) == ("lower_layer", ("rows",))
    assert blocked.detail == "a says pass. It rests on rows, which does not pass."
    assert found.standing == "pause"
    assert [r.gate for r in found.reasons] == ["b", "rows", "c", "a"]
    assert (found.binding, found.runner_up, found.if_mended) == ("b", "rows", "hold")


def test_mending_the_lowest_layer_frees_what_rests_on_it() -> None:
    found = standing([say("rows", "stale", "data"), say("a", "pass"), say("b", "pass", "workflow")])
    assert (found.standing, found.binding, found.if_mended) == ("hold", "rows", "go")


def test_a_gate_that_is_not_required_blocks_nothing() -> None:
    assert standing([say("rows", "stale", "data", required=False), say("a", "pass")]).standing == "go"


def test_layers_are_always_four_and_name_their_worst() -> None:
    found = standing([say("a", "pass"), say("b", "error"), say("c", "stale", "governance"), say("d", "pass", "data")])
    assert [layer.layer for layer in found.layers] == list(LAYERS)
    assert [(s.outcome, s.gate, s.passed, s.gates) for s in found.layers] == [
        ("pass", "d", 1, 1),
        ("error", "b", 1, 2),
        (None, None, 0, 0),
        ("stale", "c", 0, 1),
    ]


def test_a_missing_sign_off_holds() -> None:
    found = standing([say("a", "pass")], sign_offs_missing=["safety lead", "legal"])
    assert found.standing == "hold"
    assert [r.detail for r in found.reasons] == [
        "The sign-off of legal for stage pilot is missing.",
        "The sign-off of safety lead for stage pilot is missing.",
    ]


def waiver(name: str, until: timedelta = HOUR) -> Waiver:
    return Waiver(name, "Ada", "known false alarm", START + until)


def test_a_waiver_lets_one_gate_go_by_until_it_ends_and_is_shown() -> None:
    verdicts = [say("a", "pass"), say("b", "breach"), say("rows", "stale", "data")]
    assert standing(verdicts, waivers=[waiver("b")]).standing == "hold"
    found = standing(verdicts, waivers=[waiver("b"), waiver("rows")])
    assert found.standing == "go"
    assert [r.code for r in found.reasons] == ["all_pass", "waived", "waived"]
    assert found.reasons[1].detail == "b is waived by Ada until 2026-03-01 01:00 UTC: known false alarm"
    assert [v.gate for v in found.verdicts if v.waived] == ["rows", "b"]
    ended = [waiver("b", timedelta(0)), waiver("rows", -HOUR)]
    assert standing(verdicts, waivers=ended).standing == "pause"
    assert standing(verdicts, waivers=ended) == standing(verdicts)


@given(sets, gates.filter(lambda v: v.outcome != "pass"))
def test_adding_a_failing_gate_never_betters_a_standing(verdicts: list[Verdict], more: Verdict) -> None:
    more = replace(more, gate="added")
    assert ORDER[standing([*verdicts, more]).standing] >= ORDER[standing(verdicts).standing] or (
        # Without any required gate the rollout is held for want of gates; that is no better than this.
        standing([*verdicts, more]).standing != "go" and not any(v.required for v in verdicts)
    )


@given(sets, st.data())
def test_removing_evidence_never_turns_hold_or_pause_into_go(verdicts: list[Verdict], data: st.DataObject) -> None:
    before = standing(verdicts).standing
    on_record = [v.gate for v in verdicts if v.outcome == "breach"]
    less = [replace(v, outcome=data.draw(st.sampled_from(SILENT))) if data.draw(st.booleans()) else v for v in verdicts]
    after = standing(less, breached=on_record).standing
    if before != "go":
        assert after != "go"
    if any(v.required and v not in verdicts for v in less):
        assert after != "go"


def test_losing_the_evidence_of_a_breach_on_record_does_not_read_as_health() -> None:
    health = say("a", "pass")
    breach = say("b", "breach", "data", required=False)
    assert standing([health, breach]).standing == "pause"
    for outcome in SILENT:
        found = standing([health, replace(breach, outcome=outcome)], breached=["b"])
        assert (found.standing, found.binding, found.if_mended) == ("hold", "b", "go")
        assert (found.reasons[0].code, found.reasons[0].gate) == ("breach_on_record", "b")
    assert standing([health, replace(breach, outcome="pass")], breached=["b"]).standing == "go"
    assert standing([health, replace(breach, outcome="stale")], breached=["b"], waivers=[waiver("b")]).standing == "go"
    assert standing([health, say("b", "no_data", "data", required=False)]).standing == "go"


@given(sets, st.randoms(), st.booleans())
def test_asking_twice_and_in_any_order_is_the_same(verdicts: list[Verdict], rng: random.Random, paused: bool) -> None:
    first = standing(verdicts, paused=paused)
    rng.shuffle(verdicts)
    assert standing(verdicts, paused=paused) == first


@given(sets, st.booleans(), st.sets(st.sampled_from(["legal", "safety"])))
def test_go_means_what_it_says_and_reasons_are_never_empty(
    verdicts: list[Verdict], paused: bool, roles: set[str]
) -> None:
    found = standing(verdicts, paused=paused, sign_offs_missing=sorted(roles))
    assert found.reasons
    may_go = (
        not paused
        and not roles
        and any(v.required for v in verdicts)
        and all(v.outcome == "pass" for v in verdicts if v.required)
        and all(v.outcome != "breach" for v in verdicts)
    )
    assert (found.standing == "go") == may_go
    if found.if_mended is not None:
        assert ORDER[found.if_mended] <= ORDER[found.standing]
    assert {v.outcome for v in found.verdicts} <= set(SEVERITY)


@given(sets)
def test_the_digest_moves_with_evidence_and_not_with_the_clock(verdicts: list[Verdict]) -> None:
    first = standing(verdicts)
    assert standing(verdicts, now=START + HOUR).evidence_digest == first.evidence_digest
    if verdicts:
        other = [replace(verdicts[0], evidence_digest="other"), *verdicts[1:]]
        assert standing(other).evidence_digest != first.evidence_digest
