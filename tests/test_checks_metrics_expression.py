"""The expression language: what it takes, what it refuses and where, and that nothing in it ever runs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.metrics import expression
from checks.metrics.expression import parse
from warehouse.records.errors import ConfigurationError, Problem
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
from warehouse.records.streams import GOVERNANCE, INTERACTIONS

HARM = Field("scores", ("harm",))
LATENCY = Field("latency_ms")


def refused(text: str, wants: expression.Wanted | None = None) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, INTERACTIONS, wants=wants)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("scores.harm >= 0.5", Compare(">=", HARM, Constant(0.5))),
        ('scores["harm"] >= .5', Compare(">=", HARM, Constant(0.5))),
        ('scores["harm.v2"]["a b"] < 1', Compare("<", Field("scores", ("harm.v2", "a b")), Constant(1))),
        ("attributes.client.app == 'web'", Compare("==", Field("attributes", ("client", "app")), Constant("web"))),
        ("refused", Field("refused")),
        ("not refused", Not(Field("refused"))),
        ("confidence is None", IsMissing(Field("confidence"))),
        ("decision_id is not None", IsMissing(Field("decision_id"), negated=True)),
        ("segment in ('german', 'french')", Member(Field("segment"), ("german", "french"))),
        ("segment not in ['german']", Member(Field("segment"), ("german",), negated=True)),
        ("input_tokens in (-1, 0)", Member(Field("input_tokens"), (-1, 0))),
        (
            "0 < latency_ms <= 2e3",
            Logic("and", (Compare("<", Constant(0), LATENCY), Compare("<=", LATENCY, Constant(2000.0)))),
        ),
        (
            "benign and refused or error != ''",
            Logic(
                "or", (Logic("and", (Field("benign"), Field("refused"))), Compare("!=", Field("error"), Constant("")))
            ),
        ),
        ("-latency_ms / 1000 + 1", Arithmetic("+", Arithmetic("/", Negative(LATENCY), Constant(1000)), Constant(1))),
        ("occurred_at < '2026-03-01T00:00:00Z'", Compare("<", Field("occurred_at"), Constant("2026-03-01T00:00:00Z"))),
        ("escalated == True", Compare("==", Field("escalated"), Constant(True))),
        ("scores.a > scores.b", Compare(">", Field("scores", ("a",)), Field("scores", ("b",)))),
    ],
)
def test_an_expression_becomes_a_tree(text: str, tree: Expression) -> None:
    assert parse(text, INTERACTIONS) == tree


def test_spaces_and_line_breaks_change_nothing() -> None:
    assert parse("\n  scores.harm\n    >=   0.5 \n", INTERACTIONS) == parse("scores.harm>=0.5", INTERACTIONS)


def test_columns_are_those_that_are_read() -> None:
    tree = parse("benign and (scores.harm > 0.5 or latency_ms / cost > 3 or segment in ('a',))", INTERACTIONS)
    assert expression.columns(tree) == {"benign", "scores", "latency_ms", "cost", "segment"}


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("", "character 1", "this cannot be read as an expression."),
        ("latency_ms >", "character 13", "this cannot be read as an expression."),
        ("latency_ms > (1", "character 14", "this cannot be read as an expression."),
        ("  prompt == 'é' and len(prompt) > 3", "character 21", "a call is not allowed here."),
        ("__import__('os').system('true')", "character 1", "a call is not allowed here."),
        ("(prompt == 'a').real == 1", "character 2", "only a column can have places inside."),
        ("(lambda: refused)()", "character 1", "a call is not allowed here."),
        ("lambda: refused", "character 1", "a lambda is not allowed here."),
        ("[x for x in prompt]", "character 1", "a comprehension is not allowed here."),
        ("f'{prompt}' == 'a'", "character 1", "an f-string is not allowed here."),
        ("refused if benign else escalated", "character 1", "if ... else is not allowed here."),
        ("scores[segment] > 1", "character 8", "only a text may stand in [...]."),
        ("scores[0] > 1", "character 8", "only a text may stand in [...]."),
        ("scores['a':'b'] > 1", "character 8", "only a text may stand in [...]."),
        ("latency_ms ** 9 ** 9 ** 9 > 1", "character 1", "this operator is not allowed here."),
        ("latency_ms % 2 == 0", "character 1", "this operator is not allowed here."),
        ("~refused", "character 1", "~ is not allowed here."),
        ("latency_ms < 1e999", "character 14", "the number is too large."),
        ("latency_ms < " + "9" * 300, "character 14", "the number is too large."),
        ("latency_ms < 2j", "character 14", "this literal is not allowed."),
        ("prompt == b'a'", "character 11", "this literal is not allowed."),
        ("prompt == ...", "character 11", "this literal is not allowed."),
        ("prompt == 'a\\x00'", "character 11", "a text with control characters is not allowed."),
        ("prompt == '\\ud800'", "character 11", "a text with control characters is not allowed."),
        ("(refused, benign)", "character 1", "a tuple outside in (...) is not allowed here."),
        ("segment in ('german')", "character 13", "in needs a list of values."),
        ("segment in ()", "character 12", "in needs a list of values."),
        ("segment in (prompt,)", "character 13", "only numbers, texts, True and False may stand in the list."),
        ("segment in ('a', None)", "character 18", "only numbers, texts, True and False may stand in the list."),
        ("segment in ('a', 1)", "character 18", "a text cannot be compared with a number."),
        ("confidence is 0", "character 15", "is asks only for None."),
        ("0 < latency_ms in (1, 2)", "character 1", "in and is cannot stand in a chain."),
        ("attributes == 1", "character 1", "attributes needs a place inside."),
        ("prompt.text == 'a'", "character 1", "column prompt is text, not JSON, and has no places inside."),
        ("prompt < 3", "character 1", "a text cannot be compared with a number."),
        ("occurred_at < 'yesterday'", "character 1", "a time cannot be compared with a text."),
        ("occurred_at > 5", "character 1", "a time cannot be compared with a number."),
        (
            "refused < benign",
            "character 1",
            "truth values have no order. Compare with == or !=, or use the column by itself.",
        ),
        ("refused == None", "character 1", "nothing equals None, which is missing. Write `is None` or `is not None`."),
        ("refused + 1 > 1", "character 1", "+ - * / join numbers, and this is a truth value."),
        ("not latency_ms", "character 5", "and, or, not join truth values, and this is a number."),
        ("1 < 2", "character 1", "the expression names no column, so it says the same of every row."),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_its_place(text: str, path: str, message: str) -> None:
    problem = refused(text)
    assert (problem.path, problem.message) == (path, message)


def test_an_unknown_column_comes_with_the_nearest_one() -> None:
    problem = refused("benign and suceeded")
    assert (problem.path, problem.given, problem.hint) == ("character 12", '"suceeded"', 'Did you mean "succeeded"?')
    assert refused("zebra == 'red'").hint == "A field that feeds no column is attributes.zebra."


def test_a_value_must_be_what_its_metric_needs() -> None:
    assert refused("latency_ms", "truth").message == "the expression is a number, and a truth value is needed."
    assert refused("refused", "number").message == "the expression is a truth value, and a number is needed."
    assert refused("prompt", "number").message == "the expression is a text, and a number is needed."
    assert parse("scores.harm", INTERACTIONS, wants="number") == parse("scores.harm", INTERACTIONS, wants="truth")
    assert parse("independent", GOVERNANCE, wants="truth") == Field("independent")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 900 + "refused" + ")" * 900,
        "not " * 400 + "refused",
        "+".join(["latency_ms"] * 120) + " > 1",
        "scores" + ".a" * 500 + " > 1",
    ],
)
def test_deep_nesting_is_refused_and_not_survived_by_luck(text: str) -> None:
    problem = refused(text)
    assert problem.message in ("the expression is nested more than 50 deep.", "this cannot be read as an expression.")


def test_long_text_is_refused() -> None:
    assert refused("refused or " * 300 + "refused").message == "the expression is longer than 2,000 characters."


def test_wide_is_not_deep() -> None:
    tree = parse(" or ".join(["refused"] * 150), INTERACTIONS)
    assert isinstance(tree, Logic)
    assert len(tree.operands) == 150


WORDS = """scores.harm prompt latency_ms refused occurred_at attributes.x nothing 0.5 'a' None True and or not in is <
>= == + - * / ** ( ) [ ] , . lambda : f'{prompt}' x.__class__ if else 1e400 é #"""
PIECES = st.sampled_from([*WORDS.split(), "\n"])


