"""Calls: which argument is whose, what is left out, and the formulas of the library filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from config.expressions.catalogue import FUNCTIONS
from config.expressions.errors import ExpressionError, Span
from config.expressions.functions import MOST_ARGUMENTS, Accepts, Function
from config.expressions.library import SOFT_SENSORS, SoftSensor
from config.expressions.states import STATES, bind_state
from config.expressions.syntax import (
    Binary,
    Call,
    Conditional,
    Convert,
    Node,
    Number,
    Reference,
    State,
    Table,
    Unary,
)
from config.suggest import did_you_mean

_ELSEWHERE = {
    "log": "write ln(x) or log10(x)",
    "avg": "write mean(a, b) of several values, or moving_average(x, T) over time",
    "average": "write mean(a, b) of several values, or moving_average(x, T) over time",
    "pow": "write x ^ y",
    "int": "write floor(x), ceil(x) or round(x)",
    "trunc": "write floor(x), ceil(x) or round(x)",
    "iif": "write if condition then a else b",
    "clamp": "write limit(x, low, high)",
    "isnan": "write bad(x)",
    "derivative": "write rate(x, T)",
    "filter": "write lag(x, T)",
    "total": "write integrate(x, per)",
}
"""Names that other languages have for what this one calls otherwise."""


def bind(
    text: str, name: str, positional: Sequence[Node], named: Mapping[str, Node], whole: Span
) -> Call | Conditional | State | Number:
    """Return the call with one argument for each parameter of its function.

    Raises:
        ExpressionError: no function has this name, or the arguments do not fit it.
    """
    if name in STATES:
        return bind_state(text, name, positional, named, whole)
    function = FUNCTIONS.get(name)
    if function is None:
        fix = _ELSEWHERE.get(name) or did_you_mean(name, [*FUNCTIONS, *STATES, *SOFT_SENSORS])
        raise ExpressionError.at(
            text, Span(whole.start, whole.start + len(name)), f"no function {name!r}", fix
        )
    given = _in_order(text, function, positional, named, whole)
    for index, argument in enumerate(given):
        parameter = function.parameter(index)
        if isinstance(argument, Table) != (parameter.accepts is Accepts.TABLE):
            wanted = "a table, as [0, 50, 100]" if parameter.accepts is Accepts.TABLE else "no table"
            raise ExpressionError.at(text, argument.span, f"{parameter.name!r} of {name} takes {wanted}")
        if parameter.accepts is Accepts.TAG and not isinstance(argument, Reference):
            raise ExpressionError.at(
                text, argument.span, f"{parameter.name!r} of {name} takes the name of a tag"
            )
    if name == "select":
        return Conditional(given[0], given[1], given[2], whole)
    return Call(name, given, whole)


def _in_order(
    text: str, function: Function, positional: Sequence[Node], named: Mapping[str, Node], whole: Span
) -> tuple[Node, ...]:
    parameters = function.parameters
    most = MOST_ARGUMENTS if parameters[-1].repeated else len(parameters)
    known = [parameter.name for parameter in parameters if not parameter.repeated]
    _refuse_excess(text, function.signature, known, positional, named, whole, most)
    given: list[Node] = list(positional)
    for parameter in parameters[len(given) :]:
        argument = named.get(parameter.name, parameter.default)
        if argument is None:
            raise ExpressionError.at(
                text, whole, f"{function.name} needs {parameter.name!r}", f"it is called {function.signature}"
            )
        given.append(argument)
    return tuple(given)


def _refuse_excess(
    text: str,
    signature: str,
    known: Sequence[str],
    positional: Sequence[Node],
    named: Mapping[str, Node],
    whole: Span,
    most: int,
) -> None:
    """Refuse arguments that no parameter takes, or that one would take twice."""
    fix = f"it is called {signature}"
    if len(positional) > most:
        raise ExpressionError.at(text, positional[most].span, f"more than {most} arguments", fix)
    for keyword, argument in named.items():
        if keyword not in known:
            raise ExpressionError.at(text, argument.span, f"no parameter {keyword!r}", fix)
        if known.index(keyword) < len(positional):
            raise ExpressionError.at(text, argument.span, f"{keyword!r} is given twice", fix)
    if len(positional) + len(named) == 0 and known:
        raise ExpressionError.at(text, whole, "arguments are missing", fix)


def expand(
    text: str,
    sensor: SoftSensor,
    formula: Node,
    positional: Sequence[Node],
    named: Mapping[str, Node],
    whole: Span,
) -> Node:
    """Return the formula of a soft sensor with the arguments in place of its parameters.

    Raises:
        ExpressionError: the arguments do not fit the soft sensor.
    """
    known = [parameter.name for parameter in sensor.parameters]
    _refuse_excess(text, sensor.signature, known, positional, named, whole, len(known))
    values: dict[str, Node] = {}
    for index, parameter in enumerate(sensor.parameters):
        argument = positional[index] if index < len(positional) else named.get(parameter.name)
        if argument is None:
            fix = f"it is called {sensor.signature}"
            raise ExpressionError.at(text, whole, f"{sensor.name} needs {parameter.name!r}", fix)
        if isinstance(argument, Table):
            raise ExpressionError.at(
                text, argument.span, f"{parameter.name!r} of {sensor.name} takes no table"
            )
        unit = parameter.unit
        values[parameter.name] = argument if unit is None else Convert(argument, unit, argument.span)
    return _filled(formula, values, whole)


def _filled(node: Node, values: Mapping[str, Node], whole: Span) -> Node:
    """Return a copy of a formula whose nodes stand where the call stands."""
    match node:
        case Reference():
            return values[node.name]
        case Unary() | Convert():
            return replace(node, operand=_filled(node.operand, values, whole), span=whole)
        case Binary():
            left, right = _filled(node.left, values, whole), _filled(node.right, values, whole)
            return replace(node, left=left, right=right, span=whole)
        case Call():
            return replace(
                node, arguments=tuple(_filled(a, values, whole) for a in node.arguments), span=whole
            )
        case _:
            return replace(node, span=whole)
