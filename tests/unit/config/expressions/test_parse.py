"""Texts to trees: what binds to what, what is a name, a unit, a division."""

from __future__ import annotations

import pytest

from config.expressions import ExpressionError, parse, rewrite
from config.expressions.syntax import (
    Binary,
    Call,
    Conditional,
    Convert,
    Node,
    Number,
    Reference,
    Table,
    Truth,
    Unary,
)

X, Y, Z = Reference("x"), Reference("y"), Reference("z")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x + y * z", Binary("+", X, Binary("*", Y, Z))),
        ("(x + y) * z", Binary("*", Binary("+", X, Y), Z)),
        ("x - y - z", Binary("-", Binary("-", X, Y), Z)),
        ("x / y * z", Binary("*", Binary("/", X, Y), Z)),
        ("x ^ y ^ z", Binary("^", X, Binary("^", Y, Z))),
        ("-x ^ 2", Unary("-", Binary("^", X, Number(2)))),
        ("x ^ -y", Binary("^", X, Unary("-", Y))),
        ("+x", X),
        ("not x and y or z", Binary("or", Binary("and", Unary("not", X), Y), Z)),
        ("not x == y", Unary("not", Binary("==", X, Y))),
        ("x + 1 < y and z", Binary("and", Binary("<", Binary("+", X, Number(1)), Y), Z)),
        ("if x then y else z", Conditional(X, Y, Z)),
        ("if x then y else if y then z else x", Conditional(X, Y, Conditional(Y, Z, X))),
        ("select(x, y, z)", Conditional(X, Y, Z)),
        ("true and false", Binary("and", Truth(value=True), Truth(value=False))),
        ("x in K * 2", Binary("*", Convert(X, "K"), Number(2))),
        ("x in K ^ 2", Binary("^", Convert(X, "K"), Number(2))),
        ("x in K^2", Convert(X, "K^2")),
        (
            "interp(x, [0, -1.5] mm, [2, 3])",
            Call("interp", (X, Table((Number(0, "mm"), Number(-1.5, "mm"))), Table((Number(2), Number(3))))),
        ),
        ("limit(x, high=z, low=y)", Call("limit", (X, Y, Z))),
        ("count(x)", Call("count", (X, Truth(value=False)))),
        ("x # of the reactor\n  + y", Binary("+", X, Y)),
        ("1e3 + .5 + 2.5E-1", Binary("+", Binary("+", Number(1000), Number(0.5)), Number(0.25))),
    ],
)  # fmt: skip
def test_tree(text: str, tree: Node) -> None:
    assert parse(text).root == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("br2/temp.pv", Reference("br2/temp.pv")),
        ("br2/level", Reference("br2/level")),
        ("temp.pv/2", Binary("/", Reference("temp.pv"), Number(2))),
        ("temp.pv/flow.pv", Binary("/", Reference("temp.pv"), Reference("flow.pv"))),
        ("br2/temp.pv/flow.pv", None),
        ("x / y", Binary("/", X, Y)),
        ("x/ y", Binary("/", X, Y)),
        ("x /y", Binary("/", X, Y)),
        ("(x)/(y)", Binary("/", X, Y)),
        ("abs(x)/y", Binary("/", Call("abs", (X,)), Y)),
        ("x/2", Binary("/", X, Number(2))),
        ("2/x", Binary("/", Number(2), X)),
        ("x/abs(y)", None),
        ("'br-2/temp.pv' - x", Binary("-", Reference("br-2/temp.pv"), X)),
        ("'2nd' + 'if'", Binary("+", Reference("2nd"), Reference("if"))),
        ("min.pv + good", Binary("+", Reference("min.pv"), Reference("good"))),
        ("if.pv", Reference("if.pv")),
    ],
)
def test_slash_and_names(text: str, tree: Node | None) -> None:
    if tree is None:
        with pytest.raises(ExpressionError, match="reads as one name"):
            parse(text)
    else:
        assert parse(text).root == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("37 degC", Number(37, "degC")),
        ("37degC", Number(37, "degC")),
        ("2 L/min * x", Binary("*", Number(2, "L/min"), X)),
        ("2 L / x", Binary("/", Number(2, "L"), X)),
        ("10 %", Number(10, "%")),
        ("0.04 1/h", Number(0.04, "1/h")),
        ("4 m^3", Number(4, "m^3")),
        ("4 h^-1", Number(4, "h^-1")),
        ("60 s/2", Binary("/", Number(60, "s"), Number(2))),
        ("5 °C", Number(5, "°C")),
        ("3 mmol/L/h", Number(3, "mmol/L/h")),
        ("if x then 1 else 2", Conditional(X, Number(1), Number(2))),
        ("5 in L", Convert(Number(5), "L")),
        ("1 Pa·s", Number(1, "Pa·s")),
    ],
)
def test_quantities(text: str, tree: Node) -> None:
    assert parse(text).root == tree


def test_references_have_their_places() -> None:
    text = "temp.pv > 3\n  and br2/x == temp.pv or 'a-b'"
    found = [(mention.name, mention.line, mention.column) for mention in parse(text).references()]
    assert found == [("temp.pv", 1, 1), ("br2/x", 2, 7), ("temp.pv", 2, 16), ("a-b", 2, 27)]


def test_library_arguments_are_mentioned_once() -> None:
    names = [
        mention.name for mention in parse("volume_from_weight(w, w, oxygen_solubility(t, p, o))").references()
    ]
    assert names == ["w", "w", "t", "p", "o"]


def test_rewrite_keeps_everything_but_names() -> None:
    text = "temp.pv  >  37 degC # hot\n or otr(a, a, a, a, a, 'v-1') > 0"
    names = {"temp.pv": "br-2/temp.pv", "a": "br2/a", "v-1": "br2/v-1", "degC": "wrong"}
    rewritten = rewrite(text, names)
    assert rewritten == (
        "'br-2/temp.pv'  >  37 degC # hot\n or otr(br2/a, br2/a, br2/a, br2/a, br2/a, 'br2/v-1') > 0"
    )
    assert {mention.name for mention in parse(rewritten).references()} == {"br-2/temp.pv", "br2/a", "br2/v-1"}


def test_equal_meaning_is_an_equal_tree() -> None:
    assert parse("x+(y*z)").root == parse("x + y * z").root