@given(st.lists(PIECES, max_size=14).map(" ".join) | st.text(max_size=80))
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_tree_or_one_problem_with_a_place(text: str) -> None:
    try:
        tree = parse(text, INTERACTIONS)
    except ConfigurationError as error:
        (problem,) = error.problems
        position = int(problem.path.removeprefix("character "))
        assert 1 <= position <= len(text) + 1
    else:
        assert expression.columns(tree)


NAMES = st.sampled_from(["latency_ms", "cost", "confidence"]).map(Field)
NUMBERS = st.one_of(NAMES, st.integers(0, 9).map(Constant))
SUMS = st.recursive(NUMBERS, lambda n: st.builds(Arithmetic, st.sampled_from("+-*/"), n, n), max_leaves=6)
TRUTHS = st.recursive(
    st.builds(Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), SUMS, SUMS),
    lambda t: st.builds(Not, t) | st.builds(lambda a, b: Logic("and", (a, b)), t, t) | st.builds(IsMissing, t),
    max_leaves=5,
)


def text_of(tree: Expression) -> str:
    match tree:
        case Field(column=column):
            return column
        case Constant(value=value):
            return repr(value)
        case Compare(op=op, left=left, right=right) | Arithmetic(op=op, left=left, right=right):
            return f"({text_of(left)} {op} {text_of(right)})"
        case Not(operand=operand):
            return f"(not {text_of(operand)})"
        case IsMissing(operand=operand):
            return f"({text_of(operand)} is None)"
        case Logic(op=word, operands=operands):
            return "(" + f" {word} ".join(map(text_of, operands)) + ")"
    raise AssertionError(tree)


@given(TRUTHS)
@settings(max_examples=150, deadline=None)
def test_a_tree_that_is_written_out_is_read_back(tree: Expression) -> None:
    text = text_of(tree)
    if expression.columns(tree):
        assert parse(text, INTERACTIONS, wants="truth") == tree
    else:
        assert "names no column" in refused(text).message
