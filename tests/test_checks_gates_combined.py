"""What gates prove together, where to look first, and how much room is left: never bettered by losing evidence."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_evidence import HOUR, START, gate

from checks.gates import combined
from checks.gates.records import Outcome, Standing, Verdict
from checks.gates.spec import LAYERS
from checks.gates.standing import Waiver, decide
from checks.gates.verdict import Numbers, verdict

ORDER = {"go": 0, "hold": 1, "pause": 2}
OUTCOMES: tuple[Outcome, ...] = ("error", "no_data", "stale", "breach", "pass", "insufficient")
SILENT: tuple[Outcome, ...] = ("error", "no_data", "stale", "insufficient")


def say(
    name: str,
    way: float | None = None,
    outcome: Outcome = "insufficient",
    *,
    alpha: float = 0.02,
    headroom: float | None = None,
    waived: bool = False,
    weighs: bool = True,
    **more: Any,
) -> Verdict:
    """A verdict whose evidence has come that share of the `way` to a breach (None: it knows nothing)."""
    proof = -math.log(alpha)
    numbers = Numbers(headroom=headroom)
    if way is not None:
        numbers = replace(numbers, evidence_breach=way * proof, proof_breach=proof)
    made = verdict(
        gate(name=name, alpha=alpha, whole_alpha=alpha, **more), outcome, outcome, f"{name} {outcome}.", numbers, name
    )
    return replace(made, waived=waived, weighs=weighs)


def standing(verdicts: Sequence[Verdict], **more: Any) -> Standing:
    known: dict[str, Any] = {
        "rollout": "support-agent",
        "stage": "pilot",
        "release": "r1",
        "paused": False,
        "now": START,
    }
    known |= {"lease": 2 * HOUR, "config_digest": "config", "simulated": False}
    return decide(verdicts=verdicts, **(known | more))


# ---- evidence of several gates ---------------------------------------------------------------------------------


def test_two_gates_at_nine_tenths_pause_together_and_one_does_not() -> None:
    alone = combined.of([say("a", 0.9)])
    assert (alone.proved, alone.most) == (False, "a")
    found = combined.of([say("a", 0.9), say("b", 0.85)])
    assert found.proved
    assert found.most == "a"
    assert "a (90 % of the way), b (85 % of the way)" in found.sentence
    # sum of alpha E against 1
    total = sum(0.02 * math.exp(-math.log(0.02) * way) for way in (0.9, 0.85))
    assert found.evidence is not None
    assert found.proof is not None
    assert found.evidence - found.proof == pytest.approx(math.log(total))


def test_a_gate_that_proves_a_breach_alone_proves_it_here_whatever_the_others_say() -> None:
    others = [say(f"g{n}", -5.0) for n in range(20)]
    assert combined.of([say("a", 1.0), *others]).proved
    assert not combined.of([say("a", 0.99), *others]).proved


def test_gates_that_are_waived_that_hold_or_that_may_not_weigh_do_not_count() -> None:
    left_out = [
        say("b", 0.95, waived=True),
        say("c", 0.95, on_breach="hold"),
        say("d", 0.95, weighs=False),
        say("e", None, "no_data"),
    ]
    found = combined.of([say("a", 0.9), *left_out])
    assert not found.proved
    assert found.evidence == pytest.approx(0.9 * -math.log(0.02))
    assert found.proof == pytest.approx(-math.log(0.02))
    nothing = combined.of(left_out[1:])
    assert (nothing.evidence, nothing.proof, nothing.proved, nothing.most) == (None, None, False, None)


def test_nothing_weighs_nothing() -> None:
    assert combined.of([]) == combined.Combined(None, None, False, None, "", "")
    assert combined.triage([]) == ()


def test_what_together_pauses_is_a_reason_with_a_name_unless_one_of_them_is_a_breach() -> None:
    found = standing([say("a", 0.9), say("b", 0.9)])
    assert (found.standing, found.reasons[0].code, found.reasons[0].gate) == ("pause", "combined_evidence", "a")
    assert (found.combined, found.combined_proof) == (
        pytest.approx(0.9 * -math.log(0.02)),
        pytest.approx(-math.log(0.04)),
    )
    proved = standing([say("a", 0.9), say("b", 1.2, "breach")])
    assert [r.code for r in proved.reasons] == ["breach", "insufficient"]
    waived = standing([say("a", 0.9), say("b", 0.9)], waivers=[Waiver("b", "Ada", "known", START + HOUR)])
    assert waived.standing == "hold"
    ended = standing([say("a", 0.9), say("b", 0.9)], waivers=[Waiver("b", "Ada", "known", START)])
    assert ended.standing == "pause"


def test_mending_the_binding_gate_does_not_undo_what_the_others_prove() -> None:
    near = [say("a", 0.95, "pass"), say("b", 0.95, "pass")]
    stuck = standing([*near, say("c", None, "stale")])
    assert (stuck.standing, stuck.binding, stuck.if_mended) == ("pause", "c", "pause")
    weak = standing([say("a", 0.5, "pass"), say("b", 0.5, "pass"), say("c", None, "stale")])
    assert (weak.standing, weak.binding, weak.if_mended) == ("hold", "c", "go")


def test_triage_names_the_strongest_first_and_no_gate_without_evidence() -> None:
    found = combined.triage([say("a", 1.2), say("b", 1.5), say("c", 0.0), say("d", None), say("e", 2.0, weighs=False)])
    assert found == ("b", "a")
    assert combined.triage([say("a", 0.2), say("b", 0.1)]) == ()


def test_a_healthy_rollout_is_told_how_often_it_is_paused_wrongly() -> None:
    found = standing([say("a", 0.0, alpha=0.01), say("b", 0.0, alpha=0.01), say("c", 0.0, alpha=0.5, on_breach="hold")])
    assert "at most once in 50 releases" in found.budget


ways = st.one_of(st.none(), st.floats(-2.0, 1.5))
evidences = st.builds(
    say,
    st.sampled_from([f"g{i}" for i in range(9)]),
    ways,
    st.sampled_from(OUTCOMES),
    alpha=st.sampled_from([0.001, 0.02, 0.05]),
    headroom=st.one_of(st.none(), st.floats(-2.0, 1.0)),
    waived=st.booleans(),
    weighs=st.booleans(),
    layer=st.sampled_from(LAYERS),
    required=st.booleans(),
    on_breach=st.sampled_from(["pause", "hold"]),
)
sets = st.lists(evidences, max_size=6, unique_by=lambda v: v.gate)


@given(sets, st.randoms())
def test_order_does_not_matter(verdicts: list[Verdict], rng: random.Random) -> None:
    before = standing(verdicts)
    rng.shuffle(verdicts)
    assert standing(verdicts) == before


@given(sets)
def test_together_they_are_no_less_than_the_strongest_and_no_more_than_all(verdicts: list[Verdict]) -> None:
    found = combined.of(verdicts)
    mine = [
        v for v in verdicts if v.on_breach == "pause" and v.weighs and not v.waived and v.evidence_breach is not None
    ]
    if not mine:
        assert found.evidence is None
        return
    assert found.evidence is not None
    assert found.proof is not None
    excess = [v.evidence_breach - v.proof_breach for v in mine if v.evidence_breach is not None and v.proof_breach]
    slack = 1e-9
    assert max(excess) - slack <= found.evidence - found.proof <= max(excess) + math.log(len(mine)) + slack


def better(one: Standing, other: Standing) -> bool:
    """Whether the first allows more or leaves more room than the second."""
    if ORDER[one.standing] < ORDER[other.standing]:
        return True
    if one.headroom is None:
        return False
    return other.headroom is not None and one.headroom > other.headroom


@given(sets, evidences.filter(lambda v: v.outcome != "pass"))
def test_a_failing_gate_more_never_betters_a_standing_or_its_headroom(verdicts: list[Verdict], more: Verdict) -> None:
    others = [v for v in verdicts if v.gate != more.gate]
    before, after = standing(others), standing([*others, more])
    assert ORDER[after.standing] >= ORDER[before.standing] or not any(v.required for v in others)
    counts = any((v.required or v.outcome == "breach") and not v.waived for v in others)
    if counts and before.headroom is not None:
        assert after.headroom is None or after.headroom <= before.headroom
    if counts and before.headroom is None:
        assert after.headroom is None


@given(sets, st.data())
def test_losing_evidence_never_turns_hold_or_pause_into_go_nor_adds_headroom(
    verdicts: list[Verdict], data: st.DataObject
) -> None:
    """Lost: the gate falls silent; what had been a breach is on record."""
    on_record = [v.gate for v in verdicts if v.outcome == "breach"]
    paused = any(v.outcome == "breach" and v.on_breach == "pause" and not v.waived for v in verdicts)
    before = standing(verdicts, paused=paused, breached=on_record)
    lost = []
    for v in verdicts:
        if data.draw(st.booleans()):
            silent = data.draw(st.sampled_from(SILENT))
            lost.append(replace(v, outcome=silent, evidence_breach=None, proof_breach=None, headroom=None))
        else:
            lost.append(v)
    # A pause by all together is a state of the rollout as any other pause is.
    after = standing(lost, paused=before.standing == "pause", breached=on_record)
    assert not better(after, before)


@given(sets)
def test_the_weakest_is_the_least_of_those_that_count_and_the_gain_is_never_negative(verdicts: list[Verdict]) -> None:
    found = standing(verdicts)
    counting = [v for v in found.verdicts if (v.required or v.outcome == "breach") and not v.waived]
    if not counting:
        assert (found.weakest, found.headroom, found.gain) == (None, None, None)
        return
    known = {v.gate: v.headroom for v in counting}
    assert found.weakest in known
    assert found.headroom == known[str(found.weakest)]
    if found.headroom is not None:
        # Not one of them is unknown, for what is not known ranks below all.
        assert found.headroom == min(h for h in known.values() if h is not None)
        assert None not in known.values()
    assert found.gain is None or found.gain >= 0.0
    assert found.next_weakest is None or found.next_weakest != found.weakest


def test_layers_have_the_headroom_of_their_weakest() -> None:
    verdicts = [say("a", 0.0, headroom=0.5), say("b", 0.0, headroom=0.2), say("c", 0.0, headroom=-1.0, required=False)]
    found = standing(verdicts)
    (model,) = [layer for layer in found.layers if layer.layer == "model"]
    assert (model.headroom, found.headroom, found.weakest, found.gain) == (0.2, 0.2, "b", pytest.approx(0.3))
