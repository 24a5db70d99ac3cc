from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from event_rows import Loader, at
from hypothesis import given
from hypothesis import strategies as st

from warehouse.expressions import Kind, compile, pointer
from warehouse.places import as_stored
from warehouse.records.errors import UsageError
from warehouse.records.expressions import (
    Arithmetic,
    Compare,
    Constant,
    Expression,
    Field,
    IsMissing,
    Logic,
    Member,
    Negative,
    Not,
)
from warehouse.records.streams import BUILT_IN, INTERACTIONS, Column, Stream
from warehouse.store import Warehouse

HOSTILE = [
    "'; DROP TABLE events_interactions; --",
    '"',
    "a' OR '1'='1",
    "$v0",
    "{scope}",
    "*",
    "a/b~c",
    "%s {0}",
    "\\",
    "<script>\x1b[31m",
]
HARM = Field("scores", ("harm",))
MISSING = Constant(None)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with Warehouse.in_memory(tmp_path_factory.mktemp("folder")) as opened:
        yield opened


def evaluate(
    warehouse: Warehouse,
    expression: Expression,
    row: dict[str, Any] | None = None,
    *,
    kind: Kind | None = None,
    stream: Stream = INTERACTIONS,
) -> Any:
    """The value of the expression over one row, in a table of its own."""
    warehouse.connection.execute(f"DROP TABLE IF EXISTS events_{stream.name}")
    loader = Loader(warehouse)
    loader.batch = warehouse.connection.execute("SELECT coalesce(max(batch), 0) FROM batches").fetchone()[0]  # type: ignore[index]  # one row always
    loader.add([{"event_id": "e", "occurred_at": at(0), **(row or {})}], stream=stream)
    parameters: dict[str, object] = {}
    sql = compile(expression, stream, parameters, kind=kind)
    found = warehouse.connection.execute(f"SELECT {sql} FROM events_{stream.name}", parameters).fetchall()
    assert len(found) == 1
    return found[0][0]


def scores(**values: Any) -> dict[str, Any]:
    return {"scores": json.dumps(values)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [(0.7, True), (0.2, False), ("0.7", True), ("high", None), (None, None), (True, None), ([1], None), ("NaN", None)],
)
def test_a_json_place_is_read_as_what_it_is_compared_with(
    warehouse: Warehouse, given: Any, expected: bool | None
) -> None:
    assert evaluate(warehouse, Compare(">=", HARM, Constant(0.5)), scores(harm=given)) is expected


def test_a_place_that_is_not_there_is_missing(warehouse: Warehouse) -> None:
    assert evaluate(warehouse, Compare(">=", HARM, Constant(0.5)), scores(other=1)) is None
    assert evaluate(warehouse, Compare(">=", HARM, Constant(0.5))) is None
    assert evaluate(warehouse, IsMissing(HARM), scores(harm=None)) is True
    assert evaluate(warehouse, IsMissing(HARM, negated=True), scores(harm=0)) is True
    assert evaluate(warehouse, IsMissing(Field("scores")), scores(harm=0)) is False


def test_json_compared_with_text_and_truth(warehouse: Warehouse) -> None:
    row = {"attributes": json.dumps({"model": "x", "deep": {"on": True}, "n": 5})}
    assert evaluate(warehouse, Compare("==", Field("attributes", ("model",)), Constant("x")), row) is True
    assert evaluate(warehouse, Compare("==", Field("attributes", ("deep", "on")), Constant(True)), row) is True
    assert evaluate(warehouse, Compare("==", Field("attributes", ("n",)), Constant("5")), row) is True
    assert evaluate(warehouse, Field("attributes", ("deep", "on")), row, kind="boolean") is True
    assert evaluate(warehouse, Field("attributes", ("n",)), row, kind="number") == 5.0
    assert evaluate(warehouse, Field("attributes", ("model",)), row) == "x"


def test_two_json_places_are_told_apart_as_texts_and_ordered_as_numbers(warehouse: Warehouse) -> None:
    a, b = Field("scores", ("a",)), Field("scores", ("b",))
    assert evaluate(warehouse, Compare("==", a, b), scores(a="x", b="x")) is True
    assert evaluate(warehouse, Compare("<", a, b), scores(a=9, b=10)) is True
    assert evaluate(warehouse, Compare("<", a, b), scores(a="x", b=10)) is None


