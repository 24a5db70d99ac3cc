"""What pages show of metrics: policy, standings and the snapshot put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from checks.gates.records import Outcome, Standing, Verdict
from checks.gates.spec import LAYERS, GateSpec, Layer
from checks.metrics import catalogue
from dashboards import format as fmt
from dashboards.board.metric_records import DAY, Course, Glance, Group, Point
from dashboards.board.reading import SILENT
from dashboards.page import words
from warehouse.records.metrics import Slice

if TYPE_CHECKING:
    from checks.policy import Metric, Policy

_WORST: tuple[Outcome, ...] = ("breach", "error", "no_data", "stale", "blocked", "insufficient", "pass")


@dataclass(frozen=True, slots=True)
class GateLine:
    """A gate on a metric and what it says now.

    `verdict` is None where no run has judged it; `lapsed` is true where its word has ended.
    """

    spec: GateSpec
    verdict: Verdict | None
    lapsed: bool

    @property
    def state(self) -> Outcome:
        """The outcome; a word that has ended is stale, and none at all is no data."""
        if self.verdict is None:
            return "no_data"
        return "stale" if self.lapsed and self.verdict.outcome == "pass" else self.verdict.outcome

    @property
    def word(self) -> str:
        """The state in words."""
        if self.verdict is None:
            return "Not judged yet"
        if self.lapsed and self.verdict.outcome == "pass":
            return "Lease ended"
        return words.OUTCOMES[self.verdict.outcome]

    @property
    def bound(self) -> str:
        """The limit in words; of a comparison, with what it compares."""
        said = fmt.limit(self.spec.direction, self.spec.limit, self.measure)
        return said if self.spec.test == "limit" else f"{said} ({words.COMPARED[self.spec.test]})"

    @property
    def measure(self) -> str:
        """The unit of the limit."""
        return words.measure(self.spec)


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A metric of one rollout: its course (None: nothing was ever counted), and the gates that rest on it."""

    metric: Metric
    measure: str
    rollout: str
    course: Course | None
    gates: tuple[GateLine, ...]

    @property
    def silent(self) -> str:
        """Why there is no value of the last day, in one sentence; empty where there is one."""
        if self.course is None or self.course.newest is None:
            return "Nothing was ever counted."
        if self.course.now is None:
            return f"No row in the last day; the newest until {fmt.moment(self.course.newest)} UTC."
        return "" if self.course.now.value is not None else "Rows of the last day have no value."

    @property
    def state(self) -> str:
        """The worst that its gates say."""
        said = {gate.state for gate in self.gates}
        return next((state for state in _WORST if state in said), "no_data")


@dataclass(frozen=True, slots=True)
class LayerLine:
    """A layer: how many metrics, and how many of their gates say what."""

    layer: Layer
    metrics: int
    states: tuple[tuple[str, str, int], ...]

    @property
    def silent(self) -> bool:
        """Whether nothing speaks for the layer."""
        return not self.states or all(state in SILENT for state, _, _ in self.states)


def gate_lines(policy: Policy, standings: Mapping[str, Standing | None], now: datetime) -> list[GateLine]:
    """Every gate of the policy in its order, with what it says now."""
    found = []
    for rollout in policy.rollouts:
        standing = standings.get(rollout.name)
        said = {verdict.gate: verdict for verdict in standing.verdicts} if standing else {}
        lapsed = standing is not None and standing.valid_until <= now
        stage = standing.stage if standing and standing.stage in rollout.stages else rollout.stages[0]
        for spec in policy.gate_specs(rollout.name, stage):
            found.append(GateLine(spec, said.get(spec.name), lapsed))
    return found


def lines(policy: Policy, layer: str, glance: Glance, gates: list[GateLine]) -> list[MetricLine]:
    """Every metric of the layer that a gate rests on, rollout by rollout, the worst first."""
    found: dict[tuple[str, str], list[GateLine]] = {}
    for gate in gates:
        if policy.metric(gate.spec.metric).layer == layer:
            found.setdefault((gate.spec.metric, gate.spec.rollout), []).append(gate)
    made = [
        MetricLine(
            policy.metric(name), measure(policy.metric(name)), rollout, glance.courses.get((name, rollout)), (*mine,)
        )
        for (name, rollout), mine in found.items()
    ]
    return sorted(made, key=lambda line: _WORST.index(line.state))


