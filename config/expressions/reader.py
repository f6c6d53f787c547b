"""Reading tokens one after another, and the literals: what the parser of the levels stands on."""

from __future__ import annotations

from config.expressions.errors import ExpressionError, Span
from config.expressions.lexer import Kind, Token, tokens
from config.expressions.syntax import Number, Table
from config.expressions.units import is_unit

MOST_NESTED = 40
"""Brackets, calls, `if`, `not`, signs and powers within one another."""
SPLIT_FIX = "make parts of it calculations of their own"


class Reader:
    """A place among the tokens of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.index = 0
        self.nesting = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.index]

    def take(self) -> Token:
        """Return the next token and go on behind it."""
        token = self.token
        self.index += 1
        return token

    def at(self, *texts: str) -> bool:
        """Tell whether a keyword or operator of these comes next."""
        return self.token.kind in {Kind.OPERATOR, Kind.KEYWORD} and self.token.text in texts

    def ended(self) -> bool:
        """Tell whether the text is at its end."""
        return self.token.kind is Kind.END

    def expect(self, text: str, why: str) -> Token:
        """Take the keyword or operator that must come next."""
        if not self.at(text):
            raise self.error(f"{text!r} is missing {why}", "")
        return self.take()

    def deeper(self) -> None:
        """Count one more level of nesting; `shallower` takes it back."""
        self.nesting += 1
        if self.nesting > MOST_NESTED:
            raise self.error(f"nested more than {MOST_NESTED} levels deep", SPLIT_FIX)

    def shallower(self) -> None:
        """Take one level of nesting back."""
        self.nesting -= 1

    def error(self, message: str, fix: str, span: Span | None = None) -> ExpressionError:
        """Return the error for a place, or for the next token."""
        return ExpressionError.at(self.text, span or self.token.span, message, fix)

    def number(self) -> Number:
        """Read a number with its unit."""
        token = self.take()
        value = float(token.text)
        if value == float("inf"):
            raise self.error(f"{token.text} is too large for a number", "", token.span)
        if token.unit:
            self.check_unit(token.unit, token.span)
        return Number(value, token.unit, token.span)

    def table(self) -> Table:
        """Read numbers in brackets; a unit behind the bracket is that of all of them."""
        start = self.take().span.start
        items: list[Number] = []
        while not self.at("]"):
            items.append(self._signed_number())
            if not self.at(","):
                break
            self.take()
        stop = self.expect("]", "to close the table").span.stop
        if self.token.kind is not Kind.UNIT:
            return Table(tuple(items), Span(start, stop))
        unit = self.take()
        self.check_unit(unit.text, unit.span)
        whole = Span(start, unit.span.stop)
        return Table(tuple(Number(item.value, unit.text, item.span) for item in items), whole)

    def _signed_number(self) -> Number:
        negative = self.at("-")
        if negative:
            self.take()
        if self.token.kind is not Kind.NUMBER:
            raise self.error("a table has numbers only", "as in [0, 50, 100] mm")
        item = self.number()
        if item.unit:
            raise self.error(
                "a table has one unit", "write it behind the bracket: [0, 50, 100] mm", item.span
            )
        return Number(-item.value if negative else item.value, item.unit, item.span)

    def check_unit(self, unit: str, span: Span) -> None:
        """Refuse a unit that is not known."""
        if is_unit(unit):
            return
        fix = "units are written as degC, L/min, mmol/L/h, m^3, %, 1/h"
        if "/" in unit:
            fix += "; for a division put blanks around the slash"
        raise self.error(f"{unit!r} is not a known unit", fix, span)
