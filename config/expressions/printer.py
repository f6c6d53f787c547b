"""Tree to text: the shortest text that parses to the same tree."""

from __future__ import annotations

from typing import Final

from config.expressions.lexer import is_bare
from config.expressions.syntax import (
    Binary,
    Call,
    Conditional,
    Convert,
    Node,
    Number,
    Reference,
    Scale,
    State,
    Table,
    Truth,
    Unary,
)

_CONDITIONAL, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _SIGN, _POWER, _CONVERT, _OPERAND = range(11)

_BINARY: Final = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), _COMPARISON),
    **dict.fromkeys(("+", "-"), _SUM),
    **dict.fromkeys(("*", "/"), _PRODUCT),
    "^": _POWER,
}


def to_text(node: Node) -> str:
    """Return a text whose tree this is. Conversions that the unit check put in are left out."""
    return _text(node, _CONDITIONAL)


def name_text(name: str) -> str:
    """Return a tag's name as it is written in an expression: quoted where it has to be."""
    return name if is_bare(name) else f"'{name}'"


def number_text(value: float) -> str:
    """Return the shortest text of a number that reads as the same one."""
    text = repr(value)
    return text.removesuffix(".0")


def _text(node: Node, loosest: int) -> str:
    """Return the text of a node where nothing looser than `loosest` may stand without brackets."""
    if isinstance(node, Scale):
        return _text(node.operand, loosest)
    text, level = _leaf(node) or _composite(node)
    return text if level >= loosest else f"({text})"


def _leaf(node: Node) -> tuple[str, int] | None:
    match node:
        case Number():
            text = f"{number_text(abs(node.value))} {node.unit}".rstrip()
            negative = node.value < 0
            return f"-{text}" if negative else text, _SIGN if negative else _OPERAND
        case Truth():
            return "true" if node.value else "false", _OPERAND
        case Reference():
            return name_text(node.name), _OPERAND
        case State():
            return f"{node.function}({name_text(node.name)})", _OPERAND
        case Table():
            return _table(node), _OPERAND
        case _:
            return None


def _composite(node: Node) -> tuple[str, int]:
    match node:
        case Unary("not"):
            return f"not {_text(node.operand, _NOT)}", _NOT
        case Unary():
            return f"-{_text(node.operand, _SIGN)}", _SIGN
        case Binary():
            return _binary(node)
        case Convert():
            return f"{_text(node.operand, _CONVERT)} in {node.unit}", _CONVERT
        case Conditional():
            parts = (_text(part, _CONDITIONAL) for part in (node.condition, node.chosen, node.otherwise))
            return "if {} then {} else {}".format(*parts), _CONDITIONAL
        case Call():
            arguments = ", ".join(_text(argument, _CONDITIONAL) for argument in node.arguments)
            return f"{node.name}({arguments})", _OPERAND
        case _:
            raise AssertionError(node)


def _binary(node: Binary) -> tuple[str, int]:
    level = _BINARY[node.operator]
    # Comparisons do not chain; a power binds from the right and takes signs there.
    left = level + 1 if node.operator == "^" or level == _COMPARISON else level
    right = _SIGN if node.operator == "^" else level + 1
    return f"{_text(node.left, left)} {node.operator} {_text(node.right, right)}", level


def _table(node: Table) -> str:
    items = ", ".join(number_text(item.value) for item in node.items)
    unit = node.items[0].unit if node.items else ""
    return f"[{items}] {unit}".rstrip()
