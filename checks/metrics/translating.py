"""From Python's syntax tree to ours, refusing everything that is not in the language."""

from __future__ import annotations

import ast
import difflib
import math
from itertools import pairwise
from typing import Literal as OneOf
from typing import NoReturn, cast

from checks.metrics.types import OF_COLUMN, WORDS, Type, comparable, of_scalar, refuse
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
    Scalar,
)
from warehouse.records.streams import Stream

DEEPEST = 50
"""How deep an expression may nest."""
ALLOWED = "columns, numbers, texts, True, False, None, comparisons, and, or, not, in (...), is None, + - * /"

_Op = OneOf["==", "!=", "<", "<=", ">", ">="]
_COMPARISONS: dict[type[ast.cmpop], _Op] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_SUMS: dict[type[ast.operator], OneOf["+", "-", "*", "/"]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_WHAT: dict[type[ast.expr], str] = {
    ast.Call: "a call",
    ast.Lambda: "a lambda",
    ast.JoinedStr: "an f-string",
    ast.IfExp: "if ... else",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Dict: "a dictionary",
    ast.Set: "a set",
    ast.NamedExpr: ":=",
    ast.Starred: "*",
    ast.Tuple: "a tuple outside in (...)",
    ast.List: "a list outside in [...]",
    ast.Slice: "a slice",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}
_LARGEST = 2**53

Typed = tuple[Expression, Type]


class Translator:
    """Translates the tree of one text; `start` is where the text begins in what the user wrote."""

    def __init__(self, text: str, start: int, stream: Stream) -> None:
        self.text, self.start, self.stream = text, start, stream

    def expression(self, node: ast.expr, depth: int) -> Typed:
        """Our tree of a node, and its type."""
        if depth > DEEPEST:
            self.refuse(node, f"the expression is nested more than {DEEPEST} deep.")
        match node:
            case ast.Constant(value=value):
                return self.constant(node, value)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self.field(node)
            case ast.UnaryOp():
                return self.unary(node, depth)
            case ast.BinOp():
                return self.arithmetic(node, depth)
            case ast.BoolOp():
                op: OneOf["and", "or"] = "and" if isinstance(node.op, ast.And) else "or"
                return Logic(op, tuple(self.truth(part, depth) for part in node.values)), "truth"
            case ast.Compare():
                return self.comparison(node, depth)
            case _:
                self.refuse(node, f"{_WHAT.get(type(node), 'this')} is not allowed here.", allowed=ALLOWED)

    def refuse(self, node: ast.expr, message: str, *, given: str = "", allowed: str = "", hint: str = "") -> NoReturn:
        """Raise the problem of a node, with its position in what the user wrote."""
        # ast counts bytes of UTF-8, people count characters.
        column = len(self.text.encode("utf-8", "surrogatepass")[: node.col_offset].decode("utf-8", "replace"))
        at = self.start + column
        raise refuse(at, message, given=given, allowed=allowed, hint=hint)

    def constant(self, node: ast.expr, value: object) -> Typed:
        """The literal of a node."""
        if value is None or isinstance(value, bool):
            return Constant(value), of_scalar(value)
        if isinstance(value, str):
            if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in value):
                self.refuse(node, "a text with control characters is not allowed.")
            return Constant(value), "text"
        if isinstance(value, int | float):
            if not math.isfinite(value) if isinstance(value, float) else abs(value) > _LARGEST:
                self.refuse(node, "the number is too large.", allowed="numbers up to 2 to the power of 53")
            return Constant(value), "number"
        self.refuse(node, "this literal is not allowed.", allowed=ALLOWED)

    def field(self, node: ast.expr) -> Typed:
        """The column, or the place inside a JSON column, that a node names."""
        path: list[str] = []
        inner = node
        while not isinstance(inner, ast.Name):
            if len(path) > DEEPEST:
                self.refuse(node, f"the expression is nested more than {DEEPEST} deep.")
            if isinstance(inner, ast.Attribute):
                path.append(inner.attr)
                inner = inner.value
            elif isinstance(inner, ast.Subscript):
                path.append(self.key(inner))
                inner = inner.value
            else:
                self.refuse(inner, "only a column can have places inside.", allowed="column.place")
        return self.column(inner, tuple(reversed(path)))

    def key(self, node: ast.Subscript) -> str:
        """The text in [...]."""
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            self.constant(node.slice, node.slice.value)
            return node.slice.value
        self.refuse(node.slice, "only a text may stand in [...].", allowed='scores["name"]')

    def column(self, node: ast.Name, path: tuple[str, ...]) -> Typed:
        """The place `path` inside the column that a name stands for."""
        name = node.id
        if name == "attributes":
            if not path:
                self.refuse(node, "attributes needs a place inside.", allowed="attributes.name")
            return Field(name, path), "open"
        column = self.stream.column(name)
        if column is None:
            names = (*self.stream.names(), "attributes")
            near = difflib.get_close_matches(name, names, n=1)
            hint = f'Did you mean "{near[0]}"?' if near else f"A field that feeds no column is attributes.{name[:63]}."
            self.refuse(node, f"stream {self.stream.name} has no such column.", given=f'"{name[:63]}"', hint=hint)
        if path and column.type != "json":
            self.refuse(node, f"column {name} is {column.type}, not JSON, and has no places inside.")
        if not path and column.type == "json":
            return Field(name), "open"
        return Field(name, path), OF_COLUMN[column.type]

    def truth(self, node: ast.expr, depth: int) -> Expression:
        """The tree of a node that must be a truth value."""
        tree, type_ = self.expression(node, depth + 1)
        if type_ not in ("truth", "open"):
            self.refuse(node, f"and, or, not join truth values, and this is {WORDS[type_]}.", hint="Compare it first.")
        return tree

    def number(self, node: ast.expr, depth: int) -> Expression:
        """The tree of a node that must be a number."""
        tree, type_ = self.expression(node, depth + 1)
        if type_ not in ("number", "open"):
            self.refuse(node, f"+ - * / join numbers, and this is {WORDS[type_]}.")
        return tree

    def unary(self, node: ast.UnaryOp, depth: int) -> Typed:
        """not, - and +."""
        match node.op:
            case ast.Not():
                return Not(self.truth(node.operand, depth)), "truth"
            case ast.USub():
                tree = self.number(node.operand, depth)
                if isinstance(tree, Constant) and isinstance(tree.value, int | float):
                    return Constant(-tree.value), "number"
                return Negative(tree), "number"
            case ast.UAdd():
                return self.number(node.operand, depth), "number"
            case _:
                self.refuse(node, "~ is not allowed here.", allowed=ALLOWED, hint="Write `not`.")

    def arithmetic(self, node: ast.BinOp, depth: int) -> Typed:
        """+ - * /."""
        op = _SUMS.get(type(node.op))
        if op is None:
            self.refuse(node, "this operator is not allowed here.", allowed=ALLOWED)
        return Arithmetic(op, self.number(node.left, depth), self.number(node.right, depth)), "number"

    def comparison(self, node: ast.Compare, depth: int) -> Typed:
        """A comparison, or a chain of them."""
        sides = [node.left, *node.comparators]
        parts = [self.pair(op, left, right, depth) for op, (left, right) in zip(node.ops, pairwise(sides), strict=True)]
        if len(parts) > 1 and not all(isinstance(part, Compare) for part in parts):
            self.refuse(node, "in and is cannot stand in a chain.", hint="Join the comparisons with `and`.")
        return (parts[0] if len(parts) == 1 else Logic("and", tuple(parts))), "truth"

    def pair(self, op: ast.cmpop, left: ast.expr, right: ast.expr, depth: int) -> Expression:
        """One comparison of a chain."""
        tree, type_ = self.expression(left, depth + 1)
        if isinstance(op, ast.Is | ast.IsNot):
            if not (isinstance(right, ast.Constant) and right.value is None):
                self.refuse(right, "is asks only for None.", allowed="is None, is not None", hint="Write ==.")
            return IsMissing(tree, negated=isinstance(op, ast.IsNot))
        if isinstance(op, ast.In | ast.NotIn):
            return Member(tree, self.options(right, type_, tree), negated=isinstance(op, ast.NotIn))
        other, other_type = self.expression(right, depth + 1)
        sign = _COMPARISONS[type(op)]
        reason = comparable(type_, other_type, sign, tree, other)
        if reason:
            self.refuse(left, f"{reason}.")
        return Compare(sign, tree, other)

    def options(self, node: ast.expr, type_: Type, tree: Expression) -> tuple[Scalar, ...]:
        """The values after in."""
        if not isinstance(node, ast.Tuple | ast.List) or not node.elts:
            self.refuse(node, "in needs a list of values.", allowed='in ("a", "b") or in ["a"]')
        options: list[Scalar] = []
        for element in node.elts:
            option, option_type = self.expression(element, DEEPEST - 2)
            if not isinstance(option, Constant) or option.value is None:
                self.refuse(element, "only numbers, texts, True and False may stand in the list.")
            reason = comparable(type_, option_type, "==", tree, option)
            if reason:
                self.refuse(element, f"{reason}.")
            options.append(cast(Scalar, option.value))
        return tuple(options)