@pytest.mark.parametrize(("left", "right"), [(True, None), (False, None), (None, None), (True, False), (True, True)])
def test_logic_has_three_values(warehouse: Warehouse, left: bool | None, right: bool | None) -> None:
    expected_and = False if False in (left, right) else None if None in (left, right) else True
    expected_or = True if True in (left, right) else None if None in (left, right) else False
    sides = (Constant(left), Constant(right))
    assert evaluate(warehouse, Logic("and", sides)) is expected_and
    assert evaluate(warehouse, Logic("or", sides)) is expected_or
    assert evaluate(warehouse, Not(Constant(right))) is (None if right is None else not right)


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
def test_comparing_with_a_missing_value_is_missing(warehouse: Warehouse, op: Any) -> None:
    assert evaluate(warehouse, Compare(op, Constant(1), MISSING)) is None
    assert evaluate(warehouse, Compare(op, Field("latency_ms"), MISSING), {"latency_ms": 3.0}) is None


def test_division_by_zero_and_numbers_that_are_not_finite_are_missing(warehouse: Warehouse) -> None:
    latency = Field("latency_ms")
    assert evaluate(warehouse, Arithmetic("/", Constant(1), Constant(0))) is None
    assert (
        evaluate(warehouse, Arithmetic("/", Constant(1), Arithmetic("-", latency, latency)), {"latency_ms": 2}) is None
    )
    huge = Arithmetic("*", Constant(1e308), Constant(1e308))
    assert evaluate(warehouse, huge) is None
    assert evaluate(warehouse, Arithmetic("/", Constant(1), huge)) is None
    assert evaluate(warehouse, Compare("<", Negative(huge), Constant(0))) is None
    for value in (float("nan"), float("inf"), float("-inf")):
        assert evaluate(warehouse, Compare("<", latency, Constant(1)), {"latency_ms": value}) is None
        assert evaluate(warehouse, IsMissing(latency), {"latency_ms": value}) is True
        assert evaluate(warehouse, Compare("<", Constant(value), Constant(1))) is None
    assert evaluate(warehouse, Constant(10**400)) is None


def test_membership(warehouse: Warehouse) -> None:
    row = {"segment": "de", "latency_ms": 2.0, **scores(kind=3)}
    segment, kind = Field("segment"), Field("scores", ("kind",))
    assert evaluate(warehouse, Member(segment, ("de", "fr")), row) is True
    assert evaluate(warehouse, Member(segment, ("de", "fr"), negated=True), row) is False
    assert evaluate(warehouse, Member(segment, ("en", None)), row) is False
    assert evaluate(warehouse, Member(segment, ()), row) is False
    assert evaluate(warehouse, Member(Field("arm"), ("control",)), row) is None
    assert evaluate(warehouse, Member(Field("arm"), ("control",), negated=True), row) is None
    assert evaluate(warehouse, Member(Field("arm"), ()), row) is None
    assert evaluate(warehouse, Member(Field("latency_ms"), (1, 2)), row) is True
    assert evaluate(warehouse, Member(kind, ("x", 3)), row) is True
    assert evaluate(warehouse, Member(kind, ("x", True)), row) is False


def test_times_compare_with_times_and_texts(warehouse: Warehouse) -> None:
    stream, row = BUILT_IN["governance"], {"kind": "action", "due_at": at(5)}
    due = Field("due_at")
    assert evaluate(warehouse, Compare("<", Field("occurred_at"), due), row, stream=stream) is True
    assert evaluate(warehouse, Compare("<", due, Constant("2026-03-03T00:00:00Z")), row, stream=stream) is True
    assert evaluate(warehouse, Compare("<", due, Constant("soon")), row, stream=stream) is None
    with pytest.raises(UsageError, match="time cannot be compared with a number"):
        compile(Compare("<", due, Constant(3)), stream, {})
    with pytest.raises(UsageError, match="time cannot be used as a number"):
        compile(Arithmetic("-", due, Constant(3)), stream, {})


def test_truth_and_numbers(warehouse: Warehouse) -> None:
    row = {"refused": True, "input_tokens": 1, "output_tokens": 7, "segment": "3"}
    assert evaluate(warehouse, Arithmetic("+", Field("refused"), Constant(1)), row) == 2.0
    assert evaluate(warehouse, Field("input_tokens"), row, kind="boolean") is True
    assert evaluate(warehouse, Field("output_tokens"), row, kind="boolean") is None
    assert evaluate(warehouse, Compare("==", Field("segment"), Constant(3)), row) is True
    assert evaluate(warehouse, Compare("==", Field("refused"), Constant("true")), row) is True
    assert evaluate(warehouse, Field("output_tokens"), row, kind="text") == "7.0"