def idle(policy: Policy, layer: str) -> list[Metric]:
    """The metrics of the layer that no gate rests on, so that no run measures them; by name."""
    used = {gate.metric for gate in policy.gates}
    known = {**catalogue.built_in(), **{metric.name: metric for metric in policy.metrics}}
    return sorted((m for m in known.values() if m.layer == layer and m.name not in used), key=lambda m: m.name)


def layer_lines(policy: Policy, gates: list[GateLine]) -> Iterator[LayerLine]:
    """The four layers from the top of the stack down."""
    for layer in reversed(LAYERS):
        mine = [gate for gate in gates if policy.metric(gate.spec.metric).layer == layer]
        said = [(state, sum(gate.state == state for gate in mine)) for state in _WORST]
        states = tuple((state, words.OUTCOMES[state], count) for state, count in said if count)
        yield LayerLine(layer, len({gate.spec.metric for gate in mine}), states)


def measure(metric: Metric) -> str:
    """The unit of a metric's values."""
    return "share" if metric.kind in ("rate", "assisted") else metric.measure


def limits(gates: list[GateLine], where: Slice) -> list[tuple[float, str]]:
    """Limits that can be drawn beside the values: those of gates that compare with a fixed one; at most four."""
    found: dict[float, str] = {}
    for gate in gates:
        if gate.spec.test == "limit" and where.rollout in (None, gate.spec.rollout):
            found.setdefault(gate.spec.limit, f"limit {fmt.value(gate.spec.limit, gate.measure)}")
    return list(found.items())[:4]


def rows_address(stream: str, metric: str, where: Slice, point: Point) -> str:
    """Where the rows behind a point are shown."""
    given = {"start": fmt.iso(point.start), "end": fmt.iso(point.end), "metric": metric, **asked(where)}
    return f"/rows/{stream}?{urlencode(given)}"


def asked(where: Slice) -> dict[str, str]:
    """A slice as the parameters of an address."""
    named = {"rollout": where.rollout, "release": where.release, "arm": where.arm, "segment": where.segment}
    return {name: value for name, value in named.items() if value is not None}


def course_words(course: Course | None, unit: str) -> str:
    """A course in one sentence, for those who cannot see it."""
    known = [p for p in course.points if p.value is not None] if course else []
    if course is None or not known:
        return "There is nothing to draw: no row or run of that time has a value."
    low = min(known, key=lambda p: p.value or 0.0)
    high = max(known, key=lambda p: p.value or 0.0)
    said = (
        f"From {fmt.value(known[0].value, unit)} to {fmt.value(known[-1].value, unit)} over {span_words(course)}; "
        f"lowest {fmt.value(low.value, unit)} ({fmt.moment(low.start)}), highest {fmt.value(high.value, unit)} "
        f"({fmt.moment(high.start)} UTC)."
    )
    missing = gaps(course)
    return f"{said} {missing} of {_stretches(course)} stretches have no value and are left open." if missing else said


def span_words(course: Course) -> str:
    """The length of a course in words."""
    return fmt.span(course.end - course.start)


def gaps(course: Course) -> int:
    """Stretches of the course without a value; 0 for one that goes run by run."""
    return _stretches(course) - sum(p.value is not None for p in course.points) if course.width else 0


def _stretches(course: Course) -> int:
    return -(-(course.end - course.start) // course.width) if course.width else len(course.points)


def distribution_words(groups: tuple[Group, ...]) -> str:
    """Where the distribution moved most, in one sentence."""
    before, now = sum(g.before for g in groups), sum(g.now for g in groups)
    if not before or not now:
        return f"There is nothing {'in the reference' if not before else 'in the last day'} to compare."
    moved = max(groups, key=lambda g: abs(g.now / now - g.before / before))
    return (
        f"Largest change: {fmt.visible(moved.label, 60)}, from {fmt.percent(moved.before / before)} to "
        f"{fmt.percent(moved.now / now)}."
    )


def old(course: Course | None, as_of: datetime | None) -> bool:
    """Whether nothing new was counted in the last day before the run."""
    return course is None or course.newest is None or as_of is None or as_of - course.newest >= DAY
