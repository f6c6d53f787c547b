"""Tokens to tree, by recursive descent; each method reads one level of precedence.

From loosest to tightest: `if then else`, `or`, `and`, `not`, comparison, `+ -`, `* /`, unary `-`,
`^` (from the right), `x in unit`.
"""

from __future__ import annotations

import functools
from typing import Final

from config.expressions import arguments
from config.expressions.errors import ExpressionError, Span
from config.expressions.lexer import KEYWORDS, Kind, Token
from config.expressions.library import SOFT_SENSORS
from config.expressions.reader import SPLIT_FIX, Reader
from config.expressions.syntax import (
    Binary,
    Conditional,
    Convert,
    Node,
    Reference,
    Truth,
    Unary,
    is_larger,
)

COMPARISONS: Final = ("<", "<=", ">", ">=", "==", "!=")
DEEPEST: Final = 100
"""Levels of a tree. What is deeper nobody reads, and every walk over the tree would need care."""
LARGEST: Final = 10_000
"""Nodes of a tree."""
LONGEST: Final = 20_000
"""Characters of a text."""


def parse_tree(text: str) -> Node:
    """Return the tree of a text, with calls bound to their functions and the library expanded.

    Raises:
        ExpressionError: the text is not an expression; it says where and what would be right.
    """
    if len(text) > LONGEST:
        raise ExpressionError.at(text, Span(0, 1), f"longer than {LONGEST} characters", SPLIT_FIX)
    root = _Parser(text).whole()
    if is_larger(root, levels=DEEPEST, parts=LARGEST):
        message = f"more than {DEEPEST} levels deep, or of more than {LARGEST} parts"
        raise ExpressionError.at(text, Span(0, 1), message, SPLIT_FIX)
    return root


@functools.cache
def parse_formula(formula: str) -> Node:
    """Return the tree of a library function's formula."""
    return parse_tree(formula)


