"""Rows that are tried, how good and bad ones are mixed, and how many are sent."""

from __future__ import annotations

import math
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.self_test import candidates, mixing, planning
from flows.self_test.records import Candidate, Mix, NotTestableError
from warehouse.records.expressions import Field
from warehouse.records.streams import BUILT_IN, Column, Stream


def read(text: str, stream: str = "interactions") -> dict[candidates.Place, set[Any]]:
    from checks.metrics import expression

    return candidates.places([expression.parse(text, BUILT_IN[stream])])


def test_a_place_is_tried_on_the_constants_it_is_held_against_and_beside_them() -> None:
    made = candidates.choices(BUILT_IN["interactions"], read("scores.harm >= 0.5 and confidence < 0.9"))
    assert {0.5, 0.51, 0.49, None} <= set(made[("scores", ("harm",))])
    assert {0.9, 0.91, 0.89, 0.0, 1.0, None} <= set(made[("confidence", ())])
    assert 0.5 not in {v for v in made[("confidence", ())] if v == 0.51}


def test_what_is_compared_with_each_other_shares_its_values() -> None:
    made = candidates.choices(BUILT_IN["labels"], read("label == reference_label", "labels"))
    assert made[("label", ())] == made[("reference_label", ())] == ("a", "b", None)


def test_values_stay_inside_what_a_column_allows() -> None:
    stream = Stream(
        "s",
        "Rows.",
        (
            Column("grade", "integer", "A grade.", low=1, high=5, nullable=False),
            Column("colour", "text", "A colour.", choices=("red", "blue")),
        ),
    )
    from checks.metrics import expression

    found = candidates.places([expression.parse("grade > 4.5 and colour != 'green'", stream)])
    made = candidates.choices(stream, found, numbers=(-3.0, 2.5, 9.0))
    assert set(made[("grade", ())]) == {1, 2, 3, 4, 5}
    assert made[("colour", ())] == ("red", "blue", None)
    assert candidates.least_row(stream)["grade"] in range(1, 6)


def test_places_become_nested_values_and_a_missing_column_has_none() -> None:
    made = {("scores", ()): (None, {}), ("scores", ("a", "b")): (1, None), ("refused", ()): (True,)}
    rows = list(candidates.table(made))
    assert rows == [
        {"scores": None, "refused": True},
        {"scores": None, "refused": True},
        {"scores": {"a": {"b": 1}}, "refused": True},
        {"scores": {"a": {}}, "refused": True},
    ]


def test_a_table_that_is_too_large_is_drawn_and_is_the_same_each_time() -> None:
    made = {(f"c{i}", ()): tuple(range(10)) for i in range(6)}
    drawn = list(candidates.table(made, most=50))
    assert len(drawn) == 50
    assert drawn == list(candidates.table(made, most=50))


def test_fields_are_found_wherever_they_stand() -> None:
    assert set(read("not (refused or -(input_tokens / output_tokens) < 2) and error is None")) == {
        (f.column, f.path) for f in map(Field, ("refused", "input_tokens", "output_tokens", "error"))
    }


def candidate(badness: float) -> Candidate:
    return Candidate({"x": badness}, badness, badness)


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 1.0]), min_size=2, max_size=6).map(sorted),
    st.floats(0.0, 1.0),
)
def test_a_mix_comes_to_the_badness_asked_for_where_rows_lie_on_both_sides(found: list[float], wanted: float) -> None:
    mix = mixing.reaching([candidate(b) for b in found], wanted)
    assert math.isclose(sum(share for _, share in mix.parts), 1.0)
    assert mix.badness == pytest.approx(min(max(wanted, found[0]), found[-1]), abs=1e-9)


@given(st.floats(0.001, 0.999), st.integers(1, 3000))
def test_traffic_is_laid_out_evenly_and_not_drawn(share: float, units: int) -> None:
    mix = Mix(((candidate(0.0), 1.0 - share), (candidate(1.0), share)))
    bad = sum(c.badness for c in islice(mixing.in_turn(mix), units))
    assert abs(bad - units * share) <= 4.0
    assert abs(sum(islice(mixing.arms(share), units)) - units * share) <= 1.0


@given(st.floats(0.01, 0.9), st.floats(0.01, 0.99))
def test_growth_of_a_share_is_its_divergence_from_the_limit(limit: float, rate: float) -> None:
    values = [(0.0, 1.0 - rate), (1.0, rate)]
    divergence = rate * math.log(rate / limit) + (1.0 - rate) * math.log((1.0 - rate) / (1.0 - limit))
    over, under = (planning.mean_growth(values, limit, over=side) for side in (True, False))
    assert max(over, under) == pytest.approx(divergence, rel=1e-3, abs=1e-9)
    assert min(over, under) == 0.0


def test_more_units_than_a_self_test_may_send_are_refused_with_the_number() -> None:
    assert planning.units(10.0, 0.1, what="Proof") == 200
    with pytest.raises(NotTestableError, match="Proof would take about 2,000,000 units"):
        planning.units(10.0, 1e-5, what="Proof")
    with pytest.raises(NotTestableError, match="any number of units"):
        planning.units(10.0, 0.0, what="Proof")
