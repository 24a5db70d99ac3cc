"""What is wrong between the parts of one metric, and between it and its stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from checks.metrics import expression
from checks.policy import assisted, judge_checks
from checks.policy.known import Known, Raw, number, text, unknown
from checks.policy.metric_kinds import KINDS, facts_of, natural, unused
from checks.policy.metrics import value_type
from checks.policy.report import Place, listed, nearest, shown
from warehouse.records.errors import ConfigurationError, Problem
from warehouse.records.streams import Stream

_OVERDUE_COLUMNS = ("subject", "status", "due_at")


def check(raw: Raw, place: Place, known: Known) -> Iterator[Problem]:
    """Every problem of one metric that does not lie in a single value."""
    kind, stream = text(raw, "kind"), text(raw, "stream")
    if stream is not None and stream not in known.streams:
        yield unknown(place, ("stream",), "stream", stream, known.streams)
    if kind in KINDS:
        yield from _keys(raw, place, kind)
        yield from _fact(raw, place, kind)
        yield from _range(raw, place, kind)
        yield from _cuts(raw, place)
        yield from assisted.check(raw, place, kind)
        yield from judge_checks.of_metric(raw, place)
    declared = known.streams.get(stream or "")
    if kind in KINDS and declared is not None:
        yield from _expressions(raw, place, kind, declared)
        yield from _overdue(place, kind, declared)


def _keys(raw: Raw, place: Place, kind: str) -> Iterator[Problem]:
    needs = (*KINDS[kind].needs, *(("stream", "where") if raw.get("of") == "policy_age_days" else ()))
    for key in needs:
        if raw.get(key) in (None, "", []):
            yield place.problem((key,), f"is missing: a metric of kind {kind} needs it.", hint=f'Add "{key}:".')
    for key in unused(kind):
        if raw.get(key) is not None:
            allowed = listed((*KINDS[kind].needs, *KINDS[kind].takes))
            yield place.problem((key,), f"has no meaning for kind {kind}.", allowed=allowed, at_key=True)
    if raw.get("better") is None and kind != "histogram":
        message = "is missing: which way is better is never assumed."
        yield place.problem(("better",), message, allowed="lower, higher", hint='Add "better:".')


def _fact(raw: Raw, place: Place, kind: str) -> Iterator[Problem]:
    facts, of = facts_of(kind), text(raw, "of")
    if facts and of is not None and of not in facts:
        message = f"is no fact that a metric of kind {kind} can be of."
        yield place.problem(("of",), message, given=shown(of), allowed=listed(facts), hint=nearest(of, facts))


def _range(raw: Raw, place: Place, kind: str) -> Iterator[Problem]:
    given = raw.get("range")
    if isinstance(given, list) and len(given) == 2:
        low, high = (number({"end": end}, "end") for end in given)
        if low is not None and high is not None and low >= high:
            yield place.problem(("range",), "has no room: its low end comes first.", given=f"[{low:g}, {high:g}]")
        if kind == "rate" and (low, high) != (0.0, 1.0):
            yield place.problem(("range",), "of a rate is always [0, 1].", hint="Leave it out.")
    measure = text(raw, "measure")
    fixed, _ = natural(kind, raw.get("of"))
    if kind == "age" and measure is not None and measure != fixed:
        yield place.problem(("measure",), "of an age is hours.", given=shown(measure), hint="Leave it out.")


def _cuts(raw: Raw, place: Place) -> Iterator[Problem]:
    cuts = raw.get("cuts")
    numbers = [c for c in cuts if isinstance(c, int | float)] if isinstance(cuts, list) else []
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        yield place.problem(("cuts",), "must rise from each to the next.", given=listed(f"{c:g}" for c in numbers))


def _expressions(raw: Raw, place: Place, kind: str, stream: Stream) -> Iterator[Problem]:
    for key in ("value", "where", "scored", "predicted", "chosen", "chance"):
        written = text(raw, key)
        if written is None or not written.strip() or key in unused(kind):
            continue
        wants = value_type(kind) if key == "value" else assisted.wanted(key, cut=bool(raw.get("cuts")))
        try:
            expression.parse(written, stream, wants=wants)
        except ConfigurationError as error:
            found = error.problems[0]
            message = f"{found.path}: {found.message}"
            yield place.problem((key,), message, given=found.given, allowed=found.allowed, hint=found.hint)


def _overdue(place: Place, kind: str, stream: Stream) -> Iterator[Problem]:
    missing = [name for name in _OVERDUE_COLUMNS if stream.column(name) is None]
    if kind == "overdue" and missing:
        message = f"has no column {listed(missing)}, which a metric of kind overdue reads."
        yield place.problem(("stream",), message, given=shown(stream.name), hint="The stream governance has them.")