def test_unknown_columns_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="no column 'latency'"):
        compile(Field("latency"), INTERACTIONS, {})
    with pytest.raises(UsageError, match="Did you mean 'segment'"):
        compile(Field("segmnt"), INTERACTIONS, {})
    with pytest.raises(UsageError, match="not JSON"):
        compile(Field("segment", ("x",)), INTERACTIONS, {})


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_column_name_is_refused(name: str) -> None:
    stream = Stream("s", "", (Column(name, "text", ""),))
    with pytest.raises(UsageError, match="cannot be the name"):
        compile(Field(name), stream, {})


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_only_values(warehouse: Warehouse, text: str) -> None:
    row = {"segment": text, "attributes": json.dumps({text: {text: text}, "b": 1})}
    assert evaluate(warehouse, Compare("==", Field("segment"), Constant(text)), row) is True
    assert evaluate(warehouse, Member(Field("segment"), (text, "x")), row) is True
    place = Field("attributes", (text, text))
    assert evaluate(warehouse, Compare("==", place, Constant(text)), row) is True
    parameters: dict[str, object] = {}
    sql = compile(Compare("==", place, Constant(text)), INTERACTIONS, parameters)
    assert set(parameters.values()) == {pointer((text, text)), text}
    assert sql == '(json_extract_string("attributes", $v0) = $v1::VARCHAR)'


def test_parameters_of_the_caller_are_left_alone() -> None:
    parameters: dict[str, object] = {"v1": "mine"}
    assert compile(Constant(2), INTERACTIONS, parameters) == "$v1_::DOUBLE"
    assert parameters == {"v1": "mine", "v1_": 2.0}


numbers = st.recursive(
    st.sampled_from([0.0, 1.0, -2.5, 3.0, 1e308, None]).map(Constant),
    lambda inner: st.one_of(
        st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner), st.builds(Negative, inner)
    ),
    max_leaves=8,
)


def arithmetic(node: Expression) -> float | None:
    """Plain evaluation: missing or not finite anywhere is missing."""
    match node:
        case Constant(value=value):
            return value if isinstance(value, float) else None
        case Negative(operand=operand):
            inner = arithmetic(operand)
            return None if inner is None else -inner
        case Arithmetic(op=op, left=left, right=right):
            a, b = arithmetic(left), arithmetic(right)
            if a is None or b is None or (op == "/" and b == 0):
                return None
            result = a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a / b
            return result if abs(result) <= 1.7976931348623157e308 else None
    raise AssertionError(node)


@given(numbers)
def test_arithmetic_is_that_of_doubles_with_missing_values(tree: Expression) -> None:
    import duckdb

    parameters: dict[str, object] = {}
    sql = compile(tree, INTERACTIONS, parameters, kind="number")
    with duckdb.connect(":memory:") as connection:
        (found,) = connection.execute(f"SELECT {sql}", parameters).fetchall()[0]
    assert found == arithmetic(tree)


RATED = Stream(
    "rated",
    "A stream whose ranges only flag.",
    (
        Column("score", "number", "", low=0, high=1, outside="flag"),
        Column("stars", "integer", "", low=1, outside="flag"),
        Column("colour", "text", "", choices=("red", HOSTILE[0]), outside="flag"),
    ),
)


@pytest.mark.parametrize(
    ("column", "value", "kept"),
    [
        ("score", 0.0, True),
        ("score", 1.0, True),
        ("score", 1.5, False),
        ("score", -0.1, False),
        ("stars", 9, True),
        ("stars", 0, False),
        ("colour", "red", True),
        ("colour", HOSTILE[0], True),
        ("colour", "blue", False),
    ],
)
def test_a_flagged_value_is_missing_to_metrics_and_shown_as_stored(
    warehouse: Warehouse, column: str, value: Any, kept: bool
) -> None:
    row = {column: value}
    assert evaluate(warehouse, IsMissing(Field(column)), row, stream=RATED) is not kept
    assert evaluate(warehouse, Compare("==", Field(column), Constant(value)), row, stream=RATED) is (kept or None)
    assert evaluate(warehouse, Field(column), row, stream=as_stored(RATED)) == value
