"""What was kept of the checks of one stream, put beside what its policy expects now; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal as OneOf

from checks.quality.outcome import expected
from checks.quality.records import CheckState, Expectation, Severity
from warehouse.records.evidence import Finding

ExpectationState = OneOf["passed", "failed", "error", "no_data", "no_finding", "never_checked"]


@dataclass(frozen=True, slots=True)
class Checked:
    """One carrying out of a stream's suite over the rows of some batches: when, and how many expectations did what."""

    at: datetime
    first_batch: int
    last_batch: int
    passed: int
    failed: int
    errored: int
    no_data: int


@dataclass(frozen=True, slots=True)
class Result:
    """What one expectation said in the newest run, as it was kept."""

    state: CheckState
    observed: str


@dataclass(frozen=True, slots=True)
class ExpectationDoc:
    """What one expectation said of the newest rows checked.

    `state` is what its kept result says. Of a run from before results were kept it is "passed" only where the counts
    prove it, and "no_finding" where they do not; also for an expectation that is newer than the run. "never_checked":
    no suite was carried out. `observed` is of the result, `detail` of the finding, both empty without one. `owner` is
    empty where the policy names nobody. `found` counts the kept findings of that name, `last_found_at` is when the
    newest of them was found.
    """

    name: str
    expectation: str
    severity: Severity
    owner: str
    expected: str
    state: ExpectationState
    observed: str
    detail: str
    found: int
    last_found_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundBefore:
    """A kept finding, with when it was found and who is to look at it; empty where the policy names nobody for it."""

    at: datetime
    finding: Finding
    owner: str


@dataclass(frozen=True, slots=True)
class StreamDocs:
    """What is shown of one stream: expectations in the order of the suite, runs and findings newest first.

    `others` are findings of the newest run that no expectation of the present policy explains: of one that was
    renamed or taken out since, or of the rows as a whole. `silent` counts expectations of that run without a value to
    look at that were no finding.
    """

    stream: str
    description: str
    expectations: tuple[ExpectationDoc, ...]
    others: tuple[FoundBefore, ...]
    runs: tuple[Checked, ...]
    findings: tuple[FoundBefore, ...]
    silent: int


def stream_docs(
    stream: str,
    description: str,
    suite: Sequence[Expectation],
    runs: Sequence[Checked],
    found: Sequence[tuple[datetime, Finding]],
    results: Mapping[str, Result] | None = None,
) -> StreamDocs:
    """The kept results of one stream; `runs` and `found` (of kind "expectation", with their times) are newest first.

    `results` are those of the newest run by the name of the expectation.

    An expectation without a finding in the newest run is never taken for passed unless the counts of that run say so.
    """
    newest = runs[0] if runs else None
    owners = {check.name: check.owner for check in suite}
    kept = tuple(FoundBefore(at, finding, owners.get(finding.name, "")) for at, finding in found)
    now = [each for each in kept if newest and each.at == newest.at and each.finding.batch == newest.last_batch]
    named = {each.finding.name: each for each in now if each.finding.name in owners}
    others = tuple(each for each in now if each.finding.name not in owners)
    quiet = [check for check in suite if check.name not in named]
    clear = newest is not None and not others and newest.passed == len(quiet) and _size(newest) == len(suite)
    last: ExpectationState = "never_checked" if newest is None else "passed" if clear else "no_finding"
    return StreamDocs(
        stream,
        description,
        tuple(_doc(check, named, kept, last, (results or {}).get(check.name)) for check in suite),
        others,
        tuple(runs),
        kept,
        _silent(newest, now) if newest else 0,
    )


def _size(run: Checked) -> int:
    return run.passed + run.failed + run.errored + run.no_data


def _silent(run: Checked, now: Sequence[FoundBefore]) -> int:
    """Expectations without a value that left no finding: those of columns that nobody has to fill."""
    told = sum(each.finding.state == "error" for each in now) - run.errored
    return max(0, run.no_data - max(0, told))


def _doc(
    check: Expectation,
    named: Mapping[str, FoundBefore],
    kept: Sequence[FoundBefore],
    otherwise: ExpectationState,
    result: Result | None,
) -> ExpectationDoc:
    mine = [each for each in kept if each.finding.name == check.name]
    now = named.get(check.name)
    state: ExpectationState = otherwise
    if result is not None:
        state = result.state
    elif now is not None:
        state = "failed" if now.finding.state == "failed" else "error"
    return ExpectationDoc(
        name=check.name,
        expectation=check.expectation,
        severity=check.severity,
        owner=check.owner,
        expected=expected(check),
        state=state,
        observed=result.observed if result else now.finding.observed if now else "",
        detail=now.finding.detail if now else "",
        found=len(mine),
        last_found_at=mine[0].at if mine else None,
    )
