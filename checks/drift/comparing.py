"""Which columns drifted, from two profiles of each; pure.

A property of a column drifted when its distance reaches the limit AND chance alone is refuted: the evidence of its
p-value is named by e-BH over all properties compared (at most a share `false_share` of those named is named wrongly, on
average, whatever the dependence between columns). It is steady when the distance is below the limit and samples of
these sizes would show such a distance if it were there: noise is at most half the limit. Everything else has a named
state, and is never steady.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks.drift import chance, distances, judging
from checks.drift.distances import Distance
from checks.drift.records import (
    CATEGORY_LIMIT,
    CATEGORY_METHOD,
    NUMERIC_LIMIT,
    NUMERIC_METHOD,
    WORDS_LIMIT,
    WORDS_METHOD,
    ColumnDrift,
    DriftReport,
    State,
)
from checks.evidence.many import e_bh
from warehouse.records.profiles import Profile, Scheme


@dataclass(frozen=True, slots=True)
class Pair:
    """One property of one column: how it was counted, and what in the reference and in the window under test."""

    scheme: Scheme
    before: Profile
    now: Profile


@dataclass(frozen=True, slots=True)
class Rule:
    """`limit` replaces the limits of all kinds; `min_rows` rows with a value are needed on either side."""

    limit: float | None = None
    min_rows: int = 200
    false_share: float = 0.05


def compare(
    pairs: Sequence[Pair],
    rule: Rule,
    *,
    absent: Sequence[str] = (),
    further: Sequence[ColumnDrift] = (),
    digest: str = "",
) -> DriftReport:
    """The comparison of all pairs, of the reference with that digest.

    `absent` are columns asked for that are not there; `further` are comparisons measured otherwise and not judged yet
    (embeddings): all are weighed together.
    """
    measured = [*(column for pair in pairs for column in _measured(pair, rule)), *further]
    told = _told(measured, rule.false_share)
    told += [_absent(name) for name in absent]
    share, low, high = judging.shares(told)
    sizes = [max((_all(side) for side in sides), default=0) for sides in _sides(pairs)]
    return DriftReport(tuple(told), share, low, high, sizes[0], sizes[1], None, digest)


def _sides(pairs: Sequence[Pair]) -> tuple[list[Profile], list[Profile]]:
    return [pair.before for pair in pairs], [pair.now for pair in pairs]


def _all(profile: Profile) -> int:
    return profile.rows + profile.missing + profile.unusable


def _measured(pair: Pair, rule: Rule) -> Iterator[ColumnDrift]:
    """The value itself, and apart from it the share of missing values where that can differ."""
    if state := _unfit(pair, rule.min_rows):
        yield _unjudged(pair, rule, *state)
    else:
        match pair.scheme.kind:
            case "number":
                yield _numbers(pair, rule)
            case "token":
                yield _words(pair, rule)
            case _:
                yield _categories(pair, rule)
    if pair.scheme.part in ("", "length") and pair.scheme.kind == "number":
        yield from _gaps(pair, rule)


def _unfit(pair: Pair, min_rows: int) -> tuple[State, str] | None:
    """Why the pair cannot be compared."""
    sides = {"reference": pair.before, "current": pair.now}
    for side, profile in sides.items():
        if not _all(profile):
            return "no_data", f"no {side} rows"
        if profile.unusable:
            return "unusable", f"infinite values in the {side} rows"
        if not profile.rows:
            return "all_missing", f"all values missing in the {side} rows"
    rows = [_countable(pair.scheme, profile) for profile in sides.values()]
    if min(rows) < min_rows:
        return "too_few", f"too few rows: {rows[1]} against {rows[0]}, at least {min_rows} are needed"
    if pair.scheme.kind == "number" and not pair.scheme.part and not distances.deviation(pair.before):
        return "constant", "constant in the reference, so there is no spread to measure a move against"
    return None


def _countable(scheme: Scheme, profile: Profile) -> int:
    """Rows that are compared: of categories the missing ones too, as one more category."""
    return _all(profile) if scheme.kind in ("category", "bucket") else profile.rows


def _numbers(pair: Pair, rule: Rule) -> ColumnDrift:
    found = distances.of_numbers(pair.scheme, pair.before, pair.now)
    if not distances.deviation(pair.before):
        return _same_or_not(pair, rule)
    noise = distances.expected_area(pair.scheme, pair.before, pair.now)
    log_p = chance.numbers(found[1].value, pair.before, pair.now)
    return _column(pair, NUMERIC_METHOD, rule.limit or NUMERIC_LIMIT, noise, log_p, found)


def _same_or_not(pair: Pair, rule: Rule) -> ColumnDrift:
    """A property that is one and the same value in the reference: whether the rows still have it."""
    place = max(range(len(pair.before.counts)), key=pair.before.counts.__getitem__)
    sides = [(side.counts[place], side.rows - side.counts[place]) for side in (pair.before, pair.now)]
    return _of_counts(pair, pair.scheme.name, rule, *sides)


def _categories(pair: Pair, rule: Rule) -> ColumnDrift:
    before, now = ((*side.counts, side.missing) for side in (pair.before, pair.now))
    return _of_counts(pair, pair.scheme.name, rule, before, now)


def _of_counts(pair: Pair, name: str, rule: Rule, before: Sequence[int], now: Sequence[int]) -> ColumnDrift:
    a, b = np.array(before, dtype=float), np.array(now, dtype=float)
    noise = judging.category_noise(a, b)
    found = distances.of_shares(a, b)
    limit = rule.limit or CATEGORY_LIMIT
    column = _column(pair, CATEGORY_METHOD, limit, noise, chance.counts(a, b), found)
    return replace(column, name=name, reference_rows=sum(before), current_rows=sum(now))


def _words(pair: Pair, rule: Rule) -> ColumnDrift:
    """The largest change of the share of texts that hold a word of one bucket."""
    n, m = pair.before.rows, pair.now.rows
    moved = max(abs(a / n - b / m) for a, b in zip(pair.before.counts, pair.now.counts, strict=True))
    noise = _largest_by_chance(pair)
    found = [Distance(WORDS_METHOD, moved)]
    limit = max(rule.limit or 0.0, WORDS_LIMIT)
    return _column(pair, WORDS_METHOD, limit, noise, chance.words(pair.before, pair.now), found)


def _largest_by_chance(pair: Pair) -> float:
    """What the largest change of so many shares is about without any drift: that of the k most variable, any k."""
    n, m = pair.before.rows, pair.now.rows
    shares = [(a + b) / (n + m) for a, b in zip(pair.before.counts, pair.now.counts, strict=True)]
    errors = sorted((math.sqrt(s * (1.0 - s) * (1.0 / n + 1.0 / m)) for s in shares if s < 1.0), reverse=True)
    return max((error * math.sqrt(2.0 * math.log(2.0 * k)) for k, error in enumerate(errors, 1)), default=0.0)


def _gaps(pair: Pair, rule: Rule) -> Iterator[ColumnDrift]:
    before, now = ((side.missing, side.rows + side.unusable) for side in (pair.before, pair.now))
    if (before[0] or now[0]) and before[1] and now[1]:
        name = f"{pair.scheme.column}.missing"
        if min(sum(before), sum(now)) < rule.min_rows:
            few = f"too few rows: {sum(now)} against {sum(before)}, at least {rule.min_rows} are needed"
            yield replace(_unjudged(pair, rule, "too_few", few), name=name, method=CATEGORY_METHOD)
        else:
            yield _of_counts(pair, name, replace(rule, limit=CATEGORY_LIMIT), before, now)


def _column(
    pair: Pair, method: str, limit: float, noise: float, log_p: float, found: Sequence[Distance]
) -> ColumnDrift:
    value = next(distance.value for distance in found if distance.method == method)
    log_e = chance.log_evidence(log_p)
    return ColumnDrift(
        name=pair.scheme.name,
        column=pair.scheme.column,
        method=method,
        statistic=value if math.isfinite(value) else None,
        threshold=limit,
        noise=noise,
        drifted=None,
        reference_rows=pair.before.rows,
        current_rows=pair.now.rows,
        log_p=log_p,
        log_e=log_e,
        distances=tuple((d.method, d.value, d.error) for d in found),
    )


def _unjudged(pair: Pair, rule: Rule, state: State, reason: str) -> ColumnDrift:
    methods = {
        "number": (NUMERIC_METHOD, NUMERIC_LIMIT),
        "token": (WORDS_METHOD, WORDS_LIMIT),
        "category": (CATEGORY_METHOD, CATEGORY_LIMIT),
        "bucket": (CATEGORY_METHOD, CATEGORY_LIMIT),
    }
    method, limit = methods[pair.scheme.kind]
    rows = pair.before.rows, pair.now.rows
    return ColumnDrift(
        pair.scheme.name, pair.scheme.column, method, None, rule.limit or limit, None, None, *rows, reason, state
    )


def _absent(name: str) -> ColumnDrift:
    reason = "column missing: the stream does not declare it"
    return ColumnDrift(name, name, NUMERIC_METHOD, None, NUMERIC_LIMIT, None, None, 0, 0, reason, "missing_column")


def _told(columns: Sequence[ColumnDrift], false_share: float) -> list[ColumnDrift]:
    """The columns with their verdicts: those measured are weighed together."""
    places = [i for i, column in enumerate(columns) if column.log_e is not None]
    evidence = [log_e for column in columns if (log_e := column.log_e) is not None]
    named = {places[i] for i in e_bh(evidence, false_share)}
    return [_verdict(column, i in named) if column.log_e is not None else column for i, column in enumerate(columns)]


def _verdict(column: ColumnDrift, proved: bool) -> ColumnDrift:
    noise, limit, value = column.noise or 0.0, column.threshold, column.statistic
    if value is None:
        return replace(column, state="unusable", reason="the distance could not be measured")
    if value >= limit and proved:
        return replace(column, state="drifted", drifted=True)
    if value >= limit:
        reason = f"{value:.3f} is over the limit of {limit:g}, but with so few rows it may be chance"
        return replace(column, state="too_few", reason=reason)
    if noise <= limit / 2.0:
        return replace(column, state="steady", drifted=False)
    reason = f"too few rows: without any drift samples this small lie {noise:.3f} apart, and the limit is {limit:g}"
    return replace(column, state="too_few", reason=reason)