class _Parser(Reader):
    """One method a level."""

    def whole(self) -> Node:
        """Read the whole text."""
        if self.ended():
            raise self.error("the expression is empty", "write what it shall be, as temp.pv > 38 degC")
        node = self.expression()
        if not self.ended():
            raise self.unexpected()
        return node

    def unexpected(self) -> ExpressionError:
        """Return the error for something that stands where an operator should."""
        token = self.token
        if token.text == "=":
            return self.error("'=' compares nothing", "write '=='")
        if token.text.lower() in KEYWORDS - {token.text}:
            return self.error(f"{token.text!r} is no word of the language", f"write {token.text.lower()!r}")
        if self.at(*COMPARISONS):
            return self.error("comparisons cannot be chained", "write a < b and b < c")
        if token.kind in {Kind.OPERATOR, Kind.KEYWORD}:
            return self.error(f"{token.text!r} does not belong here", "")
        return self.error(
            f"an operator is missing before {token.text!r}",
            "names with '-' or a digit in front are quoted: 'br-2/temp.pv'; the remainder is mod(a, b)",
        )

    def expression(self) -> Node:
        """Read an expression of the loosest kind."""
        self.deeper()
        node = self.conditional() if self.at("if") else self.either()
        self.shallower()
        return node

    def conditional(self) -> Node:
        """Read `if condition then chosen else otherwise`."""
        start = self.take().span.start
        condition = self.expression()
        self.expect("then", "after the condition of 'if'")
        chosen = self.expression()
        self.expect("else", "after 'then': an expression always has a value")
        otherwise = self.expression()
        return Conditional(condition, chosen, otherwise, Span(start, otherwise.span.stop))

    def either(self) -> Node:
        """Read terms with `or` between them."""
        node = self.both()
        while self.at("or"):
            self.take()
            node = _binary("or", node, self.both())
        return node

    def both(self) -> Node:
        """Read terms with `and` between them."""
        node = self.negation()
        while self.at("and"):
            self.take()
            node = _binary("and", node, self.negation())
        return node

    def negation(self) -> Node:
        """Read a comparison, or one with `not` before it."""
        if self.at("not"):
            start = self.take().span.start
            self.deeper()
            operand = self.negation()
            self.shallower()
            return Unary("not", operand, Span(start, operand.span.stop))
        return self.comparison()

    def comparison(self) -> Node:
        """Read one comparison at most."""
        left = self.sum()
        if self.at(*COMPARISONS):
            operator = self.take().text
            return _binary(operator, left, self.sum())
        return left

    def sum(self) -> Node:
        """Read terms with `+` and `-` between them."""
        node = self.product()
        while self.at("+", "-"):
            operator = self.take().text
            node = _binary(operator, node, self.product())
        return node

    def product(self) -> Node:
        """Read factors with `*` and `/` between them."""
        node = self.signed()
        while self.at("*", "/"):
            operator = self.take().text
            node = _binary(operator, node, self.signed())
        return node

    def signed(self) -> Node:
        """Read a power, or one with signs before it."""
        if self.at("-", "+"):
            sign = self.take()
            self.deeper()
            operand = self.signed()
            self.shallower()
            return (
                operand if sign.text == "+" else Unary("-", operand, Span(sign.span.start, operand.span.stop))
            )
        return self.power()

    def power(self) -> Node:
        """Read an operand with its exponent, which may have a sign and an exponent of its own."""
        base = self.converted()
        if not self.at("^"):
            return base
        self.take()
        self.deeper()
        exponent = self.signed()
        self.shallower()
        return _binary("^", base, exponent)

    def converted(self) -> Node:
        """Read an operand with the unit it shall be in."""
        node = self.operand()
        while self.at("in"):
            self.take()
            if self.token.kind is not Kind.UNIT:
                raise self.error("a unit must follow 'in'", "as in temp.pv in K")
            unit = self.take()
            self.check_unit(unit.text, unit.span)
            node = Convert(node, unit.text, Span(node.span.start, unit.span.stop))
        return node

    def operand(self) -> Node:
        """Read a number, a name, a call or something in brackets."""
        token = self.token
        if token.kind is Kind.NUMBER:
            return self.number()
        if token.kind in {Kind.NAME, Kind.QUOTED}:
            self.take()
            if token.kind is Kind.NAME and self.at("("):
                return self.call(token)
            return Reference(token.text, token.span)
        if self.at("true", "false"):
            self.take()
            return Truth(token.text == "true", token.span)
        if self.at("("):
            self.take()
            node = self.expression()
            self.expect(")", "to close the bracket")
            return node
        if self.at("if"):
            raise self.error("'if' inside an expression needs brackets", "write (if a then b else c)")
        if self.at("not"):
            raise self.error("'not' beside an operator needs brackets", "write a == (not b)")
        if self.at("["):
            raise self.error("a table stands only in a call of interp", "interp(x, [0, 1], [0, 10])")
        found = f"before {token.text!r}" if token.text else "at the end"
        raise self.error(f"a value is missing {found}", "")

    def call(self, name: Token) -> Node:
        """Read the arguments of a call."""
        self.take()
        positional: list[Node] = []
        named: dict[str, Node] = {}
        while not self.at(")"):
            if self.token.kind is Kind.NAME and self.tokens[self.index + 1].text == "=":
                keyword = self.take()
                self.take()
                if keyword.text in named:
                    raise self.error(f"{keyword.text!r} is given twice", "", keyword.span)
                named[keyword.text] = self.argument()
            elif named:
                raise self.error("an argument without a name cannot follow one with a name", "")
            else:
                positional.append(self.argument())
            if not self.at(","):
                break
            self.take()
        stop = self.expect(")", f"to close the arguments of {name.text}").span.stop
        whole = Span(name.span.start, stop)
        sensor = SOFT_SENSORS.get(name.text)
        if sensor is None:
            return arguments.bind(self.text, name.text, positional, named, whole)
        formula = parse_formula(sensor.formula)
        return arguments.expand(self.text, sensor, formula, positional, named, whole)

    def argument(self) -> Node:
        """Read an argument: an expression or a table."""
        return self.table() if self.at("[") else self.expression()


def _binary(operator: str, left: Node, right: Node) -> Binary:
    return Binary(operator, left, right, Span(left.span.start, right.span.stop))
