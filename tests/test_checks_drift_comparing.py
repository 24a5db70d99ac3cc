"""Drift is a distance that matters and that chance does not explain; steady needs rows; everything else has a name."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drift_profiles import SINCE, categories, numbers
from hypothesis import given
from hypothesis import strategies as st

from checks.drift import chance, choosing
from checks.drift.comparing import Pair, Rule, compare
from checks.drift.records import ColumnDrift
from checks.evidence.many import p_to_e_mixture
from warehouse.records.profiles import Profile, Scheme
from warehouse.records.streams import INTERACTIONS

RANDOM = np.random.default_rng(11)


def one(pair: Pair, rule: Rule | None = None) -> ColumnDrift:
    return compare([pair], rule or Rule()).columns[0]


def words(texts: int, *shares: tuple[int, float]) -> Profile:
    counts = [0] * 1_024
    for place, share in shares:
        counts[place] = round(share * texts)
    return Profile("w", texts, 0, 0, tuple(counts), (), 0)


def test_a_move_that_matters_and_is_no_chance_is_drift() -> None:
    before = RANDOM.normal(size=5_000)
    moved, still = numbers("x", before, before[:2_000] + 0.4), numbers("x", before, RANDOM.normal(size=4_000))
    assert (one(moved).state, one(moved).drifted) == ("drifted", True)
    assert one(moved).statistic == pytest.approx(0.4, abs=0.05)
    assert {name for name, _, _ in one(moved).distances} == {
        "wasserstein",
        "kolmogorov",
        "jensenshannon",
        "psi",
        "chisquare",
        "total_variation",
    }
    assert (one(still).state, one(still).drifted) == ("steady", False)


def test_many_rows_never_make_an_irrelevant_move_drift() -> None:
    before, now = RANDOM.normal(size=400_000), RANDOM.normal(0.02, 1, size=400_000)
    found = one(numbers("x", before, now))
    assert found.log_p is not None
    assert found.log_p < math.log(1e-6), "chance is refuted"
    assert found.state == "steady", "and it does not matter"


def test_few_rows_never_make_noise_drift_and_are_never_steady() -> None:
    states = set()
    for seed in range(40):
        random = np.random.default_rng(seed)
        found = one(numbers("x", random.normal(size=5_000), random.normal(size=60)), Rule(min_rows=50))
        states.add(found.state)
    assert states == {"too_few"}
    many = categories("c", [str(i % 50) for i in range(5_000)], [str(i) for i in RANDOM.integers(0, 50, 250)])
    assert one(many).state == "too_few"


def test_many_columns_are_weighed_together() -> None:
    """Evidence that would do for one column does not for one of forty."""
    rule = Rule(limit=0.05, min_rows=100)
    doubtful = categories("c", ["a"] * 500 + ["b"] * 500, ["a"] * 136 + ["b"] * 214)
    quiet = [categories(f"q{i}", ["a"] * 500 + ["b"] * 500, ["a"] * 500 + ["b"] * 500) for i in range(39)]
    alone, among = compare([doubtful], rule).columns[0], compare([doubtful, *quiet], rule).columns[0]
    assert alone.statistic == among.statistic
    assert (alone.state, among.state) == ("drifted", "too_few")
    assert "it may be chance" in among.reason


@pytest.mark.parametrize(
    ("pair", "state", "words"),
    [
        (numbers("x", [], [1.0] * 300), "no_data", "no reference rows"),
        (numbers("x", [1.0, 2.0] * 300, []), "no_data", "no current rows"),
        (numbers("x", [1.0, 2.0] * 300, [math.nan] * 300), "all_missing", "all values missing in the current"),
        (numbers("x", [1.0, 2.0] * 300, [math.inf] * 300), "unusable", "infinite values in the current"),
        (numbers("x", [1.0, 2.0] * 300, [1.0, 2.0] * 50), "too_few", "at least 200 are needed"),
        (numbers("x", [3.0] * 300, [3.0] * 300), "constant", "no spread"),
        (categories("c", [None] * 300, ["a"] * 300), "all_missing", "all values missing in the reference"),
        (categories("c", ["a"] * 300, ["a"] * 9), "too_few", "9 against 300"),
    ],
)
def test_what_cannot_be_judged_has_a_name(pair: Pair, state: str, words: str) -> None:
    found = one(pair)
    assert (found.state, found.drifted, found.statistic) == (state, None, None)
    assert words in found.reason
    assert compare([pair], Rule()).share_drifted is None


def test_a_column_that_is_not_there_is_unjudged() -> None:
    pair = numbers("x", RANDOM.normal(size=3_000), RANDOM.normal(size=3_000))
    report = compare([pair], Rule(), absent=["gone"], digest="abc")
    assert (report.share_drifted, report.share_at_least, report.share_at_most) == (None, 0.0, 0.5)
    assert report.columns[1].state == "missing_column"
    assert (report.reference_digest, report.reference_rows, report.current_rows) == ("abc", 3_000, 3_000)


def test_a_growing_share_of_missing_values_is_drift_of_its_own() -> None:
    before, now = RANDOM.normal(size=3_000), RANDOM.normal(size=3_000)
    before[:100], now[:1_500] = math.nan, math.nan
    value, missing = compare([numbers("x", before, now)], Rule()).columns
    assert (value.name, value.state) == ("x", "steady")
    assert (missing.name, missing.column, missing.state) == ("x.missing", "x", "drifted")
    assert compare([numbers("x", before, now)], Rule()).share_drifted == 1.0


def test_a_new_category_and_a_vanished_one_are_drift() -> None:
    before = ["a"] * 600 + ["b"] * 400
    for now in (["a"] * 600 + ["new"] * 400, ["a"] * 1_000, ["a"] * 600 + [None] * 400):
        assert one(categories("c", before, now)).state == "drifted"


def test_a_change_of_topic_shows_in_the_words() -> None:
    scheme = Scheme("s", "prompt", "words", "token", SINCE, 3600, buckets=1_024)
    usual = [(i, 0.3) for i in range(60)]
    same = Pair(scheme, words(2_000, *usual), words(1_500, *usual))
    assert one(same).state == "steady"
    other = Pair(scheme, words(2_000, *usual), words(1_500, *usual, (900, 0.25)))
    found = one(other)
    assert (found.name, found.method, found.state) == ("prompt.words", "words", "drifted")
    assert found.statistic == pytest.approx(0.25)
    few = Pair(scheme, words(2_000, *usual), words(300, *usual, (900, 0.02)))
    assert one(few).state == "too_few"


def test_a_property_that_never_varied_is_watched_for_its_first_change() -> None:
    scheme = Scheme("s", "prompt", "non_ascii", "number", SINCE, 3600, scale=10_000.0, cuts=(0, 1, 5_000))
    ascii_only = Profile("p", 1_000, 0, 0, (0, 1_000, 0, 0), (0, 0, 0, 0), 0)
    foreign = Profile("p", 1_000, 0, 0, (0, 500, 0, 500), (0, 0, 0, 4_000_000), 500 * 8_000**2)
    assert one(Pair(scheme, ascii_only, ascii_only)).state == "steady"
    assert one(Pair(scheme, ascii_only, foreign)).state == "drifted"


@pytest.mark.slow
def test_chance_is_what_scipy_says() -> None:
    from scipy.stats import chi2, chi2_contingency, ks_2samp, norm

    before, now = RANDOM.normal(size=3_000), RANDOM.normal(0.05, 1, size=2_000)
    exact = ks_2samp(before, now, method="asymp")
    assert chance.kolmogorov(float(exact.statistic), 3_000, 2_000) == pytest.approx(math.log(exact.pvalue), rel=0.05)
    a, b = [300, 500, 200], [330, 430, 240]
    assert chance.counts(a, b) == pytest.approx(math.log(chi2_contingency([a, b], correction=False).pvalue))
    for x, k in ((5.0, 3), (900.0, 10), (1_200.0, 3), (2_500.0, 1_000)):
        assert chance.chi_square_tail(x, k) == pytest.approx(float(chi2.logsf(x, k)), rel=1e-9)
    # Where the plain probability is too small for a double: a chi-square of two degrees is an exponential.
    assert chance.chi_square_tail(5_000.0, 2) == pytest.approx(-2_500.0)
    assert chance.chi_square_tail(60_000.0, 4_095) < chance.chi_square_tail(40_000.0, 4_095) < -10_000.0
    pair = numbers("x", before, now)
    z = abs(before.mean() - now.mean()) / math.sqrt(before.var() / 3_000 + now.var() / 2_000)
    assert chance.means(pair.before, pair.now) == pytest.approx(math.log(2 * norm.sf(z)), abs=0.02)


@given(st.floats(1e-250, 0.9))
def test_evidence_of_a_p_value_is_the_mixture(p: float) -> None:
    assert chance.log_evidence(math.log(p)) == pytest.approx(math.log(p_to_e_mixture(p)), abs=1e-5)


@given(st.floats(-1e6, 0.0), st.floats(-1e6, 0.0))
def test_less_likely_is_more_evidence(one_p: float, other: float) -> None:
    low, high = sorted((one_p, other))
    assert chance.log_evidence(low) >= chance.log_evidence(high) - 1e-6
    assert chance.log_evidence(-math.inf) == math.inf


@pytest.mark.slow
def test_without_drift_at_most_the_promised_share_of_looks_names_a_column() -> None:
    """20 columns and 200 looks whose distance limit is never in the way: e-BH at 5 % names one in few looks."""
    named = 0
    rule = Rule(limit=1e-9, min_rows=10)
    for seed in range(200):
        random = np.random.default_rng(seed)
        pairs = [numbers(f"c{i}", random.normal(size=400), random.normal(size=400)) for i in range(20)]
        named += any(column.state == "drifted" for column in compare(pairs, rule).columns)
    assert named <= 10


def test_kinds_of_texts_are_told_apart() -> None:
    from drift_profiles import Column

    setting = choosing.Setting(INTERACTIONS, "full", 50, SINCE, 3600, "1.5")
    prose = [f"please help me with number {i}" for i in range(500)]
    names = [f"user-{i}" for i in range(500)]
    japanese = [f"{'この注文について教えてください' * 8}{i}" for i in range(500)]
    for sample, parts in ((prose, 7), (japanese, 7), (names, 1), (["a", "b"] * 250, 1)):
        column = Column("prompt", 500, len(set(sample)), np.array(sample, dtype=object))
        assert len(choosing.schemes([column], setting)) == parts
