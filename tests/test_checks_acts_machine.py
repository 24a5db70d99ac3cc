"""Whatever people and monitor do in whatever order: a pause ends only by a resume, and a stage only follows a go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from making_evidence import HOUR, START
from people_who_act import ADA, AGENT, REVIEWER, STAGES, entry, hold
from people_who_act import standing as go
from test_checks_gates_standing import say

from checks.acts.advancing import may_advance
from checks.acts.breaches import record
from checks.acts.pausing import may_pause
from checks.acts.resuming import Broken, Mend, may_resume
from checks.acts.retiring import may_retire
from checks.acts.starting import may_start
from checks.gates.records import Standing
from checks.rollout import RolloutState, state
from warehouse.records.decisions import DecisionEntry, DecisionKind

Step = tuple[str, dict[str, Any]]
runs = st.tuples(
    st.just("run"),
    st.fixed_dictionaries(
        {
            "outcome": st.sampled_from(["pass", "breach", "insufficient", "no_data", "stale"]),
            "release": st.sampled_from(["r1", "r2", None]),
        }
    ),
)
acts = st.tuples(
    st.sampled_from(["start", "advance", "pause", "resume", "retire"]),
    st.fixed_dictionaries(
        {
            "person": st.sampled_from([ADA, REVIEWER]),
            "stage": st.sampled_from(STAGES),
            "mended": st.integers(0, 40),
            "unsigned": st.booleans(),
        }
    ),
)


class Story:
    """A rollout's log, grown by the acts that are allowed; it plays the monitor and the people."""

    def __init__(self) -> None:
        self.log: list[DecisionEntry] = []
        self.last: Standing | None = None

    @property
    def state(self) -> RolloutState:
        return state(self.log)

    def write(self, kind: DecisionKind, **body: Any) -> None:
        self.log.append(entry(kind, len(self.log) + 1, **body))

    def run(self, hour: int, outcome: Any, release: str | None) -> None:
        now = self.state
        if now.status == "retired":
            return
        if not now.stage:
            self.write("start", stage=STAGES[0])
            now = self.state
        verdict = replace(say("harm", outcome), newest=START + hour * HOUR)
        kind: Any = "pause" if now.status == "paused" or outcome == "breach" else "go" if outcome == "pass" else "hold"
        made = go if kind == "go" else hold
        reasons = () if kind == "go" else ((outcome, "harm"),)
        self.last = made(
            *reasons, standing=kind, stage=now.stage, release=release, at=START + hour * HOUR,
            valid_until=START + (hour + 2) * HOUR, verdicts=(verdict,),
        ) if kind == "go" else replace(
            hold(*reasons, stage=now.stage, release=release, at=START + hour * HOUR,
                 valid_until=START + (hour + 2) * HOUR, verdicts=(verdict,)), standing=kind,
        )  # fmt: skip
        stored = {"standing": kind, "release": release, "verdicts": [{"gate": "harm", "outcome": outcome}]}
        self.write(kind, standing={**stored, "reasons": []}, before={"paused": now.status == "paused"})

    def act(self, hour: int, act: str, person: Any, stage: str, mended: int, unsigned: bool) -> None:
        now, at = self.state, START + hour * HOUR
        if act == "start" and may_start(now, person, "so", rollout=AGENT) is None:
            self.write("start", stage=STAGES[0])
        if act == "pause" and may_pause(now, person, "so", rollout=AGENT) is None:
            self.write("pause", stage=now.stage)
        if act == "retire" and may_retire(now, person, "so", rollout=AGENT) is None:
            self.write("retire", stage=now.stage)
        missing = ("approver",) if unsigned else ()
        if act == "advance":
            refusal = may_advance(now, self.last, STAGES, missing, person, "so", rollout=AGENT, now=at)
            if refusal is None:
                self.write("expand", stage=STAGES[STAGES.index(now.stage) + 1])
        if act == "resume":
            mend = Mend("t/1", START + mended * HOUR)
            refusal = may_resume(
                now, self.last, STAGES, stage, self.broken(), mend, person, "so", rollout=AGENT, now=at
            )
            if refusal is None:
                self.write("resume", stage=stage)

    def broken(self) -> Broken:
        on_record = tuple(sorted(record(self.log).breaches))
        return Broken("r1", frozenset(on_record), frozenset(), on_record, ())


def told(steps: Sequence[Step]) -> Story:
    story = Story()
    for hour, (kind, given_) in enumerate(steps):
        before, last = story.state, story.last
        if kind == "run":
            story.run(hour, **given_)
        else:
            story.act(hour, kind, **given_)
        holds(before, story.state, kind, given_, last, hour)
    return story


def holds(
    before: RolloutState, after: RolloutState, kind: str, given_: dict[str, Any], last: Standing | None, hour: int
) -> None:
    """What must be true of every step."""
    if before.status == "retired":
        assert after == before
    if before.status == "paused" and after.status == "active":
        assert kind == "resume"
        assert last is not None
        assert last.verdicts[0].outcome != "breach"
        assert given_["person"] is ADA
    if before.stage in STAGES and after.stage in STAGES and STAGES.index(after.stage) > STAGES.index(before.stage):
        assert kind == "advance"
        assert last is not None
        assert last.standing == "go"
        assert START + hour * HOUR < last.valid_until
        assert last.stage == before.stage
        assert not given_["unsigned"]
        assert STAGES.index(after.stage) == STAGES.index(before.stage) + 1


@given(st.lists(st.one_of(runs, acts), max_size=40))
@settings(max_examples=300)
def test_no_order_of_acts_and_standings_gets_round_a_resume_or_a_go(steps: list[Step]) -> None:
    told(steps)


def test_the_story_can_reach_every_state() -> None:
    person: dict[str, Any] = {"person": ADA, "stage": "pilot", "mended": 0, "unsigned": False}
    steps: list[Step] = [
        ("run", {"outcome": "pass", "release": "r1"}),
        ("advance", person),
        ("run", {"outcome": "breach", "release": "r1"}),
        ("resume", person),
        ("run", {"outcome": "pass", "release": "r2"}),
        ("resume", person),
        ("retire", person),
    ]
    assert [e.kind for e in told(steps).log] == ["start", "go", "expand", "pause", "pause", "resume", "retire"]
