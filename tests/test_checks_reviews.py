"""Deciding about reviews: chances that are known, labels that speak of all rows, who may label what, agreement."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_tools import LABELS, NOW

from checks.reviews import agreement, choosing, labelling
from warehouse.records.errors import CheckError
from warehouse.records.reviews import Given, Item

KEY = b"k" * 32
ITEM = Item("i", "harm", "e", NOW, NOW, NOW + timedelta(days=2), 50_000, False, (), {}, (), None)
DOUBLE = replace(ITEM, doubled=True)
SHARES = st.floats(min_value=1e-6, max_value=1)


def by(person: str, label: str = "bad", seconds: int = 0) -> Given:
    return Given("i", person, NOW + timedelta(seconds=seconds), label, "")


@given(uniform=SHARES, strategies=st.lists(st.tuples(SHARES, st.booleans()), max_size=6))
def test_the_chance_is_that_of_independent_draws(uniform: float, strategies: list[tuple[float, bool]]) -> None:
    shares, met = [share for share, _ in strategies], [applies for _, applies in strategies]
    found = choosing.chance(uniform, shares, met)
    missed = 1 - uniform
    for share, applies in strategies:
        missed *= 1 - share if applies else 1
    assert 1 <= found <= choosing.MILLION
    assert found == pytest.approx((1 - missed) * choosing.MILLION, abs=1)
    assert found >= math.floor(uniform * choosing.MILLION) - 1


def test_shares_that_are_none_are_refused() -> None:
    for uniform, strategies, met in ((0.0, [], []), (0.5, [1.5], [True]), (0.5, [0.5], [])):
        with pytest.raises(CheckError, match="Shares are above 0"):
            choosing.chance(uniform, strategies, met)


@given(
    chances=st.dictionaries(st.integers(1, choosing.MILLION), st.integers(1, 10_000), min_size=1, max_size=6),
    room=st.integers(-10, 1_000),
    least=st.integers(1, 1_000),
)
def test_a_busy_day_makes_every_chance_smaller_and_none_zero(chances: dict[int, int], room: int, least: int) -> None:
    found = choosing.thinned(chances, room, least)
    assert all(min(pi, least) <= thin <= pi for pi, thin in found.items())
    expected = sum(found[pi] * rows for pi, rows in chances.items()) / choosing.MILLION
    floor = sum(rows for rows in chances.values()) * least / choosing.MILLION
    rounding = sum(chances.values()) / choosing.MILLION
    assert expected <= max(room, 0) + floor + rounding
    assert choosing.thinned(chances, None, least) == {pi: pi for pi in chances}


def test_draws_repeat_and_differ_by_key_queue_and_purpose() -> None:
    ids = [f"e{n}" for n in range(200)]
    drawn = [choosing.draw(KEY, "harm", id) for id in ids]
    assert drawn == [choosing.draw(KEY, "harm", id) for id in ids]
    assert all(0 <= one < choosing.MILLION for one in drawn)
    others = ((b"other", "harm", "row"), (KEY, "tone", "row"), (KEY, "harm", "double"))
    for key, queue, purpose in others:
        assert sum(choosing.draw(key, queue, id, purpose) == one for id, one in zip(ids, drawn, strict=True)) < 3
    assert choosing.draw(KEY, "harm", "half \ud800 of a pair") >= 0


def test_labels_weighted_by_their_chances_speak_of_all_rows() -> None:
    # Bad rows are of low confidence and are chosen much more often; unweighted labels would say three times too much.
    rows, trials = 500, 300
    met = {n: (n % 10 < 3,) for n in range(rows)}
    bad = {n for n in range(rows) if n % 10 == 0 or n % 50 == 7}
    truth, estimates, plain = len(bad) / rows, [], []
    for trial in range(trials):
        key = f"trial {trial}".encode()
        chance = {n: choosing.chance(0.05, [0.5], met[n]) for n in range(rows)}
        chosen = [n for n in range(rows) if choosing.is_chosen(key, "harm", f"e{n}", chance[n])]
        estimates.append(sum(choosing.MILLION / chance[n] for n in chosen if n in bad) / rows)
        plain.append(sum(n in bad for n in chosen) / len(chosen))
    mean = math.fsum(estimates) / trials
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in estimates) / (trials - 1) / trials)
    assert abs(mean - truth) < 3.5 * spread
    assert math.fsum(plain) / trials > 2 * truth


def test_the_share_chosen_is_the_chance() -> None:
    number = sum(choosing.is_chosen(KEY, "harm", f"e{n}", 30_000) for n in range(20_000))
    assert abs(number - 600) < 4 * math.sqrt(600)
    assert all(choosing.is_chosen(KEY, "harm", f"e{n}", choosing.MILLION) for n in range(100))
    assert not any(choosing.is_doubled(KEY, "harm", f"e{n}", 0.0) for n in range(100))


def test_nobody_labels_a_row_twice_and_nobody_more_than_it_needs() -> None:
    def code(item: Item, given: list[Given], label: str = "bad", later: timedelta = timedelta()) -> str | None:
        found = labelling.against_label(item, given, "Ines", label, LABELS, NOW + later)
        return found.code if found else None

    assert code(ITEM, []) is None
    assert code(ITEM, [], "maybe") == "label_unknown"
    assert code(ITEM, [by("Bo")]) == "item_done"
    assert code(DOUBLE, [by("Bo")]) is None
    assert code(DOUBLE, [by("Ines")]) == "labelled_already"
    assert code(DOUBLE, [by("Bo"), by("Cy")]) == "item_done"
    assert code(ITEM, [], later=timedelta(days=2)) == "item_closed"
    assert code(replace(ITEM, handed_in=1), []) == "item_closed"


def test_a_label_is_taken_back_only_before_anybody_could_have_seen_it() -> None:
    def code(item: Item, given: list[Given], minutes: int = 1) -> str | None:
        found = labelling.against_undo(item, given, "Ines", NOW + timedelta(minutes=minutes))
        return found.code if found else None

    assert code(ITEM, [by("Ines")]) is None
    assert code(ITEM, [by("Bo")]) == "no_label"
    assert code(DOUBLE, [by("Ines"), by("Bo", seconds=1)]) == "label_seen"
    assert code(DOUBLE, [by("Bo"), by("Ines", seconds=1)]) is None
    assert code(replace(ITEM, handed_in=1), [by("Ines")]) == "label_seen"
    assert code(ITEM, [by("Ines")], minutes=16) == "label_old"


def test_agreement_names_what_it_cannot_say() -> None:
    assert agreement.measure([]) == agreement.Agreeing("no_items", 0, 0)
    alike = agreement.measure([("good", "good")] * 20)
    assert (alike.state, alike.kappa, alike.share) == ("one_label", None, 1.0)
    assert alike.low == pytest.approx(0.8389, abs=1e-4)


def test_kappa_is_that_of_the_textbook() -> None:
    # Two readers of 50 proposals: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no.
    table = {("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}
    found = agreement.measure([pair for pair, count in table.items() for _ in range(count)])
    assert found.share == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)
    # Its standard error by Fleiss, Cohen and Everitt is 0.1265.
    assert found.kappa_high is not None
    assert (found.kappa_high - 0.4) / 1.959964 == pytest.approx(0.1265, abs=2e-3)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=40))
def test_agreement_lies_within_its_ends_and_does_not_depend_on_order(pairs: list[tuple[str, str]]) -> None:
    found = agreement.measure(pairs)
    assert found.share is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.share + 1e-12
    assert found.share <= found.high + 1e-12 <= 1 + 1e-9
    if found.kappa is not None and found.kappa_low is not None and found.kappa_high is not None:
        assert -1 <= found.kappa_low <= found.kappa <= found.kappa_high <= 1
    assert agreement.measure(sorted(pairs)).share == found.share
