"""Text to tokens.

One rule decides every slash: **a slash without blanks between two words joins them** into one
name (`br2/temp.pv`) or one unit (`2 L/min`); a division has blanks around its slash, or a
bracket or a number at its side (`flow.pv / volume.pv`, `flow.pv/2`, `(a)/(b)`). A left word with
a dot is already a whole name, so `flow.pv/volume.pv` divides as well.

A number directly before a word is a quantity: `37 degC`, `5 s`, `10 %`, `0.04 1/h`.
Names with other characters than letters, digits, `_` and dots, names that begin with a digit
and names that are words of the language are quoted: `'br-2/temp.pv'`.
"""

from __future__ import annotations

import enum
import re
from typing import Final, NamedTuple

from config.expressions.errors import ExpressionError, Span

KEYWORDS: Final = frozenset({"and", "or", "not", "if", "then", "else", "true", "false", "in"})

_BLANK = re.compile(r"(?:\s+|#[^\n]*)+")
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
_UNIT_WORD = r"(?:%|°?[A-Za-zµμΩ][A-Za-z0-9_µμΩ]*)(?:\^-?\d+)?"
_UNIT = re.compile(rf"(?:1/)?{_UNIT_WORD}(?:[/·]{_UNIT_WORD})*")
_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_JOINED = re.compile(r"/([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)")
_QUOTED = re.compile(r"'([^'\n]*)'")
_QUOTABLE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?:/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)?")
_OPERATOR = re.compile(r"<=|>=|==|!=|[-+*/^()\[\],=<>]")

_FOREIGN: Final = {
    "**": "a power is written '^', as in x ^ 2",
    "&&": "write 'and'",
    "&": "write 'and'",
    "||": "write 'or'",
    "|": "write 'or'",
    "<>": "write '!='",
    "=<": "write '<='",
    "=>": "write '>='",
    ":=": "an expression only has a value; it assigns nothing",
    "!": "write 'not', or '!=' for not equal",
    "?": "write 'if condition then a else b'",
    ":": "write 'if condition then a else b'",
    '"': "names are quoted with single quotes: 'br-2/temp.pv'",
    "≤": "write '<='",
    "≥": "write '>='",
    "≠": "write '!='",
    "×": "write '*'",
    "÷": "write '/'",
    "−": "write '-'",
    "%": "the remainder of a division is mod(a, b)",
    ";": "an expression is one value without ';'",
}
"""What other languages write, and what this one writes for it."""


class Kind(enum.Enum):
    """Kinds of token."""

    NUMBER = "number"
    NAME = "name"
    QUOTED = "quoted name"
    KEYWORD = "keyword"
    OPERATOR = "operator"
    UNIT = "unit"
    END = "end"


class Token(NamedTuple):
    """A piece of the text."""

    kind: Kind
    text: str
    span: Span
    unit: str = ""
    """Unit of a number."""


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text, the last of kind END.

    Raises:
        ExpressionError: something in it belongs to no expression.
    """
    found: list[Token] = []
    place = 0
    while True:
        blank = _BLANK.match(text, place)
        place = blank.end() if blank else place
        if place == len(text):
            found.append(Token(Kind.END, "", Span(place, place)))
            return found
        token = _token(text, place, may_be_unit=bool(found) and found[-1].text in {"in", "]"})
        found.append(token)
        place = token.span.stop


def _token(text: str, place: int, *, may_be_unit: bool) -> Token:
    unit = _UNIT.match(text, place) if may_be_unit else None
    if unit is not None and unit.group() not in KEYWORDS:
        return Token(Kind.UNIT, unit.group(), Span(*unit.span()))
    if number := _NUMBER.match(text, place):
        return _quantity(text, number)
    if name := _LOCAL.match(text, place):
        return _name(text, name)
    if text[place] == "'":
        return _quoted(text, place)
    operator = _OPERATOR.match(text, place)
    length = len(operator.group()) if operator else 0
    foreign = next((word for word in _FOREIGN if text.startswith(word, place) and len(word) > length), None)
    if foreign is None and operator:
        return Token(Kind.OPERATOR, operator.group(), Span(*operator.span()))
    word = foreign or text[place]
    span = Span(place, place + len(word))
    raise ExpressionError.at(text, span, f"{word!r} is not part of the language", _FOREIGN.get(word, ""))


def _quantity(text: str, number: re.Match[str]) -> Token:
    """Return a number, with the unit that follows it on the same line."""
    stop = number.end()
    while text[stop : stop + 1] in {" ", "\t"}:
        stop += 1
    unit = _UNIT.match(text, stop)
    if unit is None or unit.group() in KEYWORDS:
        return Token(Kind.NUMBER, number.group(), Span(*number.span()))
    if text[unit.end() : unit.end() + 1] in {"(", "."}:
        raise ExpressionError.at(
            text,
            Span(number.start(), unit.end()),
            f"{unit.group()!r} after {number.group()} reads as its unit",
            "write the operator between them, put blanks around the slash of a division, "
            "and quote a name that begins with a digit: '2nd/temp.pv'",
        )
    return Token(Kind.NUMBER, number.group(), Span(number.start(), unit.end()), unit.group())


def _name(text: str, name: re.Match[str]) -> Token:
    word, stop = name.group(), name.end()
    joined = _JOINED.match(text, stop) if "." not in word else None
    if joined is None:
        kind = Kind.KEYWORD if word in KEYWORDS else Kind.NAME
        return Token(kind, word, Span(name.start(), stop))
    span = Span(name.start(), joined.end())
    following = text[joined.end() : joined.end() + 1]
    if following == "(" or _JOINED.match(text, joined.end()):
        raise ExpressionError.at(
            text,
            span,
            f"{text[span.start : span.stop]!r} reads as one name, a tag of the unit {word!r}",
            f"for a division put blanks around the slash: {word} / {joined.group(1)}",
        )
    return Token(Kind.NAME, text[span.start : span.stop], span)


def _quoted(text: str, place: int) -> Token:
    quoted = _QUOTED.match(text, place)
    if quoted is None:
        span = Span(place, place + 1)
        raise ExpressionError.at(text, span, "this quote is not closed", "end the name with another '")
    if not _QUOTABLE.fullmatch(quoted.group(1)):
        raise ExpressionError.at(
            text,
            Span(*quoted.span()),
            f"{quoted.group(1)!r} is not the name of a tag",
            "names are letters, digits, '_', '-' and dots, with the unit before one slash",
        )
    return Token(Kind.QUOTED, quoted.group(1), Span(*quoted.span()))


def is_bare(name: str) -> bool:
    """Tell whether a tag's name reads as that name without quotes."""
    local = _LOCAL.match(name)
    if local is None or name in KEYWORDS:
        return False
    if local.end() == len(name):
        return True
    joined = _JOINED.match(name, local.end()) if "." not in local.group() else None
    return joined is not None and joined.end() == len(name)
