"""What is wrong with a text is said at its place, with what would be right."""

from __future__ import annotations

import itertools

import pytest

from config.expressions import CycleError, ExpressionError, Operand, check, evaluation_order, parse
from config.tags import TagKind

_TAGS = {
    "temp.pv": Operand(unit="degC"),
    "temp.sp": Operand(unit="degC"),
    "flow.pv": Operand(unit="L/min"),
    "vol.pv": Operand(unit="L"),
    "x": Operand(),
    "run": Operand(TagKind.BOOL),
    "note": Operand(TagKind.TEXT),
    "br-2/temp.pv": Operand(unit="degC"),
    "br2/level.pv": Operand(unit="%"),
}


@pytest.mark.parametrize(
    ("text", "column", "message", "fix"),
    [
        ("", 1, "empty", "temp.pv > 38"),
        ("x +", 4, "a value is missing at the end", ""),
        ("x + * y", 5, "a value is missing before '*'", ""),
        ("(x", 3, "')' is missing to close the bracket", ""),
        ("x y", 3, "an operator is missing before 'y'", "quoted"),
        ("x ** 2", 3, "'**'", "'^'"),
        ("x && y", 3, "'&&'", "'and'"),
        ("x AND y", 3, "'AND'", "'and'"),
        ("! x", 1, "'!'", "'not'"),
        ("x <> y", 3, "'<>'", "'!='"),
        ("x = 3", 3, "'=' compares nothing", "'=='"),
        ("x % 2", 3, "'%'", "mod(a, b)"),
        ("10 % 2", 6, "an operator is missing", "mod(a, b)"),
        ("x ? 1 : 2", 3, "'?'", "if condition then a else b"),
        ('"x"', 1, "'\"'", "single quotes"),
        ("1 < x < 3", 7, "cannot be chained", "a < b and b < c"),
        ("'x y'", 1, "not the name of a tag", "letters"),
        ("'x", 1, "not closed", "another '"),
        ("a/b/c", 1, "reads as one name", "a / b"),
        ("x/abs(x)", 1, "reads as one name", "x / abs"),
        ("2 L/flow.pv", 1, "'L/flow' after 2 reads as its unit", "blanks around the slash"),
        ("2 sin(x)", 1, "'sin' after 2", "operator"),
        ("5 furlongz", 1, "'furlongz' is not a known unit", "degC"),
        ("x in", 5, "a unit must follow 'in'", "temp.pv in K"),
        ("1e999", 1, "too large", ""),
        ("mn(x, x)", 1, "no function 'mn'", "'min'"),
        ("log(x)", 1, "no function 'log'", "ln(x) or log10(x)"),
        ("limit(x, 1)", 1, "limit needs 'high'", "limit(x, low, high)"),
        ("abs(x, x)", 8, "more than 1 arguments", "abs(x)"),
        ("limit(x, up=1)", 13, "no parameter 'up'", "limit(x, low, high)"),
        ("limit(x, 1, 2, low=3)", 20, "'low' is given twice", ""),
        ("limit(low=1, x)", 14, "cannot follow", ""),
        ("count(x, reset=run, reset=run)", 21, "given twice", ""),
        ("abs([1])", 5, "takes no table", ""),
        ("interp(x, 1, 2)", 11, "takes a table", ""),
        ("interp(x, [1, x], [1, 2])", 15, "numbers only", ""),
        ("interp(x, [1 mm, 2], [1, 2])", 12, "one unit", "behind the bracket"),
        ("[1]", 1, "only in a call of interp", ""),
        ("fail_value(3)", 12, "takes the name of a tag", ""),
        ("rq(x, x)", 1, "rq needs 'o2_out'", "rq(o2_in"),
        ("if x then 1", 12, "'else' is missing", ""),
        ("1 + if run then 1 else 2", 5, "needs brackets", "(if a then b else c)"),
        ("run == not run", 8, "needs brackets", "(not b)"),
        ("§", 1, "not part of the language", ""),
    ],
)
def test_texts_that_are_no_expressions(text: str, column: int, message: str, fix: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (1, column)
    assert message in caught.value.message
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("text", "column", "message", "fix"),
    [
        ("tmp.pv", 1, "no tag 'tmp.pv'", "'temp.pv'"),
        ("br-2/temp.pv > 3", 1, "no tag 'br'", "quoted: 'br-2/temp.pv'"),
        ("x/run", 1, "no tag 'x/run'", "x / run"),
        ("note == 3", 1, "'note' is a text", "numbers"),
        ("temp.pv + vol.pv", 1, "cannot add vol.pv (L) and temp.pv (°C)", "measures the same"),
        ("temp.pv + temp.sp", 1, "have no sum", "mean(a, b)"),
        ("vol.pv - flow.pv", 1, "cannot subtract flow.pv (L/min) and vol.pv (L)", ""),
        ("temp.pv > vol.pv", 11, "cannot compare", "measure different things"),
        ("temp.pv * vol.pv", 1, "temp.pv (°C) counts from an arbitrary zero", "(temp.pv in K)"),
        ("temp.pv ^ 2", 1, "arbitrary zero", "in K"),
        ("vol.pv ^ x", 1, "to a changing power", "number as the exponent"),
        ("x ^ vol.pv", 5, "the exponent vol.pv (L) has a unit", ""),
        ("exp(vol.pv)", 5, "must be a plain number", "plain(x)"),
        ("min(vol.pv, temp.pv)", 13, "cannot bring together", ""),
        ("if run then vol.pv else temp.pv", 25, "cannot choose between", ""),
        ("if run then vol.pv else run", 25, "of one kind", ""),
        ("if x then 1 else 2", 4, "x is a number where a condition must stand", "x != 0"),
        ("run + 1", 1, "run is a condition where a number must stand", "then 1 else 0"),
        ("run and x", 9, "x is a number where a condition", ""),
        ("not x", 5, "x is a number where a condition", ""),
        ("-run", 2, "run is a condition", ""),
        ("run == x", 1, "run is a condition where a number", ""),
        ("ton(run, 5)", 10, "5 has no unit of time", "5 s"),
        ("ton(run, 5 L)", 10, "5 L (L) is no time", "5 s"),
        ("ton(run, x)", 10, "x has no unit of time", "5 s"),
        ("lag(x, -5 s)", 8, "is a negative time", ""),
        ("integrate(flow.pv, 2 min)", 20, "is not one unit of time", "1 min"),
        ("vol.pv in K", 1, "vol.pv (L) cannot be given in K", ""),
        ("interp(x, [0, 1], [0, 1, 2])", 1, "as many numbers", ""),
        ("interp(x, [1], [1])", 1, "two at least", ""),
        ("interp(x, [0, 0], [1, 2])", 11, "must rise", ""),
        ("interp(vol.pv, [0, 1] K, [1, 2])", 16, "the table is in K", "vol.pv (L)"),
        ("value_or(x, run)", 13, "same kind", ""),
        ("fail_value(x)", 1, "'x' has no fail value", "fail_value"),
        ("volume_from_weight(vol.pv, 1 kg, 1 kg/L)", 20, "vol.pv (L) cannot be given in kg", ""),
        ("growth_rate(x, 5)", 16, "5 has no unit of time", ""),
    ],
)
def test_expressions_that_do_not_fit_their_tags(text: str, column: int, message: str, fix: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check(parse(text), _TAGS)
    assert (caught.value.line, caught.value.column) == (1, column)
    assert message in caught.value.message
    assert fix in caught.value.fix


def test_every_mistake_is_told_once_and_in_order() -> None:
    text = "temp.pv > vol.pv\n or run + 1 > 2\n or no.such"
    with pytest.raises(ExpressionError) as caught:
        check(parse(text), _TAGS)
    places = [(problem.line, problem.column) for problem in caught.value.problems]
    assert places == [(1, 11), (2, 5), (3, 5)]
    assert caught.value.pointed().splitlines()[3:5] == [
        " or run + 1 > 2",
        "    ^^^ run is a condition where a number must stand",
    ]


@pytest.mark.parametrize(
    ("unit", "kind", "message"),
    [
        ("L", None, "the result is in °C, not in L"),
        ("", TagKind.BOOL, "must be a condition and is a number"),
    ],
)
def test_result_that_is_not_what_is_declared(unit: str, kind: TagKind | None, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        check(parse("temp.pv"), _TAGS, unit=unit, kind=kind)


def test_condition_where_a_number_or_unit_is_declared() -> None:
    with pytest.raises(ExpressionError, match="must be a number and is a condition"):
        check(parse("run"), _TAGS, kind=TagKind.NUMBER)
    with pytest.raises(ExpressionError, match="a condition has no unit 'L'"):
        check(parse("run"), _TAGS, unit="L")


@pytest.mark.parametrize(
    "text",
    ["(" * 60 + "x" + ")" * 60, "-" * 60 + "x", "not " * 60 + "run", " + ".join(["x"] * 150), "x" * 30_000],
)
def test_what_nobody_can_read_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"deep|longer than"):
        parse(text)


def test_library_calls_within_each_other_are_bounded() -> None:
    text = "t"
    for _ in range(12):
        text = f"oxygen_solubility({text}, 1 atm, 0.2)"
    with pytest.raises(ExpressionError, match="parts"):
        parse(text)


def test_order_follows_needs_and_a_cycle_is_named() -> None:
    assert evaluation_order({"c": ["b", "a"], "b": ["a", "tag"], "a": []}) == ("a", "b", "c")
    with pytest.raises(CycleError) as caught:
        evaluation_order({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]})
    path = caught.value.path
    assert path[0] == path[-1]
    assert set(path) == {"a", "b", "c"}
    for needing, needed in itertools.pairwise(path):
        assert needed in {"a": ["b"], "b": ["c"], "c": ["a"]}[needing]
